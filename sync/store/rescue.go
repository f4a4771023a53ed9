package store

import (
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// What the user deletes after copying or moving it is deleted because that is safe
// elsewhere, or out of a folder that goes. Where the copy or the move was not done,
// what is to be deleted may be all there is, and is kept.

// rescue takes messages, on which a copy or a move was not done, off the deletions
// that were queued after it, and gives those of the folders up that they are in. Why is
// what is said of those that were to be deleted.
func (t *tx) rescue(op mail.Op, undone []mail.MessageID, why mail.Code) error {
	if len(undone) == 0 || op.Kind != mail.OpMove && op.Kind != mail.OpCopy {
		return nil
	}
	if op.Kind == mail.OpMove {
		if err := t.backToSource(op, undone); err != nil {
			return err
		}
	}
	later, err := list(t, scanOp, selectOp+`WHERE a.name = ? AND o.id > ? AND o.state IN ('waiting', 'sending')
		AND o.kind IN ('delete', 'folder.delete') ORDER BY o.kind = 'folder.delete', o.id`, string(op.Account), int64(op.ID))
	if err != nil || len(later) == 0 {
		return err
	}
	kept := setOf(undone)
	in, err := t.sources(op.ID, kept)
	if err != nil {
		return err
	}
	for _, del := range later {
		if del.Kind == mail.OpDelete {
			err = t.rescueFrom(del.ID, kept, why)
		} else {
			err = t.keepFolder(del, in)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// backToSource has it known, of what was queued after a move, that messages which were
// not moved are still where they were before it.
func (t *tx) backToSource(op mail.Op, undone []mail.MessageID) error {
	for _, id := range undone {
		if _, err := t.exec(`UPDATE op_targets SET source = (SELECT source FROM op_targets WHERE op = ?1 AND message = ?2)
			WHERE message = ?2 AND op > ?1 AND NOT done AND source = ?3`, int64(op.ID), int64(id), int64(op.Mailbox)); err != nil {
			return err
		}
	}
	return nil
}

func setOf(ids []mail.MessageID) map[mail.MessageID]bool {
	set := make(map[mail.MessageID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// sources are the mailboxes in which messages are, or show; of one that is in none, in
// which it showed before an op on it.
func (t *tx) sources(op mail.OpID, of map[mail.MessageID]bool) (map[mail.MailboxID]bool, error) {
	in := map[mail.MailboxID]bool{}
	ds, err := list(t, scanDid, `SELECT message, source, did_add, did_remove, copy FROM op_targets WHERE op = ?`, int64(op))
	if err != nil {
		return nil, err
	}
	for _, d := range ds {
		if !of[d.id] {
			continue
		}
		r, ok, err := t.target(d.id)
		if err != nil {
			return nil, err
		}
		if ok {
			in[r.in], in[r.base()] = true, true
		}
		if r.box == 0 {
			in[d.source] = true
		}
	}
	return in, nil
}

// rescueFrom takes messages off a deletion for good, and says why.
func (t *tx) rescueFrom(del mail.OpID, kept map[mail.MessageID]bool, why mail.Code) error {
	op, err := t.op(del)
	if err != nil {
		return err
	}
	both := slices.DeleteFunc(slices.Clone(op.Targets), func(id mail.MessageID) bool { return !kept[id] })
	if len(both) == 0 {
		return nil
	}
	return t.change(op, func(t *tx, op *mail.Op) error {
		return t.spare(op, both, &mail.Fault{Code: why, Class: mail.ClassConflict})
	})
}

// keepFolder gives the deletion of a folder up if it is one of those in which messages
// are that are to be kept.
func (t *tx) keepFolder(del mail.Op, in map[mail.MailboxID]bool) error {
	if !in[del.Mailbox] {
		return nil
	}
	b, err := t.box(del.Mailbox)
	if err != nil {
		return err
	}
	f := &mail.Fault{Code: mail.CodeKeptFolder, Class: mail.ClassConflict, Args: mail.Args{"folder": b.path()}}
	if err := t.change(del, func(_ *tx, op *mail.Op) error {
		op.State, op.NextTry, op.Fault = mail.OpFailed, time.Time{}, string(f.Code)
		return nil
	}); err != nil {
		return err
	}
	return t.raiseFor(del.Account, f)
}

// spare takes an op back on some of its messages, and says why. It ends when there
// are no others: as done, if it was done on any.
func (t *tx) spare(op *mail.Op, spared []mail.MessageID, f *mail.Fault) error {
	some := *op
	some.Targets = spared
	undone, err := t.liftOff(some, nil, true)
	if err != nil {
		return err
	}
	if err := t.rescue(some, undone, f.Code); err != nil {
		return err
	}
	gone := setOf(spared)
	op.Targets = slices.DeleteFunc(op.Targets, func(id mail.MessageID) bool { return gone[id] })
	if len(op.Targets) == 0 {
		var one int
		done, err := t.row(`SELECT 1 FROM op_targets WHERE op = ? AND agreed LIMIT 1`, []any{int64(op.ID)}, &one)
		if err != nil {
			return err
		}
		op.State, op.NextTry, op.Fault = mail.OpFailed, time.Time{}, string(f.Code)
		if done {
			op.State, op.Fault = mail.OpDone, ""
		}
	}
	return t.raiseFor(op.Account, f)
}

// raiseFor tells the user of a fault that an action of an account met: that is news.
func (t *tx) raiseFor(account mail.AccountID, f *mail.Fault) error {
	p := f.Problem()
	p.Account, p.News = account, true
	return t.raise(p)
}
