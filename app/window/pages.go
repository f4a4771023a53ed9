package window

import (
	"slices"
	"sync"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

const (
	pageRows  = 100 // rows asked for at once
	pagesKept = 6   // pages in memory, whatever the length of the list
	wantsKept = 2   // pages that may wait to be fetched: what is seen never covers more
)

// pages is a window of a long list: it holds the few pages that were last
// looked at and names those that are to be fetched. What is looked at on the
// way of a fast scroll is forgotten when something else is looked at, so that
// a jump fetches at most two pages. It is read by the user interface and
// filled by the session.
type pages struct {
	need func() // told, without the lock, that next has an answer

	mu      sync.Mutex
	total   int
	unread  int
	known   bool // total was told
	epoch   int  // grows when the list changed
	kept    map[int]page
	used    []int // page numbers, the last one used at the end
	wanted  []int // page numbers, the last one wanted at the end
	flights map[int]int
	failed  map[int]bool // not asked for again until the list changes
}

type page struct {
	rows  []api.Message
	epoch int
}

func newPages(need func()) *pages {
	return &pages{need: need, kept: map[int]page{}, flights: map[int]int{}, failed: map[int]bool{}, wanted: []int{0}}
}

// Len is the number of rows in the whole list.
func (p *pages) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// Unread is how many of all rows are unread.
func (p *pages) Unread() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unread
}

// Known reports whether the list was fetched at all.
func (p *pages) Known() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known
}

// At returns row i. When it is not here yet, or may have changed, it is
// wanted from now on.
func (p *pages) At(i int) (api.Message, bool) {
	p.mu.Lock()
	n := i / pageRows
	pg, ok := p.kept[n]
	fetch := false
	if ok {
		p.touch(n)
	}
	if (!ok || pg.epoch != p.epoch) && p.flights[n] == 0 && !p.failed[n] && !slices.Contains(p.wanted, n) {
		p.wanted = append(p.wanted, n)
		if len(p.wanted) > wantsKept {
			p.wanted = p.wanted[len(p.wanted)-wantsKept:]
		}
		fetch = true
	}
	p.mu.Unlock()
	if fetch {
		p.need()
	}
	if off := i % pageRows; ok && off < len(pg.rows) {
		return pg.rows[off], true
	}
	return api.Message{}, false
}

// Find returns the row of a message, looking at what is here and up to date.
func (p *pages) Find(id mail.MessageID) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, pg := range p.kept {
		if pg.epoch != p.epoch {
			continue
		}
		for i, m := range pg.rows {
			if m.ID == id {
				return n*pageRows + i, true
			}
		}
	}
	return 0, false
}

// invalidate says that the list may have changed: what is kept is still shown,
// and the pages last looked at are wanted anew.
func (p *pages) invalidate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch++
	clear(p.failed)
	p.wanted = p.wanted[:0]
	p.wanted = append(p.wanted, p.used[max(0, len(p.used)-wantsKept):]...)
	if len(p.wanted) == 0 {
		p.wanted = append(p.wanted, 0)
	}
}

// next takes the page that is wanted most; false when none is, or when it is
// on its way. The caller fetches it and calls fill or fail.
func (p *pages) next() (offset, epoch int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.flights) > 0 || len(p.wanted) == 0 {
		return 0, 0, false
	}
	n := p.wanted[len(p.wanted)-1]
	p.wanted = p.wanted[:len(p.wanted)-1]
	p.flights[n]++
	return n * pageRows, p.epoch, true
}

// fill keeps a page that was asked for in an epoch.
func (p *pages) fill(offset, epoch int, got api.Page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := offset / pageRows
	delete(p.flights, n)
	if epoch < p.kept[n].epoch {
		return
	}
	if epoch == p.epoch && epoch != p.newest() {
		// The first answer since a change: rows have moved, so that pages
		// which nobody looks at now are of no use.
		p.dropUnseen(n)
	}
	p.known, p.total, p.unread = true, got.Total, got.Unread
	p.kept[n] = page{rows: slices.Clip(got.Messages), epoch: epoch}
	p.touch(n)
	if epoch != p.epoch && !slices.Contains(p.wanted, n) {
		p.wanted = append(p.wanted, n)
	}
	for len(p.used) > pagesKept {
		delete(p.kept, p.used[0])
		p.used = slices.Delete(p.used, 0, 1)
	}
}

// fail gives up a page that was asked for, until the list changes: it is drawn
// again at once, and would be asked for without end.
func (p *pages) fail(offset int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.flights, offset/pageRows)
	p.failed[offset/pageRows] = true
}

func (p *pages) newest() int {
	e := -1
	for _, pg := range p.kept {
		e = max(e, pg.epoch)
	}
	return e
}

func (p *pages) dropUnseen(n int) {
	seen := p.used[max(0, len(p.used)-wantsKept):]
	for k := range p.kept {
		if k != n && !slices.Contains(seen, k) {
			delete(p.kept, k)
		}
	}
	p.used = slices.DeleteFunc(p.used, func(k int) bool { _, ok := p.kept[k]; return !ok })
}

func (p *pages) touch(n int) {
	if i := slices.Index(p.used, n); i >= 0 {
		p.used = slices.Delete(p.used, i, i+1)
	}
	p.used = append(p.used, n)
}
