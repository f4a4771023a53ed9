package view

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// painter is a widget that draws itself from plain canvas objects: rows of
// lists are drawn by the dozen and need no layout of their own.
type painter interface {
	fyne.Widget
	objects() []fyne.CanvasObject
	paint(fyne.Size) // sets texts, colours and places for a size
	smallest() fyne.Size
}

type paintRenderer struct{ p painter }

func (r paintRenderer) Destroy()                     {}
func (r paintRenderer) Layout(s fyne.Size)           { r.p.paint(s) }
func (r paintRenderer) MinSize() fyne.Size           { return r.p.smallest() }
func (r paintRenderer) Objects() []fyne.CanvasObject { return r.p.objects() }
func (r paintRenderer) Refresh() {
	r.p.paint(r.p.Size())
	canvas.Refresh(r.p)
}

// muted is the colour of what is said beside the main thing.
func muted() color.Color { return theme.Color(theme.ColorNamePlaceHolder) }

// place puts a text with its left edge at x and its middle at y.
func place(t *canvas.Text, x, y float32) {
	s := t.MinSize()
	t.Move(fyne.NewPos(x, y-s.Height/2))
	t.Resize(s)
}

// rect puts an object into a rectangle.
func rect(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(w, h))
}

// focusRing draws around what has the keyboard.
func focusRing(r *canvas.Rectangle, s fyne.Size) {
	r.StrokeColor, r.StrokeWidth, r.CornerRadius = theme.Color(theme.ColorNamePrimary), 2, 6
	rect(r, 1, 1, s.Width-2, s.Height-3)
}

// show makes an object visible or not.
func show(o fyne.CanvasObject, visible bool) {
	if visible == o.Visible() {
		return
	}
	if visible {
		o.Show()
	} else {
		o.Hide()
	}
}

// Button is Fyne's, pressed with Enter too, and it keeps the focus when it is
// pressed with a key.
type Button struct {
	widget.Button
	Escape func()             // may be nil
	Keys   func(fyne.KeyName) // all other keys; may be nil
}

// NewButton makes a button of a word; tapped may be nil.
func NewButton(text string, tapped func()) *Button {
	b := &Button{}
	b.Text, b.OnTapped = text, tapped
	b.ExtendBaseWidget(b)
	return b
}

// TypedKey implements fyne.Focusable.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if !b.Disabled() && b.OnTapped != nil {
			b.OnTapped()
		}
	case fyne.KeyEscape:
		if b.Escape != nil {
			b.Escape()
		}
	default:
		if b.Keys != nil {
			b.Keys(e.Name)
		}
	}
}

// button is one of the main window's.
type button struct {
	Button
	typed func(r rune) bool // a letter; may be nil
	left  func()            // the focus goes elsewhere; may be nil
	tips  *tips             // may be nil
	hint  string            // said under the pointer, for a button without words
}

func newButton(text string, icon fyne.Resource, tapped func()) *button {
	b := &button{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// FocusLost implements fyne.Focusable.
func (b *button) FocusLost() {
	b.Button.FocusLost()
	if b.left != nil {
		b.left()
	}
}

// MouseIn implements desktop.Hoverable.
func (b *button) MouseIn(e *desktop.MouseEvent) {
	b.Button.MouseIn(e)
	if b.tips != nil {
		b.tips.over(b, b.hint)
	}
}

// MouseOut implements desktop.Hoverable.
func (b *button) MouseOut() {
	b.Button.MouseOut()
	if b.tips != nil {
		b.tips.out(b)
	}
}

// TypedRune implements fyne.Focusable.
func (b *button) TypedRune(r rune) {
	if b.typed != nil {
		b.typed(r)
	}
}

// enable lets a button be pressed, or not.
func enable(b *button, yes bool) {
	if b.Disabled() != yes {
		return
	}
	if yes {
		b.Enable()
	} else {
		b.Disable()
	}
}

// hairline is a line of one pixel.
func hairline() *canvas.Rectangle {
	r := canvas.NewRectangle(theme.Color(theme.ColorNameSeparator))
	r.SetMinSize(fyne.NewSize(1, 1))
	return r
}

// ground is a coloured area behind o that follows the theme.
type ground struct {
	widget.BaseWidget
	name fyne.ThemeColorName
	rect *canvas.Rectangle
	over fyne.CanvasObject
}

func onGround(name fyne.ThemeColorName, o fyne.CanvasObject) *ground {
	g := &ground{name: name, rect: canvas.NewRectangle(color.Transparent), over: o}
	g.ExtendBaseWidget(g)
	return g
}

// CreateRenderer implements fyne.Widget.
func (g *ground) CreateRenderer() fyne.WidgetRenderer { return paintRenderer{g} }

func (g *ground) objects() []fyne.CanvasObject {
	if g.over == nil {
		return []fyne.CanvasObject{g.rect}
	}
	return []fyne.CanvasObject{g.rect, g.over}
}

func (g *ground) smallest() fyne.Size {
	if g.over == nil {
		return fyne.NewSize(1, 1)
	}
	return g.over.MinSize()
}

func (g *ground) paint(s fyne.Size) {
	g.rect.FillColor = theme.Color(g.name)
	g.rect.Resize(s)
	if g.over != nil {
		g.over.Resize(s)
	}
}
