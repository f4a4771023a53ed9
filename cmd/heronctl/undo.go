package main

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
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
	if err := a.say("%s", a.p.T("ctl.undo."+how, "What", opWords(a.p, u.Op))); err != nil {
		return err
	}
	return a.sayPassed(u.Passed)
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
