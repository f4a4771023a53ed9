package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// diary notes what the user did.
type diary struct{ did []string }

func (d *diary) note(format string, args ...any) { d.did = append(d.did, fmt.Sprintf(format, args...)) }

func (d *diary) GoTo(p Place)                               { d.note("go %d %s %s", p.Kind, p.Account, p.Folder) }
func (d *diary) Open(id mail.MessageID)                     { d.note("open %d", id) }
func (d *diary) MarkRead(id mail.MessageID, read bool)      { d.note("mark %d %v", id, read) }
func (d *diary) CheckNow()                                  { d.note("check") }
func (d *diary) PauseAlerts(t time.Duration)                { d.note("pause %v", t) }
func (d *diary) AddAccount()                                { d.note("add") }
func (d *diary) SignIn(id mail.AccountID)                   { d.note("sign in %s", id) }
func (d *diary) StartAgent()                                { d.note("start") }
func (d *diary) DismissNews(id mail.AccountID, c mail.Code) { d.note("dismiss %s %s", id, c) }
func (d *diary) Dismiss()                                   { d.note("dismiss") }

func (d *diary) last() string {
	if len(d.did) == 0 {
		return ""
	}
	return d.did[len(d.did)-1]
}

// rows is a list in memory; those in gaps are on their way.
type rows struct {
	n     int
	first mail.MessageID // id of row 0; ids fall
	gaps  map[int]bool
	asked map[int]bool
}

func (r *rows) Len() int { return r.n }

func (r *rows) At(i int) (api.Message, bool) {
	if r.asked != nil {
		r.asked[i] = true
	}
	m := api.Message{
		ID: r.first - mail.MessageID(i), Account: "work", Subject: fmt.Sprintf("Subject %d", i), Date: noon,
		From: []mail.Address{{Name: "Ann\u202E", Addr: "ann@example.org"}},
	}
	return m, !r.gaps[i]
}

func (r *rows) Find(id mail.MessageID) (int, bool) {
	i := int(r.first - id)
	return i, i >= 0 && i < r.n
}

type bench struct {
	*diary
	m  *Main
	c  fyne.Canvas
	w  fyne.Window
	st State
}

// open shows the main window at a width, 640 high.
func open(t *testing.T, width float32) *bench {
	t.Helper()
	test.NewTempApp(t)
	b := &bench{diary: &diary{}}
	b.m = NewMain(english(t), b.diary)
	b.w = test.NewTempWindow(t, b.m.Object())
	b.w.SetPadded(false)
	b.w.Resize(fyne.NewSize(width, 640))
	b.c = b.w.Canvas()
	b.m.Keys(b.c)
	b.st = State{Now: noon, Link: LinkUp, Status: twoAccounts(), Rows: &rows{n: 1000, first: 1000}, Known: true}
	b.m.Show(b.st)
	return b
}

func (b *bench) change(f func(*State)) {
	f(&b.st)
	b.m.Show(b.st)
}

func (b *bench) key(names ...fyne.KeyName) {
	for _, n := range names {
		if f := b.c.Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: n})
		} else {
			b.c.OnTypedKey()(&fyne.KeyEvent{Name: n})
		}
	}
}

func TestArrowsOpenMessages(t *testing.T) {
	b := open(t, 960)
	b.m.Start()
	b.key(fyne.KeyDown)
	if b.last() != "open 1000" {
		t.Fatalf("did %q", b.did)
	}
	b.key(fyne.KeyDown, fyne.KeyDown, fyne.KeyUp)
	if b.last() != "open 999" {
		t.Errorf("did %q", b.did)
	}
	b.key(fyne.KeyEnd)
	if b.last() != "open 1" {
		t.Errorf("did %q", b.did)
	}
}

func TestALongListIsDrawnByTheDozen(t *testing.T) {
	b := open(t, 960)
	r := &rows{n: 1_000_000, first: 1_000_000, asked: map[int]bool{}}
	b.change(func(st *State) { st.Rows = r })
	if n := len(r.asked); n == 0 || n > 20 {
		t.Errorf("%d rows were asked for", n)
	}
	r.asked = map[int]bool{}
	b.m.Start()
	b.key(fyne.KeyEnd)
	if n := len(r.asked); n == 0 || n > 60 {
		t.Errorf("a jump to the end asked for %d rows", n)
	}
}

func TestNewMailDoesNotMoveWhatIsRead(t *testing.T) {
	b := open(t, 960)
	b.m.list.list.ScrollToOffset(100 * messageRow)
	b.change(func(st *State) { st.Rows = &rows{n: 1003, first: 1003} })
	if got := b.m.list.list.GetScrollOffset(); got != 103*messageRow {
		t.Errorf("scrolled to row %v", got/messageRow)
	}
	b.m.list.list.ScrollToOffset(0)
	b.change(func(st *State) { st.Rows = &rows{n: 1004, first: 1004} })
	if got := b.m.list.list.GetScrollOffset(); got != 0 {
		t.Error("at the top, new mail is not shown")
	}
}

func TestTheOpenMessageStaysChosen(t *testing.T) {
	b := open(t, 960)
	b.change(func(st *State) { st.Open = Opened{ID: 990} })
	if b.m.list.list.chosen != 10 {
		t.Fatalf("row %d is chosen", b.m.list.list.chosen)
	}
	before := len(b.did)
	b.change(func(st *State) { st.Rows = &rows{n: 1002, first: 1002} })
	if b.m.list.list.chosen != 12 || len(b.did) != before {
		t.Errorf("row %d is chosen, did %q", b.m.list.list.chosen, b.did[before:])
	}
}

func TestARowThatIsStillFetchedIsOpenedWhenItComes(t *testing.T) {
	b := open(t, 960)
	gaps := map[int]bool{999: true, 998: true}
	b.change(func(st *State) { st.Open, st.Rows = Opened{ID: 1000}, &rows{n: 1000, first: 1000, gaps: gaps} })
	b.m.Start()
	b.key(fyne.KeyEnd)
	if b.last() == "open 1" {
		t.Fatal("a row was opened before it came")
	}
	b.change(func(*State) {}) // something else changed meanwhile
	if b.m.list.list.chosen != 999 {
		t.Fatalf("the list went back to row %d", b.m.list.list.chosen)
	}
	clear(gaps)
	b.change(func(*State) {})
	if b.last() != "open 1" || b.m.list.list.chosen != 999 {
		t.Fatalf("did %q, row %d is chosen", b.did, b.m.list.list.chosen)
	}
	b.change(func(st *State) { st.Open = Opened{ID: 1} })
	b.change(func(st *State) { st.Open = Opened{ID: 500} }) // an alert was clicked
	if b.m.list.list.chosen != 500 {
		t.Errorf("row %d is chosen", b.m.list.list.chosen)
	}
}

func TestFastArrowsAreNotPulledBack(t *testing.T) {
	b := open(t, 960)
	b.m.Start()
	b.key(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown)
	b.change(func(st *State) { st.Open = Opened{ID: 1000} }) // the state is late
	if b.m.list.list.chosen != 2 {
		t.Errorf("pulled back to row %d", b.m.list.list.chosen)
	}
	b.change(func(st *State) { st.Open = Opened{ID: 998} })
	if b.m.list.list.chosen != 2 || b.m.list.going != nil {
		t.Errorf("row %d is chosen", b.m.list.list.chosen)
	}
}

func TestLettersMarkRead(t *testing.T) {
	b := open(t, 960)
	b.change(func(st *State) {
		row, _ := st.Rows.At(3)
		st.Open = Opened{ID: row.ID, Row: row}
	})
	b.m.Start()
	b.c.Focused().TypedRune('u')
	if b.last() != "mark 997 true" {
		t.Errorf("did %q", b.did)
	}
	b.change(func(st *State) { st.Open.Row.Flags = mail.NewFlags(mail.FlagSeen) })
	b.c.Unfocus()
	b.c.OnTypedRune()('m')
	if b.last() != "mark 997 false" {
		t.Errorf("did %q", b.did)
	}
	if b.m.preview.mark.Text != "Mark unread" {
		t.Errorf("the button says %q", b.m.preview.mark.Text)
	}
	b.key(fyne.KeyEscape)
	if b.last() != "open 0" {
		t.Errorf("did %q", b.did)
	}
}

func TestTheSidebarByKeyboard(t *testing.T) {
	b := open(t, 960)
	b.c.Focus(b.m.side.list)
	b.key(fyne.KeyDown)
	if b.last() != "go 1 work INBOX" {
		t.Errorf("did %q", b.did)
	}
	b.key(fyne.KeyEnd)
	if b.last() != "go 2  " {
		t.Errorf("did %q", b.did)
	}
}

func TestAnAccountsTitleLeadsToItsInbox(t *testing.T) {
	b := open(t, 960)
	b.m.side.list.Select(1)
	if b.last() != "go 1 work INBOX" || b.m.side.list.chosen != 2 {
		t.Errorf("did %q, row %d is chosen", b.did, b.m.side.list.chosen)
	}
}

func TestThePreviewShowsTextAndFiles(t *testing.T) {
	b := open(t, 960)
	row, _ := b.st.Rows.At(0)
	b.change(func(st *State) { st.Open = Opened{ID: row.ID, Row: row} })
	if l := as[*widget.Label](t, b.m.preview.text.Objects[0]); !strings.Contains(l.Text, "Fetching") {
		t.Errorf("while it is fetched: %q", l.Text)
	}
	b.change(func(st *State) {
		st.Open.Body = &api.Body{Text: "Hello\u202E there\n\n", Attachments: []api.Attachment{{Name: "a.pdf", Size: 12}}}
	})
	if l := as[*widget.Label](t, b.m.preview.text.Objects[0]); l.Text != "Hello there" || !l.Selectable {
		t.Errorf("the text is %q", l.Text)
	}
	if n := len(b.m.preview.files.Objects); n != 1 {
		t.Errorf("%d files", n)
	}
	if b.m.preview.from.Text != "Ann <ann@example.org>" {
		t.Errorf("from %q", b.m.preview.from.Text)
	}
	b.change(func(st *State) { st.Open.Problem = &mail.Problem{Code: mail.CodeTimeout, Args: mail.Args{"host": "h"}} })
	if _, ok := b.m.preview.text.Objects[0].(*fyne.Container); !ok {
		t.Error("a problem is not said")
	}
}

func TestALongMessageIsShownInPieces(t *testing.T) {
	b := open(t, 960)
	row, _ := b.st.Rows.At(0)
	b.change(func(st *State) {
		st.Open = Opened{ID: row.ID, Row: row, Body: &api.Body{Text: strings.Repeat("a line of words\n", 5000), Truncated: true}}
	})
	more, ok := b.m.preview.text.Objects[1].(*button)
	if !ok {
		t.Fatal("the rest is not offered")
	}
	test.Tap(&more.Button)
	if len(b.m.preview.text.Objects) < 3 {
		t.Error("the next piece is not shown")
	}
}

func TestNotices(t *testing.T) {
	b := open(t, 960)
	if b.m.notice.strip.Visible() {
		t.Fatal("a notice without a problem")
	}
	press := func() {
		t.Helper()
		as[*button](t, b.m.notice.actions.Objects[0]).OnTapped()
	}
	b.change(func(st *State) {
		st.Status.Accounts[1].Problems = []api.Problem{{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Args: mail.Args{"host": "h", "user": "u"}}}
	})
	if !b.m.notice.strip.Visible() {
		t.Fatal("a problem is not said")
	}
	if press(); b.last() != "sign in home" {
		t.Errorf("did %q", b.did)
	}
	// What happened in two accounts reads alike, and is dismissed in one after the other.
	for _, id := range []mail.AccountID{"work", "home"} {
		b.change(func(st *State) {
			st.Status = twoAccounts()
			for i := range st.Status.Accounts {
				if a := &st.Status.Accounts[i]; a.ID == id {
					a.Problems = []api.Problem{{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict, News: true}}
				}
			}
		})
		if press(); b.last() != "dismiss "+string(id)+" moved-elsewhere" {
			t.Errorf("did %q", b.did)
		}
	}
	b.change(func(st *State) { st.Failed = &mail.Problem{Code: mail.CodeDiskFull, Args: mail.Args{"path": "/x"}} })
	if press(); b.last() != "dismiss" {
		t.Errorf("did %q", b.did)
	}
	b.change(func(st *State) { st.Link = LinkLost })
	if press(); b.last() != "start" {
		t.Errorf("did %q", b.did)
	}
	b.change(func(st *State) { st.Link, st.Failed, st.Status = LinkUp, nil, twoAccounts() })
	if b.m.notice.strip.Visible() {
		t.Error("the notice outlives the problem")
	}
}

func TestEmptyStates(t *testing.T) {
	b := open(t, 960)
	none := &rows{}
	for _, c := range []struct {
		name string
		f    func(*State)
		want string
	}{
		{"mail", func(*State) {}, ""},
		{"not known yet", func(st *State) { st.Known = false }, ""},
		{"empty inbox", func(st *State) { st.Known, st.Rows = true, none }, "The inbox is empty"},
		{"empty folder", func(st *State) { st.Place = Place{PlaceFolder, "work", "Lists"} }, "Nothing in this folder"},
		{"first sync", func(st *State) { st.Status.Accounts[0].Progress = &api.Progress{Done: 1, Total: 9} }, "Looking for mail"},
		{"no activity", func(st *State) { st.Place, st.Activity = Place{Kind: PlaceActivity}, []api.Event{} }, "Nothing has happened yet"},
		{"no account", func(st *State) { st.Status.Accounts = nil }, "No account yet"},
	} {
		b.change(c.f)
		if got := b.m.nothing.title.Text; got != c.want || b.m.nothing.Visible() != (c.want != "") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	b.m.nothing.act.OnTapped()
	if b.last() != "add" {
		t.Errorf("did %q", b.did)
	}
}

func TestColumnsFollowTheWidth(t *testing.T) {
	for _, c := range []struct {
		width               float32
		side, below, opened bool
	}{
		{960, true, false, false}, {719, true, false, false}, {719, true, true, true}, {420, false, true, true}, {420, false, false, false},
	} {
		b := open(t, c.width)
		if c.opened {
			b.change(func(st *State) { st.Open = Opened{ID: 1000} })
		}
		os := b.m.columns.Objects
		if os[0].Visible() != c.side || b.m.bar.menu.Visible() == c.side {
			t.Errorf("%v wide: sidebar %v, menu %v", c.width, os[0].Visible(), b.m.bar.menu.Visible())
		}
		if below := os[4].Visible() && os[4].Position().Y > 0; below != c.below {
			t.Errorf("%v wide, opened %v: preview below the list: %v", c.width, c.opened, below)
		}
	}
}

func TestActivityPage(t *testing.T) {
	b := open(t, 960)
	b.change(func(st *State) {
		st.Place, st.Activity = Place{Kind: PlaceActivity}, []api.Event{{Time: noon, Kind: "folder.added", Folder: "X", Account: "work", Origin: mail.Elsewhere}}
	})
	if !b.m.events.list.Visible() || b.m.list.list.Visible() || !b.m.standing.all.Visible() {
		t.Error("the page is not shown")
	}
	if !strings.Contains(b.m.standing.said, "Trying again in ") {
		t.Errorf("it says %q", b.m.standing.said)
	}
}

// as is v as what it has to be.
func as[T any](t *testing.T, v any) T {
	t.Helper()
	got, ok := v.(T)
	if !ok {
		t.Fatalf("this is a %T", v)
	}
	return got
}
