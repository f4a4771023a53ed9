package wizard

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// choices are options of which one is chosen: with a click, the space bar or
// the arrow keys. Enter goes on, as everywhere in the wizard; Fyne's own
// options know the space bar alone.
type choices struct {
	w       *Wizard
	options []*radio
	chosen  int
	changed func(int) // the user chose another; may be nil
}

func newChoices(w *Wizard, chosen int, labels ...string) *choices {
	c := &choices{w: w, chosen: chosen}
	for i, l := range labels {
		r := &radio{group: c, index: i, label: l}
		r.ExtendBaseWidget(r)
		c.options = append(c.options, r)
	}
	return c
}

// choose takes option i.
func (c *choices) choose(i int) {
	if i == c.chosen || c.options[i].Disabled() {
		return
	}
	c.chosen = i
	for _, r := range c.options {
		r.Refresh()
	}
	if c.changed != nil {
		c.changed(i)
	}
}

// step takes the next option that can be had, in a direction.
func (c *choices) step(from, by int) {
	for i := from + by; i >= 0 && i < len(c.options); i += by {
		if !c.options[i].Disabled() {
			c.w.give(c.options[i])
			c.choose(i)
			return
		}
	}
}

// row puts the options side by side.
func (c *choices) row() fyne.CanvasObject {
	box := container.NewHBox()
	for _, r := range c.options {
		box.Add(r)
	}
	return box
}

// radio is one of several choices.
type radio struct {
	widget.DisableableWidget
	group            *choices
	index            int
	label            string
	focused, hovered bool

	ring *canvas.Circle
	icon *widget.Icon
	text *canvas.Text
}

// CreateRenderer implements fyne.Widget.
func (r *radio) CreateRenderer() fyne.WidgetRenderer {
	r.ring = canvas.NewCircle(color.Transparent)
	r.icon = widget.NewIcon(nil)
	r.text = canvas.NewText(r.label, color.Transparent)
	r.draw()
	return widget.NewSimpleRenderer(container.New(radioLayout{}, r.ring, r.icon, r.text))
}

// Refresh implements fyne.Widget.
func (r *radio) Refresh() {
	if r.ring != nil {
		r.draw()
	}
	r.BaseWidget.Refresh()
}

func (r *radio) draw() {
	shape, ink, words := theme.RadioButtonIcon(), theme.ColorNameInputBorder, theme.ColorNameForeground
	if r.group.chosen == r.index {
		shape, ink = theme.RadioButtonCheckedIcon(), theme.ColorNamePrimary
	}
	if r.Disabled() {
		ink, words = theme.ColorNameDisabled, theme.ColorNameDisabled
	}
	r.icon.SetResource(theme.NewColoredResource(shape, ink))
	r.text.Text, r.text.TextSize, r.text.Color = r.label, theme.TextSize(), theme.Color(words)
	r.text.Refresh()
	r.ring.FillColor = color.Transparent
	switch {
	case r.Disabled():
	case r.focused:
		r.ring.FillColor = theme.Color(theme.ColorNameFocus)
	case r.hovered:
		r.ring.FillColor = theme.Color(theme.ColorNameHover)
	}
	r.ring.Refresh()
}

// Tapped implements fyne.Tappable.
func (r *radio) Tapped(*fyne.PointEvent) {
	if !r.Disabled() {
		r.group.w.give(r)
		r.group.choose(r.index)
	}
}

// TypedKey implements fyne.Focusable.
func (r *radio) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace:
		r.group.choose(r.index)
	case fyne.KeyLeft, fyne.KeyUp:
		r.group.step(r.index, -1)
	case fyne.KeyRight, fyne.KeyDown:
		r.group.step(r.index, 1)
	case fyne.KeyReturn, fyne.KeyEnter:
		r.group.w.Next()
	case fyne.KeyEscape:
		r.group.w.escape()
	}
}

// TypedRune implements fyne.Focusable.
func (r *radio) TypedRune(rune) {}

// FocusGained implements fyne.Focusable.
func (r *radio) FocusGained() { r.focused = true; r.Refresh() }

// FocusLost implements fyne.Focusable.
func (r *radio) FocusLost() { r.focused = false; r.Refresh() }

// MouseIn implements desktop.Hoverable.
func (r *radio) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (r *radio) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *radio) MouseOut() { r.hovered = false; r.Refresh() }

// radioLayout has the icon stand where Fyne's checks have theirs.
type radioLayout struct{}

const (
	radioIcon = 18
	radioRing = 26
)

// MinSize implements fyne.Layout.
func (radioLayout) MinSize(os []fyne.CanvasObject) fyne.Size {
	m := os[2].MinSize()
	return fyne.NewSize(radioRing+4+m.Width+8, max(m.Height, radioIcon)+16)
}

// Layout implements fyne.Layout.
func (radioLayout) Layout(os []fyne.CanvasObject, s fyne.Size) {
	put := func(o fyne.CanvasObject, x, w, h float32) {
		o.Move(fyne.NewPos(x, (s.Height-h)/2))
		o.Resize(fyne.NewSize(w, h))
	}
	put(os[0], 1, radioRing, radioRing)
	put(os[1], 1+(radioRing-radioIcon)/2, radioIcon, radioIcon)
	m := os[2].MinSize()
	put(os[2], radioRing+4, m.Width, m.Height)
}
