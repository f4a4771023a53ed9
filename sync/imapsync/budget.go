package imapsync

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Bounds of what a server may answer to one burst. An account with more than
// that is beyond what can be shown; a server that goes on and on is left.
const (
	maxHeard   = 4 << 20  // responses
	maxUnasked = 1 << 18  // of them that no command asked for
	maxBytes   = 1 << 30  // of all of them
	maxNamed   = 60_000   // responses that name a folder: 20,000 folders with STATUS, and LSUB or XLIST
	nameBytes  = 16 << 20 // of those
	maxUpdates = 1 << 20  // flags
	heldMost   = 16 << 20 // bytes of new messages that wait to be written
	maxGone    = 1 << 19  // ranges of UIDs that are said to be gone
	flagsMost  = 40 << 20 // bytes of flags of one mailbox: a million messages
	goneSets   = 1000     // responses that say so
)

// budget counts what is answered to one burst.
type budget struct {
	heard, unasked, named, updates int
	bytes, nameBytes               int
}

// spend counts a response; claimed says whether a command asked for it. The
// error is a wire.Flood.
func (b *budget) spend(r *wire.Response, claimed bool) error {
	b.heard++
	b.bytes += r.Size()
	switch r.Type {
	case "LIST", "LSUB", "XLIST", "STATUS":
		b.named++
		b.nameBytes += r.Size()
	case "FETCH":
		b.updates++
	case "VANISHED", "SEARCH", "ESEARCH":
	default: // numbers and notes, of which an answer has a few
		claimed = false
	}
	if !claimed {
		b.unasked++
	}
	switch {
	case b.named > maxNamed || b.nameBytes > nameBytes:
		return wire.Flood("folders")
	case b.updates > maxUpdates:
		return wire.Flood("messages")
	case b.heard > maxHeard || b.unasked > maxUnasked || b.bytes > maxBytes:
		return wire.Flood("responses")
	}
	return nil
}

// take keeps a message that is new here, if there is room for it. If there is
// not, fewer have to be asked for.
func (t *target) take(f wire.Fetch) bool {
	m := fetched(f)
	size := weight(&m)
	if t.held == nil {
		t.held = new(int)
	}
	if t.tooMuch = t.tooMuch || *t.held+size > heldMost; t.tooMuch {
		return false
	}
	*t.held += size
	t.added = append(t.added, m)
	return true
}

// weight is about how many bytes a message takes until it is written.
func weight(m *store.Fetched) int {
	e := &m.Envelope
	n := 300 + len(e.Subject) + len(e.HeaderID) + len(e.InReplyTo) + len(m.EmailID) + len(m.Preview)
	for _, f := range m.Flags {
		n += 16 + len(f)
	}
	for i := range e.From {
		n += 32 + len(e.From[i].Name) + len(e.From[i].Addr)
	}
	for i := range e.To {
		n += 32 + len(e.To[i].Name) + len(e.To[i].Addr)
	}
	for i := range e.Cc {
		n += 32 + len(e.Cc[i].Name) + len(e.Cc[i].Addr)
	}
	return n
}

// takeFlags keeps what the server says of a message that is known. Most have the
// flags of many others, which are kept once.
func (t *target) takeFlags(f wire.Fetch) {
	if f.UID < t.from() || f.UID >= t.next() {
		return
	}
	if t.flagBytes > flagsMost {
		t.flooded = true
		return
	}
	t.flagBytes += 40
	known := slices.IndexFunc(t.flagSets, func(s mail.Flags) bool { return slices.Equal(s, f.Flags) })
	switch {
	case known >= 0:
		f.Flags = t.flagSets[known]
	case len(t.flagSets) < 32:
		t.flagSets = append(t.flagSets, f.Flags)
	default:
		for _, flag := range f.Flags {
			t.flagBytes += 16 + len(flag)
		}
	}
	t.flags = append(t.flags, store.FlagUpdate{UID: f.UID, ModSeq: f.ModSeq, Flags: f.Flags})
}

// takeGone keeps what VANISHED said. What is too much to be kept is found by
// asking which messages there are.
func (t *target) takeGone(set wire.Set) {
	ranges := len(set)
	for _, s := range t.gone {
		ranges += len(s)
	}
	if len(t.gone) >= goneSets || ranges > maxGone {
		t.gone, t.askUIDs = nil, true
		return
	}
	t.gone = append(t.gone, set)
}
