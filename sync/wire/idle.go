package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// endIdle is how long an IDLE whose context has ended waits for the server's
// answer before the connection is closed.
const endIdle = 3 * time.Second

// Idle lets the server tell what happens (RFC 2177); Options.Events hears it.
// It returns nil after limit, or as soon as anybody else wants the connection,
// and at once if somebody does already; the caller then idles again. Keep
// limit below 10 minutes: routers forget connections on which nothing moves.
//
// When ctx ends the IDLE is ended with it and the connection lives on, unless
// the server does not answer within 3 seconds; the error then wraps the cause
// of ctx. All other errors are a *mail.Fault: not-supported without IDLE.
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

	var st Status
	b := newBurst(c.seq+1, 1, func(_ int, r *Response) error {
		if r.Tagged() {
			st = r.Status()
		} else if c.opt.Events != nil {
			c.opt.Events(r)
		}
		return nil
	})
	if !c.install(b, false) {
		return c.Err()
	}
	defer c.watch.stop()
	c.watch.start()
	c.send(b, [][]string{{"IDLE"}})
	if c.idling(b) {
		c.watch.stop() // silence is what we want now
		if err := c.idle(ctx, b, limit); err != nil {
			return err
		}
	}
	select {
	case <-b.done:
	case <-c.done:
		return c.broken(b)
	}
	if f := st.Fault("IDLE"); f != nil {
		return f
	}
	return nil
}

// Wake ends a running Idle.
func (c *Conn) Wake() { c.gate.wake() }

// idling waits for the server to agree; false if it did not.
func (c *Conn) idling(b *burst) bool { return c.agreed(b, 0) }

// idle waits for the end of an IDLE, says DONE, and lets the answer be waited
// for. Its error is that of an ended ctx.
func (c *Conn) idle(ctx context.Context, b *burst, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c.gate.wanted:
	case <-timer.C:
	case <-ctx.Done():
	case <-b.done: // the server ended it
		return nil
	case <-c.done:
		return nil
	}
	c.watch.start()
	if err := c.write([]byte("DONE\r\n")); err != nil {
		c.fail(c.fault(err))
		return nil
	}
	if ctx.Err() == nil {
		return nil
	}
	timer.Reset(endIdle)
	select {
	case <-b.done:
	case <-c.done:
	case <-timer.C:
		f := c.stalled()
		f.Err = errors.New("no answer to DONE")
		c.fail(f)
	}
	return fmt.Errorf("idle: %w", context.Cause(ctx))
}
