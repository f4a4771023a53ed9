package wire

import (
	"time"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mail"
)

// pump is the only reader. It ends with the connection.
func (c *Conn) pump() {
	defer close(c.done)
	var r Response
	for {
		if err := c.next(&r); err != nil {
			c.fail(c.fault(err))
			return
		}
	}
}

// next reads one response and gives it to those whom it concerns.
func (c *Conn) next(r *Response) error {
	if err := c.rd.first(r); err != nil {
		return err
	}
	c.mu.Lock()
	b, lib := c.burst, c.lib
	c.mu.Unlock()
	c.pace.at(b)
	owned := b == nil && lib != nil && lib.owns()
	if owned && lib.streams(r.buf) {
		return lib.stream(c.rd, r)
	}
	if err := c.rd.rest(r, !owned); err != nil {
		return err
	}
	c.watch.touch()
	c.heard.Store(time.Now().UnixNano())
	r.parse()
	if b == nil {
		c.overheard()
	}
	if r.odd() {
		c.malformed.Add(1)
	}
	c.note(r)
	c.alert(r)
	switch {
	case b != nil:
		c.toBurst(b, r)
	case owned:
		news, err := lib.take(r)
		if err != nil {
			return err
		}
		if news {
			c.toEvents(r)
		}
	default:
		c.toEvents(r)
	}
	return nil
}

// note keeps what the connection itself must know of a response.
func (c *Conn) note(r *Response) {
	switch r.Type {
	case "BYE":
		c.noteBye(r)
	case "ID":
		c.noteID(r)
	case "ENABLED":
		c.noteEnabled(r)
	case "LIST", "XLIST":
		c.noteName(r.Args().At(2))
	}
}

// noteName remembers a mailbox name that we would encode in another way than
// the server does: one that is not in proper modified UTF-7. Raw UTF-8 needs
// no remembering, servers that send it understand the encoded name, and one with
// NUL could not be sent back (RFC 3501 §9, CHAR8).
func (c *Conn) noteName(v Value) {
	raw := v.Bytes()
	if !utf8.Valid(raw) || len(raw) == 0 || len(raw) > maxName {
		return
	}
	for _, b := range raw {
		if b >= utf8.RuneSelf || b == 0 {
			return
		}
	}
	decoded := mailboxName(v)
	if decoded == "INBOX" || EncodeMailbox(decoded) == string(raw) {
		return
	}
	const most = 4 << 20 // bytes of all of them
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw == nil {
		c.raw = map[string]string{}
	}
	_, known := c.raw[decoded]
	if size := len(decoded) + len(raw); !known && c.rawBytes+size <= most {
		c.raw[decoded] = string(raw)
		c.rawBytes += size
	}
}

// toBurst hands a response to the burst under way.
func (c *Conn) toBurst(b *burst, r *Response) {
	if r.Tag == "+" {
		c.mu.Lock()
		b.pluses++
		c.mu.Unlock()
		b.tell()
		return
	}
	c.mu.Lock()
	i, known := b.cur, true
	if r.Tagged() {
		i, known = b.index(r.Tag)
	}
	c.mu.Unlock()
	if !known { // of nobody: a line that lost its head
		if !r.odd() { // else it is counted already
			c.malformed.Add(1)
		}
		return
	}
	if b.h != nil && b.err == nil {
		b.err = b.h(i, r)
		c.flooded(b.err)
	}
	if !r.Tagged() {
		return
	}
	if r.Type != "OK" && r.Type != "NO" && r.Type != "BAD" {
		// Framing is lost: nobody can say what the command did.
		c.fail(&mail.Fault{
			Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
			Args: mail.Args{"host": c.endpoint.Host, "text": "tagged response"}, Err: errHead,
		})
		return
	}
	c.mu.Lock()
	if c.burst != b && c.burst != nil {
		// It began with this IDLE while we looked the other way.
		if j, ok := c.burst.index(r.Tag); ok {
			b, i = c.burst, j
		}
	}
	b.ended[i] = true
	b.left--
	for b.cur < len(b.ended)-1 && b.ended[b.cur] {
		b.cur++
	}
	last := b.left == 0
	if last && c.burst == b {
		c.burst = nil
	}
	c.mu.Unlock()
	b.tell()
	if last {
		c.measured(b)
		c.watch.stop()
		close(b.done)
	}
}

// toEvents tells who listens. Tagged responses and continuation requests are
// answers, not events.
func (c *Conn) toEvents(r *Response) {
	if r.Tag != "*" {
		return
	}
	if c.opt.Events != nil {
		c.opt.Events(r)
	}
}
