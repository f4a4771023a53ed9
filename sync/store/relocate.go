package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Done is a message that the server did an op on, and what it said of it.
type Done struct {
	ID     mail.MessageID
	ModSeq mail.ModSeq // its new one; 0: not told
	// UID is what it has, or its copy has, in the destination under UIDValidity
	// (RFC 4315 COPYUID); 0: not told. Then it is known again when the
	// destination is next brought in step.
	UID         mail.UID
	UIDValidity mail.UIDValidity
	// Left says that the message was moved or deleted, and that its old UID is
	// still there, flagged \Deleted: the server has no way to expunge it alone.
	Left bool

	passed bool // it was done by a later op, which says where the message is
}

// believed is what a server said of a message and its place in the destination. A
// UID that another message is known to have there is left out: what is done to the
// one would be done to the other. The message is then known again by the next look.
func (t *tx) believed(op *mail.Op, d Done) (Done, error) {
	if d.UID == 0 || op.Kind != mail.OpMove && op.Kind != mail.OpCopy {
		return d, nil
	}
	b, err := t.box(op.Mailbox)
	if err != nil || d.UIDValidity != b.Cursor.UIDValidity {
		return d, err
	}
	var one int
	taken, err := t.row(`SELECT 1 FROM messages o JOIN messages m ON m.id = ? AND o.id <> m.id WHERE o.mailbox = ? AND o.uid = ? AND NOT
		iif(o.email_id <> '' AND m.email_id <> '', o.email_id = m.email_id,
			o.size = m.size AND o.header_id = m.header_id AND o.subject = m.subject AND o.date = m.date)`,
		[]any{int64(d.ID), int64(b.ID), int64(d.UID)}, &one)
	if taken {
		d.UID, d.UIDValidity = 0, 0
	}
	return d, err
}

// relocate puts a message where the server has put it.
func (t *tx) relocate(r *target, to mail.MailboxID, d Done) error {
	b, err := t.box(to)
	if err != nil {
		return err
	}
	if r.box == to { // a pass has found it there already
		return t.arrivedAt(r.id, b, r.uid, b.Cursor.UIDValidity)
	}
	if b.gone != 0 || !b.Kept() { // its messages are not indexed
		return t.leave(r, 0, d.Left)
	}
	if err := t.leave(r, to, d.Left); err != nil {
		return err
	}
	if d.UID == 0 || b.Cursor.UIDNext == 0 || d.UIDValidity != b.Cursor.UIDValidity {
		return nil
	}
	if err := t.evict(b, d.UID); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE messages SET mailbox = ?, uid = ?, expect = NULL, lost = 0, lost_from = 0 WHERE id = ?`,
		int64(to), int64(d.UID), int64(r.id)); err != nil {
		return err
	}
	r.box, r.uid, r.expect = to, d.UID, 0
	b.know(r.flags.server, 1)
	b.carry(r.flags.server, 1)
	return nil
}

// leave takes a message out of its mailbox. It is expected to be known again in
// another, if one is given. left says that its UID stays there and is no message
// any more.
func (t *tx) leave(r *target, expect mail.MailboxID, left bool) error {
	if _, err := t.exec(`UPDATE messages SET mailbox = NULL, uid = 0, modseq = 0, reset = 0, expect = nullif(?, 0),
		lost = ?, lost_from = iif(?3 = 0, lost_from, ?3) WHERE id = ?4`,
		int64(expect), nanos(t.now), int64(r.box), int64(r.id)); err != nil {
		return err
	}
	from, uid := r.box, r.uid
	r.box, r.uid, r.expect = 0, 0, expect
	if from == 0 {
		return nil
	}
	b, err := t.box(from)
	if err != nil {
		return err
	}
	b.know(r.flags.server, -1)
	if left {
		_, err := t.exec(`INSERT OR IGNORE INTO uncertain (mailbox, uid, original) VALUES (?, ?, ?)`, int64(from), int64(uid), int64(r.id))
		return err
	}
	b.carry(r.flags.server, -1)
	b.Cursor.Messages = max(0, b.Cursor.Messages-1)
	if r.flags.server.unseen() {
		b.Cursor.Unseen = max(0, b.Cursor.Unseen-1)
	}
	return nil
}

// evict makes room for a message at a UID. What stands there is the same
// message, which a pass found before the answer came.
func (t *tx) evict(b *box, uid mail.UID) error {
	if _, err := t.exec(`DELETE FROM uncertain WHERE mailbox = ? AND uid = ?`, int64(b.ID), int64(uid)); err != nil {
		return err
	}
	r, ok, err := t.at(b, uid)
	if err != nil || !ok {
		return err
	}
	b.carry(r.flags.server, -1)
	return t.drop(b, r)
}

// drop forgets a message whose place another one gets.
func (t *tx) drop(b *box, r located) error {
	b.know(r.flags.server, -1)
	if err := t.countShown(r.in, r.flags.shown, -1); err != nil {
		return err
	}
	if r.in != 0 {
		if err := t.emit(b.Account, t.origin, mail.MessagesGone{
			Folder: b.ref(), UIDs: []mail.UID{r.uid}, IDs: []mail.MessageID{r.id},
		}); err != nil {
			return err
		}
	}
	for _, q := range []string{`DELETE FROM texts WHERE rowid = ?`, `DELETE FROM messages WHERE id = ?`} {
		if _, err := t.exec(q, int64(r.id)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetExpected gives up messages of an account that the server said, before a
// time, that it moved, and that were not found although every folder was looked
// at since: what became of them then was not done here.
func (s *Store) ForgetExpected(ctx context.Context, account mail.AccountID, before time.Time) error {
	const which = `WHERE m.expect IS NOT NULL AND a.name = ? AND m.lost < ?`
	var some []target
	err := s.view(ctx, "look for moved messages", func(tx *sql.Tx) error {
		var err error
		some, err = query(ctx, tx, scanTarget, selectTarget+which+` LIMIT 1`, string(account), nanos(before))
		return err
	})
	if err != nil || len(some) == 0 {
		return err
	}
	_, err = s.write(ctx, "forget moved messages", func(t *tx) error {
		t.origin = mail.Elsewhere
		rows, err := list(t, scanTarget, selectTarget+which, string(account), nanos(before))
		if err != nil {
			return err
		}
		return t.unexpect(account, rows)
	})
	return err
}

// unexpect lets messages in limbo show no longer where they were expected.
func (t *tx) unexpect(account mail.AccountID, rows []target) error {
	var n notes
	for _, r := range rows {
		if _, err := t.exec(`UPDATE messages SET expect = NULL WHERE id = ?`, int64(r.id)); err != nil {
			return err
		}
		v, err := t.overlay(r.id, r.flags.server, 0, r.pending)
		if err != nil {
			return err
		}
		if err := t.show(r, r.flags.server, v, 0, &n); err != nil {
			return err
		}
	}
	return t.tell(account, &n)
}
