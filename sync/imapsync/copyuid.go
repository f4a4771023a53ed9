package imapsync

import (
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// copied is what a server says of copies that it made.
type copied struct {
	validity mail.UIDValidity
	uids     map[mail.UID]mail.UID // in the destination, by those in the source; nil: not told
	left     bool                  // see store.Done
	presence                       // in the source; it counts where uids are not told
}

// read takes a response code if it is COPYUID (RFC 4315 §3), and reports whether it
// is. most is how many messages were to be copied. A code that makes no sense counts as
// none: the messages are then found in the destination.
func (c *copied) read(code wire.Value, most int) bool {
	if !code.At(0).Is("COPYUID") {
		return false
	}
	if validity, ok := code.At(1).Uint32(); ok {
		c.take(validity, code.At(2).Str(), code.At(3).Str(), most)
	}
	return true
}

// part parts messages that the server copied from those that it did not: it names what
// it copied, or its OK is for all that were there (RFC 3501 §6.4.7, §6.4.8).
func (c *copied) part(ms []store.Target) (there, lost []store.Target) {
	if c.uids == nil {
		return c.presence.part(ms)
	}
	for _, m := range ms {
		if _, ok := c.uids[m.Location.UID]; ok {
			there = append(there, m)
		} else {
			lost = append(lost, m)
		}
	}
	return there, lost
}

// take takes the arguments of the code.
func (c *copied) take(validity uint32, source, destination string, most int) {
	from, fromOK := uidList(source, most)
	to, toOK := uidList(destination, most)
	if validity == 0 || !fromOK || !toOK || len(from) != len(to) {
		return
	}
	c.validity = mail.UIDValidity(validity)
	if c.uids == nil {
		c.uids = make(map[mail.UID]mail.UID, len(from))
	}
	for i, u := range from {
		c.uids[u] = to[i]
	}
}

// uidList reads a set as the list that it stands for, in the order in which it
// is written: that of one set tells which UID of the other belongs to it. false
// for a malformed one and for one of more than most UIDs.
func uidList(text string, most int) ([]mail.UID, bool) {
	var out []mail.UID
	for part := range strings.SplitSeq(text, ",") {
		set, err := wire.ParseSet([]byte(part))
		if err != nil || len(set) != 1 || len(out)+set.Len() > most {
			return nil, false
		}
		for u := range set.UIDs() {
			out = append(out, u)
		}
	}
	return out, len(out) > 0
}
