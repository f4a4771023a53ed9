package imapsync

import (
	"context"
	"fmt"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// What an op did before it was cut off is seen by the pass that comes first, in the
// folders that are indexed. Of the others (Gmail's All Mail) the server is asked.

// unseen returns the destination of an op that was cut off, if no pass looks into
// it; nil for any other.
func (s *session) unseen(w *store.OpWork) *mail.Mailbox {
	dest := s.boxes[w.Op.Mailbox]
	if w.Op.State != mail.OpSending || dest == nil || dest.Kept() || !dest.Selectable {
		return nil
	}
	return dest
}

// recall notes which messages an op that was cut off has copied already.
func (s *session) recall(ctx context.Context, w *store.OpWork, ms []store.Target) error {
	dest := s.unseen(w)
	if dest == nil {
		return nil
	}
	_, here := byCopied(ms)
	found, err := s.lookFor(ctx, dest, here)
	if err != nil || len(found) == 0 {
		return err
	}
	if err := s.noteCopies(ctx, w, found, copied{}); err != nil {
		return err
	}
	for i := range ms {
		ms[i].Copied = ms[i].Copied || slices.ContainsFunc(found, func(m store.Target) bool { return m.ID == ms[i].ID })
	}
	return nil
}

// recallMoved ends a move that was cut off for those messages that left where they
// were and are in its destination, and returns how many these are.
func (s *session) recallMoved(ctx context.Context, w *store.OpWork, ms []store.Target) (int, error) {
	dest := s.unseen(w)
	if dest == nil || w.Op.Kind != mail.OpMove {
		return 0, nil
	}
	found, err := s.lookFor(ctx, dest, ms)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return len(found), s.w.cfg.Store.PartOp(ctx, w.Op.ID, doneOf(found, copied{}), w.With...)
}

// lookFor asks a mailbox for messages, by Message-ID and size, and returns those
// that it has. What the server does not answer it does not have.
func (s *session) lookFor(ctx context.Context, box *mail.Mailbox, ms []store.Target) ([]store.Target, error) {
	if len(ms) == 0 {
		return nil, nil
	}
	var data wire.SelectData
	var ok bool
	err := s.play(ctx, []step{s.selectStep(wire.SelectOptions{Mailbox: box.Name, ReadOnly: true}, box.ID, &data, &ok, nil)})
	s.open = opened{name: s.open.name} // whoever wants to write selects it again
	if err != nil || !ok {
		return nil, err
	}
	var found []store.Target
	for _, m := range ms {
		id, err := wire.Quote("<" + m.Envelope.HeaderID + ">")
		if m.Envelope.HeaderID == "" || err != nil {
			continue // nothing that could be asked for
		}
		// One at a time: an answer does not say what it is an answer to.
		there := false
		err = s.play(ctx, []step{{
			cmd: fmt.Sprintf("UID SEARCH LARGER %d SMALLER %d HEADER Message-ID %s", max(0, m.Size-1), m.Size+1, id),
			each: func(r *wire.Response) bool {
				d, err := wire.ParseSearch(r)
				there = there || err == nil && d.UIDs.Len() > 0
				return r.Type == "SEARCH" || r.Type == "ESEARCH"
			},
		}})
		if err != nil {
			return nil, err
		}
		if there {
			found = append(found, m)
		}
	}
	return found, nil
}
