package imapsync

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Where moving is copying, an earlier try may have made the copies, and may have been cut
// off, or put off, before the originals went. Meanwhile the message is in two places, and
// another machine may delete the copy: the original is all there is then.

// missingCopies asks the destination of a move for the copies that earlier tries made, and
// returns the messages whose copy is not there, or is flagged \Deleted there.
func (s *session) missingCopies(ctx context.Context, dest *mail.Mailbox, ms []store.Target) ([]store.Target, error) {
	copied, _ := byCopied(ms)
	found, err := s.lookFor(ctx, dest, copied, true)
	return slices.DeleteFunc(copied, func(m store.Target) bool { return holds(found, m.ID) }), err
}

// copyAnew lets messages of the open mailbox be copied again whose copies are missing.
// Their originals may be flagged \Deleted by now, as the copies would be then.
func (s *session) copyAnew(ctx context.Context, w *store.OpWork, g group, missing []store.Target) (refusal *mail.Fault, err error) {
	const cmd = "UID STORE"
	for part := range slices.Chunk(missing, opBurst) {
		set, _ := uidSet(part)
		st, err := s.command(ctx, cmd+" "+set+` -FLAGS.SILENT (\Deleted)`)
		if f := refusalOf(st, cmd); f != nil || err != nil {
			return f, err
		}
		ids := make([]mail.MessageID, 0, len(part))
		for _, m := range part {
			ids = append(ids, m.ID)
		}
		if err := s.w.cfg.Store.ForgetCopies(ctx, w.Op.ID, ids); err != nil {
			return nil, err
		}
		for _, ms := range [][]store.Target{g.messages, w.Messages} {
			for i := range ms {
				if holds(part, ms[i].ID) {
					ms[i].Copied, ms[i].Arrived, ms[i].ArrivedUnder = false, 0, 0
				}
			}
		}
	}
	return nil, nil
}

// holds reports whether a message is one of some.
func holds(ms []store.Target, id mail.MessageID) bool {
	return slices.ContainsFunc(ms, func(m store.Target) bool { return m.ID == id })
}

// byArrival asks the open mailbox, under its UIDVALIDITY, for the copies of messages
// whose UIDs are known there, and returns the messages whose copies it has, not flagged
// \Deleted; rest are those of which the UID is not known.
func (s *session) byArrival(ctx context.Context, ms []store.Target, under mail.UIDValidity) (found, rest []store.Target, err error) {
	var told []store.Target
	for _, m := range ms {
		if m.Arrived != 0 && m.ArrivedUnder == under {
			told = append(told, m)
		} else {
			rest = append(rest, m)
		}
	}
	for part := range slices.Chunk(told, opBurst) {
		uids := make([]mail.UID, 0, len(part))
		for _, m := range part {
			uids = append(uids, m.Arrived)
		}
		there, _, err := s.search(ctx, "UID "+wire.NewSet(uids).String()+notDeleted)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range part {
			if there.Has(m.Arrived) {
				found = append(found, m)
			}
		}
	}
	return found, rest, nil
}
