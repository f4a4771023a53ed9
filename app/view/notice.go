package view

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// notice is the strip under the toolbar that says what is wrong and what can
// be done about it. There is one at a time, the most pressing.
type notice struct {
	p       *i18n.Printer
	intents Intents
	said    string             // what is shown, to leave it alone while it stays the same
	st      State              // what show was given last
	closed  map[mail.Code]bool // problems of this computer that the user has read
	changed func()             // what is shown is another; set before the first show

	mark    *mark
	title   *widget.Label
	text    *widget.Label
	actions *fyne.Container
	strip   *fyne.Container
}

func newNotice(p *i18n.Printer, in Intents) *notice {
	n := &notice{closed: map[mail.Code]bool{}, p: p, intents: in, mark: newMark(14), title: widget.NewLabel(""), text: widget.NewLabel("")}
	n.title.TextStyle.Bold = true
	n.title.Wrapping, n.text.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	n.text.Selectable = true
	n.actions = container.NewHBox()
	n.mark.set(markProblem)
	body := container.NewBorder(nil, nil,
		container.NewPadded(container.NewPadded(n.mark)), container.New(layout.NewCustomPaddedLayout(gap, gap, gap, gap), container.NewCenter(n.actions)),
		container.New(Stack{Overlap: 12}, n.title, n.text))
	n.strip = container.NewBorder(nil, hairline(), nil, nil, onGround(theme.ColorNameInputBackground, body))
	n.strip.Hide()
	return n
}

// show says the most pressing problem of a state, or nothing.
func (n *notice) show(st State) {
	n.st = st
	var title, text, of string
	var actions []*button
	switch c := pressing(st, n.closed); {
	case st.Link == LinkLost:
		title, text = n.p.T("window.lost.title"), n.p.T("window.lost.text", "When", n.p.Until(st.NextTry, st.Now))
		actions = append(actions, n.main(n.p.T("window.start-agent"), n.intents.StartAgent))
	case st.Failed != nil:
		title, text = describe(n.p, *st.Failed)
		actions = append(actions, newButton(n.p.T("window.dismiss"), nil, n.intents.Dismiss))
	case c != nil:
		title, text = describe(n.p, c.Mail())
		of = string(c.Account) + " " + string(c.Code)
		switch {
		case c.News:
			actions = append(actions, newButton(n.p.T("window.dismiss"), nil, func() { n.intents.DismissNews(c.Account, c.Code) }))
		case c.Class == mail.ClassAuth && c.Account != "":
			actions = append(actions, n.main(n.p.T("window.sign-in"), func() { n.intents.SignIn(c.Account) }))
		case c.Class == mail.ClassLocal && c.Account == "":
			actions = append(actions, newButton(n.p.T("window.dismiss"), nil, func() {
				n.closed[c.Code] = true
				n.show(n.st)
			}))
		default:
			actions = append(actions, newButton(n.p.T("window.try-now"), nil, n.intents.CheckNow))
		}
		if more := problems(st.Status) - 1; more > 0 && st.Place.Kind != PlaceActivity {
			actions = append(actions, newButton(n.p.T("window.more-problems", "Count", more), nil, func() {
				n.intents.GoTo(Place{Kind: PlaceActivity})
			}))
		}
	}
	names := make([]string, 0, len(actions))
	for _, a := range actions {
		names = append(names, a.Text)
	}
	said := of + "\n" + title + "\n" + text + "\n" + strings.Join(names, "\n")
	if said == n.said {
		return
	}
	n.said = said
	show(n.strip, title != "")
	setText(n.title, title)
	setText(n.text, text)
	n.actions.RemoveAll()
	for _, a := range actions {
		n.actions.Add(a)
	}
	n.changed()
}

func (n *notice) main(text string, do func()) *button {
	b := newButton(text, nil, do)
	b.Importance = widget.HighImportance
	return b
}

// pressing is the problem to be told first: what only the user can mend before
// what Heron tries again by itself. Those in closed are left out; they stay on
// the activity page.
func pressing(st State, closed map[mail.Code]bool) *api.Problem {
	var first *api.Problem
	rank := func(p *api.Problem) int {
		switch p.Class {
		case mail.ClassLocal:
			return 0
		case mail.ClassAuth, mail.ClassTLS:
			return 1
		case mail.ClassOffline, mail.ClassLimit, mail.ClassProtocol, mail.ClassConflict:
			return 2
		}
		return 3
	}
	consider := func(ps []api.Problem, account mail.AccountID) {
		for _, p := range ps {
			if p.Account == "" {
				p.Account = account
			}
			if p.Account == "" && closed[p.Code] {
				continue
			}
			if first == nil || rank(&p) < rank(first) {
				first = &p
			}
		}
	}
	consider(st.Status.Problems, "")
	for _, a := range st.Status.Accounts {
		consider(a.Problems, a.ID)
	}
	return first
}

func problems(st api.Status) int {
	n := len(st.Problems)
	for _, a := range st.Accounts {
		n += len(a.Problems)
	}
	return n
}

// describe puts a problem into words: a title, and what happened with what can
// be done.
func describe(p *i18n.Printer, pr mail.Problem) (title, text string) {
	d := health.Describe(p, pr)
	text = d.Text
	if d.Remedy != "" {
		text += " " + d.Remedy
	}
	return mail.Printable(d.Title), mail.Printable(text)
}

// problemText is a problem as a paragraph in a page.
func problemText(p *i18n.Printer, pr mail.Problem) fyne.CanvasObject {
	title, text := describe(p, pr)
	head := widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	body := widget.NewLabel(text)
	head.Wrapping, body.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	body.Selectable = true
	return container.New(Stack{Overlap: 12}, head, body)
}

// emptyPage stands where there is nothing to show, and says what to do.
type emptyPage struct {
	widget.BaseWidget
	title, text *widget.Label
	act         *button
	all         *fyne.Container
}

func newEmptyPage() *emptyPage {
	e := &emptyPage{title: widget.NewLabel(""), text: widget.NewLabel(""), act: newButton("", nil, nil)}
	e.title.Alignment, e.text.Alignment = fyne.TextAlignCenter, fyne.TextAlignCenter
	e.title.Wrapping, e.text.Wrapping = fyne.TextWrapWord, fyne.TextWrapWord
	e.text.Importance, e.title.Importance = widget.LowImportance, widget.LowImportance
	e.act.Importance = widget.HighImportance
	e.all = container.New(middle{}, e.title, e.text, container.NewCenter(container.New(layout.NewCustomPaddedLayout(gap, 0, 0, 0), e.act)))
	e.ExtendBaseWidget(e)
	return e
}

// CreateRenderer implements fyne.Widget.
func (e *emptyPage) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(e.all) }

// say sets the texts; act is the text of the button, "" for none.
func (e *emptyPage) say(title, text, act string, do func()) {
	setText(e.title, title)
	e.title.TextStyle.Bold = text != ""
	setText(e.text, text)
	show(e.text, text != "")
	e.act.OnTapped = do
	if e.act.Text != act {
		e.act.SetText(act)
	}
	show(e.act, act != "")
	e.all.Refresh()
}

// middle stacks objects and puts the stack a little above the middle.
type middle struct{}

func (middle) MinSize(os []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(120, Stack{}.MinSize(os).Height)
}

func (middle) Layout(os []fyne.CanvasObject, s fyne.Size) {
	Stack{}.Layout(os, s)
	used := float32(0)
	for _, o := range os {
		if o.Visible() {
			used += o.Size().Height
		}
	}
	down := max((s.Height-used)*0.4, 0)
	for _, o := range os {
		o.Move(o.Position().AddXY(0, down))
	}
}
