package view

import (
	"strings"
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

// statusBar is the line at the foot: how each account stands and what waits.
// Tapped, it leads to the page that says it at length.
type statusBar struct {
	widget.BaseWidget
	parts []statusPart
	marks []*mark
	texts []*canvas.Text
	tap   func()
	tips  *tips
	whole string // all of it, when some of it is not seen
}

// statusPart is one thing that the status line says.
type statusPart struct {
	mark   markKind
	marked bool
	text   string
}

func newStatusBar(t *tips, tap func()) *statusBar {
	b := &statusBar{tips: t, tap: tap}
	b.ExtendBaseWidget(b)
	return b
}

func (b *statusBar) show(parts []statusPart) {
	b.parts = parts
	for len(b.texts) < len(parts) {
		t := canvas.NewText("", nil)
		t.TextSize = captionSize
		b.texts, b.marks = append(b.texts, t), append(b.marks, newMark(10))
	}
	b.Refresh()
}

// Tapped implements fyne.Tappable.
func (b *statusBar) Tapped(*fyne.PointEvent) { b.tap() }

// MouseIn implements desktop.Hoverable.
func (b *statusBar) MouseIn(*desktop.MouseEvent) { b.tips.over(b, b.whole) }

// MouseMoved implements desktop.Hoverable.
func (b *statusBar) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *statusBar) MouseOut() { b.tips.out(b) }

// Cursor implements desktop.Cursorable.
func (b *statusBar) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (b *statusBar) CreateRenderer() fyne.WidgetRenderer { return paintRenderer{b} }

func (b *statusBar) objects() []fyne.CanvasObject {
	out := make([]fyne.CanvasObject, 0, 2*len(b.texts))
	for i := range b.texts {
		out = append(out, b.marks[i], b.texts[i])
	}
	return out
}

func (b *statusBar) smallest() fyne.Size { return fyne.NewSize(100, statusLine) }

func (b *statusBar) paint(s fyne.Size) {
	x := float32(12)
	short := false
	all := make([]string, 0, len(b.parts))
	for _, p := range b.parts {
		all = append(all, p.text)
	}
	for i, t := range b.texts {
		used := i < len(b.parts) && x < s.Width-40
		show(t, used)
		show(b.marks[i], used && b.parts[i].marked)
		if !used {
			short = short || i < len(b.parts)
			continue
		}
		part := b.parts[i]
		if part.marked {
			b.marks[i].set(part.mark)
			rect(b.marks[i], x, s.Height/2-5, 10, 10)
			x += 10 + 6
		}
		t.Color = theme.Color(theme.ColorNamePlaceHolder)
		t.Text = elide(part.text, captionSize, s.Width-x-12, fyne.TextStyle{}, false)
		place(t, x, s.Height/2)
		x += t.MinSize().Width + groupGap
		short = short || t.Text != part.text
	}
	b.whole = ""
	if short {
		b.whole = strings.Join(all, "\n")
	}
}

// statusParts says how everything stands.
func statusParts(p *i18n.Printer, st State) []statusPart {
	switch {
	case st.Link == LinkLost:
		return []statusPart{{markOff, true, p.T("window.lost.short")}}
	case st.Link == LinkConnecting && len(st.Status.Accounts) == 0:
		return []statusPart{{markBusy, true, p.T("window.starting")}}
	}
	var out []statusPart
	waiting := 0
	for _, a := range st.Status.Accounts {
		waiting += a.PendingOps
		kind := stateMark(a.State)
		if a.State == mail.StateOnline && a.Progress != nil {
			kind = markBusy
		}
		out = append(out, statusPart{kind, true, p.T("window.account-line",
			"Account", mail.Printable(a.Address), "State", accountLine(p, a, st.Now))})
	}
	if waiting > 0 {
		out = append(out, statusPart{text: p.T("window.waiting", "Count", waiting)})
	}
	if until := st.Status.AlertsPaused; until.After(st.Now) {
		out = append(out, statusPart{markPaused, true, p.T("window.paused-until", "When", p.When(until.Add(59*time.Second), st.Now))})
	}
	if st.Demo {
		out = append(out, statusPart{text: p.T("window.demo")})
	}
	return out
}

// accountLine says how one account stands.
func accountLine(p *i18n.Printer, a api.AccountStatus, now time.Time) string {
	if pr := a.Progress; pr != nil && pr.Total > 0 && pr.Done < pr.Total {
		return p.T("window.state.progress", "Done", p.Number(pr.Done), "Total", p.Number(pr.Total))
	}
	switch a.State {
	case mail.StateOnline:
		if a.LastSync.IsZero() {
			return p.T("window.state.first")
		}
		return p.T("window.state.online", "Ago", p.Ago(a.LastSync, now))
	case mail.StateConnecting:
		return p.T("window.state.connecting")
	case mail.StateNeedsSignIn:
		return p.T("window.state.needs-sign-in")
	case mail.StatePaused:
		return p.T("window.state.paused")
	case mail.StateOffline, mail.StateError:
	}
	if a.NextTry.IsZero() {
		return p.T("window.state.offline")
	}
	return p.T("window.state.trying", "When", p.Until(a.NextTry, now))
}
