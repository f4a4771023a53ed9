package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// A folder goes with the mail that the user knew of, and with no other. What they knew
// is kept with the deletion, by UID; what they put there before it belongs to it too,
// once its UID there is told or found.

// noteKnown keeps with an op that deletes a folder what the user could know of in it:
// what shows, or is to be moved out before, and all that is not indexed yet, as it was
// counted. Of a folder that was made here by mistake it is nothing: it is to be empty.
func (t *tx) noteKnown(op *mail.Op, b *box) error {
	if op.Inverse != 0 {
		return nil
	}
	uids, err := list(t, scanID[mail.UID], `SELECT uid FROM messages WHERE mailbox = ? AND (shown & ?) = 0 ORDER BY uid`,
		int64(b.ID), bitDeleted)
	if err != nil {
		return err
	}
	_, err = t.exec(`UPDATE ops SET known = ?, known_under = ? WHERE id = ?`,
		sequenceSet(b.Cursor.BackfillBelow, uids), int64(b.Cursor.UIDValidity), int64(op.ID))
	return err
}

// sequenceSet writes UIDs, which ascend, and all below one as a set (RFC 3501 §9); ""
// is the empty one.
func sequenceSet(below mail.UID, uids []mail.UID) string {
	var b strings.Builder
	var lo, hi mail.UID
	put := func() {
		if hi == 0 {
			return
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(lo), 10))
		if hi > lo {
			b.WriteString(":" + strconv.FormatUint(uint64(hi), 10))
		}
	}
	if below > 1 {
		lo, hi = 1, below-1
	}
	for _, u := range uids {
		switch {
		case u <= hi:
		case u-1 == hi && hi != 0:
			hi = u
		default:
			put()
			lo, hi = u, u
		}
	}
	put()
	return b.String()
}

// readKnown reads what is kept with an op that deletes or renames a folder. What we put
// into it is known there too; but nothing is if the user takes mail out of it after all,
// as by undoing the move that brought it there: then it is kept.
func readKnown(ctx context.Context, tx *sql.Tx, w *OpWork) error {
	var ours string
	var out bool
	var put int64
	err := tx.QueryRowContext(ctx, `WITH d AS (
			SELECT o.id, o.mailbox, o.old_name, o.known, iif(o.known_under = 0, b.uidvalidity, o.known_under) AS under
			FROM ops o JOIN mailboxes b ON b.id = o.mailbox WHERE o.id = ?)
		SELECT d.old_name, d.known, d.under,
			coalesce((SELECT group_concat(g.uid) FROM ops p JOIN op_targets g ON g.op = p.id
				WHERE p.mailbox = d.mailbox AND p.kind IN ('move', 'copy') AND p.id < d.id AND g.uid > 0 AND g.uidvalidity = d.under), ''),
			EXISTS (SELECT 1 FROM messages m JOIN op_targets g ON g.message = m.id JOIN ops p ON p.id = g.op
				WHERE m.mailbox = d.mailbox AND m.pending > 0 AND NOT g.done AND g.twin = 0 AND p.kind IN ('move', 'copy') AND p.id > d.id),
			max(coalesce((SELECT max(lost) FROM messages WHERE expect = d.mailbox), 0),
				coalesce((SELECT max(p.ended) FROM ops p JOIN op_targets g ON g.op = p.id
					WHERE p.mailbox = d.mailbox AND p.kind = 'copy' AND p.id < d.id AND g.agreed AND g.uid = 0), 0))
		FROM d`, int64(w.Op.ID)).Scan(&w.OldName, &w.Known, &w.KnownUnder, &ours, &out, &put)
	switch {
	case out || w.Op.Inverse != 0:
		w.Known = ""
	case w.Known != "" && ours != "":
		w.Known += "," + ours
	default:
		w.Known += ours
	}
	if put != 0 && w.Op.Kind == mail.OpFolderDelete {
		w.arriving = fromNanos(put).Add(strayGrace)
	}
	return err
}

// later is the later one of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// arrivedAt has it known, of the move that put a message into a mailbox, under which UID
// it is there, if the server did not tell.
func (t *tx) arrivedAt(id mail.MessageID, b *box, uid mail.UID, validity mail.UIDValidity) error {
	_, err := t.exec(`UPDATE op_targets SET uid = ?3, uidvalidity = ?4 WHERE message = ?1 AND op = (
		SELECT max(o.id) FROM op_targets g JOIN ops o ON o.id = g.op
		WHERE g.message = ?1 AND g.agreed AND o.kind = 'move' AND o.mailbox = ?2)`,
		int64(id), int64(b.ID), int64(uid), int64(validity))
	return err
}
