package imapsync

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// withTwins asks, before what was found is written, the mailboxes in which we
// have the same messages as those that are new: one that was moved from there is
// then seen as moved, although only where it went to was told of. New mail has
// no twin, and is not held up.
func (s *session) withTwins(ctx context.Context, deltas []store.Delta, asked []*target) ([]store.Delta, error) {
	ts, err := s.twins(ctx, deltas, asked)
	if err != nil {
		return nil, err
	}
	for round := 0; len(ts) > 0 && round < maxRounds; round++ {
		s.held = 0
		found, again, err := s.askAll(ctx, ts)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			deltas = slices.DeleteFunc(deltas, func(d store.Delta) bool { return d.Mailbox == f.Mailbox })
			deltas = append(deltas, *f.Delta)
		}
		ts = again
	}
	return deltas, nil
}

// twins are the mailboxes that withTwins asks. One that was asked already, before
// that in which the message is new, is asked the same again: it may have left
// meanwhile.
func (s *session) twins(ctx context.Context, deltas []store.Delta, asked []*target) ([]*target, error) {
	var ts []*target
	for i := range deltas {
		if deltas[i].Backfill {
			continue
		}
		to := find(asked, deltas[i].Mailbox)
		at, err := s.w.cfg.Store.Twins(ctx, s.w.cfg.Account.ID, deltas[i])
		if err != nil {
			return nil, err
		}
		for _, l := range at {
			if find(ts, l.Mailbox) != nil {
				continue
			}
			box, was := s.boxes[l.Mailbox], find(asked, l.Mailbox)
			j := slices.IndexFunc(deltas, func(d store.Delta) bool { return d.Mailbox == l.Mailbox })
			switch {
			case j < 0 && box != nil && box.Kept() && box.Cursor.UIDNext != 0:
				ts = append(ts, s.twinTarget(box))
			case j >= 0 && !deltas[j].Backfill && !slices.Contains(deltas[j].Gone, l.UID) && was.turn < to.turn:
				ts = append(ts, was)
			}
		}
	}
	byBox(ts)
	return ts, nil
}

func find(ts []*target, box mail.MailboxID) *target {
	if i := slices.IndexFunc(ts, func(t *target) bool { return t.box.ID == box }); i >= 0 {
		return ts[i]
	}
	return nil
}

// twinTarget looks for what is gone from a mailbox. Where that is asked by flags,
// those are left to the next poll.
func (s *session) twinTarget(box *mail.Mailbox) *target {
	t := &target{box: box}
	t.choose(s)
	t.light = t.how == byFlags && !s.condstore
	t.askUIDs = t.light
	return t
}
