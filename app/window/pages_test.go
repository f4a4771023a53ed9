package window

import (
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// server is a list of n messages that counts what is asked of it.
type server struct{ n, asked int }

func (s *server) page(offset int) api.Page {
	s.asked++
	p := api.Page{Total: s.n, Offset: offset}
	for i := offset; i < min(s.n, offset+pageRows); i++ {
		p.Messages = append(p.Messages, api.Message{ID: mail.MessageID(s.n - i)})
	}
	return p
}

// serve fetches what is wanted until nothing is.
func serve(p *pages, s *server) {
	for {
		offset, epoch, ok := p.next()
		if !ok {
			return
		}
		p.fill(offset, epoch, s.page(offset))
	}
}

// lookAt reads rows as a list that draws 12 of them does.
func lookAt(p *pages, from int) (missing int) {
	for i := from; i < min(from+12, p.Len()); i++ {
		if _, ok := p.At(i); !ok {
			missing++
		}
	}
	return missing
}

func TestPagesStartWithTheFirst(t *testing.T) {
	p, s := newPages(func() {}), &server{n: 250}
	if p.Known() || p.Len() != 0 {
		t.Fatal("a list knows rows before any were fetched")
	}
	serve(p, s)
	if !p.Known() || p.Len() != 250 || s.asked != 1 {
		t.Fatalf("known %v, len %d, asked %d", p.Known(), p.Len(), s.asked)
	}
	if m, ok := p.At(99); !ok || m.ID != 151 {
		t.Errorf("row 99 is %v, %v", m.ID, ok)
	}
}

func TestAJumpFetchesAtMostTwoPages(t *testing.T) {
	for _, to := range []int{0, 95, 50_000, 99_999 - 12, 1234} {
		needed := 0
		p, s := newPages(func() { needed++ }), &server{n: 100_000}
		serve(p, s)
		s.asked = 0
		// The list passes many rows on its way.
		for i := 0; i < to; i += 640 {
			lookAt(p, i)
		}
		lookAt(p, to)
		serve(p, s)
		if s.asked > 2 {
			t.Errorf("a jump to %d asked for %d pages", to, s.asked)
		}
		if n := lookAt(p, to); n != 0 {
			t.Errorf("after a jump to %d, %d rows are missing", to, n)
		}
		if to > pageRows && needed == 0 {
			t.Errorf("nobody was told that rows at %d are wanted", to)
		}
	}
}

func TestPagesKeepFewWhateverTheLength(t *testing.T) {
	p, s := newPages(func() {}), &server{n: 1_000_000}
	serve(p, s)
	for i := 0; i < 500_000; i += 5_000 {
		lookAt(p, i)
		serve(p, s)
		if len(p.kept) > pagesKept || len(p.used) != len(p.kept) || len(p.wanted) > wantsKept {
			t.Fatalf("at %d: %d pages kept, %d used, %d wanted", i, len(p.kept), len(p.used), len(p.wanted))
		}
	}
}

func TestAChangeIsFetchedAgainWhileTheOldIsShown(t *testing.T) {
	p, s := newPages(func() {}), &server{n: 1000}
	serve(p, s)
	for _, at := range []int{300, 500, 700} {
		lookAt(p, at)
		serve(p, s)
	}
	s.n, s.asked = 1003, 0
	p.invalidate()
	if n := lookAt(p, 700); n != 0 {
		t.Errorf("%d rows vanished before the new ones came", n)
	}
	if _, ok := p.Find(300); ok {
		t.Error("a row was found in a page that may have moved")
	}
	serve(p, s)
	if s.asked > 2 {
		t.Errorf("%d pages were fetched again", s.asked)
	}
	if p.Len() != 1003 {
		t.Errorf("the list has %d rows", p.Len())
	}
	if i, ok := p.Find(300); !ok || i != 703 {
		t.Errorf("message 300 is at %d, %v; want 703", i, ok)
	}
	if _, ok := p.At(300); ok {
		t.Error("a page that nobody looks at outlived the change")
	}
}

func TestALateAnswerDoesNotHideANewerOne(t *testing.T) {
	p, s := newPages(func() {}), &server{n: 100}
	offset, old, _ := p.next()
	late := s.page(offset)
	p.invalidate()
	p.fail(offset)
	s.n = 101
	serve(p, s)
	p.fill(offset, old, late)
	if p.Len() != 101 {
		t.Errorf("the list went back to %d rows", p.Len())
	}
}

func TestAnAnswerThatIsOldOnArrivalIsShownAndAskedForAgain(t *testing.T) {
	p, s := newPages(func() {}), &server{n: 100}
	offset, epoch, _ := p.next()
	got := s.page(offset)
	p.invalidate()
	p.fill(offset, epoch, got)
	if !p.Known() {
		t.Error("the first answer was not shown")
	}
	if _, _, ok := p.next(); !ok {
		t.Error("it was not asked for again")
	}
}
