package wizard

import (
	"maps"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// checkPage shows the live check, a line for each step.
type checkPage struct {
	w     *Wizard
	lines []*stepLine
	list  *fyne.Container
	below *fyne.Container // what failed, and what can be done
	title *widget.Label
	said  *mail.Problem
	all   *container.Scroll
}

func newCheckPage(w *Wizard) page {
	p := &checkPage{w: w, list: container.New(view.Stack{Overlap: 6}), below: container.New(view.Stack{Overlap: 8})}
	p.title = widget.NewLabelWithStyle("", fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	p.title.SizeName = theme.SizeNameHeadingText
	for range w.flow.Steps() {
		l := newStepLine()
		p.lines = append(p.lines, l)
		p.list.Add(l.all)
	}
	p.all = container.NewVScroll(container.New(view.Stack{}, p.title, gap(8), p.list, gap(8), p.below))
	return p
}

func (p *checkPage) object() fyne.CanvasObject { return p.all }
func (p *checkPage) first() fyne.Focusable     { return nil }

func (p *checkPage) refresh() {
	f := p.w.flow
	title := "wizard.check.failed"
	switch {
	case f.Checking():
		title = "wizard.check.title"
	case f.Passed():
		title = "wizard.check.passed"
	}
	if t := p.w.p.T(title); p.title.Text != t {
		p.title.SetText(t)
	}
	for i, s := range f.Steps() {
		p.lines[i].show(p.w, s)
		// What was not tried says nothing once another step failed.
		setVisible(p.lines[i].all, f.Failure() == nil || s.State != "")
	}
	if f.Failure() == p.said {
		return
	}
	p.said = f.Failure()
	p.below.RemoveAll()
	if p.said != nil {
		p.below.Add(trouble(p.w.p, readable(*p.said)))
		if f.Untrusted() != "" {
			p.below.Add(p.trust())
		}
	}
	p.all.Content.Refresh()
	if p.said != nil {
		p.all.ScrollToBottom()
	}
}

// trust offers to believe one certificate. It is not the main button: it is to
// be weighed.
func (p *checkPage) trust() fyne.CanvasObject {
	b := view.NewButton(p.w.p.T("wizard.trust"), p.w.trust)
	b.Escape = p.w.escape
	return container.New(view.Stack{}, quiet(p.w.p.T("wizard.trust.help")), inset(container.NewHBox(b), 0, 8))
}

// readable writes a fingerprint in groups of four, to be compared by eye.
func readable(pr mail.Problem) mail.Problem {
	hex := pr.Args["fingerprint"]
	if hex == "" {
		return pr
	}
	pr.Args = maps.Clone(pr.Args)
	var b strings.Builder
	for i := 0; i < len(hex); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(hex[i:min(i+4, len(hex))])
	}
	pr.Args["fingerprint"] = b.String()
	return pr
}

// stepLine is one step: a mark, what it is, and what the server said.
type stepLine struct {
	icon         *widget.Icon
	name, detail *widget.Label
	state        api.StepState
	all          fyne.CanvasObject
}

func newStepLine() *stepLine {
	l := &stepLine{icon: widget.NewIcon(nil), name: widget.NewLabel(""), detail: widget.NewLabel(""), state: "?"}
	l.detail.Importance = widget.LowImportance
	l.detail.Truncation = fyne.TextTruncateEllipsis
	left := container.NewHBox(inset(container.NewCenter(container.NewGridWrap(fyne.NewSize(18, 18), l.icon)), 0, 4), l.name)
	l.all = container.NewBorder(nil, nil, left, nil, l.detail)
	return l
}

func (l *stepLine) show(w *Wizard, s api.Step) {
	if l.state != s.State {
		l.state = s.State
		l.name.Importance = widget.MediumImportance
		suffix := ""
		switch s.State {
		case api.StepOK:
			l.icon.SetResource(theme.NewSuccessThemedResource(theme.ConfirmIcon()))
			suffix = ".ok"
		case api.StepFailed:
			l.icon.SetResource(theme.NewErrorThemedResource(theme.CancelIcon()))
			l.name.Importance = widget.DangerImportance
		case api.StepRunning:
			l.icon.SetResource(theme.NewPrimaryThemedResource(theme.MoreHorizontalIcon()))
		default:
			l.icon.SetResource(theme.NewDisabledResource(theme.RadioButtonIcon()))
			l.name.Importance = widget.LowImportance
		}
		l.name.SetText(w.p.T("wizard.step."+string(s.Name)+suffix, "Count", len(s.Folders)))
	}
	detail := ""
	if s.State == api.StepOK && s.Name != api.StepFolders {
		detail = mail.Printable(s.Detail)
	}
	if l.detail.Text != detail {
		l.detail.SetText(detail)
	}
}
