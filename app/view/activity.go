package view

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// activityRow is the height of a line of the activity page.
const activityRow = 44

// activity lists what changed and where it was done.
type activity struct {
	st     State
	events []api.Event // those that are told
	list   *rowList
}

func newActivity(p *i18n.Printer) *activity {
	a := &activity{}
	a.list = newRowList(activityRow,
		func() int { return len(a.events) },
		func() *activityItem { return newActivityItem(p) },
		func(i int, item *activityItem) {
			item.event, item.st = a.events[i], a.st
			item.Refresh()
		})
	return a
}

func (a *activity) show(st State) {
	a.st = st
	a.events = told(st.Activity)
	if a.list.chosen >= len(a.events) {
		a.list.choose(-1)
	}
	a.list.Refresh()
}

// told leaves out what says again what another line says: that an alert was
// shown for a message that came, and taken back when it was read.
func told(all []api.Event) []api.Event {
	var out []api.Event
	for _, e := range all {
		if e.Kind != "alert.shown" && e.Kind != "alert.withdrawn" {
			out = append(out, e)
		}
	}
	return out
}

// activityItem draws a line of the activity page.
type activityItem struct {
	widget.BaseWidget
	p     *i18n.Printer
	event api.Event
	st    State

	line              *canvas.Rectangle
	what, where, when *canvas.Text
}

func newActivityItem(p *i18n.Printer) *activityItem {
	a := &activityItem{
		p: p, line: hairline(),
		what: canvas.NewText("", nil), where: canvas.NewText("", nil), when: canvas.NewText("", nil),
	}
	a.ExtendBaseWidget(a)
	return a
}

// CreateRenderer implements fyne.Widget.
func (a *activityItem) CreateRenderer() fyne.WidgetRenderer { return paintRenderer{a} }

func (a *activityItem) objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{a.line, a.what, a.where, a.when}
}

func (a *activityItem) smallest() fyne.Size { return fyne.NewSize(200, activityRow) }

func (a *activityItem) paint(s fyne.Size) {
	a.line.FillColor = theme.Color(theme.ColorNameSeparator)
	rect(a.line, 16, s.Height-1, s.Width-16, 1)
	a.when.TextSize, a.when.Color = captionSize, muted()
	a.when.Text = a.p.When(a.event.Time, a.st.Now)
	w := a.when.MinSize().Width
	place(a.when, s.Width-12-w, 14)
	a.what.TextSize, a.what.Color = textSize, theme.Color(theme.ColorNameForeground)
	a.what.Text = elide(eventText(a.p, a.event), textSize, s.Width-16-12-w-gap, fyne.TextStyle{}, false)
	place(a.what, 16, 14)
	a.where.TextSize, a.where.Color = captionSize, muted()
	a.where.Text = elide(originText(a.p, a.st.Status, a.event), captionSize, s.Width-28, fyne.TextStyle{}, false)
	place(a.where, 16, 31)
}

// originText says on which account and where something was done.
func originText(p *i18n.Printer, st api.Status, e api.Event) string {
	var parts []string
	if acc, ok := findAccount(st, e.Account); ok {
		parts = append(parts, mail.Printable(acc.Address))
	}
	switch e.Origin {
	case mail.Here:
		if e.Problem == nil { // nobody did a problem
			parts = append(parts, p.T("window.origin.here"))
		}
	case mail.Elsewhere:
		if e.Kind == "message.added" {
			parts = append(parts, p.T("window.origin.arrived", "Folder", eventFolder(p, e.Folder)))
			break
		}
		parts = append(parts, p.T("window.origin.elsewhere"))
	case mail.Backfill:
		parts = append(parts, p.T("window.origin.backfill"))
	}
	if e.Problem != nil && e.Account == "" {
		parts = append(parts, p.T("window.origin.computer"))
	}
	return strings.Join(parts, " · ")
}

// eventText says what changed.
func eventText(p *i18n.Printer, e api.Event) string {
	n := max(len(e.UIDs), len(e.IDs))
	folder := eventFolder(p, e.Folder)
	args := []any{"Count", n, "Folder", folder, "From", eventFolder(p, e.From), "To", eventFolder(p, e.To)}
	if len(e.Messages) == 1 {
		args = append(args, "Sender", mail.Printable(e.Messages[0].From), "Subject", subject(p, e.Messages[0].Subject))
	}
	switch e.Kind {
	case "message.added":
		if len(e.Messages) == 1 {
			return p.T("window.event.new", args...)
		}
		return p.T("window.event.added", args...)
	case "message.gone":
		return p.T("window.event.gone", args...)
	case "message.moved":
		return p.T("window.event.moved", args...)
	case "flags.changed":
		return p.T("window.event."+flagWord(e), append(args, "Flags", flagList(e))...)
	case "folder.added", "folder.gone", "folder.renamed", "folder.subscribed", "folder.unsubscribed", "alert.withdrawn":
		return p.T("window.event."+e.Kind, args...)
	case "alert.shown":
		return p.T("window.event.alert.shown", args...)
	case "problem.raised":
		if e.Problem != nil {
			title, _ := describe(p, e.Problem.Mail())
			return title
		}
	case "problem.cleared":
		if e.Problem != nil {
			title, _ := describe(p, mail.Problem{Code: e.Problem.Code})
			return p.T("window.event.problem.cleared", "Title", title)
		}
	}
	return e.Kind
}

func flagWord(e api.Event) string {
	switch {
	case e.Added.Has(mail.FlagSeen):
		return "read"
	case e.Removed.Has(mail.FlagSeen):
		return "unread"
	case e.Added.Has(mail.FlagFlagged):
		return "starred"
	case e.Removed.Has(mail.FlagFlagged):
		return "unstarred"
	case e.Added.Has(mail.FlagAnswered):
		return "answered"
	default:
		return "flags"
	}
}

func flagList(e api.Event) string {
	out := make([]string, 0, len(e.Added)+len(e.Removed))
	for _, f := range e.Added {
		out = append(out, "+"+string(f))
	}
	for _, f := range e.Removed {
		out = append(out, "−"+string(f))
	}
	return mail.Printable(strings.Join(out, " "))
}

// eventFolder is a folder's name as the sidebar has it.
func eventFolder(p *i18n.Printer, path string) string {
	if strings.EqualFold(path, "INBOX") {
		return p.T("window.inbox")
	}
	return mail.Printable(unescape(path))
}

// standing says at length how each account stands: why mail may not be here.
type standing struct {
	p       *i18n.Printer
	intents Intents
	said    string
	box     *fyne.Container
	all     fyne.CanvasObject
}

func newStanding(p *i18n.Printer, in Intents) *standing {
	s := &standing{p: p, intents: in, box: container.New(Stack{Overlap: 12})}
	s.all = container.NewVScroll(container.NewPadded(s.box))
	return s
}

func (s *standing) show(st State) {
	var lines []fyne.CanvasObject
	var said strings.Builder
	say := func(l *widget.Label) {
		l.Wrapping = fyne.TextWrapWord
		said.WriteString(l.Text + "\n")
		lines = append(lines, l)
	}
	head := widget.NewLabelWithStyle(s.p.T("window.standing"), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	head.SizeName = theme.SizeNameSubHeadingText
	say(head)
	for _, pr := range st.Status.Problems {
		s.problem(pr.Mail(), say)
	}
	for _, a := range st.Status.Accounts {
		lines = append(lines, room(groupGap))
		name := widget.NewLabelWithStyle(mail.Printable(a.Address), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
		say(name)
		line := accountLine(s.p, a, st.Now)
		if a.State == mail.StateOnline && a.ToldBy != "" {
			line += ", " + s.p.T("window.told-by."+string(a.ToldBy))
		}
		say(widget.NewLabel(upperFirst(line)))
		if a.PendingOps > 0 {
			say(widget.NewLabel(s.p.T("window.waiting", "Count", a.PendingOps)))
		}
		for _, pr := range a.Problems {
			s.problem(pr.Mail(), say)
			if pr.Class == mail.ClassAuth {
				b := newButton(s.p.T("window.sign-in"), nil, func() { s.intents.SignIn(a.ID) })
				said.WriteString(string(a.ID) + "\n")
				lines = append(lines, room(groupGap), container.NewHBox(room(0), b))
			}
		}
	}
	if said.String() == s.said {
		return
	}
	s.said = said.String()
	s.box.RemoveAll()
	for _, l := range lines {
		s.box.Add(l)
	}
}

func (s *standing) problem(pr mail.Problem, say func(*widget.Label)) {
	title, text := describe(s.p, pr)
	t := widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	t.Importance = widget.WarningImportance
	say(t)
	l := widget.NewLabel(text)
	l.Selectable = true
	say(l)
}

func upperFirst(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}
