package main

import (
	"context"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

type undoCmd struct {
	Op int64 `arg:"" optional:"" placeholder:"OP"`
	waiting
}

// Run takes an action back. What was not sent yet is cancelled; for what was
// done, the opposite is queued.
func (c *undoCmd) Run(ctx context.Context, a *app) error {
	if c.Op < 0 {
		return usage(a.p.T("ctl.usage.op"))
	}
	var u api.Undone
	res, err := a.act(ctx, c.waiting, func(s session) (r api.ActionResult, err error) {
		if u, err = s.Undo(ctx, mail.OpID(c.Op)); err != nil || len(u.Ops) == 0 {
			return r, err
		}
		return api.ActionResult{Op: u.ID, Ops: u.Ops}, nil
	})
	if err != nil {
		return err
	}
	how := "cancelled"
	if len(u.Ops) > 0 {
		u.State, how = res.State, res.how()
	}
	if a.json {
		return writeJSON(a.Stdout, u)
	}
	if err := a.sayUndone(u, how); err != nil {
		return err
	}
	return a.sayPassed(u.Passed)
}

// sayUndone says what was taken back: what a server is sent because of it, and what
// it had not been sent yet.
func (a *app) sayUndone(u api.Undone, how string) error {
	parts := u.Parts
	if len(parts) == 0 {
		parts = []api.Op{u.Op} // of an older holder
	}
	var sent, unsent []api.Op
	for _, op := range parts {
		if op.State == mail.OpUndone {
			unsent = append(unsent, op)
		} else {
			sent = append(sent, op)
		}
	}
	if len(u.Ops) == 0 {
		sent, unsent = nil, parts
	}
	if len(sent) > 0 {
		if err := a.say("%s", a.p.T("ctl.undo."+how, "What", allWords(a.p, sent))); err != nil {
			return err
		}
	}
	if len(unsent) == 0 {
		return nil
	}
	return a.say("%s", a.p.T("ctl.undo.cancelled", "What", allWords(a.p, unsent)))
}

// allWords says what ops do, with one number for those that do the same.
func allWords(p *i18n.Printer, ops []api.Op) string {
	var sums []api.Op
	for _, op := range ops {
		i := slices.IndexFunc(sums, func(s api.Op) bool {
			return s.Kind == op.Kind && opFolder(s) == opFolder(op) && s.Add.Equal(op.Add) && s.Remove.Equal(op.Remove)
		})
		if i < 0 {
			sums = append(sums, op)
			continue
		}
		sums[i].Count += op.Count
	}
	words := make([]string, len(sums))
	for i, op := range sums {
		words[i] = opWords(p, op)
	}
	return strings.Join(words, ", ")
}

// sayPassed says what could not be taken back, a line for each reason.
func (a *app) sayPassed(passed []api.PassedOver) error {
	var whys []mail.PassReason
	count := map[mail.PassReason]int{}
	for _, p := range passed {
		if count[p.Why] == 0 {
			whys = append(whys, p.Why)
		}
		count[p.Why] += p.Count
	}
	for _, why := range whys {
		id := "ctl.undo.passed." + string(why)
		text := a.p.T(id, "Count", count[why])
		if text == id { // of a newer holder
			text = a.p.T("ctl.undo.passed.other", "Count", count[why])
		}
		if err := a.say("%s", text); err != nil {
			return err
		}
	}
	return nil
}
