package view

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/i18n"
)

// toolbar is the strip at the top: where one is, and what concerns all of it.
type toolbar struct {
	p       *i18n.Printer
	intents Intents
	st      State
	narrow  bool

	title  *widget.Label
	detail *widget.Label
	menu   *button // the folders, when there is no room for the sidebar
	check  *button
	alerts *button
	all    fyne.CanvasObject
}

func newToolbar(p *i18n.Printer, hints *tips, in Intents) *toolbar {
	t := &toolbar{p: p, intents: in}
	t.title = widget.NewLabelWithStyle("", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	t.title.SizeName = theme.SizeNameSubHeadingText
	t.title.Truncation = fyne.TextTruncateEllipsis
	t.detail = widget.NewLabel("")
	t.detail.Importance = widget.LowImportance
	t.menu = newButton(p.T("window.folders"), theme.MenuIcon(), t.showMenu)
	t.menu.Hide()
	t.check = newButton("", theme.ViewRefreshIcon(), in.CheckNow)
	t.alerts = newButton("", theme.MediaPauseIcon(), t.pauseOrResume)
	t.menu.tips, t.check.tips, t.alerts.tips = hints, hints, hints
	t.label()
	bar := container.New(barLayout{t.title}, t.menu, t.title, t.detail, container.NewHBox(t.check, t.alerts))
	t.all = bar
	return t
}

func (t *toolbar) show(st State) {
	t.st = st
	title, detail := placeName(t.p, st.Status, st.Place), t.placeDetail()
	if unused(st) {
		title, detail = t.p.T("window.title"), ""
	}
	show(t.check, !unused(st))
	show(t.alerts, !unused(st))
	show(t.menu, t.narrow && !unused(st))
	if t.title.Text != title || t.detail.Text != detail {
		setText(t.title, title)
		setText(t.detail, detail)
		t.all.Refresh() // their widths are of their texts
	}
	enable(t.check, st.Link == LinkUp && !st.Checking)
	enable(t.alerts, st.Link == LinkUp)
	t.label()
}

// placeDetail is what is said beside the title.
func (t *toolbar) placeDetail() string {
	st := t.st
	switch st.Place.Kind {
	case PlaceActivity:
		return ""
	case PlaceInboxes:
		if n := inboxUnread(st.Status); n > 0 {
			return t.p.T("window.unread", "Count", n)
		}
	case PlaceFolder:
		if f, ok := findFolder(st.Status, st.Place); ok && f.Unread > 0 {
			return t.p.T("window.unread-of", "Count", f.Unread, "Total", t.p.Number(f.Total))
		} else if ok && f.Total > 0 {
			return t.p.T("window.total", "Count", f.Total)
		}
	}
	return ""
}

func (t *toolbar) paused() bool { return t.st.Status.AlertsPaused.After(t.st.Now) }

// label writes the buttons, without words where there is no room.
func (t *toolbar) label() {
	check, alerts, icon := t.p.T("window.check-now"), t.p.T("window.pause"), theme.MediaPauseIcon()
	if t.st.Checking {
		check = t.p.T("window.checking")
	}
	if t.paused() {
		alerts, icon = t.p.T("window.resume"), theme.MediaPlayIcon()
	}
	menu := t.p.T("window.folders")
	t.check.hint, t.alerts.hint, t.menu.hint = "", "", ""
	if t.narrow {
		t.check.hint, t.alerts.hint, t.menu.hint = check, alerts, menu
		check, alerts, menu = "", "", ""
	}
	set := func(b *button, text string, icon fyne.Resource) {
		if b.Text != text || b.Icon != icon {
			b.Text, b.Icon = text, icon
			b.Refresh()
		}
	}
	set(t.check, check, theme.ViewRefreshIcon())
	set(t.alerts, alerts, icon)
	set(t.menu, menu, theme.MenuIcon())
}

// setNarrow puts the folders into a menu.
func (t *toolbar) setNarrow(narrow bool) {
	t.narrow = narrow
	show(t.menu, narrow && !unused(t.st))
	t.label()
	t.all.Refresh()
}

func (t *toolbar) pauseOrResume() {
	if t.paused() {
		t.intents.PauseAlerts(0)
		return
	}
	item := func(id string, d time.Duration) *fyne.MenuItem {
		return fyne.NewMenuItem(t.p.T(id), func() { t.intents.PauseAlerts(d) })
	}
	t.popUp(t.alerts, fyne.NewMenu("",
		item("window.pause.hour", time.Hour),
		item("window.pause.hours", 4*time.Hour),
		item("window.pause.tomorrow", untilMorning(t.st.Now)),
	))
}

// untilMorning is the time to the next eight o'clock that is not today's.
func untilMorning(now time.Time) time.Duration {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 8, 0, 0, 0, now.Location()).Sub(now)
}

func (t *toolbar) showMenu() {
	var items []*fyne.MenuItem
	for _, r := range placeRows(t.p, t.st.Status) {
		if r.header || r.gap {
			items = append(items, fyne.NewMenuItemSeparator())
		}
		if r.gap {
			continue
		}
		name := elide(r.name, textSize, 220, fyne.TextStyle{}, r.header)
		if r.colour >= 0 && !r.header {
			for range r.depth + 1 {
				name = "    " + name
			}
		}
		if r.unread > 0 {
			name += "  (" + count(t.p, r.unread) + ")"
		}
		it := fyne.NewMenuItem(name, func() { t.intents.GoTo(r.place) })
		it.Disabled = !r.enabled
		it.Checked = r.place == t.st.Place && !r.header
		items = append(items, it)
	}
	items = append(items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem(t.p.T("window.add-account"), t.intents.AddAccount))
	t.popUp(t.menu, fyne.NewMenu("", items...))
}

// popUp opens a menu under a button, inside the window.
func (t *toolbar) popUp(b *button, m *fyne.Menu) {
	c := fyne.CurrentApp().Driver().CanvasForObject(b)
	if c == nil {
		return
	}
	menu := widget.NewPopUpMenu(m, c)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(b).AddXY(0, b.Size().Height+unit)
	at.X = max(min(at.X, c.Size().Width-menu.MinSize().Width-gap), gap)
	menu.ShowAtPosition(at)
	c.Focus(menu)
}

// barLayout puts the menu button, title and detail at the left, the rest at
// the right. The detail gives way first.
type barLayout struct{ title *widget.Label }

func (barLayout) MinSize(os []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(os[3].MinSize().Width+120, max(barHeight, os[3].MinSize().Height+gap))
}

func (l barLayout) Layout(os []fyne.CanvasObject, s fyne.Size) {
	put := func(o fyne.CanvasObject, x, w float32) {
		h := o.MinSize().Height
		rect(o, x, (s.Height-h)/2, w, h)
	}
	x := float32(unit)
	if os[0].Visible() {
		w := os[0].MinSize().Width
		put(os[0], x+unit, w)
		x += w + gap
	}
	right := os[3].MinSize().Width
	put(os[3], s.Width-right-gap, right)
	room := max(s.Width-right-gap-x-groupGap, 0)
	want := measure(l.title.Text, titleSize, l.title.TextStyle) + 2*gap + 2
	w := min(want, room)
	put(os[1], x, w)
	dw := os[2].MinSize().Width
	show(os[2], dw <= room-w)
	put(os[2], x+w-unit, dw)
}
