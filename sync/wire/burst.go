package wire

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/dial"
)

// burst is a number of commands under way. Its fields but the channels belong
// to Conn.mu once it is installed.
type burst struct {
	first uint32 // number of the first tag
	ended []bool // which commands have their tagged response
	left  int    // how many have not
	cur   int    // the first of those: what comes untagged is its
	pluses,
	asked int // continuation requests that came, and that were used
	h    func(i int, r *Response) error // called by the pump alone
	err  error                          // of h; read after done
	news chan struct{}                  // holds one token: pluses or ended changed
	done chan struct{}                  // closed when left is 0
}

func newBurst(first uint32, n int, h func(int, *Response) error) *burst {
	return &burst{
		first: first, ended: make([]bool, n), left: n, h: h,
		news: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// index finds the command that a tag belongs to.
func (b *burst) index(tag string) (int, bool) {
	digits, ok := strings.CutPrefix(tag, "H")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || uint32(n)-b.first >= uint32(len(b.ended)) {
		return 0, false
	}
	i := int(uint32(n) - b.first)
	return i, !b.ended[i]
}

func (b *burst) tell() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// Burst sends commands in one write (RFC 3501 §5.5 says which may follow each
// other) and waits until all are answered. A literal that the server wants to
// be asked about makes the burst wait there. Commands stand without tag and
// line end; mailbox names are made by Mailbox and strings by String.
//
// h is called in the pump for every response: tagged ones with the index of
// their command, untagged ones with that of the first command that has no
// answer yet. A NO or BAD is for h to judge and no error of Burst. After the
// first error of h it is not called again; that error is returned when all
// commands are answered, but a Flood ends the connection at once. h may be nil.
//
// If the answers came slowly, compression is agreed on before Burst returns: see
// compress.
//
// All other errors are a *mail.Fault. When ctx ends in the middle the
// connection is closed.
func (c *Conn) Burst(ctx context.Context, cmds []string, h func(i int, r *Response) error) error {
	if len(cmds) == 0 {
		return nil
	}
	parts := make([][]string, len(cmds))
	selected := false
	for i, cmd := range cmds {
		var err error
		if parts[i], err = split(cmd, c.caps); err != nil {
			return err
		}
		selected = selected || selects(cmd)
	}
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.gate.leave()
	if err := c.run(ctx, parts, selected, h); err != nil {
		return err
	}
	c.compress(ctx)
	return nil
}

// run is Burst for who has the gate. Without commands it ends an IDLE that is
// still running. What belongs right behind the sign-in goes out with the first.
func (c *Conn) run(ctx context.Context, parts [][]string, selected bool, h func(i int, r *Response) error) error {
	if n := len(c.opening); n > 0 {
		parts, h = slices.Concat(c.opening, parts), behindOpening(n, h)
		c.opening = nil
	}
	b, left, err := c.install(len(parts), selected, h)
	if b == nil {
		return err
	}
	c.watch.start()
	defer c.watch.stop()
	stop := context.AfterFunc(ctx, func() { c.fail(dial.Ended(ctx, c.endpoint)) })
	defer stop()
	if left != nil {
		limit := endQuiet
		if left.hurried {
			limit = endIdle
		}
		late := time.AfterFunc(limit, func() { c.missDone(b) })
		defer late.Stop()
	}

	c.send(b, parts, left != nil)
	select {
	case <-b.done:
		return b.err
	case <-c.done:
		return c.broken(b)
	}
}

// behindOpening hands on what is not of the n commands of our own with which a
// burst began. What else comes untagged may be meant for those behind them: a
// server may answer together what does not depend on each other.
func behindOpening(n int, h func(i int, r *Response) error) func(int, *Response) error {
	return func(i int, r *Response) error {
		if h == nil || i < n && (r.Tagged() || r.Type == "ID" || r.Type == "ENABLED") {
			return nil // the connection has noted what it must know
		}
		return h(max(0, i-n), r)
	}
}

// broken is the error of a burst that the end of the connection cut short.
func (c *Conn) broken(b *burst) error {
	select {
	case <-b.done: // its last answer came just before
		return b.err
	default:
	}
	return c.Err()
}

// enter takes the gate.
func (c *Conn) enter(ctx context.Context) error {
	if c.gate.enter(ctx, c.ending) {
		return nil
	}
	if err := c.Err(); err != nil {
		return err
	}
	return dial.Ended(ctx, c.endpoint)
}

// install makes a burst of n commands the receiver of what comes. An IDLE that
// still runs becomes the first of its commands, so that it is n+1; then it is
// returned as left. There is no burst if there is nothing to wait for, or if the
// connection has ended, with the error of which it comes back.
func (c *Conn) install(n int, selected bool, h func(i int, r *Response) error) (b *burst, left *idling, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, nil, c.err
	}
	first := c.seq + 1
	if i := c.idle; i != nil && i.b.left > 0 {
		left, first, n, h = i, i.b.first, n+1, c.behindIdle(h)
	}
	c.idle = nil
	if n == 0 {
		return nil, nil, nil
	}
	b = newBurst(first, n, h)
	c.burst = b
	c.selected = c.selected || selected
	return b, left, nil
}

// behindIdle hands on what is not of the IDLE that a burst began with.
func (c *Conn) behindIdle(h func(i int, r *Response) error) func(int, *Response) error {
	return func(i int, r *Response) error {
		switch {
		case i > 0 && h != nil:
			return h(i-1, r)
		case i == 0 && !r.Tagged():
			c.toEvents(r)
		}
		return nil
	}
}

// send writes the commands, behind the end of an IDLE if one is left; it stops
// where the server must be waited for. An error ends the connection, so that
// nobody waits for an answer.
func (c *Conn) send(b *burst, parts [][]string, left bool) {
	var out []byte
	shift := 0
	if left {
		out, shift = append(out, "DONE\r\n"...), 1
	}
	flush := func() bool {
		if err := c.write(out); err != nil {
			c.fail(c.fault(err))
			return false
		}
		out = out[:0]
		return true
	}
	for i, part := range parts {
		c.commands.Add(1)
		out = fmt.Appendf(out, "%s %s", c.tag(), part[0])
		refused := false
		for _, more := range part[1:] {
			if !flush() {
				return
			}
			if refused = !c.agreed(b, i+shift); refused {
				break
			}
			out = append(out, more...)
		}
		if !refused {
			out = append(out, "\r\n"...)
		}
	}
	if len(out) > 0 {
		flush()
	}
}

// agreed waits until the server asks for the literal of command i; false if it
// answered the command instead.
func (c *Conn) agreed(b *burst, i int) bool {
	for {
		c.mu.Lock()
		plus, ended := b.pluses > b.asked, b.ended[i]
		if plus {
			b.asked++
		}
		c.mu.Unlock()
		switch {
		case ended:
			return false
		case plus:
			return true
		}
		select {
		case <-b.news:
		case <-c.done:
			return false
		}
	}
}

// Do sends one command and returns its status. h is called for untagged
// responses and may be nil. NO and BAD are errors: see Status.Fault.
func (c *Conn) Do(ctx context.Context, cmd string, h func(*Response) error) (Status, error) {
	var st Status
	err := c.Burst(ctx, []string{cmd}, func(_ int, r *Response) error {
		if r.Tagged() {
			st = r.Status()
			return nil
		}
		if h == nil {
			return nil
		}
		return h(r)
	})
	if err != nil {
		return st, err
	}
	if f := st.Fault(name(cmd)); f != nil {
		return st, f
	}
	return st, nil
}

// Select selects a mailbox and returns what the server says of it. h, which
// may be nil, is given the same responses: with QRESYNC they have expunges and
// changed flags.
func (c *Conn) Select(ctx context.Context, o SelectOptions, h func(*Response) error) (SelectData, error) {
	var d SelectData
	cmd := c.SelectCommand(o)
	var st Status
	err := c.Burst(ctx, []string{cmd}, func(_ int, r *Response) error {
		d.Note(r)
		if r.Tagged() {
			st = r.Status()
			return nil
		}
		if h == nil {
			return nil
		}
		return h(r)
	})
	if err != nil {
		return d, err
	}
	if f := st.Fault(name(cmd)); f != nil {
		return d, f
	}
	return d, nil
}
