package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/demo"
)

// act is something that the second machine of the demo did, as --json tells it
// between the lines of watch.
type act struct {
	Time    time.Time      `json:"time"`
	Kind    string         `json:"kind"` // demo.act
	Act     demo.StoryKind `json:"act"`
	Folder  string         `json:"folder"`
	From    string         `json:"from,omitempty"`
	Subject string         `json:"subject,omitempty"`
}

// demoStarter starts the demo account and an engine on it, in a temporary
// folder. told is called with each act of the second machine, from another
// goroutine, and not after the session was closed.
type demoStarter func(ctx context.Context, told func(demo.StoryEvent)) (session, error)

type demoCmd struct {
	For *time.Duration `placeholder:"DURATION"`
}

// Run tells the story of the demo account as it happens.
func (c *demoCmd) Run(ctx context.Context, a *app) error {
	if c.For != nil && *c.For <= 0 {
		return usage(a.p.T("ctl.usage.duration"))
	}
	limited := ctx
	if c.For != nil {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, *c.For)
		defer cancel()
	}
	if err := a.say("%s", a.p.T("ctl.demo.intro")); err != nil {
		return err
	}
	// Both sides write whole lines, one at a time.
	var mu sync.Mutex
	s, err := a.Demo(limited, func(d demo.StoryEvent) {
		mu.Lock()
		defer mu.Unlock()
		// A reader that went away shows at Heron's next line.
		_ = a.writeAct(d)
	})
	if err != nil {
		return unlessInterrupted(limited, err)
	}
	err = s.Events(limited, api.EventsQuery{}, func(e api.Event) error {
		if !isChange(e) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		return a.writeNoticed(e)
	})
	err = unlessInterrupted(limited, err)
	if err == nil {
		err = a.demoEnd(context.WithoutCancel(ctx), s)
	}
	return errors.Join(err, s.Close())
}

// demoEnd says what Heron counts in the end.
func (a *app) demoEnd(ctx context.Context, s session) error {
	st, err := s.Status(ctx)
	if err != nil {
		return err
	}
	return a.say("%s", a.p.T("ctl.demo.end", "Count", st.Unread))
}

func (a *app) writeAct(d demo.StoryEvent) error {
	if a.json {
		return writeJSON(a.Stdout, act{d.Time, "demo.act", d.Kind, d.Folder, d.From, d.Subject})
	}
	text := a.p.T("ctl.demo."+string(d.Kind), "Folder", clean(d.Folder), "From", clean(d.From), "Subject", shorten(clean(d.Subject), 60))
	return a.demoLine(d.Time, "ctl.demo.other", text)
}

func (a *app) writeNoticed(e api.Event) error {
	if a.json {
		return a.writeEvent(e)
	}
	switch e.Kind {
	case "counts", "op": // they only repeat in numbers what the other lines tell
		return nil
	}
	return a.demoLine(e.Time, "ctl.demo.heron", describe(a.p, e))
}

// demoLine writes who did what; both names take the same room.
func (a *app) demoLine(t time.Time, who, text string) error {
	name := a.p.T(who)
	room := max(cells(a.p.T("ctl.demo.other")), cells(a.p.T("ctl.demo.heron")))
	_, err := fmt.Fprintf(a.Stdout, "%s  %s%s  %s\n", t.In(a.Now().Location()).Format(time.TimeOnly),
		name, strings.Repeat(" ", room-cells(name)), text)
	return err
}
