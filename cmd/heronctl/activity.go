package main

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/control/api"
)

type activityCmd struct {
	Since string `placeholder:"T"`
	Limit int    `default:"100" placeholder:"N"`
}

// Run tells what changed and where it was done, newest first.
func (c *activityCmd) Run(ctx context.Context, a *app) error {
	since, err := parseSince(a, c.Since)
	if err != nil {
		return err
	}
	if c.Limit < 1 || c.Limit > 1000 {
		return usage(a.p.T("ctl.usage.activity-limit"))
	}
	return a.with(ctx, toRead, func(s session) error {
		list, err := s.Activity(ctx, since, c.Limit)
		if err != nil {
			return err
		}
		if a.json {
			for i, e := range list {
				list[i] = a.spokenEvent(e)
			}
			return writeJSON(a.Stdout, append([]api.Event{}, list...))
		}
		if len(list) == 0 {
			return a.say("%s", a.p.T("ctl.activity.none"))
		}
		var t table
		now := a.Now()
		for _, e := range list {
			t.add(a.p.Ago(e.Time, now), clean(string(e.Account)), originWord(a.p, e), describe(a.p, e))
		}
		return t.write(a.Stdout)
	})
}

// parseSince reads a moment: RFC 3339, a date, or how long ago it was.
func parseSince(a *app, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	now := a.Now()
	if t, err := time.ParseInLocation(time.DateOnly, s, now.Location()); err == nil {
		return t, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, usage(a.p.T("ctl.usage.since", "Since", clean(s)))
}
