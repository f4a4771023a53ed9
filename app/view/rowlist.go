package view

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// rowList is Fyne's list with the keys that people expect: arrows, Page Up and
// Down, Home and End choose a row at once, Enter goes into it, Escape goes
// back. What is chosen is told by picked and set by choose.
type rowList struct {
	widget.List
	rowHeight float32
	chosen    int // -1: none
	hasFocus  bool
	silent    bool

	picked  func(i int)       // the user chose row i
	enabled func(i int) bool  // whether row i can be chosen; nil: each can
	enter   func()            // Enter
	back    func()            // Escape
	typed   func(r rune) bool // a letter
	left    func()            // the focus goes elsewhere; may be nil
}

func newRowList[T fyne.CanvasObject](height float32, length func() int, create func() T, update func(int, T)) *rowList {
	l := &rowList{rowHeight: height, chosen: -1}
	l.Length = length
	l.CreateItem = func() fyne.CanvasObject { return create() }
	l.UpdateItem = func(i int, o fyne.CanvasObject) {
		if row, ok := o.(T); ok { // it is what create made
			update(i, row)
		}
	}
	l.HideSeparators = true
	l.OnSelected = l.selected
	l.ExtendBaseWidget(l)
	return l
}

// flat puts a list into the theme without gaps between rows.
func flat(l *rowList) fyne.CanvasObject { return container.NewThemeOverride(l, flatTheme{}) }

func (l *rowList) selected(i int) {
	l.chosen = i
	if !l.silent && l.picked != nil {
		l.picked(i)
	}
}

// choose marks row i as chosen without telling it, -1 for none, and leaves the
// list scrolled as it is.
func (l *rowList) choose(i int) {
	if i == l.chosen {
		return
	}
	l.silent = true
	defer func() { l.silent = false }()
	at := l.GetScrollOffset()
	if i < 0 {
		l.UnselectAll()
	} else {
		l.Select(i)
		l.Highlight(i)
		l.ScrollToOffset(at)
	}
	l.chosen = i
}

// pick chooses row i as the user would; steps over rows that cannot be chosen.
func (l *rowList) pick(i, step int) {
	n := l.Length()
	for i = min(max(i, 0), n-1); i >= 0 && i < n; i += step {
		if l.enabled == nil || l.enabled(i) {
			l.Highlight(i)
			l.Select(i)
			return
		}
	}
}

// FocusGained implements fyne.Focusable.
func (l *rowList) FocusGained() {
	l.hasFocus = true
	l.List.FocusGained()
	l.Refresh()
}

// FocusLost implements fyne.Focusable.
func (l *rowList) FocusLost() {
	l.hasFocus = false
	l.List.FocusLost()
	l.Refresh()
	if l.left != nil {
		l.left()
	}
}

// TypedKey implements fyne.Focusable.
func (l *rowList) TypedKey(e *fyne.KeyEvent) {
	screenful := max(int(l.Size().Height/l.rowHeight)-1, 1)
	switch e.Name {
	case fyne.KeyDown:
		l.pick(l.chosen+1, 1)
	case fyne.KeyUp:
		l.pick(l.chosen-1, -1)
	case fyne.KeyPageDown:
		l.pick(l.chosen+screenful, 1)
	case fyne.KeyPageUp:
		l.pick(l.chosen-screenful, -1)
	case fyne.KeyHome:
		l.pick(0, 1)
	case fyne.KeyEnd:
		l.pick(l.Length()-1, -1)
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if l.chosen < 0 {
			l.pick(0, 1)
		} else if l.enter != nil {
			l.enter()
		}
	case fyne.KeyEscape:
		if l.back != nil {
			l.back()
		}
	}
}

// TypedRune implements fyne.Focusable.
func (l *rowList) TypedRune(r rune) {
	if l.typed != nil {
		l.typed(r)
	}
}

// flatTheme is the program's theme without padding between rows.
type flatTheme struct{}

func (flatTheme) base() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

func (t flatTheme) Size(n fyne.ThemeSizeName) float32 {
	if n == theme.SizeNamePadding {
		return 0
	}
	return t.base().Size(n)
}

func (t flatTheme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	return t.base().Color(n, v)
}
func (t flatTheme) Font(s fyne.TextStyle) fyne.Resource     { return t.base().Font(s) }
func (t flatTheme) Icon(n fyne.ThemeIconName) fyne.Resource { return t.base().Icon(n) }
