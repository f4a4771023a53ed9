package mail

import (
	"slices"
	"strings"
	"time"
)

// MessageID is local and stable across moves, UIDVALIDITY resets and restarts;
// positive once stored. It is not the Message-ID of a header.
type MessageID int64

// UID is a message's number in a mailbox under one UIDVALIDITY (RFC 3501
// §2.3.1.1); 0 is none.
type UID uint32

// Location is where a server has a message now. A message moved offline has
// none for a while: then UID is 0.
type Location struct {
	Mailbox     MailboxID
	UIDValidity UIDValidity
	UID         UID
}

// Address is a sender or recipient.
type Address struct {
	Name string `json:"name,omitempty"` // decoded, may be ""
	Addr string `json:"addr"`           // addr-spec, may be malformed as the sender wrote it
}

// String is the name if there is one, else the address.
func (a Address) String() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Addr
}

// Envelope is the part of a header that lists show (RFC 3501 §7.4.2), decoded
// to UTF-8. Texts are bounded by what wire accepts, and may hold anything a
// sender wrote: who shows them removes control and bidi characters.
type Envelope struct {
	HeaderID  string // Message-ID without <>, "" if missing
	InReplyTo string
	Date      time.Time // the Date header; zero if missing or malformed
	Subject   string
	From      []Address
	To        []Address
	Cc        []Address
}

// Message is one message as the store knows it.
type Message struct {
	ID       MessageID
	Account  AccountID
	Location Location
	Envelope Envelope
	Flags    Flags // with pending actions laid over
	Size     int64 // bytes, RFC822.SIZE
	Received time.Time
	EmailID  string // X-GM-MSGID where the server has it, else EMAILID (RFC 8474), or ""
	Preview  string // first words of the text, at most 200 runes, "" if unknown
	Pending  bool   // an op on it waits for the server
}

// Unread reports whether the message is new to its reader.
func (m Message) Unread() bool { return !m.Flags.Has(FlagSeen) }

// Flag is a flag or keyword in lower case; system flags stand without their
// backslash ("seen", "$forwarded").
type Flag string

// The system flags (RFC 3501 §2.3.2). \Recent is not kept.
const (
	FlagSeen     Flag = "seen"
	FlagFlagged  Flag = "flagged"
	FlagAnswered Flag = "answered"
	FlagDraft    Flag = "draft"
	FlagDeleted  Flag = "deleted"
)

// ParseFlag reads a flag as it stands on the wire; "" for \Recent and \*.
func ParseFlag(s string) Flag {
	s = strings.ToLower(s)
	if rest, ok := strings.CutPrefix(s, `\`); ok {
		switch f := Flag(rest); f {
		case FlagSeen, FlagFlagged, FlagAnswered, FlagDraft, FlagDeleted:
			return f
		case "recent", "*":
			return ""
		}
	}
	return Flag(s)
}

// Wire is the flag as the server wants it.
func (f Flag) Wire() string {
	switch f {
	case FlagSeen:
		return `\Seen`
	case FlagFlagged:
		return `\Flagged`
	case FlagAnswered:
		return `\Answered`
	case FlagDraft:
		return `\Draft`
	case FlagDeleted:
		return `\Deleted`
	default:
		return string(f)
	}
}

// maxFlag bounds a keyword, in bytes. RFC 3501 sets no limit; servers do.
const maxFlag = 255

// Valid reports whether f can be sent to a server: a system flag or an atom
// (RFC 3501 §9).
func (f Flag) Valid() bool {
	if len(f) == 0 || len(f) > maxFlag {
		return false
	}
	for _, c := range []byte(f) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`(){%*"\]`, c) >= 0 {
			return false
		}
	}
	return true
}

// Keyword reports whether f is a valid flag and none of the system's.
func (f Flag) Keyword() bool { return f.Valid() && f.Wire() == string(f) }

// Flags is a set of flags: sorted, without doubles. Nil is the empty set. A
// value is never changed in place.
type Flags []Flag

// NewFlags makes a set.
func NewFlags(fs ...Flag) Flags {
	out := make(Flags, 0, len(fs))
	for _, f := range fs {
		if f != "" {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Has reports whether f is in the set.
func (s Flags) Has(f Flag) bool {
	_, ok := slices.BinarySearch(s, f)
	return ok
}

// Equal reports whether both sets hold the same flags.
func (s Flags) Equal(o Flags) bool { return slices.Equal(s, o) }

// With returns the set after a delta: first del is taken out, then add put in.
func (s Flags) With(add, del Flags) Flags {
	out := make([]Flag, 0, len(s)+len(add))
	for _, f := range s {
		if !del.Has(f) {
			out = append(out, f)
		}
	}
	return NewFlags(append(out, add...)...)
}

// Delta returns what must be added to and removed from s to get to o.
func (s Flags) Delta(o Flags) (added, removed Flags) {
	for _, f := range o {
		if !s.Has(f) {
			added = append(added, f)
		}
	}
	for _, f := range s {
		if !o.Has(f) {
			removed = append(removed, f)
		}
	}
	return added, removed
}
