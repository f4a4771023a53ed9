package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/mail"
)

type doctorCmd struct{}

// Run looks at every part of Heron. It ends with the exit code of the worst that
// it found.
func (doctorCmd) Run(ctx context.Context, a *app) error {
	checks, err := a.examine(ctx)
	if err != nil {
		return err
	}
	var bad accountsError
	for i, c := range checks {
		checks[i].Problems = make([]api.Problem, 0, len(c.Problems))
		for _, pr := range c.Problems {
			bad = append(bad, pr.Mail())
			checks[i].Problems = append(checks[i].Problems, spoken(a.p, pr))
		}
	}
	if a.json {
		err = writeJSON(a.Stdout, struct {
			OK     bool        `json:"ok"`
			Checks []api.Check `json:"checks"`
		}{len(bad) == 0, append([]api.Check{}, checks...)})
	} else {
		err = a.writeChecks(checks)
	}
	switch {
	case err != nil:
		return err
	case len(bad) > 0:
		return bad
	}
	return a.say("%s", a.p.T("ctl.doctor.well"))
}

// examine asks who holds the engine, or looks without one. What is so broken
// that nobody can be asked is found too.
func (a *app) examine(ctx context.Context) (checks []api.Check, err error) {
	err = a.with(ctx, toRead, func(s session) (err error) {
		checks, err = s.Doctor(ctx)
		return err
	})
	var f *mail.Fault
	if errors.As(err, &f) {
		name := "store"
		switch f.Code {
		case mail.CodeSettingsBroken:
			name = "settings"
		case mail.CodeStoreBroken, mail.CodeStoreNewer, mail.CodeDiskFull, mail.CodeReadOnly:
		default:
			return nil, err
		}
		return []api.Check{{Name: name, Problems: []api.Problem{api.FromProblem(f.Problem())}}}, nil
	}
	return checks, err
}

func (a *app) writeChecks(checks []api.Check) error {
	for _, c := range checks {
		lines := a.checkLines(c)
		if _, err := fmt.Fprintln(a.Stdout, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	return nil
}

// checkLines tells one check: a line with how it went, and what belongs to it.
func (a *app) checkLines(c api.Check) []string {
	if c.Name != "account" {
		if len(c.Problems) == 0 {
			return []string{"✓ " + a.p.T("ctl.doctor."+c.Name)}
		}
		return a.problemLines("", c.Problems)
	}
	lines := []string{string(c.Account)}
	if c.Paused {
		return append(lines, "  – "+a.p.T("ctl.doctor.paused"))
	}
	for _, s := range c.Steps {
		if s.State == api.StepOK {
			line := "  ✓ " + a.p.T("ctl.step."+string(s.Name))
			if s.Detail != "" {
				line += ": " + shorten(clean(s.Detail), 100)
			}
			lines = append(lines, line)
		}
	}
	if c.Finds != "" {
		lines = append(lines, "    "+a.p.T("ctl.doctor.finds."+c.Finds), "    "+a.p.T("ctl.doctor.offers."+string(c.Tells)))
	}
	if c.State != "" && c.ToldBy != "" {
		lines = append(lines, "    "+a.p.T("ctl.doctor.now", "State", stateWord(a.p, c.State, c.ToldBy, c.ToldWhy)))
	}
	return append(lines, a.problemLines("  ", c.Problems)...)
}

func (a *app) problemLines(indent string, ps []api.Problem) []string {
	lines := make([]string, 0, 2*len(ps))
	for _, pr := range ps {
		t := health.Describe(a.p, pr.Mail())
		lines = append(lines, indent+"✗ "+clean(t.Title), indent+"  "+clean(strings.TrimSpace(t.Text+" "+t.Remedy)))
	}
	return lines
}
