package view

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/mail"
)

// markKind is how something stands. Each has a shape of its own, so that none
// is told by colour alone.
type markKind int

const (
	markOK      markKind = iota // a disc
	markBusy                    // a ring in the main colour
	markOff                     // a grey ring
	markProblem                 // a triangle
	markPaused                  // two bars
)

// mark is a small shape.
type mark struct {
	widget.BaseWidget
	side   float32
	kind   markKind
	circle *canvas.Circle
	tri    *canvas.RegularPolygon
	bars   [2]*canvas.Rectangle
}

func newMark(side float32) *mark {
	m := &mark{
		side: side, circle: canvas.NewCircle(color.Transparent), tri: canvas.NewRegularPolygon(3, color.Transparent),
		bars: [2]*canvas.Rectangle{canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)},
	}
	m.ExtendBaseWidget(m)
	return m
}

func (m *mark) set(k markKind) {
	if m.kind != k {
		m.kind = k
		m.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (m *mark) CreateRenderer() fyne.WidgetRenderer { return paintRenderer{m} }

func (m *mark) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{m.circle, m.tri, m.bars[0], m.bars[1]}
}

func (m *mark) smallest() fyne.Size { return fyne.NewSquareSize(m.side) }

func (m *mark) paint(s fyne.Size) {
	side := min(s.Width, s.Height, m.side)
	x, y := (s.Width-side)/2, (s.Height-side)/2
	ring := m.kind == markBusy || m.kind == markOff
	show(m.circle, ring || m.kind == markOK)
	show(m.tri, m.kind == markProblem)
	show(m.bars[0], m.kind == markPaused)
	show(m.bars[1], m.kind == markPaused)

	m.circle.FillColor, m.circle.StrokeColor, m.circle.StrokeWidth = color.Transparent, color.Transparent, 0
	switch m.kind {
	case markOK:
		m.circle.FillColor = theme.Color(theme.ColorNameSuccess)
	case markBusy:
		m.circle.StrokeColor, m.circle.StrokeWidth = theme.Color(theme.ColorNamePrimary), 2
	case markOff:
		m.circle.StrokeColor, m.circle.StrokeWidth = muted(), 2
	case markProblem:
		m.tri.FillColor = theme.Color(theme.ColorNameWarning)
	case markPaused:
		m.bars[0].FillColor, m.bars[1].FillColor = muted(), muted()
	}
	rect(m.circle, x, y, side, side)
	rect(m.tri, x-1, y, side+2, side+2)
	rect(m.bars[0], x+side*0.15, y, side*0.25, side)
	rect(m.bars[1], x+side*0.6, y, side*0.25, side)
}

// stateMark is the mark of an account's state.
func stateMark(s mail.State) markKind {
	switch s {
	case mail.StateOnline:
		return markOK
	case mail.StateConnecting:
		return markBusy
	case mail.StateNeedsSignIn, mail.StateError:
		return markProblem
	case mail.StatePaused:
		return markPaused
	case mail.StateOffline:
	}
	return markOff
}
