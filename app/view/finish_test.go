package view

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

func TestWithoutAnAccountThereIsOnePage(t *testing.T) {
	b := open(t, 960)
	b.change(func(st *State) { st.Status.Accounts = nil })
	for name, o := range map[string]fyne.CanvasObject{"sidebar": b.m.columns.Objects[0], "preview": b.m.columns.Objects[4], "check": b.m.bar.check, "pause": b.m.bar.alerts} {
		if o.Visible() {
			t.Errorf("%s is shown", name)
		}
	}
	if got := b.m.columns.Objects[2].Size().Width; got != 960 {
		t.Errorf("the page is %v wide", got)
	}
	if !b.m.nothing.act.Visible() {
		t.Error("no account can be added")
	}
	b.change(func(st *State) { st.Status = twoAccounts() })
	if !b.m.columns.Objects[0].Visible() || !b.m.bar.check.Visible() {
		t.Error("the first account does not bring the folders")
	}
}

func TestATipTellsWhatWasShortened(t *testing.T) {
	b := open(t, 960)
	b.m.tips.delay = 0
	b.w.Resize(fyne.NewSize(500, 640))
	item := newFolderItem(b.m.p, b.m.tips)
	item.Resize(fyne.NewSize(120, folderRow))
	for name, want := range map[string]bool{"Receipts": false, strings.Repeat("Receipts of travels ", 8): true, "archive/" + strings.Repeat("x", 70): true} {
		item.row = placeRow{name: name, enabled: true}
		item.Refresh()
		item.MouseIn(&desktop.MouseEvent{})
		if got := b.m.tips.layer.Visible(); got != want {
			t.Errorf("%q: tip shown: %v", name, got)
		}
		if want && b.m.tips.text.Text != name {
			t.Errorf("tip says %q", b.m.tips.text.Text)
		}
		if r := b.m.tips.rect; want && r.Position().X+r.Size().Width > 500 {
			t.Error("the tip leaves the window")
		}
		item.MouseOut()
		if b.m.tips.layer.Visible() {
			t.Errorf("%q: the tip stays", name)
		}
	}
}

func TestButtonsWithoutWordsSayThemInATip(t *testing.T) {
	b := open(t, 420)
	b.m.tips.delay = 0
	b.m.bar.check.MouseIn(&desktop.MouseEvent{})
	if got := b.m.tips.text.Text; !b.m.tips.layer.Visible() || got != "Check now" {
		t.Errorf("tip %q", got)
	}
}

func TestALongMessageIsScrolledByKeys(t *testing.T) {
	b := open(t, 960)
	b.change(func(st *State) {
		row, _ := st.Rows.At(0)
		st.Open = Opened{ID: row.ID, Row: row, Body: &api.Body{Text: strings.Repeat("A line.\n", 300)}}
	})
	b.m.Start()
	b.key(fyne.KeyDown, fyne.KeyReturn)
	if b.c.Focused() != fyne.Focusable(b.m.preview.mark) {
		t.Fatal("Enter does not lead into the message")
	}
	at := func() float32 { return b.m.preview.scroll.Offset.Y }
	b.key(fyne.KeyPageDown)
	screen := at()
	if screen < 200 {
		t.Fatalf("Page Down scrolls to %v", screen)
	}
	b.key(fyne.KeyUp)
	if at() >= screen {
		t.Error("Up does not scroll back")
	}
	b.key(fyne.KeyEnd, fyne.KeyDown)
	end := at()
	b.key(fyne.KeyHome)
	if at() != 0 || end < 1000 {
		t.Errorf("Home at %v, End at %v", at(), end)
	}
}

func TestActivityTellsNothingTwice(t *testing.T) {
	m := api.EventMessage{ID: 1, From: "Ann", Subject: "Lunch"}
	all := []api.Event{
		{Kind: "alert.withdrawn", Origin: mail.Here},
		{Kind: "alert.shown", Origin: mail.Here, Messages: []api.EventMessage{m}},
		{Kind: "message.added", Origin: mail.Elsewhere, Folder: "INBOX", Messages: []api.EventMessage{m}},
	}
	got := told(all)
	if len(got) != 1 || got[0].Kind != "message.added" {
		t.Fatalf("told %v", got)
	}
	if s := originText(english(t), twoAccounts(), got[0]); s != "new in Inbox" {
		t.Errorf("origin %q", s)
	}
	raised := api.Event{Kind: "problem.raised", Origin: mail.Here, Problem: &api.Problem{Code: mail.CodeConnectionLost}}
	for account, want := range map[mail.AccountID]string{"work": "ann@work.example", "": "on this computer"} {
		raised.Account = account
		if s := originText(english(t), twoAccounts(), raised); s != want {
			t.Errorf("a problem of %q was %q", account, s)
		}
	}
}

func TestTheHighlightComesAndGoesWithThePointer(t *testing.T) {
	b := open(t, 960)
	b.m.tips.delay = 0 // no timer
	item := newMessageItem(b.m.p, b.m.tips)
	item.MouseIn(&desktop.MouseEvent{})
	if !item.hover.inner.Visible() {
		t.Error("no highlight under the pointer")
	}
	item.hover.inner.Hide() // the pointer rested
	item.MouseMoved(&desktop.MouseEvent{})
	if !item.hover.inner.Visible() {
		t.Error("no highlight when the pointer moves again")
	}
	item.MouseOut()
	if item.hover.inner.Visible() {
		t.Error("the highlight stays behind")
	}
}

// TestANoticeMakesRoomForItself: what is below it moves down when it comes, and up
// again when it goes.
func TestANoticeMakesRoomForItself(t *testing.T) {
	b := open(t, 960)
	st := b.m.st
	st.Status = twoAccounts()
	b.m.Show(st)
	top := b.m.columns.Position().Y
	st.Status.Accounts[0].Problems = []api.Problem{{
		Code: mail.CodeFolderRefused, Class: mail.ClassProtocol, Args: mail.Args{"folder": "Work", "text": "not now"},
	}}
	b.m.Show(st)
	if h, y := b.m.notice.strip.Size().Height, b.m.columns.Position().Y; h < b.m.notice.strip.MinSize().Height || y < top+h {
		t.Errorf("it is %v high, and the columns begin at %v", h, y)
	}
	st.Status = twoAccounts()
	b.m.Show(st)
	if y := b.m.columns.Position().Y; y != top {
		t.Errorf("when it is gone the columns begin at %v, want %v", y, top)
	}
}
