package imapsync

import (
	"cmp"
	"context"
	"crypto/sha256"
	"maps"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Where moving is copying, an earlier try may have made the copies, and may have been cut
// off, or put off, before the originals went. Meanwhile the message is in two places, and
// another machine may delete the copy: the original is all there is then.

// remembered is what became of the copies that earlier tries of a move made.
type remembered struct {
	missing []store.Target // of which the copy is not there, or flagged \Deleted
	// unnamed are the imprints of copies that are there, of messages that nothing names:
	// what only looks like them may be another.
	unnamed map[mail.MessageID]imprint
}

// missingCopies asks the destination of a move for the copies that earlier tries made.
// Where it does not answer, refused says so: they are not made anew each time, and the
// originals stay.
func (s *session) missingCopies(ctx context.Context, dest *mail.Mailbox, ms []store.Target) (r remembered, refused *mail.Fault, err error) {
	copied, _ := byCopied(ms)
	found, refused, err := s.lookFor(ctx, dest, copied, true)
	if err != nil || refused != nil {
		return r, refused, err
	}
	r.missing = slices.DeleteFunc(copied, func(m store.Target) bool { return holds(found, m.ID) })
	found = slices.DeleteFunc(found, func(m store.Target) bool { return m.EmailID != "" || m.Envelope.HeaderID != "" })
	r.unnamed, err = s.imprints(ctx, found, func(m *store.Target) mail.UID { return m.Arrived })
	return r, nil, err
}

// copyAnew lets messages of the open mailbox be copied again whose copies are missing, or
// are others. Their originals may be flagged \Deleted by now, as the copies would be then.
func (s *session) copyAnew(ctx context.Context, w *store.OpWork, g group, r remembered) (refusal *mail.Fault, err error) {
	const cmd = "UID STORE"
	unnamed := slices.DeleteFunc(slices.Clone(g.messages), func(m store.Target) bool { _, ok := r.unnamed[m.ID]; return !ok })
	own, err := s.imprints(ctx, unnamed, func(m *store.Target) mail.UID { return m.Location.UID })
	if err != nil {
		return nil, err
	}
	missing := r.missing
	for _, m := range unnamed {
		if p, ok := own[m.ID]; !ok || p != r.unnamed[m.ID] {
			missing = append(missing, m)
		}
	}
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
func (s *session) byArrival(ctx context.Context, ms []store.Target, under mail.UIDValidity) (found, rest []store.Target, refused *mail.Fault, err error) {
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
		there, no, err := s.search(ctx, "UID "+wire.NewSet(uids).String()+notDeleted)
		if err != nil {
			return nil, nil, nil, err
		}
		refused = cmp.Or(refused, no)
		for _, m := range part {
			if there.Has(m.Arrived) {
				found = append(found, m)
			}
		}
	}
	return found, rest, refused, nil
}

// imprint tells messages apart by what is in them.
type imprint [sha256.Size]byte

// imprintItems are what imprints are taken from; what is behind that only has its size.
const imprintItems = "BODY.PEEK[HEADER] BODY.PEEK[TEXT]<0.65536>"

// imprints takes those of messages of the selected mailbox, as far as they can be had.
func (s *session) imprints(ctx context.Context, ms []store.Target, at func(*store.Target) mail.UID) (map[mail.MessageID]imprint, error) {
	out := make(map[mail.MessageID]imprint, len(ms))
	for part := range slices.Chunk(ms, opBurst) {
		ids := make(map[mail.UID]mail.MessageID, len(part))
		for i := range part {
			ids[at(&part[i])] = part[i].ID
		}
		err := s.play(ctx, []step{{
			cmd: "UID FETCH " + wire.NewSet(slices.Collect(maps.Keys(ids))).String() + " (UID " + imprintItems + ")",
			each: func(r *wire.Response) bool {
				if r.Type != "FETCH" || r.Bad != nil {
					return false
				}
				f, err := wire.ParseFetch(r)
				id, ours := ids[f.UID]
				if err != nil || !ours || len(f.Header) == 0 {
					return false
				}
				out[id] = sha256.Sum256(slices.Concat(f.Header, f.Text))
				return !f.HasFlags
			},
		}})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
