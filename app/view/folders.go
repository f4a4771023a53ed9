package view

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/i18n"
)

// headHeight is the height of an account's title in the sidebar.
const headHeight = 40

// folders is the sidebar.
type folders struct {
	p     *i18n.Printer
	rows  []placeRow
	place Place
	list  *rowList
}

func newFolders(p *i18n.Printer, t *tips, goTo func(Place)) *folders {
	f := &folders{p: p}
	f.list = newRowList(folderRow,
		func() int { return len(f.rows) },
		func() *folderItem { return newFolderItem(p, t) },
		func(i int, item *folderItem) {
			item.row = f.rows[i]
			item.focused = f.list.hasFocus && i == f.list.chosen
			item.Refresh()
		})
	f.list.enabled = func(i int) bool { return f.rows[i].enabled && !f.rows[i].header }
	f.list.picked = func(i int) {
		r := f.rows[i]
		if !r.enabled {
			f.mark()
			return
		}
		f.place = r.place
		if r.header {
			f.mark()
		}
		goTo(r.place)
	}
	return f
}

// show draws other rows or another chosen place.
func (f *folders) show(rows []placeRow, pl Place) {
	f.rows, f.place = rows, pl
	for i, r := range rows {
		h := float32(folderRow)
		switch {
		case r.header:
			h = headHeight
		case r.gap:
			h = headHeight - folderRow
		}
		f.list.SetItemHeight(i, h)
	}
	f.mark()
	f.list.Refresh()
}

// mark chooses the row of the place that is shown.
func (f *folders) mark() {
	at := -1
	for i, r := range f.rows {
		if r.place == f.place && !r.header {
			at = i
			break
		}
	}
	f.list.chosen = -2 // an account's title may be selected in Fyne's list
	f.list.choose(at)
}

// folderItem draws a placeRow.
type folderItem struct {
	widget.BaseWidget
	p       *i18n.Printer
	row     placeRow
	focused bool
	hover   hover

	bar, focus  *canvas.Rectangle
	name, badge *canvas.Text
}

func newFolderItem(p *i18n.Printer, t *tips) *folderItem {
	f := &folderItem{
		p: p, hover: newHover(t), bar: canvas.NewRectangle(color.Transparent), focus: canvas.NewRectangle(color.Transparent),
		name: canvas.NewText("", nil), badge: canvas.NewText("", nil),
	}
	f.bar.CornerRadius = 2
	f.ExtendBaseWidget(f)
	return f
}

// MouseIn implements desktop.Hoverable.
func (f *folderItem) MouseIn(*desktop.MouseEvent) {
	if !f.row.gap {
		f.hover.in(f)
	}
}

// MouseMoved implements desktop.Hoverable.
func (f *folderItem) MouseMoved(*desktop.MouseEvent) {
	if !f.row.gap {
		f.hover.over(f)
	}
}

// MouseOut implements desktop.Hoverable.
func (f *folderItem) MouseOut() { f.hover.out(f) }

// CreateRenderer implements fyne.Widget.
func (f *folderItem) CreateRenderer() fyne.WidgetRenderer { return paintRenderer{f} }

func (f *folderItem) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{f.hover.inner, f.bar, f.focus, f.name, f.badge}
}

func (f *folderItem) smallest() fyne.Size { return fyne.NewSize(80, folderRow) }

func (f *folderItem) paint(s fyne.Size) {
	r := f.row
	// A title stands at the foot of its row: the room above parts the groups.
	y := s.Height - folderRow/2
	bold := fyne.TextStyle{Bold: r.header || r.unread > 0}

	f.badge.Text, f.badge.TextSize, f.badge.TextStyle = "", captionSize, bold
	if r.unread > 0 {
		f.badge.Text = count(f.p, r.unread)
	}
	f.badge.Color = theme.Color(theme.ColorNameForeground)
	if r.header {
		f.badge.Color = muted()
	}
	w := f.badge.MinSize().Width
	place(f.badge, s.Width-12-w, y)

	x := float32(12)
	if r.colour >= 0 {
		x += 8 + float32(r.depth)*12
	}
	size := float32(textSize)
	if r.header {
		x, size = 12, smallSize
	}
	f.name.TextSize, f.name.TextStyle = size, bold
	f.name.Color = theme.Color(theme.ColorNameForeground)
	if !r.enabled {
		f.name.Color = muted()
	}
	f.name.Text = elide(r.name, size, s.Width-12-w-gap-x, bold, r.header)
	place(f.name, x, y)
	whole := ""
	if f.name.Text != r.name {
		whole = r.name
	}
	f.hover.paint(f, s, whole)

	show(f.bar, r.header)
	f.bar.FillColor = accountPaint(r.colour)
	rect(f.bar, 0, s.Height-folderRow+5, accountBar, folderRow-10)

	show(f.focus, f.focused)
	focusRing(f.focus, s)
}
