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
	var op api.Op
	res, err := a.act(ctx, c.waiting, func(s session) (r api.ActionResult, err error) {
		if op, err = s.Undo(ctx, mail.OpID(c.Op)); err != nil || op.State == mail.OpUndone {
			return r, err
		}
		return api.ActionResult{Op: op.ID}, nil
	})
	if err != nil {
		return err
	}
	how := "cancelled"
	if op.State != mail.OpUndone {
		op.State, how = res.State, res.how()
	}
	if a.json {
		return writeJSON(a.Stdout, op)
	}
	return a.say("%s", a.p.T("ctl.undo."+how, "What", opWords(a.p, op)))
}
