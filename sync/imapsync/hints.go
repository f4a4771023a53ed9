package imapsync

import (
	"sync"
	"time"

	"github.com/heronmail/heron/sync/wire"
)

// hint is what unilateral data told: only that something is dirty.
type hint struct {
	fresh   bool // the inbox has more messages
	gone    bool // the inbox has fewer
	flags   bool // flags changed in the inbox
	folders bool // something is new elsewhere
	moved   bool // messages came to or left another mailbox, it is not said how many
	lapsed  bool // the server ended NOTIFY by itself
	count   int  // messages in the inbox, as last told with fresh; else 0

	// boxes are mailboxes, by name, of which NOTIFY told, with the numbers that
	// came with it; -1 and 0 stand for those that did not.
	boxes map[string]wire.StatusData
	// renamed are the old names by the new ones.
	renamed map[string]string
}

// any reports whether anything was told.
func (h hint) any() bool { return h.inbox() || h.folders || h.moved || h.lapsed || len(h.boxes) > 0 }

// inbox reports whether it was of the inbox.
func (h hint) inbox() bool { return h.fresh || h.gone || h.flags }

// mostTold is of how many mailboxes is kept what was told. Beyond it all are asked.
const mostTold = 1000

// add adds what was told later.
func (h *hint) add(o hint) {
	h.fresh, h.gone, h.flags = h.fresh || o.fresh, h.gone || o.gone, h.flags || o.flags
	h.folders, h.moved, h.lapsed = h.folders || o.folders, h.moved || o.moved, h.lapsed || o.lapsed
	if o.fresh {
		h.count = o.count
	}
	for _, st := range o.boxes {
		h.tell(st)
	}
	for now, was := range o.renamed {
		h.rename(was, now)
	}
}

// tell adds what came of a mailbox.
func (h *hint) tell(st wire.StatusData) {
	if h.boxes == nil {
		h.boxes = map[string]wire.StatusData{}
	}
	was, ok := h.boxes[st.Name]
	switch {
	case ok:
		st = was.Merge(st)
	case len(h.boxes) >= mostTold:
		h.folders = true
		return
	}
	h.boxes[st.Name] = st
}

// rename adds a new name; one that was new itself is followed to where it began.
func (h *hint) rename(was, now string) {
	if h.renamed == nil {
		h.renamed = map[string]string{}
	}
	if first, ok := h.renamed[was]; ok {
		was = first
	}
	if len(h.renamed) >= mostTold {
		return // a listing tells of the folder, and its mail whose it is
	}
	h.renamed[now] = was
}

// hints gathers what the server says unasked. The connection's reader writes
// it, the session takes it.
type hints struct {
	c chan struct{} // has a token when there is something to take

	mu     sync.Mutex
	have   hint
	inbox  bool   // the selected mailbox is the inbox
	name   string // of the selected mailbox, "" for none
	exists uint32 // messages in it
	notify bool   // the server agreed to tell of all mailboxes
	asking bool   // all mailboxes are being asked: what comes now is no proof
	// told says since when the server told of a mailbox by itself, in the time
	// that takeTold ended.
	told map[string]time.Time
	much bool // it told of more than are kept in told
}

func newHints() *hints { return &hints{c: make(chan struct{}, 1), told: map[string]time.Time{}} }

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
	case "LIST", "LSUB":
		h.noteList(r, &got)
	case "STATUS":
		h.noteStatus(r, &got)
	case "OK", "NO":
		got.lapsed = r.CodeName() == wire.CodeNotifyOverflow
	}
	if !h.inbox && got.inbox() {
		// Of another mailbox: without NOTIFY the next poll of all folders finds it.
		moved := got.fresh || got.gone
		got = hint{}
		switch {
		case !h.notify || h.name == "":
		case moved:
			got.moved = true
		default:
			got.tell(wire.StatusData{Name: h.name, Messages: -1, Unseen: -1})
		}
	} else if got.inbox() {
		h.prove("INBOX")
	}
	h.add(got)
}

// noteStatus takes a STATUS: with NOTIFY it tells of that mailbox alone.
func (h *hints) noteStatus(r *wire.Response, got *hint) {
	st, err := wire.ParseStatus(r)
	if err != nil || !h.notify {
		got.folders = true
		return
	}
	got.tell(st)
	h.prove(st.Name)
}

// noteList takes a LIST: whatever it tells of names, it means list again.
func (h *hints) noteList(r *wire.Response, got *hint) {
	got.folders = true
	if d, err := wire.ParseList(r); err == nil {
		h.prove(d.Name)
		if d.OldName != "" {
			got.rename(d.OldName, d.Name)
		}
	}
}

// prove notes that the server told of a mailbox unasked.
func (h *hints) prove(name string) {
	if _, ok := h.told[name]; ok || h.asking {
		return
	}
	if h.much = h.much || len(h.told) >= mostTold; !h.much {
		h.told[name] = time.Now()
	}
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
	h.have.add(got)
	select {
	case h.c <- struct{}{}:
	default:
	}
}

// selected says which mailbox later data are of; name "" means none.
func (h *hints) selected(name string, inbox bool, exists uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.name, h.inbox, h.exists = name, inbox, exists
}

// notifies says whether NOTIFY is in force.
func (h *hints) notifies(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notify = on
}

// ask says whether all mailboxes are being asked.
func (h *hints) ask(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asking = on
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

// takeInbox takes what was told of the inbox alone. The rest stays: it may be
// newer than what was just asked.
func (h *hints) takeInbox() hint {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := hint{fresh: h.have.fresh, gone: h.have.gone, flags: h.have.flags, count: h.have.count}
	rest := h.have
	rest.fresh, rest.gone, rest.flags, rest.count = false, false, false, 0
	h.have = rest
	if !rest.any() {
		select {
		case <-h.c:
		default:
		}
	}
	return got
}

// takeTold returns of which mailboxes the server told by itself since it was
// last called, and when first. much says that there are more.
func (h *hints) takeTold() (told map[string]time.Time, much bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	told, much = h.told, h.much
	h.told, h.much = map[string]time.Time{}, false
	return told, much
}
