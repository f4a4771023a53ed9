package imapsync

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// A mailbox may be open to be read, or keep some flags and others not. A server says
// OK to what cannot be kept there, and ignores it, so that it is not asked for.

// fixed returns a Fault when the open mailbox cannot be changed, or does not keep one
// of the flags that are to be added or removed.
func (s *session) fixed(add, remove mail.Flags) *mail.Fault {
	if mayChange(&s.open.data, add, remove) {
		return nil
	}
	f := &mail.Fault{Code: mail.CodeFolderFixed, Class: mail.ClassProtocol, Args: mail.Args{"folder": ""}}
	if box := s.boxes[s.open.id]; box != nil {
		f.Args["folder"] = box.Path()
	}
	return f
}

// mayChange reports whether a mailbox can be changed and keeps flags (RFC 9051 §7.1,
// READ-ONLY and PERMANENTFLAGS).
func mayChange(d *wire.SelectData, add, remove mail.Flags) bool {
	switch {
	case d.ReadOnly:
		return false
	case d.Permanent == nil:
		return true
	}
	lost := func(f mail.Flag) bool { return !d.Permanent.Has(f) && (!d.NewKeywords || !isKeyword(f)) }
	return !slices.ContainsFunc(add, lost) && !slices.ContainsFunc(remove, lost)
}

// isKeyword reports whether a flag is none of the system's.
func isKeyword(f mail.Flag) bool { return f.Wire() == string(f) }
