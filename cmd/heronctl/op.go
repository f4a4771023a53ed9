package main

import (
	"context"
	"strconv"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/mail"
)

type opList struct{}

// Run lists the actions that wait for a server.
func (opList) Run(ctx context.Context, a *app) error {
	return a.with(ctx, toRead, func(s session) error {
		list, err := s.Ops(ctx, "")
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, append([]api.Op{}, list...))
		}
		if len(list) == 0 {
			return a.say("%s", a.p.T("ctl.op.none"))
		}
		t := table{right: map[int]bool{0: true}}
		now := a.Now()
		for _, o := range list {
			state := a.p.T("ctl.op-state." + string(o.State))
			if o.NextTry.After(now) {
				state += ", " + a.p.T("ctl.status.next-try", "When", a.p.Until(o.NextTry, now))
			}
			if o.Fault != "" {
				state += " (" + clean(health.Describe(a.p, mail.Problem{Code: mail.Code(o.Fault)}).Title) + ")"
			}
			t.add(strconv.FormatInt(int64(o.ID), 10), clean(string(o.Account)), opWords(a.p, o), a.p.Ago(o.Created, now), state)
		}
		return t.write(a.Stdout)
	})
}
