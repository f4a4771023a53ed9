package imapsync

import (
	"sync"

	"github.com/heronmail/heron/sync/wire"
)

// hint is what unilateral data told: only that something is dirty.
type hint struct {
	fresh   bool // the inbox has more messages
	gone    bool // the inbox has fewer
	flags   bool // flags changed in the inbox
	folders bool // something is new elsewhere
	count   int  // messages in the inbox, as last told with fresh; else 0
}

// any reports whether anything was told.
func (h hint) any() bool { return h != hint{} }

// inbox reports whether it was of the inbox.
func (h hint) inbox() bool { return h.fresh || h.gone || h.flags }

// or is what both told, o later than h.
func (h hint) or(o hint) hint {
	out := hint{h.fresh || o.fresh, h.gone || o.gone, h.flags || o.flags, h.folders || o.folders, h.count}
	if o.fresh {
		out.count = o.count
	}
	return out
}

// hints gathers what the server says unasked. The connection's reader writes
// it, the session takes it.
type hints struct {
	c chan struct{} // has a token when there is something to take

	mu     sync.Mutex
	have   hint
	inbox  bool   // the selected mailbox is the inbox
	exists uint32 // messages in it
}

func newHints() *hints { return &hints{c: make(chan struct{}, 1)} }

// note reads a response that nobody asked for. It does not block.
func (h *hints) note(r *wire.Response) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var got hint
	switch r.Type {
	case "EXISTS":
		// Some servers repeat the number as a sign of life.
		got.fresh, got.gone = r.Num > h.exists, r.Num < h.exists
		h.exists = r.Num
		if got.fresh {
			got.count = int(r.Num)
		}
	case "EXPUNGE":
		h.exists -= min(h.exists, 1)
		got.gone = true
	case "VANISHED":
		if set, earlier, err := wire.ParseVanished(r); err == nil && !earlier {
			h.exists -= min(h.exists, uint32(min(set.Len(), int(h.exists))))
		}
		got.gone = true
	case "FETCH":
		got.flags = true
	case "LIST", "LSUB", "STATUS":
		got.folders = true
	}
	if !h.inbox {
		// Of another mailbox: the next poll of all folders finds it.
		got = hint{folders: got.folders}
	}
	h.add(got)
}

// set adds hints of our own making.
func (h *hints) set(got hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.add(got)
}

func (h *hints) add(got hint) {
	if !got.any() {
		return
	}
	h.have = h.have.or(got)
	select {
	case h.c <- struct{}{}:
	default:
	}
}

// selected says which mailbox later data are of.
func (h *hints) selected(inbox bool, exists uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inbox, h.exists = inbox, exists
}

// take returns what was told since it was last called.
func (h *hints) take() hint {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := h.have
	h.have = hint{}
	select {
	case <-h.c:
	default:
	}
	return got
}
