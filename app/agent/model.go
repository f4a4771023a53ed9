package agent

import (
	"context"
	"log/slog"
	"time"

	"github.com/heronmail/heron/app/tray"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// redrawPause is how long after a redraw the tray is not redrawn: what comes
// meanwhile is one redraw.
const redrawPause = 300 * time.Millisecond

// newestShown is how many unread messages the tray is told of.
const newestShown = 5

// reader is what the tray's state is read from.
type reader interface {
	Status(ctx context.Context) (api.Status, error)
	Messages(ctx context.Context, q api.PageQuery) (api.Page, error)
}

// model keeps the tray in step with the status.
type model struct {
	reader  reader
	printer *i18n.Printer
	log     *slog.Logger
	now     func() time.Time
	show    func(tray.View)
}

// run redraws whenever one of the channels wakes it, until ctx ends.
func (m *model) run(ctx context.Context, committed, changed <-chan struct{}) {
	// The only timers: the end of a pause of alerts, and of redrawPause.
	var pauseEnds <-chan time.Time
	for {
		state, err := m.read(ctx)
		switch {
		case err == nil:
			m.show(tray.Render(state, m.printer))
			pauseEnds = m.pauseEnd(state)
		case ctx.Err() == nil:
			m.log.Warn("tray not redrawn", "code", mail.FaultOf(err).Code)
		}
		if !pause(ctx, redrawPause) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-committed:
		case <-changed:
		case <-pauseEnds:
		}
	}
}

// pause waits; it reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// pauseEnd fires when the pause of alerts that the state shows is over.
func (m *model) pauseEnd(s tray.State) <-chan time.Time {
	left := s.PausedUntil.Sub(m.now())
	if left <= 0 || !s.PausedUntil.Before(tray.Forever()) {
		return nil
	}
	return time.After(left)
}

func (m *model) read(ctx context.Context) (tray.State, error) {
	st, err := m.reader.Status(ctx)
	if err != nil {
		return tray.State{}, err
	}
	s := tray.State{Now: m.now(), Unread: st.Unread, PausedUntil: st.AlertsPaused, Problems: problems(st.Problems)}
	for _, a := range st.Accounts {
		ta := tray.Account{ID: a.ID, Address: a.Address, State: a.State, Unread: a.Unread, Problems: problems(a.Problems)}
		if a.Progress != nil {
			ta.Done, ta.Total = a.Progress.Done, a.Progress.Total
		}
		s.Accounts = append(s.Accounts, ta)
	}
	if st.Unread == 0 {
		return s, nil
	}
	page, err := m.reader.Messages(ctx, api.PageQuery{Unread: true, Limit: newestShown})
	if err != nil {
		return tray.State{}, err
	}
	for _, msg := range page.Messages {
		e := tray.Entry{ID: msg.ID, Subject: msg.Subject}
		if len(msg.From) > 0 {
			e.From = msg.From[0].String()
		}
		s.Newest = append(s.Newest, e)
	}
	return s, nil
}

func problems(in []api.Problem) []mail.Problem {
	out := make([]mail.Problem, len(in))
	for i, p := range in {
		out[i] = p.Mail()
	}
	return out
}
