package main

import (
	"context"
	"fmt"
	"io"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type watchCmd struct {
	Since *int64 `placeholder:"REV"`
}

// Run prints changes until it is interrupted, which is how it is meant to end.
// The session goes on with the next holder when one hands over or ends.
func (c *watchCmd) Run(ctx context.Context, a *app) error {
	since := api.FromNow
	if c.Since != nil {
		if *c.Since < 0 {
			return usage(a.p.T("ctl.usage.since-rev"))
		}
		since = mail.Revision(*c.Since)
	}
	return unlessInterrupted(ctx, a.with(ctx, toWork, func(s session) error {
		return s.Events(ctx, api.EventsQuery{Since: since}, func(e api.Event) error {
			if !isChange(e) {
				return nil
			}
			return a.writeEvent(e)
		})
	}))
}

// unlessInterrupted is for commands that run until they are interrupted: what
// ends them then is no error.
func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// writeEvent writes one change in one call of Write: nothing is held back.
func (a *app) writeEvent(e api.Event) error {
	if a.json {
		return writeJSON(a.Stdout, a.spokenEvent(e))
	}
	_, err := io.WriteString(a.Stdout, a.eventLine(e))
	return err
}

func (a *app) eventLine(e api.Event) string {
	return fmt.Sprintf("%s  %s  %s  %s\n", e.Time.In(a.Now().Location()).Format("15:04:05"),
		clean(string(e.Account)), originWord(a.p, e), describe(a.p, e))
}

func (a *app) spokenEvent(e api.Event) api.Event {
	if e.Problem != nil {
		pr := spoken(a.p, *e.Problem)
		e.Problem = &pr
	}
	return e
}
