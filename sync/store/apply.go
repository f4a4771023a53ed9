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
	if err == nil && r.in != 0 && in == 0 {
		a.remember(lost{r.id, r.uid, b})
	}
	return err
}

func (a *applier) remember(l lost) {
	a.lost[l.id] = l
	a.order = append(a.order, l.id)
}

// putIn applies Added.
func (a *applier) putIn(d boxDelta) error {
	b := d.box
	c := mail.MessagesAdded{Folder: b.ref()}
	quiet := d.Backfill || a.origin == mail.Backfill
	ours, err := a.arrivals(b)
	if err != nil {
		return err
	}
	var mine []item
	if err := a.findUncertain(b); err != nil {
		return err
	}
	first, fresh, err := a.insertFresh(d, len(ours) > 0)
	if err != nil {
		return err
	}
	var known twins
	if !quiet && len(d.Added) > 0 {
		if known, err = a.twins(b, d.Added); err != nil {
			return err
		}
	}
	for i := range d.Added {
		f := &d.Added[i]
		if len(ours) > 0 {
			it, found, err := a.putOurs(d, &ours, f)
			if err != nil {
				return err
			}
			if found {
				if it.id != 0 {
					mine = append(mine, it)
				}
				continue
			}
		}
		id, isNew := first+mail.MessageID(i), true
		if fresh {
			err = a.welcome(d, f)
		} else {
			id, isNew, err = a.put(d, f)
		}
		if err != nil {
			return err
		}
		flags := packFlags(f.Flags)
		if !isNew || !flags.visible() {
			continue
		}
		c.UIDs = append(c.UIDs, f.UID)
		if flags.unread() {
			c.Unread++
		}
		if !quiet {
			c.Messages = append(c.Messages, mail.Brief{
				ID: id, UID: f.UID, From: sender(f.Envelope), Subject: f.Envelope.Subject, Unread: flags.unread(), CopyOf: known.original(b.ID, id, f),
			})
		}
	}
	for _, uid := range d.Uncertain {
		if _, err := a.exec(`INSERT OR IGNORE INTO uncertain (mailbox, uid) VALUES (?, ?)`, int64(b.ID), int64(uid)); err != nil {
			return err
		}
	}
	if len(mine) > 0 {
		a.mine = append(a.mine, arrivedIn{b.ID, mine})
	}
	if len(c.UIDs) == 0 {
		return nil
	}
	c.Origin = a.origin
	if quiet {
		c.Origin = mail.Backfill
	}
	a.added = append(a.added, c)
	return nil
}

func sender(e mail.Envelope) string {
	if len(e.From) == 0 {
		return ""
	}
	return e.From[0].String()
}

// put stores one added message and reports whether it is new to the account.
func (a *applier) put(d boxDelta, f *Fetched) (mail.MessageID, bool, error) {
	b := d.box
	if a.strays {
		// A UID that is known is not looked for among the lost ones.
		r, ok, err := a.at(b, f.UID)
		if err != nil {
			return 0, false, err
		}
		if ok {
			return r.id, false, a.setServerFlags(d, r, f.Flags, f.ModSeq)
		}
		s, ok, err := a.findStray(b, f)
		if err != nil {
			return 0, false, err
		}
		if ok {
			return s.id, false, a.bringBack(d, s, f)
		}
	}
	id, ok, err := a.insert(b, f)
	if err != nil {
		return 0, false, err
	}
	if !ok {
		r, ok, err := a.at(b, f.UID)
		if err != nil || !ok {
			return 0, false, err
		}
		return r.id, false, a.setServerFlags(d, r, f.Flags, f.ModSeq)
	}
	return id, true, a.welcome(d, f)
}

// welcome counts a message that is new, now that its row is there.
func (a *applier) welcome(d boxDelta, f *Fetched) error {
	flags := packFlags(f.Flags)
	d.box.know(flags, 1)
	d.box.show(flags, 1)
	a.carryNew(d, f)
	if f.EmailID != "" && flags.unread() {
		if err := a.countCopy(d.box, f.EmailID); err != nil {
			return err
		}
	}
	return a.certain(d.box, f.UID)
}

// carryNew carries the server's numbers on for a message that STATUS did not
// yet count: one beyond what the cursor had seen.
func (a *applier) carryNew(d boxDelta, f *Fetched) {
	if d.Server == nil && d.uidNext > 0 && f.UID >= d.uidNext && !d.Reset {
		d.box.carry(packFlags(f.Flags), 1)
	}
}

// bringBack gives a message in limbo its new location. What shows of that is
// told: nothing does when it is where an action of ours put it.
func (a *applier) bringBack(d boxDelta, s stray, f *Fetched) error {
	b, server := d.box, packFlags(f.Flags)
	v, err := a.overlay(s.id, server, b.ID, s.pending)
	if err != nil {
		return err
	}
	if _, err := a.exec(`UPDATE messages SET mailbox = ?, uid = ?, modseq = ?, server = ?, server_keywords = ?,
		shown = ?, shown_keywords = ?, shown_in = nullif(?, 0), expect = NULL, lost = 0, lost_from = 0, reset = 0,
		received = ?, sort = ?, email_id = coalesce(nullif(?, ''), email_id) WHERE id = ?`,
		int64(b.ID), int64(f.UID), modSeq(f.ModSeq), server.bits, server.words,
		v.flags.bits, v.flags.words, int64(v.in), seconds(f.Received), sortKey(f), f.EmailID, int64(s.id)); err != nil {
		return err
	}
	if err := a.certain(b, f.UID); err != nil {
		return err
	}
	b.know(server, 1)
	if err := a.countShown(s.in, s.flags.shown, -1); err != nil {
		return err
	}
	if err := a.countShown(v.in, v.flags, 1); err != nil {
		return err
	}
	a.carryNew(d, f)
	delete(a.lost, s.id)
	it := item{id: s.id}
	if v.in == b.ID {
		it.uid = f.UID
	}
	switch {
	case v.in == 0, s.in == 0 && s.reset:
	case s.in == 0:
		a.moved.add(route{s.from, v.in}, it)
	case s.in != v.in:
		a.moved.add(route{s.in, v.in}, it)
	}
	a.noteFlags(v.in, b.ID, it, s.flags.shown, v.flags)
	return nil
}

// updateFlags applies Flags.
func (a *applier) updateFlags(d boxDelta) error {
	for _, f := range d.Flags {
		r, ok, err := a.at(d.box, f.UID)
		if err != nil {
			return err
		}
		if !ok {
			continue // not indexed yet, or gone: its FETCH or VANISHED tells
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
	if !batch.Synced.IsZero() {
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
