package main

import (
	"context"
	"runtime/debug"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type syncCmd struct {
	ID mail.AccountID `arg:"" name:"id" optional:""`
}

// A pass ends soon: what is not used any more may be three times as much as what is,
// in all up to passMemory, before it is collected.
const (
	passCollect = 300
	passMemory  = 56 << 20
)

// Run makes one full pass and tells what it found.
func (c *syncCmd) Run(ctx context.Context, a *app) error {
	debug.SetGCPercent(passCollect)
	debug.SetMemoryLimit(passMemory)
	return a.with(ctx, toWork, func(s session) error {
		reports, err := s.Sync(ctx, c.ID)
		if err != nil {
			return err
		}
		var failed accountsError
		for i, r := range reports {
			if r.Problem != nil {
				failed = append(failed, r.Problem.Mail())
				pr := spoken(a.p, *r.Problem)
				reports[i].Problem = &pr
			}
		}
		if err := a.writeReports(reports); err != nil {
			return err
		}
		switch {
		case len(failed) == 0:
			return nil
		case len(reports) == 1:
			return faultOfProblem(failed[0])
		default:
			return failed
		}
	})
}

func (a *app) writeReports(reports []api.SyncReport) error {
	if a.json {
		return writeJSON(a.Stdout, append([]api.SyncReport{}, reports...))
	}
	if len(reports) == 0 {
		return a.say("%s", a.p.T("ctl.account.none"))
	}
	var t table
	for _, r := range reports {
		if r.Problem != nil {
			t.add(string(r.Account), clean(r.Problem.Title))
			continue
		}
		took := (time.Duration(r.ElapsedMS) * time.Millisecond).String()
		t.add(string(r.Account), a.p.T("ctl.sync.report",
			"Folders", a.p.Number(r.Folders), "New", a.p.Number(r.New), "Changed", a.p.Number(r.Changed),
			"Gone", a.p.Number(r.Gone), "Moved", a.p.Number(r.Moved), "Sent", a.p.Number(r.OpsSent), "Took", took))
		if len(r.NotRead) > 0 {
			t.add("", a.p.T("ctl.sync.not-read", "Count", len(r.NotRead), "Folders", clean(strings.Join(r.NotRead, ", "))))
		}
	}
	return t.write(a.Stdout)
}
