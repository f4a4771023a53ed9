package imapsync

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// A server may leave a message out of an answer that should have it, or show it no
// more for a moment, so that it is taken for gone. Whenever all UIDs of a mailbox are
// told, those that should be known and are not are fetched, as new mail is.

// unknownIn returns the UIDs of a set that lie where all are known, and are not.
func (t *target) unknownIn(told wire.Set, known []mail.UID) []mail.UID {
	var out []mail.UID
	for _, r := range told {
		lo, hi := max(r.Lo, t.from()), min(r.Hi, t.next()-1)
		i, _ := slices.BinarySearch(known, lo)
		for u := lo; u <= hi && len(out) <= window; u++ {
			if i < len(known) && known[i] == u {
				i++
				continue
			}
			out = append(out, u)
		}
	}
	return out
}

// seek lets the next round fetch UIDs that should be known, and reports whether there
// are any. It is done once: what the server leaves out again is left to a later look.
func (t *target) seek(uids []mail.UID) bool {
	if t.sought || len(uids) == 0 {
		return false
	}
	t.sought, t.unknown = true, uids[max(0, len(uids)-window):]
	for len(wire.NewSet(t.unknown)) > opBurst { // it is one line
		t.unknown = t.unknown[len(t.unknown)/2:]
	}
	return true
}

// seekStep fetches what is sought. Where connections may end over one of the
// messages, fewer are asked for; one over which they do is not, and is bad.
func (t *target) seekStep(s *session, fetch func(q *question, refused **mail.Fault, format string, args ...any)) {
	of := share{t.box.ID, true}
	if most := s.w.most(of); most > 0 {
		t.unknown = t.unknown[max(0, len(t.unknown)-most):]
	}
	if len(t.unknown) == 1 && s.w.lethal(of, t.unknown[0]) {
		t.bad, t.spared = append(t.bad, t.unknown[0]), true
		s.w.spare(of)
		return
	}
	n := len(t.unknown)
	fetch(&question{of: of, n: n, got: n, uid: t.unknown[0]}, &t.refusedSought, "UID FETCH %s %s", wire.NewSet(t.unknown), s.messageItems())
}

// seekLess asks for fewer, when a server refuses what is sought for the sake of one,
// or there is no room for all of it. One that is alone is counted among the bad: then
// it reports true.
func (t *target) seekLess() bool {
	if len(t.unknown) > 1 {
		t.unknown = t.unknown[len(t.unknown)/2:]
		return false
	}
	t.bad = append(t.bad, t.unknown...)
	return true
}

// seeks reports whether a UID is one that is sought.
func (t *target) seeks(u mail.UID) bool {
	_, ok := slices.BinarySearch(t.unknown, u)
	return ok
}
