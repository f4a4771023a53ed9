package wire

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

const (
	maxPending  = 256 << 10 // bytes that wait for go-imap before the pump does
	streamAbove = 64 << 10  // literals of that many bytes are passed on as they come
)

var errNotOwner = errors.New("go-imap used outside of Lib")

// Lib lends the connection to go-imap while f runs. It is attached the first
// time, as to a server that greets with PREAUTH. f uses UIDs only, one command
// after the other, and closes every command that streams; never Select, Idle,
// Enable, Login, List with ReturnStatus, Client.Mailbox or sequence numbers: a
// mailbox is selected by Conn.Select. f must not use the client after it
// returned.
//
// The error of f is returned; a NO or BAD in it as the fault of Status.Fault,
// which wraps the *imap.Error. If the connection ended meanwhile its own cause
// is returned instead, because go-imap cannot tell it. When ctx ends the
// connection is closed.
func (c *Conn) Lib(ctx context.Context, f func(*imapclient.Client) error) error {
	if err := c.enter(ctx); err != nil {
		return err
	}
	defer c.gate.leave()
	if err := c.run(ctx, nil, false, nil); err != nil { // end an IDLE
		return err
	}
	lib := c.attach()
	stop := context.AfterFunc(ctx, func() { c.fail(dial.Ended(ctx, c.endpoint)) })
	defer stop()
	defer c.watch.stop()
	lib.begin()
	err := f(lib.client)
	lib.end()
	if ended := c.Err(); ended != nil {
		return ended
	}
	var refused *imap.Error
	if errors.As(err, &refused) {
		st := Status{Type: string(refused.Type), Code: strings.ToUpper(string(refused.Code)), Text: refused.Text}
		if fault := st.Fault("IMAP"); fault != nil {
			fault.Err = err
			return fault
		}
	}
	return err
}

// attach returns the library, with what it must know of the time since it
// last owned the connection.
func (c *Conn) attach() *library {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lib == nil {
		c.lib = newLibrary(c)
	} else if c.selected {
		c.lib.feed([]byte("* OK [CLOSED] selected by a burst\r\n"))
	}
	c.selected = false
	return c.lib
}

// library is go-imap and the connection that it believes to have.
type library struct {
	c      *Conn
	client *imapclient.Client

	mu             sync.Mutex
	cond           sync.Cond
	in             []byte // toward go-imap
	off            int    // how much of in it has read
	owner          bool   // it owns the connection
	running        bool   // f runs, and may be slow to read
	sent, answered uint64 // its commands
	exists         uint32 // messages in the selected mailbox, as it counts them
	given          int64  // bytes passed on since it owns the connection
}

func newLibrary(c *Conn) *library {
	l := &library{c: c}
	l.cond.L = &l.mu
	caps := c.caps.List()
	shown := caps[:0]
	for _, name := range caps {
		// A server with both speaks rev1 until rev2 is enabled (RFC 9051 §6.3.1);
		// go-imap would send names in UTF-8 at once.
		if name != "IMAP4REV2" || !c.caps.Has("IMAP4rev1") {
			shown = append(shown, name)
		}
	}
	l.in = fmt.Appendf(nil, "* PREAUTH [CAPABILITY %s] lent\r\n", strings.Join(shown, " "))
	l.client = imapclient.New(libConn{l}, &imapclient.Options{WordDecoder: &mime.WordDecoder{CharsetReader: readCharset}})
	return l
}

func (l *library) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner, l.running, l.given = true, true, 0
}

// end takes the connection back, when the last answer to go-imap has come: it
// must not reach the next burst.
func (l *library) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running = false
	if l.sent != l.answered {
		l.c.watch.start()
	}
	l.cond.Broadcast()
	for l.sent != l.answered && l.alive() {
		l.cond.Wait()
	}
	l.owner = false
}

func (l *library) owns() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner
}

// wake lets everybody who waits see that the connection has ended.
func (l *library) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cond.Broadcast()
}

func (l *library) alive() bool {
	select {
	case <-l.c.ending:
		return false
	default:
		return true
	}
}

// feed gives p to go-imap without waiting.
func (l *library) feed(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.in = append(l.in, p...)
	l.cond.Broadcast()
}

// push gives p to go-imap and waits while it is behind. The server is not to
// blame for that time. It may send twice the largest literal while f runs:
// answers without end would keep f, and who waits for the connection, for ever.
func (l *library) push(p []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given += int64(len(p)); l.given > 2*int64(l.c.rd.literal)+int64(l.c.rd.line) {
		return fmt.Errorf("%w: answers to one command", errBounds)
	}
	for len(l.in)-l.off > maxPending && l.alive() {
		if l.running {
			l.c.watch.stop()
		}
		l.cond.Wait()
		if l.sent != l.answered {
			l.c.watch.start()
		}
	}
	if !l.alive() {
		return net.ErrClosed
	}
	l.in = append(l.in, p...)
	l.cond.Broadcast()
	return nil
}

// streams reports whether a response, of which line is the first, has a body
// that is too large to be looked at whole.
func (l *library) streams(line []byte) bool {
	tag, _, typ, _ := head(line)
	n, ok := literalTail(line)
	return ok && n > streamAbove && string(tag) == "*" && upper(typ) == "FETCH"
}

// stream passes on the response whose first line is in r as it comes.
func (l *library) stream(rd *reader, r *Response) error {
	for {
		if err := l.push(r.buf); err != nil {
			return err
		}
		n, ok := literalTail(r.buf)
		if !ok {
			return nil
		}
		if n > int64(rd.literal) {
			return fmt.Errorf("%w: literal of %d bytes", errBounds, n)
		}
		for n > 0 {
			if _, err := rd.br.Peek(1); err != nil {
				return err
			}
			p, err := rd.br.Peek(int(min(n, int64(rd.br.Buffered()))))
			if err != nil {
				return err
			}
			if err := l.push(p); err != nil {
				return err
			}
			if _, err := rd.br.Discard(len(p)); err != nil {
				return err
			}
			n -= int64(len(p))
		}
		var err error
		if r.buf, err = rd.readLine(r.buf[:0], rd.line); err != nil {
			return err
		}
	}
}

// take gives a response to go-imap in a form that it can read, if it can. It
// reports whether the response is news to others, too.
func (l *library) take(r *Response) (news bool, err error) {
	out, ok := filter(r)
	if r.Tagged() && !l.awaits(r.Tag) {
		ok = false
	}
	if !ok {
		if known(r) && !r.odd() {
			l.c.malformed.Add(1)
		}
		out = nil
	}
	l.mu.Lock()
	switch r.Type {
	case "EXISTS":
		l.exists = r.Num
	case "EXPUNGE":
		l.exists -= min(l.exists, 1)
	case "VANISHED":
		// It cannot read this, but must not believe in messages that are gone.
		if uids, earlier, err := ParseVanished(r); err == nil && !earlier {
			l.exists -= uint32(min(uint64(l.exists), uint64(uids.Len())))
			out = append(append(out, "* "...), strconv.FormatUint(uint64(l.exists), 10)+" EXISTS\r\n"...)
		}
	}
	l.mu.Unlock()
	if len(out) > 0 {
		if err := l.push(out); err != nil {
			return false, err
		}
	}
	if r.Tagged() && ok {
		l.complete()
	}
	return isNews(r), nil
}

// awaits reports whether a tag is that of a command without an answer.
// go-imap ends the connection over any other.
func (l *library) awaits(tag string) bool {
	n, err := strconv.ParseUint(strings.TrimPrefix(tag, "T"), 10, 64)
	l.mu.Lock()
	defer l.mu.Unlock()
	return err == nil && n > l.answered && n <= l.sent
}

// complete counts the answer to a command.
func (l *library) complete() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answered < l.sent {
		l.answered++
	}
	if l.answered == l.sent {
		l.c.watch.stop()
	}
	l.cond.Broadcast()
}

// isNews: the rest are answers to what go-imap asked.
func isNews(r *Response) bool {
	switch r.Type {
	case "FETCH":
		return !r.literals
	case "SEARCH", "ESEARCH", "SORT", "THREAD", "CAPABILITY", "ENABLED", "ID", "NAMESPACE", "FLAGS",
		"QUOTA", "QUOTAROOT", "MYRIGHTS", "ACL", "METADATA":
		return false
	}
	return true
}

// libConn is the net.Conn of go-imap.
type libConn struct{ l *library }

// Read waits for what the pump passes on. Deadlines are not kept: the watchdog
// knows better whether an answer is due.
func (lc libConn) Read(p []byte) (int, error) {
	l := lc.l
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.off == len(l.in) {
		if !l.alive() {
			return 0, net.ErrClosed
		}
		l.cond.Wait()
	}
	n := copy(p, l.in[l.off:])
	l.off += n
	if l.off == len(l.in) {
		l.in, l.off = l.in[:0], 0
		if cap(l.in) > keepBuffer {
			l.in = nil
		}
		l.cond.Broadcast()
	}
	return n, nil
}

// Write sends what go-imap says. Each of its commands begins with a write.
func (lc libConn) Write(p []byte) (int, error) {
	l := lc.l
	l.mu.Lock()
	if !l.owner {
		l.mu.Unlock()
		return 0, errNotOwner
	}
	if tag := strconv.AppendUint([]byte("T"), l.sent+1, 10); strings.HasPrefix(string(p[:min(len(p), 24)]), string(tag)+" ") {
		l.sent++
		l.c.commands.Add(1)
	}
	l.c.watch.start()
	l.mu.Unlock()
	if err := l.c.write(p); err != nil {
		l.c.fail(l.c.fault(err))
		return 0, err
	}
	return len(p), nil
}

// Close is called when go-imap could not read an answer.
func (lc libConn) Close() error {
	lc.l.c.fail(&mail.Fault{
		Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
		Args: mail.Args{"host": lc.l.c.endpoint.Host, "text": "go-imap"}, Err: errors.New("go-imap could not read an answer"),
	})
	return nil
}

func (lc libConn) LocalAddr() net.Addr              { return lc.l.c.net.LocalAddr() }
func (lc libConn) RemoteAddr() net.Addr             { return lc.l.c.net.RemoteAddr() }
func (lc libConn) SetDeadline(time.Time) error      { return nil }
func (lc libConn) SetReadDeadline(time.Time) error  { return nil }
func (lc libConn) SetWriteDeadline(time.Time) error { return nil }
