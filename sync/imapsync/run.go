package imapsync

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
)

// run brings the account in step and keeps it so until the connection or ctx
// ends.
func (s *session) run(ctx context.Context) error {
	if s.teller.told() == mail.ToldByNotify {
		s.ahead = append(s.ahead, s.notifyStep())
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	for {
		if _, err := s.serveSyncs(ctx, s.wireCounters()); err != nil {
			return err
		}
		idle, err := s.turn(ctx)
		if err != nil {
			return err
		}
		if s.outdated() {
			return errWrongListings
		}
		if !idle || s.w.asked() {
			continue
		}
		s.trust()
		err = s.teller.wait(ctx, s, s.untilNext())
		s.w.setListening(nil)
		if err != nil {
			return err
		}
	}
}

// begin makes the first pass. Who asked before the connection stood is answered
// by it, with the signing in counted: that is where what is new was found.
func (s *session) begin(ctx context.Context) error {
	served, err := s.serveSyncs(ctx, Report{})
	if err != nil || served {
		return err
	}
	return s.pass(ctx, hint{}, true)
}

// turn does what is most pressing. idle says that there was nothing to do.
func (s *session) turn(ctx context.Context) (idle bool, err error) {
	// What was told before the asks are looked at is done in this turn.
	drain(s.w.wake)
	if err := s.serveBodies(ctx); err != nil {
		return false, err
	}
	if err := s.w.tellSaid(ctx, false); err != nil {
		return false, err
	}
	sent := s.tally.OpsSent
	more, err := s.pushOps(ctx)
	if err != nil {
		return false, err
	}
	if s.tally.OpsSent != sent {
		s.promise.excused = true
	}
	h := s.hints.take()
	if h.lapsed && s.notify.on {
		s.lapse()
	}
	if h.folders {
		// Not at once again: there are servers that tell of a folder whenever
		// they are asked for all.
		s.pollNow()
	}
	switch {
	case s.untilPoll() == 0:
		return false, s.pass(ctx, h, false)
	case h.gone || h.moved:
		// What left the inbox may have gone to any folder: looked at together
		// it is seen as one move.
		return false, s.pass(ctx, h, false)
	case len(h.boxes) > 0:
		return false, s.toldPass(ctx, h)
	case h.fresh || h.flags:
		return false, s.inboxPass(ctx, h)
	case len(s.fills) > 0:
		return false, s.backfill(ctx)
	default:
		return !more, nil
	}
}
