package window

import (
	"context"
	"errors"
	"time"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// changed says that something may differ from what is shown. It is read again
// at once, but not while it is being read and not too soon after.
func (s *session) changed() {
	s.stale = true
	if s.reading || s.agent == nil {
		return
	}
	if wait := readPause - s.now().Sub(s.lastRead); wait > 0 && !s.lastRead.IsZero() {
		stop(s.pause)
		s.pause = time.AfterFunc(wait, func() { s.post(s.read) })
		return
	}
	s.read()
}

// reading is what one look at the agent brought.
type reading struct {
	status   api.Status
	activity []api.Event
	row      api.Message
	rowGone  bool
	err      error
}

// read reads again what is on the screen, and draws it when all of it is here.
func (s *session) read() {
	if s.reading || s.agent == nil || !s.stale {
		return
	}
	s.reading, s.stale, s.lastRead, s.asked = true, false, s.now(), s.now()
	a, ctx, place, open, pg := s.agent, s.here, s.st.Place, s.st.Open.ID, s.pages
	s.begin(func() func() {
		var r reading
		r.status, r.err = a.Status(ctx)
		if r.err == nil && place.Kind == view.PlaceActivity {
			r.activity, r.err = a.Activity(ctx, time.Time{}, activityLimit)
		}
		if r.err == nil && open != 0 {
			r.row, r.err = a.Message(ctx, open)
			if f := mail.FaultOf(r.err); f != nil && (f.Code == mail.CodeNoMessage || f.Code == mail.CodeGone) {
				r.rowGone, r.err = true, nil
			}
		}
		var listErr error
		if r.err == nil && place.Kind != view.PlaceActivity {
			pg.invalidate()
			listErr = fillPages(ctx, a, place, pg)
		}
		return func() { s.haveRead(a, place, open, r, listErr) } //nolint:contextcheck // all that the session begins ends with the session
	})
}

func (s *session) haveRead(a agent, place view.Place, open mail.MessageID, r reading, listErr error) {
	s.reading = false
	if s.agent != a {
		s.changed() // another agent came meanwhile
		return
	}
	if r.err != nil {
		s.log.Info("reading failed", "err", r.err)
		if !errors.Is(r.err, control.ErrNoHolder) { // else the event stream ends as well
			s.failed(r.err)
		}
		return
	}
	s.st.Status = r.status
	if place == s.st.Place {
		s.st.Trouble = problemOf(listErr)
		if place.Kind == view.PlaceActivity {
			s.st.Activity = append([]api.Event{}, r.activity...)
		}
	}
	if open != 0 && open == s.st.Open.ID {
		if r.rowGone {
			s.open(0)
		} else {
			s.st.Open.Row = r.row
		}
	}
	s.dirty = true
	if len(r.status.Accounts) == 0 && !s.greeted {
		s.out.wizard()
	}
	s.greeted = true
	if id := s.showFirst; id != 0 {
		s.showFirst = 0
		s.open(id)
	}
	if s.stale {
		s.changed()
	}
}

// fillPages fetches the pages that are wanted, one after the other, and those
// that the user came to meanwhile.
func fillPages(ctx context.Context, a agent, place view.Place, pg *pages) error {
	for {
		offset, epoch, ok := pg.next()
		if !ok {
			return nil
		}
		got, err := a.Messages(ctx, api.PageQuery{
			Account: place.Account, Folder: place.Folder, Offset: offset, Limit: pageRows,
		})
		if err != nil {
			pg.fail(offset)
			return err
		}
		pg.fill(offset, epoch, got)
	}
}

// newPages starts an empty list.
func (s *session) newPages() {
	var pg *pages
	pg = newPages(func() { s.postSoon(func() { s.fetch(pg) }) })
	s.pages = pg
}

// postSoon is post for callers that may not wait: Fyne's goroutine.
func (s *session) postSoon(f func()) {
	select {
	case s.acts <- f:
	default:
		go s.post(f) // ends with the session at the latest
	}
}

// fetch brings the rows that the list asks for.
func (s *session) fetch(pg *pages) {
	if s.agent == nil || pg != s.pages || s.st.Place.Kind == view.PlaceActivity {
		return
	}
	a, ctx, place := s.agent, s.here, s.st.Place
	s.begin(func() func() {
		err := fillPages(ctx, a, place, pg)
		return func() {
			if pg == s.pages && a == s.agent {
				s.st.Trouble, s.dirty = problemOf(err), true
			}
		}
	})
}

// failed tells the user that what was asked for did not work.
func (s *session) failed(err error) {
	if s.ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	if s.st.Link == view.LinkLost && errors.Is(err, control.ErrNoHolder) {
		return // it is said already
	}
	s.st.Failed, s.dirty = problemOf(err), true
}

func problemOf(err error) *mail.Problem {
	if err == nil {
		return nil
	}
	p := mail.FaultOf(err).Problem()
	return &p
}
