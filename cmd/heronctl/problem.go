package main

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/mail"
)

type problemDismiss struct {
	Code string `arg:"" optional:"" placeholder:"CODE"`
}

// Run ends what tells of something that happened, and that the user has read. What is
// wrong still goes away when it is mended.
func (c *problemDismiss) Run(ctx context.Context, a *app) error {
	return a.with(ctx, toWork, func(s session) error {
		ps, err := s.DismissNews(ctx, "", mail.Code(c.Code))
		if err != nil {
			return err
		}
		if a.json {
			for i, p := range ps {
				ps[i] = spoken(a.p, p)
			}
			return writeJSON(a.Stdout, append([]api.Problem{}, ps...))
		}
		for _, p := range ps {
			if err := a.say("%s", a.p.T("ctl.problem.dismissed", "Title", clean(health.Describe(a.p, p.Mail()).Title))); err != nil {
				return err
			}
		}
		if len(ps) == 0 {
			return a.say("%s", a.p.T("ctl.problem.none"))
		}
		return nil
	})
}
