package view

import (
	"image/color"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

const (
	tipDelay = 500 * time.Millisecond // the pointer rests this long before a tip is shown
	tipStays = 10 * time.Second       // Fyne does not tell when the pointer leaves the window
	tipWidth = 440                    // the widest tip
	rests    = 3 * time.Second        // a pointer that rests longer may have left the window
)

// tips shows the whole of what was shortened, beside what the pointer rests
// on. It is drawn in a layer above the pages that takes no events: one of
// Fyne's pop-ups would take them all.
type tips struct {
	layer *fyne.Container
	rect  *canvas.Rectangle
	text  *widget.Label
	timer *time.Timer
	of    fyne.CanvasObject // what the pointer rests on
	room  func() fyne.Size  // of the pages below
	delay time.Duration
}

func newTips() *tips {
	t := &tips{rect: canvas.NewRectangle(color.Transparent), text: widget.NewLabel(""), delay: tipDelay}
	t.rect.CornerRadius, t.rect.StrokeWidth = 6, 1
	t.text.Wrapping = fyne.TextWrapWord
	t.layer = &fyne.Container{Objects: []fyne.CanvasObject{t.rect, t.text}}
	t.layer.Hide()
	return t
}

// over says that the pointer is over o, of which whole is to be told; "" when
// nothing of it is hidden.
func (t *tips) over(o fyne.CanvasObject, whole string) {
	t.out(t.of)
	if whole == "" {
		return
	}
	t.of = o
	if t.delay == 0 {
		t.show(o, whole)
		return
	}
	t.later(t.delay, func() {
		t.show(o, whole)
		t.later(tipStays, func() { t.out(o) })
	})
}

// later runs f unless the pointer has gone elsewhere.
func (t *tips) later(d time.Duration, f func()) {
	o := t.of
	t.timer = time.AfterFunc(d, func() {
		fyne.Do(func() {
			if t.of == o {
				f()
			}
		})
	})
}

// out says that the pointer has left o.
func (t *tips) out(o fyne.CanvasObject) {
	if t.of != o {
		return
	}
	if t.timer != nil {
		t.timer.Stop()
	}
	t.of = nil
	t.layer.Hide()
}

func (t *tips) show(o fyne.CanvasObject, whole string) {
	if !o.Visible() {
		return
	}
	t.rect.FillColor, t.rect.StrokeColor = theme.Color(theme.ColorNameMenuBackground), theme.Color(theme.ColorNameInputBorder)
	setText(t.text, whole)
	all := t.room() // what is hidden is not laid out
	t.layer.Resize(all)
	w := float32(0)
	for line := range strings.SplitSeq(whole, "\n") {
		w = max(w, measure(line, textSize, fyne.TextStyle{}))
	}
	w = min(w+2*gap+2, tipWidth, all.Width-2*gap)
	t.text.Resize(fyne.NewSize(w, 1))
	h := t.text.MinSize().Height // of the wrapped text
	d := fyne.CurrentApp().Driver()
	at := d.AbsolutePositionForObject(o).Subtract(d.AbsolutePositionForObject(t.layer))
	x := max(min(at.X+groupGap, all.Width-w-gap), gap)
	y := at.Y + o.Size().Height + 2
	if y+h > all.Height-2 {
		y = max(at.Y-h-2, 0)
	}
	rect(t.rect, x, y, w, h)
	rect(t.text, x, y, w, h)
	t.layer.Show()
	t.layer.Refresh()
}

// hover is the pointer's side of a row that may be shortened. Fyne's list does
// not see the pointer over such a row, so the row paints what shows it.
type hover struct {
	tips  *tips
	whole string // what the row is in full, "" when nothing of it is hidden
	inner *canvas.Rectangle
	moved time.Time   // when the pointer last moved over the row
	timer *time.Timer // takes the highlight away from a pointer that rests
}

func newHover(t *tips) hover {
	r := canvas.NewRectangle(color.Transparent)
	r.CornerRadius = 6
	r.Hide()
	return hover{tips: t, inner: r}
}

func (h *hover) in(o fyne.CanvasObject) {
	h.tips.over(o, h.whole)
	h.light(o)
}

// over says that the pointer moves over the row.
func (h *hover) over(o fyne.CanvasObject) {
	h.moved = time.Now()
	if !h.inner.Visible() {
		h.light(o)
	}
}

func (h *hover) light(o fyne.CanvasObject) {
	h.moved = time.Now()
	h.inner.Show()
	o.Refresh()
	if h.tips.delay > 0 {
		h.watch(o, rests)
	}
}

// watch takes the highlight away when the pointer has rested: Fyne does not
// tell when it leaves the window, and a row must not look chosen for ever.
func (h *hover) watch(o fyne.CanvasObject, d time.Duration) {
	h.still()
	h.timer = time.AfterFunc(d, func() {
		fyne.Do(func() {
			if !h.inner.Visible() {
				return
			}
			if left := rests - time.Since(h.moved); left > 0 {
				h.watch(o, left)
				return
			}
			h.inner.Hide()
			o.Refresh()
		})
	})
}

func (h *hover) still() {
	if h.timer != nil {
		h.timer.Stop()
	}
}

func (h *hover) out(o fyne.CanvasObject) {
	h.still()
	h.inner.Hide()
	h.tips.out(o)
	o.Refresh()
}

// paint fits the row; whole is what it says in full, or "".
func (h *hover) paint(o fyne.CanvasObject, s fyne.Size, whole string) {
	h.inner.FillColor = theme.Color(theme.ColorNameHover)
	h.inner.Resize(s)
	if h.whole == whole {
		return
	}
	h.whole = whole
	if h.inner.Visible() { // other content came under the pointer
		h.tips.over(o, whole)
	}
}
