package store

import "github.com/heronmail/heron/sync/mail"

// Half of a move by COPY that was cut off is in the destination: a UID that is known
// there, and no message, as the message itself shows there already (see arrive). When
// the move ends otherwise, or goes on with another copy, it is a message like any other.

// showHalf shows what a move that is not done put into its destination: the message is
// in both places.
func (t *tx) showHalf(op *mail.Op, id mail.MessageID) error {
	d := Done{ID: id}
	found, err := t.row(`SELECT g.uid, g.uidvalidity FROM op_targets g JOIN uncertain u ON u.uid = g.uid AND u.mailbox = ?
		WHERE g.op = ? AND g.message = ? AND g.copied`, []any{int64(op.Mailbox), int64(op.ID), int64(id)}, &d.UID, &d.UIDValidity)
	if err != nil || !found {
		return err
	}
	r, known, err := t.target(id)
	if err != nil || !known {
		return err
	}
	b, err := t.box(op.Mailbox)
	if err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM uncertain WHERE mailbox = ? AND uid = ?`, int64(b.ID), int64(d.UID)); err != nil {
		return err
	}
	// It came before the original was flagged \Deleted, to go.
	flags := r.flags.server
	flags.bits &^= bitDeleted
	copied, err := t.insertCopy(b, d, flags)
	if err != nil || copied == 0 {
		return err
	}
	_, err = t.exec(`UPDATE op_targets SET copy = ? WHERE op = ? AND message = ?`, int64(copied), int64(op.ID), int64(id))
	return err
}

// forgetHalf forgets what an op has put into its destination. If it is there all the
// same, a look at all UIDs finds it as what it is.
func (t *tx) forgetHalf(op *mail.Op, id mail.MessageID) error {
	if _, err := t.exec(`DELETE FROM uncertain WHERE mailbox = ?1 AND uid = (
		SELECT uid FROM op_targets WHERE op = ?2 AND message = ?3 AND copied)`, int64(op.Mailbox), int64(op.ID), int64(id)); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE op_targets SET copied = 0, uid = 0, uidvalidity = 0 WHERE op = ? AND message = ?`, int64(op.ID), int64(id))
	return err
}

// dropHalf forgets that a UID is half of a move when it is flagged \Deleted: it is about
// to go, and is not to show if the move is given up.
func (a *applier) dropHalf(d boxDelta, u FlagUpdate) error {
	if !d.box.uncertain || packFlags(u.Flags).visible() {
		return nil
	}
	_, err := a.exec(`DELETE FROM uncertain WHERE mailbox = ? AND uid = ? AND since = 0 AND original = 0`, int64(d.box.ID), int64(u.UID))
	return err
}
