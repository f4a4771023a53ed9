package main

import (
	"context"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/mail"
)

type statusCmd struct {
	Format string `enum:"plain,waybar,i3blocks" default:"plain" placeholder:"plain|waybar|i3blocks"`
}

// Run tells how everything stands. That an account has a problem is no failure
// of this command.
func (c *statusCmd) Run(ctx context.Context, a *app) error {
	return a.with(ctx, toRead, func(s session) error {
		st, err := s.Status(ctx)
		if err != nil {
			return err
		}
		switch {
		case a.json:
			return writeJSON(a.Stdout, a.speak(st))
		case c.Format == "waybar":
			return writeJSON(a.Stdout, a.waybar(st))
		case c.Format == "i3blocks":
			return a.i3blocks(st)
		default:
			return a.plain(st)
		}
	})
}

// speak makes the status what --json prints: problems in words, no null.
func (a *app) speak(st api.Status) api.Status {
	words := func(in []api.Problem) []api.Problem {
		out := make([]api.Problem, 0, len(in))
		for _, pr := range in {
			out = append(out, spoken(a.p, pr))
		}
		return out
	}
	st.Problems = words(st.Problems)
	st.Accounts = append([]api.AccountStatus{}, st.Accounts...)
	for i, acc := range st.Accounts {
		st.Accounts[i].Problems = words(acc.Problems)
		st.Accounts[i].Folders = append([]api.Folder{}, acc.Folders...)
	}
	return st
}

func (a *app) plain(st api.Status) error {
	now := a.Now()
	if err := a.say("%s", a.p.T("ctl.status.unread", "Count", st.Unread)); err != nil {
		return err
	}
	if len(st.Accounts) == 0 {
		// One whose settings are broken is not there either.
		if err := a.ownProblems(st); err != nil {
			return err
		}
		return a.say("%s", a.p.T("ctl.account.none"))
	}
	t := table{right: map[int]bool{3: true}}
	for _, acc := range st.Accounts {
		t.add(string(acc.ID), clean(acc.Address), a.standing(acc, st.Running, now), a.p.T("ctl.status.unread", "Count", acc.Unread))
	}
	if err := t.write(a.Stdout); err != nil {
		return err
	}
	for _, acc := range st.Accounts {
		if err := a.accountNotes(acc); err != nil {
			return err
		}
	}
	if err := a.ownProblems(st); err != nil {
		return err
	}
	if st.AlertsPaused.After(now) {
		if err := a.say("%s", a.p.T("ctl.alerts.paused", "When", a.p.When(st.AlertsPaused, now))); err != nil {
			return err
		}
	}
	if !st.Running {
		return a.say("%s", a.p.T("ctl.status.not-running"))
	}
	return nil
}

// ownProblems are those of Heron as a whole.
func (a *app) ownProblems(st api.Status) error {
	for _, pr := range st.Problems {
		if err := a.problemNote("", pr); err != nil {
			return err
		}
	}
	return nil
}

// accountNotes are the lines below the table: what waits, and what is wrong.
func (a *app) accountNotes(acc api.AccountStatus) error {
	if pr := acc.Progress; pr != nil && pr.Done < pr.Total {
		err := a.say("%s: %s", acc.ID, a.p.T("ctl.status.progress", "Done", a.p.Number(pr.Done), "Total", a.p.Number(pr.Total)))
		if err != nil {
			return err
		}
	}
	if acc.PendingOps > 0 {
		if err := a.say("%s: %s", acc.ID, a.p.T("ctl.status.pending", "Count", acc.PendingOps)); err != nil {
			return err
		}
	}
	for _, pr := range acc.Problems {
		if err := a.problemNote(string(acc.ID)+": ", pr); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) problemNote(who string, pr api.Problem) error {
	t := health.Describe(a.p, pr.Mail())
	return a.say("%s%s\n  %s", who, clean(t.Title), clean(strings.TrimSpace(t.Text+" "+t.Remedy)))
}

// standing says how an account stands and how fresh that is. Without an engine
// nothing is claimed but when it was last in step.
func (a *app) standing(acc api.AccountStatus, running bool, now time.Time) string {
	var parts []string
	if running || acc.State == mail.StatePaused || acc.State == mail.StateNeedsSignIn {
		parts = append(parts, stateWord(a.p, acc.State, acc.ToldBy, acc.ToldWhy))
	}
	switch {
	case acc.LastSync.IsZero():
		parts = append(parts, a.p.T("ctl.status.never"))
	case running && acc.State == mail.StateOnline:
		parts = append(parts, a.p.Ago(acc.LastSync, now))
	default:
		parts = append(parts, a.p.T("ctl.status.last", "When", a.p.Ago(acc.LastSync, now)))
	}
	if running && acc.NextTry.After(now) {
		parts = append(parts, a.p.T("ctl.status.next-try", "When", a.p.Until(acc.NextTry, now)))
	}
	return strings.Join(parts, ", ")
}

// bar is what waybar's custom module reads with return-type json.
type bar struct {
	Text    string `json:"text"`
	Alt     string `json:"alt"`
	Tooltip string `json:"tooltip"` // Pango markup
	Class   string `json:"class"`
}

func (a *app) waybar(st api.Status) bar {
	var lines []string
	for _, acc := range st.Accounts {
		line := fmt.Sprintf("%s: %s, %s", acc.ID, a.p.T("ctl.status.unread", "Count", acc.Unread), a.standing(acc, st.Running, a.Now()))
		lines = append(lines, html.EscapeString(line))
		for _, pr := range acc.Problems {
			lines = append(lines, html.EscapeString(clean(health.Describe(a.p, pr.Mail()).Title)))
		}
	}
	for _, pr := range st.Problems {
		lines = append(lines, html.EscapeString(clean(health.Describe(a.p, pr.Mail()).Title)))
	}
	if !st.Running {
		lines = append(lines, html.EscapeString(a.p.T("ctl.status.not-running")))
	}
	class := barClass(st)
	return bar{Text: a.p.Number(st.Unread), Alt: class, Tooltip: strings.Join(lines, "\n"), Class: class}
}

// barClass is one word for the whole: problem, offline, stopped, unread or none.
func barClass(st api.Status) string {
	offline := false
	problem := len(st.Problems) > 0
	for _, acc := range st.Accounts {
		switch acc.State {
		case mail.StateNeedsSignIn, mail.StateError:
			problem = true
		case mail.StateOffline:
			offline = true
		case mail.StateOnline, mail.StateConnecting, mail.StatePaused:
		}
	}
	switch {
	case problem:
		return "problem"
	case !st.Running:
		return "stopped"
	case offline:
		return "offline"
	case st.Unread > 0:
		return "unread"
	default:
		return "none"
	}
}

// i3blocks reads the long text and then the short one.
func (a *app) i3blocks(st api.Status) error {
	long, short := a.p.T("ctl.status.unread", "Count", st.Unread), a.p.Number(st.Unread)
	switch class := barClass(st); class {
	case "problem", "offline", "stopped":
		long += ", " + a.p.T("ctl.bar."+class)
		short += "?"
	}
	return a.say("%s\n%s", long, short)
}
