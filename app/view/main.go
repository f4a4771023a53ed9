package view

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// Main is the main window's content.
type Main struct {
	p       *i18n.Printer
	intents Intents
	st      State

	bar      *toolbar
	notice   *notice
	side     *folders
	list     *messages
	events   *activity
	nothing  *emptyPage
	preview  *preview
	standing *standing
	foot     *statusBar
	tips     *tips
	keeper   *keeper
	canvas   fyne.Canvas // nil before Keys

	lists, columns, body, all *fyne.Container
	parts                     *columns
}

// NewMain makes the pages. They show nothing until the first Show.
func NewMain(p *i18n.Printer, in Intents) *Main {
	m := &Main{p: p, intents: in}
	m.tips = newTips()
	m.keeper = newKeeper()
	m.keeper.key, m.keeper.typed, m.keeper.check = m.key, m.typed, m.keepKeys
	m.bar = newToolbar(p, m.tips, in)
	m.notice = newNotice(p, in)
	m.side = newFolders(p, m.tips, in.GoTo)
	m.list = newMessages(p, m.tips, in.Open, m.focusPreview)
	m.list.list.back = m.escape
	m.list.list.typed = m.typed
	m.side.list.back = m.escape
	m.side.list.enter = func() { m.focus(m.list.list) }
	m.side.list.typed = m.typed
	m.events = newActivity(p)
	m.events.list.back = m.escape
	m.nothing = newEmptyPage()
	m.preview = newPreview(p, in)
	m.preview.mark.Escape, m.preview.mark.typed = m.escape, m.typed
	m.standing = newStanding(p, in)
	m.foot = newStatusBar(m.tips, func() { in.GoTo(Place{Kind: PlaceActivity}) })

	add := newButton(p.T("window.add-account"), theme.ContentAddIcon(), in.AddAccount)
	add.Alignment = widget.ButtonAlignLeading
	add.Importance = widget.LowImportance
	side := onGround(theme.ColorNameHeaderBackground,
		container.NewBorder(nil, container.NewPadded(add), nil, nil, container.NewPadded(flat(m.side.list))))
	m.lists = container.NewStack(flat(m.list.list), flat(m.events.list), m.nothing)
	right := onGround(theme.ColorNameInputBackground, container.NewStack(m.preview.all, m.standing.all))
	m.parts = &columns{
		open:     func() bool { return m.st.Open.ID != 0 || m.st.Place.Kind == PlaceActivity },
		alone:    func() bool { return unused(m.st) },
		narrowed: m.bar.setNarrow,
	}
	m.columns = container.New(m.parts, side, hairline(), onGround(theme.ColorNameInputBackground, m.lists), hairline(), right)
	m.body = container.New(frame{},
		container.New(Stack{}, m.bar.all, hairline(), m.notice.strip),
		m.columns, container.New(Stack{}, hairline(), m.foot))
	// Fyne does not always see that there is more, or less, above the columns.
	m.notice.changed = func() { m.body.Layout.Layout(m.body.Objects, m.body.Size()) }
	m.all = container.NewStack(m.body, m.tips.layer, container.NewWithoutLayout(m.keeper))
	for _, l := range []*rowList{m.side.list, m.list.list, m.events.list} {
		l.left = m.keepKeys
	}
	for _, b := range []*button{m.bar.menu, m.bar.check, m.bar.alerts, add, m.preview.mark, m.nothing.act} {
		b.left = m.keepKeys
	}
	m.tips.room = m.all.Size
	return m
}

// Object is what to put into a window.
func (m *Main) Object() fyne.CanvasObject { return m.all }

// Show draws a state.
func (m *Main) Show(st State) {
	old := m.st
	m.st = st
	if old.Open.ID != st.Open.ID {
		m.keeper.forget()
	}
	m.bar.show(st)
	m.notice.show(st)
	m.side.show(placeRows(m.p, st.Status), st.Place)
	m.list.show(st)
	m.events.show(st)
	active := st.Place.Kind == PlaceActivity
	m.middle()
	show(m.preview.all, !active)
	show(m.standing.all, active)
	if active {
		m.standing.show(st)
	} else {
		m.preview.show(st)
	}
	m.foot.show(statusParts(m.p, st))
	if (old.Open.ID != 0) != (st.Open.ID != 0) || old.Place.Kind != st.Place.Kind || m.parts.was != unused(st) {
		m.columns.Refresh()
		m.columns.Layout.Layout(m.columns.Objects, m.columns.Size())
	}
}

// middle shows the list, or what stands for it.
func (m *Main) middle() {
	st := m.st
	active := st.Place.Kind == PlaceActivity
	title, text, act := m.emptiness()
	show(m.nothing, title != "")
	show(m.list.list, title == "" && !active)
	show(m.events.list, title == "" && active)
	m.nothing.say(title, text, act, m.intents.AddAccount)
}

// emptiness says why there is nothing in the list; "" when there is something
// or nothing is known yet.
func (m *Main) emptiness() (title, text, act string) {
	st := m.st
	t := func(id string) string { return m.p.T("window.empty." + id) }
	switch {
	case unused(st):
		return t("no-account.title"), t("no-account.text"), m.p.T("window.add-account")
	case st.Place.Kind == PlaceActivity:
		if st.Activity != nil && len(st.Activity) == 0 {
			return t("activity.title"), t("activity.text"), ""
		}
	case st.Trouble != nil && !st.Known:
		title, text = describe(m.p, *st.Trouble)
		return title, text, ""
	case st.Known && st.Rows.Len() == 0:
		if m.filling() {
			return t("filling.title"), t("filling.text"), ""
		}
		if st.Place.Kind == PlaceInboxes {
			return t("inbox.title"), t("inbox.text"), ""
		}
		return t("folder.title"), t("folder.text"), ""
	}
	return "", "", ""
}

// filling reports whether the place's mail may still be on its way.
func (m *Main) filling() bool {
	for _, a := range m.st.Status.Accounts {
		if m.st.Place.Kind == PlaceFolder && a.ID != m.st.Place.Account {
			continue
		}
		if a.Progress != nil || a.LastSync.IsZero() {
			return true
		}
	}
	return false
}

// checkKey is the key that looks at every account at once.
func checkKey() *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: fyne.KeyR, Modifier: fyne.KeyModifierShortcutDefault}
}

// Keys gives a window's canvas the keys that work wherever the focus is.
func (m *Main) Keys(c fyne.Canvas) {
	m.canvas = c // Fyne knows whose canvas an object is on only once it was drawn
	c.AddShortcut(checkKey(), func(fyne.Shortcut) { m.key(checkKey().KeyName, checkKey().Modifier) })
	c.SetOnTypedRune(func(r rune) { m.typed(r) })
	c.SetOnTypedKey(func(e *fyne.KeyEvent) { m.key(e.Name, 0) })
}

// key does what a key stands for where nothing takes keys itself.
func (m *Main) key(k fyne.KeyName, mod fyne.KeyModifier) {
	if mod == checkKey().Modifier && k == checkKey().KeyName {
		if m.st.Link == LinkUp && !m.st.Checking {
			m.intents.CheckNow()
		}
		return
	}
	if mod != 0 {
		return
	}
	switch k {
	case fyne.KeyEscape:
		m.escape()
	case fyne.KeyUp, fyne.KeyDown, fyne.KeyHome, fyne.KeyEnd, fyne.KeyPageUp, fyne.KeyPageDown:
		if m.keeper.text != nil && m.preview.all.Visible() { // a text is being read
			m.preview.move(k)
		} else if m.list.list.Visible() {
			m.focus(m.list.list)
			m.list.list.TypedKey(&fyne.KeyEvent{Name: k})
		}
	}
}

// keepKeys sees to it that keys are heard after the focus went on. Who told
// still has it.
func (m *Main) keepKeys() {
	fyne.Do(func() {
		if m.canvas != nil {
			m.keeper.adopt(m.canvas)
		}
	})
}

// Start puts the focus where work begins, also before the first frame; Keys
// comes before it.
func (m *Main) Start() { m.focus(m.list.list) }

// typed does what a letter stands for.
func (m *Main) typed(r rune) bool {
	switch r {
	case 'u', 'm', 'U', 'M':
		if o := m.st.Open; o.ID != 0 && o.Row.ID == o.ID && m.st.Place.Kind != PlaceActivity {
			m.intents.MarkRead(o.ID, !o.Row.Flags.Has(mail.FlagSeen))
			return true
		}
	}
	return false
}

// escape goes one step back: out of the message, then to the list.
func (m *Main) escape() {
	switch {
	case m.st.Failed != nil:
		m.intents.Dismiss()
	case m.st.Open.ID != 0:
		m.list.going = nil
		m.intents.Open(0)
	case m.st.Place.Kind == PlaceActivity:
		m.intents.GoTo(Place{Kind: PlaceInboxes})
	}
	m.focus(m.list.list)
}

// focusPreview goes from the list into the message.
func (m *Main) focusPreview() {
	if m.st.Open.ID != 0 {
		m.focus(m.preview.mark)
	}
}

func (m *Main) focus(o fyne.Focusable) {
	obj, ok := o.(fyne.CanvasObject)
	if !ok || !obj.Visible() {
		return
	}
	if m.canvas != nil {
		m.canvas.Focus(o)
	}
}
