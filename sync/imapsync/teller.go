package imapsync

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/punctual"
	"github.com/heronmail/heron/sync/wire"
)

// teller is one rung of the ladder of being told. Whatever the rung, all
// folders are polled now and then too: that catches a server that promises to
// tell and does not.
type teller interface {
	told() mail.ToldBy
	// why says why it is no better rung.
	why() mail.ToldWhy
	// wait returns when the server said something (it is in the hints by
	// then), when the worker was woken, or after d.
	wait(ctx context.Context, s *session, d time.Duration) error
}

// chooseTeller takes the best rung that the server offers.
func chooseTeller(caps wire.Caps) teller {
	switch {
	case caps.Has("IDLE") && caps.Has("NOTIFY"):
		return notifyTeller{}
	case caps.Has("IDLE"):
		return idleTeller{reason: mail.ToldNotOffered}
	}
	return pollTeller{reason: mail.ToldNotOffered}
}

// pollTeller is told nothing: it sleeps until the next poll.
type pollTeller struct{ reason mail.ToldWhy }

func (pollTeller) told() mail.ToldBy   { return mail.ToldByPoll }
func (t pollTeller) why() mail.ToldWhy { return t.reason }

func (pollTeller) wait(ctx context.Context, s *session, d time.Duration) error {
	t := punctual.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.conn.Done():
		return s.conn.Err()
	case <-s.w.wake:
	case <-s.hints.c:
	case <-t.C:
	}
	return nil
}

// idleTeller idles on the inbox (RFC 2177), and on further connections on watched
// folders.
type idleTeller struct {
	reason  mail.ToldWhy
	limited bool // there are more watched folders than connections
}

func (idleTeller) told() mail.ToldBy { return mail.ToldByIdle }

func (t idleTeller) why() mail.ToldWhy {
	if t.limited {
		return mail.ToldLimit
	}
	return t.reason
}

func (t idleTeller) wait(ctx context.Context, s *session, d time.Duration) error {
	if err := t.watchMore(ctx, s); err != nil {
		return err
	}
	return s.idleOnInbox(ctx, d)
}

// watchMore has watched folders idled on too, and says when there are more of
// them than connections.
func (t idleTeller) watchMore(ctx context.Context, s *session) error {
	now := t
	if now.limited = !s.watchMore(ctx); now == t {
		return nil
	}
	s.teller = now
	return s.w.online(ctx, now.told(), now.why())
}

// idleOnInbox waits as a teller does, for what the server tells on the session's
// own connection.
func (s *session) idleOnInbox(ctx context.Context, d time.Duration) error {
	box := s.boxes[s.inbox]
	if box == nil {
		return pollTeller{}.wait(ctx, s, d)
	}
	if err := s.enter(ctx, box); err != nil {
		if f := mail.FaultOf(err); f.Class != mail.ClassConflict {
			return err
		}
		// The inbox is another one than we know, or none just now: asking
		// all folders, soon, settles it.
		return pollTeller{}.wait(ctx, s, min(d, s.untilPoll()))
	}
	// Something may have been told while the inbox was entered.
	select {
	case <-s.hints.c:
		return nil
	default:
	}
	return s.idle(ctx, min(d, time.Duration(float64(s.w.renew.every)*s.renewShare)))
}

// noteIdle notes for how long the server was quiet. An IDLE that lasted as long
// as it was to was begun anew, by which the server answered; a shorter one may be
// the rest of the one before, with nothing said between the two.
func (s *session) noteIdle(err error, woken bool, lasted, limit time.Duration) {
	if err == nil && lasted >= limit {
		s.heard(nil)
	}
	switch {
	case woken:
	case err != nil: // found dead: it was so since before, or in this time
		s.quiet = max(s.quiet, lasted)
	default:
		s.quiet += lasted
	}
}

// A server that ends an IDLE by itself within idleLeast, with nothing told, is
// not asked for another before idleAgain: the two would go round and round.
const (
	idleLeast = time.Second
	idleAgain = 15 * time.Second
)

// idle runs one IDLE for at most d.
func (s *session) idle(ctx context.Context, d time.Duration) error {
	until, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-s.w.wake:
		case <-s.hints.c:
		case <-until.Done():
		}
		stop()
	}()
	began := time.Now()
	err := s.conn.Idle(until, d)
	woken := until.Err() != nil
	stop()
	<-ended
	s.noteIdle(err, woken, time.Since(began), d)
	switch {
	case err == nil && !woken && time.Since(began) < min(d, idleLeast):
		return pollTeller{}.wait(ctx, s, min(d, idleAgain))
	case err == nil || ctx.Err() != nil:
		return ctx.Err()
	case s.conn.Err() != nil:
		return err
	case until.Err() != nil && mail.FaultOf(err).Code != mail.CodeRefusedCommand:
		return nil // we were woken: the connection lives on
	}
	if mail.FaultOf(err).Code == mail.CodeRefusedCommand {
		// It promised IDLE and refuses it: it loses the rung.
		s.log.Warn("the server refuses IDLE; polling instead")
		return s.demote(ctx, pollTeller{reason: mail.ToldRefused})
	}
	return err
}
