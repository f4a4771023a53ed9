package view

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// skeletons is how many rows without content are drawn before anything is known.
const skeletons = 8

// messages is the list of messages.
type messages struct {
	p    *i18n.Printer
	list *rowList
	st   State

	anchor mail.MessageID // the first message that is seen
	index  int            // its row

	going *going // where the user went; nil: the state has followed
	open  func(mail.MessageID)
}

// going is a row that the user chose and the state does not show open yet: the
// row may still be fetched, and states on the way show what was open before.
type going struct {
	row  int
	id   mail.MessageID          // 0: the row is not here yet
	past map[mail.MessageID]bool // what was, or was meant to be, open before
}

func newMessages(p *i18n.Printer, t *tips, open func(mail.MessageID), enter func()) *messages {
	m := &messages{p: p, open: open}
	m.list = newRowList(messageRow, m.length,
		func() *messageItem { return newMessageItem(p, t) },
		func(i int, item *messageItem) {
			item.set(m.st, i, m.list.hasFocus && i == m.list.chosen)
		})
	m.list.picked = m.goTo
	m.list.enabled = func(int) bool { return m.st.Known }
	m.list.enter = enter
	return m
}

// goTo opens row i, at once or when it is here.
func (m *messages) goTo(i int) {
	g := &going{row: i, past: map[mail.MessageID]bool{m.st.Open.ID: true}}
	if m.going != nil {
		g.past = m.going.past
		g.past[m.going.id] = true
	}
	m.going = g
	m.arrive()
}

// arrive opens the row that the user went to once it is here.
func (m *messages) arrive() {
	g := m.going
	if g == nil || g.id != 0 || m.st.Rows == nil {
		return
	}
	if row, ok := m.st.Rows.At(g.row); ok {
		g.id = row.ID
		m.open(row.ID)
	}
}

// follow forgets where the user went when the state is there, or elsewhere.
func (m *messages) follow(st State) {
	g := m.going
	if g != nil && (st.Place != m.st.Place || st.Open.ID == g.id && g.id != 0 || !g.past[st.Open.ID]) {
		m.going = nil
	}
}

func (m *messages) length() int {
	switch {
	case m.st.Rows == nil || m.st.Place.Kind == PlaceActivity:
		return 0
	case !m.st.Known:
		return skeletons
	default:
		return m.st.Rows.Len()
	}
}

// show draws a state. New mail above does not push away what is being read: a
// list that is scrolled down stays at its first message.
func (m *messages) show(st State) {
	same := m.st.Place == st.Place
	m.remember()
	m.follow(st)
	m.st = st
	m.arrive()
	if !same {
		m.anchor = 0
		m.list.ScrollToOffset(0)
	}
	chosen := -1
	if m.going != nil {
		chosen = m.going.row
	} else if st.Open.ID != 0 && st.Rows != nil {
		if i, ok := st.Rows.Find(st.Open.ID); ok {
			chosen = i
		} else if same {
			chosen = m.list.chosen
		}
	}
	if chosen >= m.length() {
		chosen = -1
	}
	m.list.choose(chosen)
	m.list.Refresh()
	m.keepPlace()
}

// remember takes the message at the top of the list.
func (m *messages) remember() {
	m.anchor = 0
	if !m.st.Known || m.length() == 0 {
		return
	}
	top := int(m.list.GetScrollOffset() / messageRow)
	if top == 0 || top >= m.length() {
		return
	}
	if row, ok := m.st.Rows.At(top); ok {
		m.anchor, m.index = row.ID, top
	}
}

func (m *messages) keepPlace() {
	if m.anchor == 0 {
		return
	}
	if i, ok := m.st.Rows.Find(m.anchor); ok && i != m.index {
		m.list.ScrollToOffset(m.list.GetScrollOffset() + float32(i-m.index)*messageRow)
	}
}

// messageItem draws a row of the list.
type messageItem struct {
	widget.BaseWidget
	p       *i18n.Printer
	row     api.Message
	known   bool
	now     time.Time
	colour  int
	focused bool
	hover   hover

	bar, line, focus, ghost1, ghost2 *canvas.Rectangle
	dot                              *canvas.Circle
	from, date, subject, words       *canvas.Text
}

func newMessageItem(p *i18n.Printer, t *tips) *messageItem {
	blank := func() *canvas.Rectangle { return canvas.NewRectangle(color.Transparent) }
	text := func(size float32) *canvas.Text {
		t := canvas.NewText("", nil)
		t.TextSize = size
		return t
	}
	m := &messageItem{
		p: p, hover: newHover(t), bar: blank(), line: blank(), focus: blank(), ghost1: blank(), ghost2: blank(),
		dot:  canvas.NewCircle(color.Transparent),
		from: text(textSize), date: text(captionSize), subject: text(smallSize), words: text(smallSize),
	}
	m.ghost1.CornerRadius, m.ghost2.CornerRadius = 3, 3
	m.ExtendBaseWidget(m)
	return m
}

func (m *messageItem) set(st State, i int, focused bool) {
	m.row, m.known = api.Message{}, false
	if st.Known {
		m.row, m.known = st.Rows.At(i)
	}
	m.now, m.focused, m.colour = st.Now, focused, -1
	if st.Place.Kind == PlaceInboxes && len(st.Status.Accounts) > 1 {
		m.colour = accountColour(st.Status, m.row.Account)
	}
	m.Refresh()
}

// MouseIn implements desktop.Hoverable.
func (m *messageItem) MouseIn(*desktop.MouseEvent) { m.hover.in(m) }

// MouseMoved implements desktop.Hoverable.
func (m *messageItem) MouseMoved(*desktop.MouseEvent) { m.hover.over(m) }

// MouseOut implements desktop.Hoverable.
func (m *messageItem) MouseOut() { m.hover.out(m) }

// CreateRenderer implements fyne.Widget.
func (m *messageItem) CreateRenderer() fyne.WidgetRenderer { return paintRenderer{m} }

func (m *messageItem) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{m.hover.inner, m.line, m.bar, m.focus, m.ghost1, m.ghost2, m.dot, m.from, m.date, m.subject, m.words}
}

func (m *messageItem) smallest() fyne.Size { return fyne.NewSize(200, messageRow) }

func (m *messageItem) paint(s fyne.Size) {
	const left, right, first, second = 28, 12, 18, 38
	m.line.FillColor = theme.Color(theme.ColorNameSeparator)
	rect(m.line, left, s.Height-1, s.Width-left, 1)
	for _, o := range []fyne.CanvasObject{m.from, m.date, m.subject, m.words} {
		show(o, m.known)
	}
	show(m.ghost1, !m.known)
	show(m.ghost2, !m.known)
	show(m.bar, m.known && m.colour >= 0)
	show(m.focus, m.focused)
	focusRing(m.focus, s)
	if !m.known {
		m.hover.paint(m, s, "")
		m.dot.Hide()
		m.ghost1.FillColor, m.ghost2.FillColor = theme.Color(theme.ColorNameHover), theme.Color(theme.ColorNameHover)
		rect(m.ghost1, left, first-6, s.Width*0.35, 12)
		rect(m.ghost2, left, second-6, s.Width*0.6, 12)
		return
	}
	unread := !m.row.Flags.Has(mail.FlagSeen)
	style := fyne.TextStyle{Bold: unread}
	ink := theme.Color(theme.ColorNameForeground)

	m.bar.FillColor = accountPaint(m.colour)
	rect(m.bar, 0, 6, accountBar, s.Height-13)
	show(m.dot, unread)
	m.dot.FillColor = theme.Color(theme.ColorNamePrimary)
	rect(m.dot, 12, first-4, 8, 8)

	m.date.Text, m.date.Color = m.p.When(m.row.Date, m.now), muted()
	w := m.date.MinSize().Width
	place(m.date, s.Width-right-w, first)

	m.from.TextStyle, m.from.Color = style, ink
	from, title := senders(m.p, m.row), subject(m.p, m.row.Subject)
	m.from.Text = elide(from, textSize, s.Width-left-right-w-gap, style, false)
	place(m.from, left, first)

	m.subject.TextStyle, m.subject.Color = style, ink
	room := s.Width - left - right
	m.subject.Text = elide(title, smallSize, room, style, false)
	place(m.subject, left, second)
	used := m.subject.MinSize().Width + gap
	m.words.Text, m.words.Color = "", muted()
	if rest := room - used; rest > 40 {
		m.words.Text = elide(mail.Printable(m.row.Preview), smallSize, rest, fyne.TextStyle{}, false)
	}
	place(m.words, left+used, second)
	whole := ""
	if m.from.Text != from || m.subject.Text != title {
		whole = from + "\n" + title
	}
	m.hover.paint(m, s, whole)
}

// senders names who wrote a message.
func senders(p *i18n.Printer, m api.Message) string {
	s := ""
	for i, a := range m.From {
		if i == 3 {
			break
		}
		if name := mail.Printable(a.String()); name != "" {
			if s != "" {
				s += ", "
			}
			s += name
		}
	}
	if s == "" {
		return p.T("window.no-sender")
	}
	return s
}

// subject is a subject fit to be shown.
func subject(p *i18n.Printer, s string) string {
	if s = mail.Printable(s); s == "" {
		return p.T("window.no-subject")
	}
	return s
}
