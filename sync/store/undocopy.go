package store

import (
	"context"
	"database/sql"

	"github.com/heronmail/heron/sync/mail"
)

// removeCopies deletes the copies that an op made, where they are known and what was
// copied is there still.
func (t *tx) removeCopies(op, inv mail.Op, u *Undone) (mail.Op, error) {
	ds, err := t.didTo(op.ID)
	if err != nil {
		return mail.Op{}, err
	}
	inv.Kind = mail.OpDelete
	var ts []opTarget
	why := mail.PassGone // by others, as it is to be
	for _, d := range ds {
		if d.copy == 0 {
			if d.copy, err = t.copyOf(&op, d.id); err != nil {
				return mail.Op{}, err
			}
		}
		if d.copy == 0 {
			u.pass(op.ID, mail.PassCopy, 1)
			why = mail.PassCopy
			continue
		}
		r, ok, err := t.target(d.copy)
		if err != nil {
			return mail.Op{}, err
		}
		if !ok || r.in == 0 {
			continue
		}
		original, ok, err := t.target(d.id)
		if err != nil {
			return mail.Op{}, err
		}
		if !ok || original.in == 0 || !original.flags.shown.visible() {
			u.pass(op.ID, mail.PassLast, 1)
			why = mail.PassLast
			continue
		}
		ts = append(ts, opTarget{target: r})
	}
	if len(ts) == 0 {
		return mail.Op{}, notUndoable(op.ID, why)
	}
	err = t.queue(&inv, ts)
	u.queued(inv)
	return inv, err
}

// copyOf makes the copy of a message known that no pass has seen yet, where the
// server has named its place (RFC 4315 COPYUID). 0: it has not, or not one that holds.
func (t *tx) copyOf(op *mail.Op, id mail.MessageID) (mail.MessageID, error) {
	d := Done{ID: id}
	if _, err := t.row(`SELECT uid, uidvalidity FROM op_targets WHERE op = ? AND message = ?`,
		[]any{int64(op.ID), int64(id)}, &d.UID, &d.UIDValidity); err != nil {
		return 0, err
	}
	b, err := t.box(op.Mailbox)
	if err != nil || b.gone != 0 || !b.Kept() || b.Cursor.UIDNext == 0 || d.UIDValidity != b.Cursor.UIDValidity {
		return 0, err
	}
	if d, err = t.believed(op, d); err != nil || d.UID == 0 {
		return 0, err
	}
	at, found, err := t.at(b, d.UID)
	if err == nil && !found {
		at.id, err = t.insertUnseen(b, d)
	}
	if err != nil || at.id == id {
		return 0, err
	}
	_, err = t.exec(`UPDATE op_targets SET copy = ? WHERE op = ? AND message = ?`, int64(at.id), int64(op.ID), int64(id))
	return at.id, err
}

// insertUnseen stores the copy of a message that no pass has seen, as the server made it.
func (t *tx) insertUnseen(b *box, d Done) (mail.MessageID, error) {
	r, known, err := t.target(d.ID)
	if err != nil || !known {
		return 0, err
	}
	b.carry(r.flags.server, 1)
	return t.insertCopy(b, d, r.flags.server)
}

// insertCopy stores the copy of a message with these flags, and tells of it.
func (t *tx) insertCopy(b *box, d Done, flags flagSet) (mail.MessageID, error) {
	of, err := list(t, scanMessage, `SELECT `+serverColumns+fromServer+`WHERE m.id = ?`, int64(d.ID))
	if err != nil || len(of) == 0 {
		return 0, err
	}
	m := of[0]
	id, _, err := t.insert(b, &Fetched{
		UID: d.UID, Flags: flags.flags(), Size: m.Size, Received: m.Received,
		EmailID: m.EmailID, Envelope: m.Envelope, Preview: m.Preview,
	})
	if err != nil {
		return 0, err
	}
	b.know(flags, 1)
	b.show(flags, 1)
	if m.EmailID != "" && flags.unread() {
		if err := t.countCopy(b, m.EmailID); err != nil {
			return 0, err
		}
	}
	return id, t.tellBack(b.Account, mail.Here, b.ID, []item{{id, d.UID}})
}

// TakesCopiesBack reports whether the op deletes copies that another one made. Where
// what was copied is no more they are all there is, whatever was so when it was queued.
func (w *OpWork) TakesCopiesBack() bool { return w.Op.Kind == mail.OpDelete && w.Op.Inverse != 0 }

// original is what a copy was made of.
type original struct {
	copy  mail.MessageID
	at    mail.Location
	reset bool
	lost  int64
}

func scanOriginal(r scanner) (o original, err error) {
	var flags flagSet
	err = r.Scan(&o.copy, &o.at.Mailbox, &o.at.UIDValidity, &o.at.UID, &flags.bits, &o.reset, &o.lost)
	if !flags.visible() {
		o.at = mail.Location{}
	}
	return o, err
}

// readOriginals reads, for an op that takes copies back, where the originals are. It
// waits for those that are in limbo.
func readOriginals(ctx context.Context, tx *sql.Tx, w *OpWork, rows []work) error {
	found, err := query(ctx, tx, scanOriginal, `SELECT t.copy, coalesce(m.mailbox, 0), coalesce(b.uidvalidity, 0), m.uid, m.server, m.reset, m.lost
		FROM op_targets t JOIN messages m ON m.id = t.message LEFT JOIN mailboxes b ON b.id = m.mailbox
		WHERE t.op = ? AND t.copy <> 0`, int64(w.Op.Inverse))
	of := make(map[mail.MessageID]original, len(found))
	for _, o := range found {
		of[o.copy] = o
	}
	for i := range rows {
		o := of[rows[i].ID]
		w.Messages[i].Original = o.at
		rows[i].reset = rows[i].reset || o.reset
		if o.lost != 0 {
			w.arriving = later(w.arriving, fromNanos(o.lost).Add(strayGrace))
		}
	}
	return err
}
