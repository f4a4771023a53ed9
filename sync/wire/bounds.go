package wire

import (
	"errors"
	"fmt"

	"github.com/heronmail/heron/sync/mail"
)

// Bounds of what a server may make us hold. They are far above what servers
// send, and together far below what a program in a tray may cost.
const (
	// maxShortLine is the longest response outside its literals but for those
	// that list UIDs, in bytes.
	maxShortLine = 4 << 20
	// keepLiteral is how much is kept of a literal that is not streamed, in
	// bytes: of a subject or the first words of a message even that is too much.
	keepLiteral = 64 << 10
	// maxLibLiterals is the most bytes of literals in a response for go-imap that
	// is not streamed.
	maxLibLiterals = 8 << 20
	// maxValues and maxLongValues are how many values a response may have, the
	// latter one that lists UIDs.
	maxValues     = 1 << 19
	maxLongValues = 1 << 21
	// maxChatter is how many responses may come that nobody asked for, in one
	// IDLE or between two commands.
	maxChatter = 1 << 20

	maxKeywords  = 200     // of one message; others are left out
	maxKeyword   = 255     // bytes; a longer one is left out
	maxAttrs     = 50      // of one mailbox; others are left out
	maxName      = 4 << 10 // bytes of a mailbox name as the server writes it
	maxDelimiter = 8       // bytes of what parts the levels of a name
	maxEmailID   = 255     // bytes, as RFC 8474 §4 has it
	maxAddresses = 200     // of each field
	maxPeople    = 32 << 10
)

var (
	errMany  = errors.New("too many values")
	errFlood = errors.New("more than was asked for")
)

// Flood is the error with which a handler of a burst ends the connection: the
// server sends more of what than it was asked for, and can be waited for no
// longer.
func Flood(what string) error {
	return &mail.Fault{
		Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
		Args: mail.Args{"text": "too many " + what}, Err: errFlood,
	}
}

// flooded ends the connection if err is a Flood.
func (c *Conn) flooded(err error) {
	f := (*mail.Fault)(nil)
	if !errors.Is(err, errFlood) || !errors.As(err, &f) {
		return
	}
	named := *f
	named.Args = mail.Args{"host": c.endpoint.Host, "text": f.Args["text"]}
	c.fail(&named)
}

// overheard counts a response that no command asked for. It belongs to the pump.
func (c *Conn) overheard() {
	if now := c.commands.Load(); now != c.chatterAt {
		c.chatter, c.chatterAt = 0, now
	}
	if c.chatter++; c.chatter == maxChatter {
		c.flooded(Flood("responses"))
	}
}

// listsUIDs reports whether responses of a type grow with a mailbox.
func listsUIDs(typ string) bool {
	switch typ {
	case "SEARCH", "ESEARCH", "SORT", "VANISHED":
		return true
	}
	return false
}

// cutLiteral takes all but the first keep bytes of a literal whose head stands
// at the end of buf off, in the head; the bytes are the caller's to skip.
func cutLiteral(buf []byte, keep int) []byte {
	for i := len(buf) - 1; i >= 0; i-- {
		if buf[i] == '{' {
			return append(buf[:i], fmt.Sprintf("{%d}\r\n", keep)...)
		}
	}
	return buf
}
