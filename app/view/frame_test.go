package view

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// seen is every object that is drawn, by its type, with where it is.
func seen(o fyne.CanvasObject, at fyne.Position, f func(fyne.CanvasObject, fyne.Position)) {
	if !o.Visible() {
		return
	}
	at = at.Add(o.Position())
	f(o, at)
	switch o := o.(type) {
	case *fyne.Container:
		for _, in := range o.Objects {
			seen(in, at, f)
		}
	case fyne.Widget:
		for _, in := range test.WidgetRenderer(o).Objects() {
			seen(in, at, f)
		}
	}
}

func TestTheFirstFrameIsTheWindowWithoutWords(t *testing.T) {
	type place struct {
		at   fyne.Position
		size fyne.Size
	}
	grounds := func(o fyne.CanvasObject) (out []place) {
		seen(o, fyne.Position{}.Subtract(o.Position()), func(o fyne.CanvasObject, at fyne.Position) {
			if g, ok := o.(*ground); ok {
				out = append(out, place{at, g.Size()})
			}
		})
		return out
	}
	b := open(t, 960)
	want := grounds(b.m.Object())
	frame := NewFrame()
	test.NewTempWindow(t, frame)
	frame.Resize(b.m.Object().Size())
	got := grounds(frame)
	if len(got) != 3 || len(want) < 3 {
		t.Fatalf("%d grounds, of %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("ground %d jumps from %v to %v", i, got[i], want[i])
		}
	}
	bars := 0
	seen(frame, fyne.Position{}, func(o fyne.CanvasObject, _ fyne.Position) {
		switch o.(type) {
		case *canvas.Text:
			t.Errorf("the frame has a text, which waits for fonts")
		case *messageItem:
			bars++
		}
	})
	if bars != skeletons {
		t.Errorf("%d rows are kept room for", bars)
	}
}

func TestFontsAreLoadedForAnyState(t *testing.T) {
	test.NewTempApp(t)
	p := english(t)
	for _, st := range []State{{}, {Known: true}, {Status: twoAccounts(), Rows: &rows{n: 3, first: 3, gaps: map[int]bool{1: true}}, Known: true}} {
		<-LoadFonts(p, st)
	}
}
