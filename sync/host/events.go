package host

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// heartbeatEvery is how often a stream says that its holder lives.
const heartbeatEvery = 30 * time.Second

// changesAtOnce is how much of the change log is read in one go.
const changesAtOnce = 256

// stream is one reader of events. It reads the log by revision at its own pace.
type stream struct {
	b   *backend
	rev mail.Revision
	fn  func(api.Event) error
}

// Events implements control.Backend.
func (b *backend) Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error {
	if b.host == nil {
		return b.readOnly()
	}
	sub := b.store.Subscribe()
	defer sub.Close()
	changed, stop := b.engine.Beacon()
	defer stop()
	var ui <-chan api.UIRequest
	if q.UI {
		var leave func()
		ui, leave = b.host.ui.join()
		defer leave()
	}
	now, err := b.store.Revision(ctx)
	if err != nil {
		return err
	}
	s := &stream{b: b, rev: q.Since, fn: fn}
	if s.rev == api.FromNow || s.rev > now {
		s.rev = now
	}
	if err := s.say(api.Event{Kind: api.KindSnapshot}); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeatEvery)
	defer beat.Stop()
	for {
		if err := s.catchUp(ctx); err != nil {
			return err
		}
		e := api.Event{Kind: api.KindHeartbeat}
		select {
		case <-sub.C():
			continue
		case <-changed:
			e.Kind = api.KindProgress
		case r := <-ui:
			e.Kind, e.UI = api.KindUI, &r
		case <-beat.C:
		case <-b.host.ending:
			return s.last(ctx, q.UI)
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.say(e); err != nil {
			return err
		}
	}
}

// last sends what is left to be said when the host ends. A window ends with
// the agent that was told to quit, instead of starting another.
func (s *stream) last(ctx context.Context, window bool) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	end := s.b.host.end
	if window && end == EndQuit {
		if err := s.say(api.Event{Kind: api.KindUI, UI: &api.UIRequest{Show: "quit"}}); err != nil {
			return err
		}
	}
	return s.say(api.Event{Kind: api.KindHandover, Reason: string(end)})
}

// catchUp sends every change after s.rev.
func (s *stream) catchUp(ctx context.Context) error {
	for {
		changes, err := s.b.store.Changes(ctx, s.rev, changesAtOnce)
		if err != nil {
			return err
		}
		for _, c := range changes {
			e := api.FromChange(c)
			if op, ok := c.(mail.OpChanged); ok {
				named := s.b.toOp(ctx, op.Op)
				e.Op = &named
			}
			if err := s.fn(e); err != nil {
				return err
			}
			s.rev = c.Meta().Rev
		}
		if len(changes) < changesAtOnce {
			return nil
		}
	}
}

// say sends a line that is no change.
func (s *stream) say(e api.Event) error {
	e.Rev, e.Time = s.rev, time.Now()
	return s.fn(e)
}

// Activity implements control.Backend.
func (b *backend) Activity(ctx context.Context, since time.Time, limit int) ([]api.Event, error) {
	changes, err := b.store.Activity(ctx, since, limit)
	if err != nil {
		return nil, err
	}
	out := make([]api.Event, len(changes))
	for i, c := range changes {
		out[i] = api.FromChange(c)
	}
	return out, nil
}
