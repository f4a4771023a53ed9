package store

import (
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// flagSet is a set of flags as a row keeps it. It is comparable.
type flagSet struct {
	bits  int64  // system flags
	words string // the other keywords, sorted, joined by blanks
}

const (
	bitSeen     = 1
	bitFlagged  = 2
	bitAnswered = 4
	bitDraft    = 8
	bitDeleted  = 16
)

// bitOf is the bit of a system flag, 0 for a keyword.
func bitOf(f mail.Flag) int64 {
	switch f {
	case mail.FlagSeen:
		return bitSeen
	case mail.FlagFlagged:
		return bitFlagged
	case mail.FlagAnswered:
		return bitAnswered
	case mail.FlagDraft:
		return bitDraft
	case mail.FlagDeleted:
		return bitDeleted
	default:
		return 0
	}
}

func packFlags(fs mail.Flags) flagSet {
	var s flagSet
	for _, f := range fs {
		if b := bitOf(f); b != 0 {
			s.bits |= b
			continue
		}
		if s.words != "" {
			s.words += " "
		}
		s.words += string(f)
	}
	return s
}

func (s flagSet) flags() mail.Flags {
	if s == (flagSet{}) {
		return nil
	}
	fs := make([]mail.Flag, 0, 8)
	for _, f := range [...]mail.Flag{
		mail.FlagSeen, mail.FlagFlagged, mail.FlagAnswered, mail.FlagDraft, mail.FlagDeleted,
	} {
		if s.bits&bitOf(f) != 0 {
			fs = append(fs, f)
		}
	}
	for w := range strings.FieldsSeq(s.words) {
		fs = append(fs, mail.Flag(w))
	}
	return mail.NewFlags(fs...)
}

// with lays a delta over the set: del is taken out, then add put in.
func (s flagSet) with(d delta) flagSet {
	if s.words == "" && d.add.words == "" {
		return flagSet{bits: s.bits&^d.del.bits | d.add.bits}
	}
	return packFlags(s.flags().With(d.add.flags(), d.del.flags()))
}

func (s flagSet) unseen() bool  { return s.bits&bitSeen == 0 }
func (s flagSet) visible() bool { return s.bits&bitDeleted == 0 }
func (s flagSet) unread() bool  { return s.bits&(bitSeen|bitDeleted) == 0 }

// delta is what a flag op does to a set.
type delta struct{ add, del flagSet }

// joinFlags and splitFlags keep a set of flags as one text.
func joinFlags(fs mail.Flags) string {
	words := make([]string, len(fs))
	for i, f := range fs {
		words[i] = string(f)
	}
	return strings.Join(words, " ")
}

func splitFlags(s string) mail.Flags {
	var fs []mail.Flag
	for w := range strings.FieldsSeq(s) {
		fs = append(fs, mail.Flag(w))
	}
	if fs == nil {
		return nil
	}
	return mail.NewFlags(fs...)
}
