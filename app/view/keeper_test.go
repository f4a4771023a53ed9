package view

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/control/api"
)

// read opens a message and drags over the first words of its text.
func (b *bench) read(t *testing.T) {
	t.Helper()
	row, _ := b.st.Rows.At(3)
	b.change(func(st *State) {
		st.Open = Opened{ID: row.ID, Row: row, Body: &api.Body{Text: "Are you free at noon? The usual place."}}
	})
	l := as[*widget.Label](t, b.m.preview.text.Objects[0])
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(l)
	test.Drag(b.c, at.AddXY(90, 18), 60, 0)
	b.m.keepKeys() // the tests' driver tells before the focus has moved
	if _, ok := b.c.Focused().(*keeper); !ok {
		t.Fatalf("%T has the keyboard", b.c.Focused())
	}
}

func TestKeysWorkWhileATextIsSelected(t *testing.T) {
	b := open(t, 960)
	b.m.Start()
	b.read(t)
	b.c.Unfocus() // as Fyne does when the mouse button is let go
	b.m.keepKeys()
	said := b.m.keeper.SelectedText()
	if said == "" {
		t.Fatal("nothing is selected")
	}
	fyne.CurrentApp().Clipboard().SetContent("")
	b.m.keeper.TypedShortcut(&fyne.ShortcutCopy{})
	if got := fyne.CurrentApp().Clipboard().Content(); got != said {
		t.Errorf("copied %q", got)
	}
	b.c.Focused().TypedRune('u')
	if b.last() != "mark 997 true" {
		t.Errorf("a letter did %q", b.last())
	}
	b.m.key(checkKey().KeyName, checkKey().Modifier)
	if b.last() != "check" {
		t.Errorf("Ctrl+R did %q", b.last())
	}
	b.key(fyne.KeyEscape)
	b.m.keepKeys()
	if b.m.keeper.text != nil {
		t.Error("the text is kept though the list has the keyboard")
	}
	if b.last() != "open 0" || b.c.Focused() != b.m.list.list {
		t.Errorf("Escape did %q, and %T has the keyboard", b.last(), b.c.Focused())
	}
}

func TestTabGoesOnFromASelectedText(t *testing.T) {
	b := open(t, 960)
	b.m.Start()
	b.read(t)
	text := b.m.keeper.text
	b.key(fyne.KeyTab)
	got := b.c.Focused()
	b.c.Focus(text)
	b.c.FocusNext()
	if got != b.c.Focused() {
		t.Errorf("Tab leads to %T", got)
	}
	b.c.Unfocus()
	for range 40 {
		b.c.FocusNext()
		if _, ok := b.c.Focused().(*keeper); ok {
			t.Fatal("Tab steps on what has no place")
		}
	}
}

func TestAClickBesideEverythingLeavesTheKeys(t *testing.T) {
	b := open(t, 960)
	b.c.Unfocus()
	b.m.keepKeys()
	b.key(fyne.KeyDown)
	if b.last() != "open 1000" || b.c.Focused() != b.m.list.list {
		t.Errorf("did %q", b.did)
	}
}

func TestATextThatIsGoneIsNotCopied(t *testing.T) {
	b := open(t, 960)
	b.m.Start()
	b.read(t)
	b.change(func(st *State) { st.Open = Opened{ID: 5} })
	if b.m.keeper.SelectedText() != "" {
		t.Error("another message is open, and the text of the one before is kept")
	}
}
