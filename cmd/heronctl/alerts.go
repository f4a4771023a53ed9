package main

import (
	"context"
	"time"
)

type alertsPause struct {
	Duration time.Duration `arg:""`
}

// Run keeps alerts quiet for a while; mail is watched and counted as before.
func (c *alertsPause) Run(ctx context.Context, a *app) error {
	if c.Duration <= 0 {
		return usage(a.p.T("ctl.usage.duration"))
	}
	return a.pauseAlerts(ctx, a.Now().Add(c.Duration))
}

type alertsResume struct{}

// Run ends a pause.
func (alertsResume) Run(ctx context.Context, a *app) error {
	return a.pauseAlerts(ctx, time.Time{})
}

func (a *app) pauseAlerts(ctx context.Context, until time.Time) error {
	return a.with(ctx, toWork, func(s session) error {
		if err := s.PauseAlerts(ctx, until); err != nil {
			return err
		}
		if a.json {
			var out struct {
				Until *time.Time `json:"alerts_paused_until"`
			}
			if !until.IsZero() {
				out.Until = &until
			}
			return writeJSON(a.Stdout, out)
		}
		if until.IsZero() {
			return a.say("%s", a.p.T("ctl.alerts.resumed"))
		}
		return a.say("%s", a.p.T("ctl.alerts.paused", "When", a.p.When(until, a.Now())))
	})
}
