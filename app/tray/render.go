package tray

import (
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// Bounds of the menu.
const (
	maxNewest   = 5
	maxProblems = 3
	maxText     = 60 // runes of a line made from a message or an address
)

// Render says what the tray looks like in a state.
func Render(s State, p *i18n.Printer) View {
	title := p.T("tray.title", "Unread", unreadText(s, p))
	return View{
		Icon:    badge.Spec{State: iconState(s), Unread: s.Unread},
		Title:   title,
		Tooltip: tooltip(s, p, title),
		Menu:    menu(s, p),
	}
}

// iconState picks the one mark that matters most: what the user must do comes
// before what Heron is doing, and that before what the user asked for.
func iconState(s State) badge.State {
	offline, connecting, paused := 0, 0, 0
	for _, a := range s.Accounts {
		switch {
		case a.State == mail.StateNeedsSignIn, a.State == mail.StateError, slices.ContainsFunc(a.Problems, urgent):
			return badge.Problem
		case a.State == mail.StateOffline:
			offline++
		case a.State == mail.StateConnecting:
			connecting++
		case a.State == mail.StatePaused:
			paused++
		}
	}
	active := len(s.Accounts) - paused
	switch {
	case slices.ContainsFunc(s.Problems, urgent):
		return badge.Problem
	case len(s.Accounts) == 0, active > 0 && offline == active:
		return badge.Offline
	case offline+connecting > 0:
		return badge.Connecting
	case active == 0, s.Now.Before(s.PausedUntil):
		return badge.Paused
	default:
		return badge.Online
	}
}

// urgent reports whether a problem waits for the user: what goes away by
// itself, or only says how this desktop is, does not.
func urgent(p mail.Problem) bool {
	switch p.Code {
	case mail.CodeNoTray, mail.CodeNoAlerts, mail.CodeNoDisplay:
		return false
	default:
	}
	switch p.Class {
	case mail.ClassAuth, mail.ClassTLS, mail.ClassLocal:
		return true
	default:
		return false
	}
}

func unreadText(s State, p *i18n.Printer) string {
	switch {
	case len(s.Accounts) == 0:
		return p.T("tray.no-account")
	case s.Unread <= 0:
		return p.T("tray.nothing-unread")
	default:
		return p.T("tray.unread", "Count", s.Unread, "Number", p.Number(s.Unread))
	}
}

// name is what an account is called, shortened to n characters.
func (a Account) name(n int) string {
	name := mail.Printable(a.Address)
	if name == "" {
		name = mail.Printable(string(a.ID))
	}
	return shortMiddle(name, n)
}

// tooltip is the title and, a line each, the accounts that are not in step.
func tooltip(s State, p *i18n.Printer, title string) string {
	lines := []string{title}
	for _, a := range s.Accounts {
		if a.State != mail.StateOnline {
			lines = append(lines, p.T("tray.account-state", "Account", a.name(maxText), "State", stateText(a, p)))
		}
	}
	if s.Now.Before(s.PausedUntil) {
		lines = append(lines, pausedText(s, p))
	}
	return strings.Join(lines, "\n")
}

// menu has a fixed number of places for what comes and goes, some of them
// hidden, so that it is seldom built anew while somebody looks at it. A line
// between groups cannot be hidden: the newest messages have one of their own
// while there are any.
func menu(s State, p *i18n.Printer) []Item {
	open := Command{Kind: Open}
	items := []Item{{Text: unreadText(s, p), Command: open}}
	for _, a := range s.Accounts {
		items = append(items, Item{Text: accountText(a, p), Command: open})
	}
	items = append(append(items, problemItems(s, p)...), Item{})
	if len(s.Newest) > 0 {
		items = append(append(items, newestItems(s, p)...), Item{})
	}
	if len(s.Accounts) > 0 {
		items = append(items, Item{Text: p.T("tray.check-now"), Command: Command{Kind: CheckNow}}, pauseItem(s, p), Item{})
	}
	return append(items,
		Item{Text: p.T("tray.open"), Command: open},
		Item{Text: p.T("tray.quit"), Command: Command{Kind: Quit}},
	)
}

// accountText is a sign for the state, the account, its number, and the state
// in words unless all is well.
func accountText(a Account, p *i18n.Printer) string {
	sign := "●"
	switch a.State {
	case mail.StateConnecting:
		sign = "◌"
	case mail.StateOffline:
		sign = "○"
	case mail.StatePaused:
		sign = "‖"
	case mail.StateNeedsSignIn, mail.StateError:
		sign = "▲"
	case mail.StateOnline:
	}
	name, number, state := a.name(maxText/2), p.Number(a.Unread), stateText(a, p)
	well := a.State == mail.StateOnline && a.Total == 0
	switch {
	case well && a.Unread == 0:
		return sign + " " + name
	case well:
		return sign + " " + p.T("tray.account-unread", "Account", name, "Number", number)
	case a.Unread == 0:
		return sign + " " + p.T("tray.account-state", "Account", name, "State", state)
	default:
		return sign + " " + p.T("tray.account-unread-state", "Account", name, "Number", number, "State", state)
	}
}

func stateText(a Account, p *i18n.Printer) string {
	if a.Total > 0 && (a.State == mail.StateOnline || a.State == mail.StateConnecting) {
		return p.T("tray.state.first-sync", "Done", p.Number(a.Done), "Total", p.Number(a.Total))
	}
	switch a.State {
	case mail.StateOnline:
		return p.T("tray.state.online")
	case mail.StateConnecting:
		return p.T("tray.state.connecting")
	case mail.StatePaused:
		return p.T("tray.state.paused")
	case mail.StateNeedsSignIn:
		return p.T("tray.state.needs-sign-in")
	case mail.StateError:
		return p.T("tray.state.error")
	default:
		return p.T("tray.state.offline")
	}
}

// problemItems are the problems that wait for the user, the first few by name.
func problemItems(s State, p *i18n.Printer) []Item {
	var lines []string
	for _, pr := range s.Problems {
		lines = append(lines, health.Describe(p, pr).Title)
	}
	for _, a := range s.Accounts {
		for _, pr := range a.Problems {
			if urgent(pr) {
				name := a.name(maxText / 2)
				lines = append(lines, p.T("tray.account-state", "Account", name, "State", health.Describe(p, pr).Title))
			}
		}
	}
	if more := len(lines) - maxProblems; more > 0 {
		lines = append(lines[:maxProblems], p.T("tray.more-problems", "Count", more))
	}
	items := make([]Item, maxProblems+1)
	for i := range items {
		items[i] = Item{Hidden: true, Command: Command{Kind: Open}}
	}
	for i, l := range lines {
		items[i].Text, items[i].Hidden = "▲ "+l, false
	}
	return items
}

func newestItems(s State, p *i18n.Printer) []Item {
	items := make([]Item, maxNewest)
	for i := range items {
		e, hidden := Entry{}, true
		if i < len(s.Newest) {
			e, hidden = s.Newest[i], false
		}
		items[i] = Item{Hidden: hidden, Text: messageText(e, p), Children: []Item{
			{Text: p.T("tray.open-message"), Command: Command{OpenMessage, e.ID}},
			{Text: p.T("tray.mark-read"), Command: Command{MarkRead, e.ID}},
		}}
	}
	return items
}

func messageText(e Entry, p *i18n.Printer) string {
	from, subject := mail.Printable(e.From), mail.Printable(e.Subject)
	if from == "" {
		from = p.T("tray.no-sender")
	}
	if subject == "" {
		subject = p.T("tray.no-subject")
	}
	return shortEnd(p.T("tray.message", "From", shortEnd(from, maxText/2), "Subject", subject), maxText)
}

func pauseItem(s State, p *i18n.Printer) Item {
	paused := s.Now.Before(s.PausedUntil)
	it := Item{Text: p.T("tray.pause"), Children: []Item{
		{Text: p.T("tray.pause.hour"), Command: Command{Kind: PauseHour}},
		{Text: p.T("tray.pause.tomorrow"), Command: Command{Kind: PauseTomorrow}},
		{Text: p.T("tray.pause.on"), Command: Command{Kind: PauseOn}},
		{Text: p.T("tray.pause.resume"), Command: Command{Kind: Resume}, Hidden: !paused},
	}}
	if paused {
		it.Text = pausedText(s, p)
	}
	return it
}

func pausedText(s State, p *i18n.Printer) string {
	if s.PausedUntil.Sub(s.Now) > 365*24*time.Hour {
		return p.T("tray.paused")
	}
	return p.T("tray.paused-until", "Time", p.When(s.PausedUntil, s.Now))
}
