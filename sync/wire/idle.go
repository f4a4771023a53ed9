package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/punctual"
)

// endIdle is how long a server may take to end an IDLE that was interrupted,
// before the connection is closed.
const endIdle = 3 * time.Second

// endQuiet is the same for one that was not interrupted: on a connection that
// was quiet for minutes a dead way shows here first.
const endQuiet = 20 * time.Second

// idling is an IDLE that was not ended.
type idling struct {
	b       *burst
	begun   time.Time
	st      Status // its answer; to be read after b.done
	hurried bool   // somebody waits for what comes next
}

// Idle lets the server tell what happens (RFC 2177); Options.Events hears it.
// It returns nil after limit, or as soon as anybody else wants the connection,
// and at once if somebody does already; the caller then idles again. Keep
// limit below 10 minutes: routers forget connections on which nothing moves.
//
// The server is not told that Idle returned: DONE goes out with the next
// command, in one write, and Events is called meanwhile. If there is none, the
// next Idle goes on with the same IDLE until that is limit old. Options.EndIdle
// is for servers that do not take it so.
//
// When ctx ends the error wraps its cause, and the connection lives on unless
// the server then does not end the IDLE within 3 seconds of the next command.
// All other errors are a *mail.Fault: not-supported without IDLE.
func (c *Conn) Idle(ctx context.Context, limit time.Duration) error {
	if !c.caps.Has("IDLE") {
		return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": "IDLE"}}
	}
	select {
	case <-c.gate.token:
	case <-ctx.Done():
		return fmt.Errorf("idle: %w", context.Cause(ctx))
	case <-c.ending:
		return c.Err()
	}
	defer c.gate.leave()
	// What was asked before the token was taken is answered by the count.
	select {
	case <-c.gate.wanted:
	default:
	}
	if c.gate.waiting.Load() > 0 {
		return nil
	}
	i := c.resume(limit)
	if i == nil {
		var err error
		if i, err = c.goIdle(ctx); err != nil {
			return err
		}
	}
	err := c.idleFor(ctx, i, limit-time.Since(i.begun))
	if c.opt.EndIdle {
		if lost := c.run(context.WithoutCancel(ctx), nil, false, nil); lost != nil {
			return lost
		}
	}
	return err
}

// resume returns the IDLE that runs, if it may run on; who has the gate.
func (c *Conn) resume(limit time.Duration) *idling {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.idle
	if i == nil || i.b.left == 0 || time.Since(i.begun) >= limit {
		return nil
	}
	i.hurried = false
	return i
}

// goIdle begins an IDLE, and ends an older one before. A server that refuses
// is told apart by idleFor: the answer has come then.
func (c *Conn) goIdle(ctx context.Context) (*idling, error) {
	// Whoever interrupts us means the IDLE, not the connection.
	if err := c.run(context.WithoutCancel(ctx), nil, false, nil); err != nil {
		return nil, err
	}
	i := &idling{begun: time.Now()}
	b, _, err := c.install(1, false, func(_ int, r *Response) error {
		c.overheard()
		if r.Tagged() {
			i.st = r.Status()
		} else {
			c.toEvents(r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	i.b = b
	c.watch.start()
	defer c.watch.stop() // silence is what we want then
	c.send(b, [][]string{{"IDLE"}}, false)
	if c.agreed(b, 0) {
		c.mu.Lock()
		c.idle = i
		c.mu.Unlock()
	}
	return i, nil
}

// Wake ends a running Idle.
func (c *Conn) Wake() { c.gate.wake() }

// idleFor waits for the end of Idle.
func (c *Conn) idleFor(ctx context.Context, i *idling, limit time.Duration) error {
	timer := punctual.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-i.b.done: // the server ended it
		if f := i.st.Fault("IDLE"); f != nil {
			return f
		}
	case <-c.done:
		return c.broken(i.b)
	case <-c.gate.wanted:
	case <-timer.C:
	case <-ctx.Done():
		i.hurried = true
		return fmt.Errorf("idle: %w", context.Cause(ctx))
	}
	return nil
}

// missDone ends the connection if the IDLE with which b began has not ended.
func (c *Conn) missDone(b *burst) {
	c.mu.Lock()
	ended := b.ended[0]
	c.mu.Unlock()
	if !ended {
		f := c.stalled()
		f.Err = errors.New("no answer to DONE")
		c.fail(f)
	}
}
