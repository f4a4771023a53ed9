package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// Apply writes what a reconcile found, and returns the changes that follow
// from it. Everything is in one transaction, cursors included; readers see
// all of it or nothing. Batches of 500 to 2,000 messages are fast and small.
//
// Faults: no-such-folder when a delta names a mailbox that is no more (the
// batch is not written then), and those of Open.
func (s *Store) Apply(ctx context.Context, account mail.AccountID, b Batch) ([]mail.Change, error) {
	changes, err := s.write(ctx, "apply a batch", func(t *tx) error {
		a := &applier{tx: t, name: account, origin: cmp.Or(b.Origin, mail.Elsewhere)}
		t.origin = a.origin
		return a.run(b)
	})
	if err == nil {
		s.pruneSometimes(ctx)
	}
	return changes, err
}

// applier applies one batch.
type applier struct {
	*tx
	name    mail.AccountID
	account int64
	origin  mail.Origin

	halves  bool // see Batch
	strays  bool // the account has messages in limbo: added ones are to be matched
	lost    map[mail.MessageID]lost
	order   []mail.MessageID // keys of lost in the order they were lost
	awaited []mail.MessageID // that went, and that actions wait for
	vanish  []*box           // mailboxes that are gone
	moved   groups[route]
	added   []mail.MessagesAdded
	flagged groups[flagDelta]

	unworded []run
	mine     []arrivedIn // copies that we made
}

type arrivedIn struct {
	box   mail.MailboxID
	items []item
}

func (a *applier) run(b Batch) error {
	var err error
	if a.account, err = a.tx.account(a.name); err != nil {
		return err
	}
	a.lost, a.halves = map[mail.MessageID]lost{}, b.Halves
	if b.Listing != nil {
		if err := a.list(b.Listing.Mailboxes); err != nil {
			return err
		}
	}
	deltas, err := a.open(b.Deltas)
	if err != nil {
		return err
	}
	for _, d := range deltas {
		if err := a.takeOut(d); err != nil {
			return err
		}
	}
	if a.strays, err = a.anyStray(a.account); err != nil {
		return err
	}
	for _, d := range deltas {
		if err := a.putIn(d); err != nil {
			return err
		}
		if d.box.resetting && d.SetCursor && complete(d.Cursor) {
			// Every message of the mailbox is here again: what was not matched is
			// gone, or another mailbox has it now.
			d.box.resetting = false
			if err := a.endReset(d.box); err != nil {
				return err
			}
		}
	}
	if err := a.follow(); err != nil {
		return err
	}
	for _, d := range deltas {
		if err := a.updateFlags(d); err != nil {
			return err
		}
	}
	for _, d := range deltas {
		if err := a.settle(d, b); err != nil {
			return err
		}
	}
	if err := a.wordRuns(); err != nil {
		return err
	}
	return a.tellAll()
}

// boxDelta is a delta with its mailbox.
type boxDelta struct {
	*Delta
	box     *box
	uidNext mail.UID // the cursor's before this batch
}

// validity is the UIDVALIDITY of the delta's UIDs.
func (d *boxDelta) validity() mail.UIDValidity {
	if d.SetCursor {
		return d.Cursor.UIDValidity
	}
	return d.box.Cursor.UIDValidity
}

// open loads the mailboxes of deltas. Those whose messages wait to be matched
// come first, so that nothing else takes the messages' place; then those into
// which a move of ours was sent that has no answer yet: what it moved is there, if
// it is anywhere, and what looks like it elsewhere is a copy. Of the rest, those
// come first that alert: of what is new in several, the others have copies.
func (a *applier) open(ds []Delta) ([]boxDelta, error) {
	moving, err := list(a.tx, scanID[mail.MailboxID], `SELECT mailbox FROM ops
		WHERE account = ? AND kind = 'move' AND state = 'sending' ORDER BY id DESC`, a.account)
	if err != nil {
		return nil, err
	}
	out := make([]boxDelta, 0, len(ds))
	for i := range ds {
		b, err := a.box(ds[i].Mailbox)
		if err != nil {
			return nil, err
		}
		if b.gone != 0 || b.account != a.account {
			return nil, noFolder(b.Path())
		}
		out = append(out, boxDelta{&ds[i], b, b.Cursor.UIDNext})
	}
	rank := func(d boxDelta) int {
		i := slices.Index(moving, d.box.ID)
		switch {
		case d.Reset || d.box.resetting:
			return -1
		case i >= 0:
			return i
		case d.box.Role == mail.RoleInbox:
			return len(moving)
		case d.box.Watched:
			return len(moving) + 1
		default:
			return len(moving) + 2
		}
	}
	slices.SortStableFunc(out, func(x, y boxDelta) int { return rank(x) - rank(y) })
	return out, nil
}

// takeOut applies Reset and Gone.
func (a *applier) takeOut(d boxDelta) error {
	b := d.box
	if d.Reset {
		if err := a.loseAll(b, true); err != nil {
			return err
		}
		b.resetting, b.Cursor, b.dirty = true, mail.Cursor{}, true
	}
	for _, uid := range d.Gone {
		r, ok, err := a.at(b, uid)
		if err != nil {
			return err
		}
		if !ok {
			if _, err := a.exec(`DELETE FROM uncertain WHERE mailbox = ? AND uid = ?`, int64(b.ID), int64(uid)); err != nil {
				return err
			}
			continue
		}
		if err := a.takeAway(b, r); err != nil {
			return err
		}
		if d.Server == nil {
			b.carry(r.flags.server, -1)
		}
	}
	if !d.SetCursor {
		return nil
	}
	return a.findGhosts(d)
}

// takeAway takes the location of a message, and remembers that it shows no more
// if that is so.
func (a *applier) takeAway(b *box, r located) error {
	in, err := a.lose(b, r)
	if r.pending > 0 {
		a.awaited = append(a.awaited, r.id)
	}
	if err == nil && r.in != 0 && in == 0 {
		a.remember(lost{r.id, r.uid, b})
	}
	return err
}

func (a *applier) remember(l lost) {
	a.lost[l.id] = l
	a.order = append(a.order, l.id)
}

// updateFlags applies Flags.
func (a *applier) updateFlags(d boxDelta) error {
	for _, f := range d.Flags {
		r, ok, err := a.at(d.box, f.UID)
		if err != nil {
			return err
		}
		if !ok {
			// Not indexed yet, or gone: its FETCH or VANISHED tells. Or left behind, or half
			// of a move.
			if err := a.undelete(d, f); err != nil {
				return err
			}
			if err := a.dropHalf(d, f); err != nil {
				return err
			}
			continue
		}
		if err := a.setServerFlags(d, r, f.Flags, f.ModSeq); err != nil {
			return err
		}
	}
	return nil
}

// setServerFlags takes the server's word for a message's flags, and lays what
// waits for the server over it.
func (a *applier) setServerFlags(d boxDelta, r located, fs mail.Flags, m mail.ModSeq) error {
	b, server := d.box, packFlags(fs)
	v, err := a.overlay(r.id, server, b.ID, r.pending)
	if err != nil {
		return err
	}
	if d.Server == nil {
		b.carryFlags(r.flags.server, server)
	}
	if server == r.flags.server && v.flags == r.flags.shown && m == 0 {
		return nil
	}
	if _, err := a.exec(`UPDATE messages SET server = ?, server_keywords = ?, shown = ?, shown_keywords = ?,
		modseq = max(modseq, ?) WHERE id = ?`,
		server.bits, server.words, v.flags.bits, v.flags.words, modSeq(m), int64(r.id)); err != nil {
		return err
	}
	b.know(r.flags.server, -1)
	b.know(server, 1)
	if err := a.countShown(r.in, r.flags.shown, -1); err != nil {
		return err
	}
	if err := a.countShown(r.in, v.flags, 1); err != nil {
		return err
	}
	a.noteFlags(r.in, b.ID, item{r.id, r.uid}, r.flags.shown, v.flags)
	return nil
}

// settle applies what a delta says of its mailbox as a whole.
func (a *applier) settle(d boxDelta, batch Batch) error {
	b := d.box
	b.dirty = true
	if d.SetCursor {
		b.Cursor = d.Cursor
	}
	if d.Server != nil {
		b.server, b.hasServer = *d.Server, true
	}
	if !batch.Synced.IsZero() && !d.Partial {
		b.LastSync = batch.Synced.UTC()
	}
	return nil
}

// endReset lets messages of a mailbox that waited to be matched wait no more:
// they are gone.
func (a *applier) endReset(b *box) error {
	rows, err := list(a.tx, scanTarget, selectTarget+`WHERE m.account = ? AND m.mailbox IS NULL AND m.lost_from = ? AND m.reset
		ORDER BY m.id`, b.account, int64(b.ID))
	if err != nil {
		return err
	}
	if _, err := a.exec(`UPDATE messages SET reset = 0 WHERE account = ? AND mailbox IS NULL AND lost_from = ? AND reset`,
		b.account, int64(b.ID)); err != nil {
		return err
	}
	for _, r := range rows {
		// Where did it show before? One that was deleted or moved here is not
		// missed.
		was, err := a.overlay(r.id, r.flags.server, b.ID, r.pending)
		if err != nil {
			return err
		}
		if was.in == b.ID && r.in == 0 {
			a.remember(lost{id: r.id, box: b})
		}
	}
	return nil
}
