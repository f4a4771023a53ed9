package store

import (
	"context"
	"fmt"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// StartOp notes that an op's command is about to be sent; with are those that are
// sent with it, here and below. Fault gone when the op is not open any more.
func (s *Store) StartOp(ctx context.Context, id mail.OpID, with ...mail.OpID) error {
	return s.changeOp(ctx, "start an action", id, with, func(t *tx, op *mail.Op) error {
		op.State, op.Tries, op.NextTry, op.Fault = mail.OpSending, op.Tries+1, time.Time{}, ""
		if op.Kind != mail.OpFolderRename && op.Kind != mail.OpFolderDelete {
			return nil
		}
		// The folder may have got another name since the op was queued. One that has
		// the new name got it from a try before this one, or has to be left as it is.
		_, err := t.exec(`UPDATE ops SET old_name = b.name FROM mailboxes b WHERE ops.id = ? AND b.id = ops.mailbox AND b.name <> ops.name`,
			int64(op.ID))
		return err
	})
}

// RetryOp notes that an op could not be sent, and when to try again. That the server
// asks for patience with it is raised as a problem, put-off, from the third time on; it
// ends with the op. Fault gone when the op is not open any more.
func (s *Store) RetryOp(ctx context.Context, id mail.OpID, next time.Time, f *mail.Fault, with ...mail.OpID) error {
	return s.changeOp(ctx, "postpone an action", id, with, func(t *tx, op *mail.Op) error {
		op.State, op.NextTry = mail.OpWaiting, next.UTC()
		if f == nil {
			return nil
		}
		op.Fault = string(f.Code)
		if op.ID != id || f.Class != mail.ClassLimit || op.Tries < putOffOften {
			return nil
		}
		return t.raisePutOff(op, f)
	})
}

// HoldOp notes that what became of an op that was cut off cannot be found out before
// next: it stays as it is. Fault gone when the op is not open any more.
func (s *Store) HoldOp(ctx context.Context, id mail.OpID, next time.Time, with ...mail.OpID) error {
	return s.changeOp(ctx, "hold an action", id, with, func(_ *tx, op *mail.Op) error {
		op.NextTry = next.UTC()
		return nil
	})
}

// PartOp notes that the server did an op on some of its messages; it stays open
// for the others. Fault gone when the op is not open any more.
func (s *Store) PartOp(ctx context.Context, id mail.OpID, done []Done, with ...mail.OpID) error {
	return s.changeOp(ctx, "note what was done", id, with, func(t *tx, op *mail.Op) error {
		return t.lift(*op, doneBy(op, id, done), false)
	})
}

// SpareOp notes that an op is not to be done on some of its messages: there it is
// taken back, and a problem is raised; so are those that are sent with it. It stays
// open for the others, and ends when there are none. Fault gone when the op is not
// open any more.
func (s *Store) SpareOp(ctx context.Context, id mail.OpID, spared []mail.MessageID, f *mail.Fault, with ...mail.OpID) error {
	return s.changeOp(ctx, "spare messages", id, with, func(t *tx, op *mail.Op) error {
		return t.spare(op, spared, f)
	})
}

// NoteCopies notes that the server copied messages that it was to move, and that
// the originals are still to be removed. Fault gone when the op is not open any
// more.
func (s *Store) NoteCopies(ctx context.Context, id mail.OpID, made []Done) error {
	return s.changeOp(ctx, "note copies", id, nil, func(t *tx, op *mail.Op) error {
		for _, d := range made {
			d, err := t.believed(op, d)
			if err != nil {
				return err
			}
			if _, err := t.exec(`UPDATE op_targets SET copied = 1, uid = ?, uidvalidity = ? WHERE op = ? AND message = ?`,
				int64(d.UID), int64(d.UIDValidity), int64(op.ID), int64(d.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetCopies notes that copies of NoteCopies are there no more, or flagged \Deleted:
// these messages are to be copied again. Fault gone when the op is not open any more.
func (s *Store) ForgetCopies(ctx context.Context, id mail.OpID, of []mail.MessageID) error {
	return s.changeOp(ctx, "forget copies", id, nil, func(t *tx, op *mail.Op) error {
		for _, m := range of {
			if err := t.forgetHalf(op, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// FinishOp notes that the server did an op, on the messages of done and on
// those of PartOp. On its other messages it is taken back; they are no more.
// Fault gone when the op is not open any more.
func (s *Store) FinishOp(ctx context.Context, id mail.OpID, done []Done, with ...mail.OpID) error {
	return s.changeOp(ctx, "finish an action", id, with, func(t *tx, op *mail.Op) error {
		op.State, op.NextTry, op.Fault = mail.OpDone, time.Time{}, ""
		if ofFolder(op.Kind) {
			return t.finishFolderOp(op)
		}
		return t.lift(*op, doneBy(op, id, done), true)
	})
}

// doneBy is what the server did for op, when last was sent for it and for others.
func doneBy(op *mail.Op, last mail.OpID, done []Done) []Done {
	if op.ID == last {
		return done
	}
	return passed(done)
}

// FailOp gives an op up: what it still lays over its messages is taken back,
// and a problem is raised. With a folder that cannot be made, what was to go
// into it is given up too; with a copy or a move the deletions behind it, as far as
// they would take away what was not copied or moved. Fault gone when the op is not open any more.
func (s *Store) FailOp(ctx context.Context, id mail.OpID, f *mail.Fault, with ...mail.OpID) error {
	if f == nil {
		f = &mail.Fault{Code: mail.CodeInternal, Class: mail.ClassLocal}
	}
	return s.changeOp(ctx, "give an action up", id, with, func(t *tx, op *mail.Op) error {
		op.State, op.NextTry, op.Fault = mail.OpFailed, time.Time{}, string(f.Code)
		if err := t.takeBack(*op, f); err != nil || op.ID != id {
			return err
		}
		return t.raiseFor(op.Account, f)
	})
}

// takeBack undoes what an op that is not to be sent any more lays over what the
// server has; f is why those that depend on it are given up.
func (t *tx) takeBack(op mail.Op, f *mail.Fault) error {
	if op.Kind == mail.OpFolderCreate {
		b, err := t.box(op.Mailbox)
		if err != nil || !b.planned {
			return err
		}
		return t.unplan(b, f)
	}
	return t.lift(op, nil, true)
}

// changeOp loads an open op, lets f change it, writes it and tells; before it
// those that are sent with it, of which one that has ended is left as it is.
func (s *Store) changeOp(ctx context.Context, doing string, id mail.OpID, with []mail.OpID, f func(*tx, *mail.Op) error) error {
	_, err := s.keep(ctx, doing, func(t *tx) error {
		t.origin = mail.Here
		last, err := t.op(id)
		if err != nil {
			return err
		}
		if !last.State.Open() {
			return noOp(id)
		}
		for _, id := range with {
			op, err := t.op(id)
			if err != nil {
				return err
			}
			if !op.State.Open() {
				continue
			}
			if err := t.change(op, f); err != nil {
				return err
			}
		}
		return t.change(last, f)
	})
	return err
}

func noOp(id mail.OpID) error {
	return &mail.Fault{
		Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": fmt.Sprintf("action %d", id)},
	}
}

// op loads an op with its targets that are not done. Fault gone.
func (t *tx) op(id mail.OpID) (mail.Op, error) {
	ops, err := list(t, scanOp, selectOp+`WHERE o.id = ?`, int64(id))
	if err != nil {
		return mail.Op{}, err
	}
	if len(ops) == 0 {
		return mail.Op{}, noOp(id)
	}
	op := ops[0]
	op.Targets, err = list(t, scanID[mail.MessageID],
		`SELECT message FROM op_targets WHERE op = ? AND NOT done AND twin = 0 ORDER BY pos`, int64(id))
	return op, err
}

// change lets f change an op that was loaded, writes it and tells: of one that ended
// on which messages it was done, or from which it was taken back.
func (t *tx) change(op mail.Op, f func(*tx, *mail.Op) error) error {
	outer := t.current
	t.current = op.ID
	defer func() { t.current = outer }()
	if err := f(t, &op); err != nil {
		return err
	}
	ended := int64(0)
	if !op.State.Open() {
		ended = nanos(t.now)
	}
	if _, err := t.exec(`UPDATE ops SET state = ?, tries = ?, next_try = ?, fault = ?, ended = ? WHERE id = ?`,
		string(op.State), op.Tries, nanos(op.NextTry), op.Fault, ended, int64(op.ID)); err != nil {
		return err
	}
	if ended != 0 && ofFolder(op.Kind) {
		if _, err := t.exec(`UPDATE ops SET known = '' WHERE id = ?`, int64(op.ID)); err != nil {
			return err
		}
		account, err := t.account(op.Account)
		if err != nil {
			return err
		}
		if err := t.refold(account, op.Account, mail.Here); err != nil {
			return err
		}
	}
	if ended != 0 {
		if err := t.endPutOff(op.Account); err != nil {
			return err
		}
	}
	if ended != 0 && !ofFolder(op.Kind) {
		var err error
		op.Targets, err = list(t, scanID[mail.MessageID], `SELECT message FROM op_targets
			WHERE op = ? AND agreed = ? AND twin = 0 ORDER BY pos`, int64(op.ID), op.State == mail.OpDone)
		if err != nil {
			return err
		}
	}
	return t.emit(op.Account, mail.Here, mail.OpChanged{Op: op})
}

// failInto gives up every open op on a mailbox that is no more, and raises f; nil
// means that the user wants it so. One that was to delete it is done, or stays open if
// it was sent: there is more to it.
func (t *tx) failInto(b *box, f *mail.Fault) error {
	ids, err := list(t, scanID[mail.OpID], `SELECT id FROM ops WHERE account = ? AND mailbox = ? AND id <> ?
		AND state IN ('waiting', 'sending') ORDER BY id DESC`, b.account, int64(b.ID), int64(t.current))
	if err != nil || len(ids) == 0 {
		return err
	}
	failed := false
	for _, id := range ids {
		op, err := t.op(id)
		if err != nil {
			return err
		}
		if !op.State.Open() {
			continue // it ended with one of the others
		}
		err = t.change(op, func(t *tx, op *mail.Op) error {
			sent := op.State == mail.OpSending
			op.State, op.NextTry, op.Fault = mail.OpUndone, time.Time{}, ""
			switch {
			case f == nil:
			case op.Kind == mail.OpFolderDelete && sent:
				// Most likely by it, and there is more to do than to delete the folder.
				op.State = mail.OpSending
			case op.Kind == mail.OpFolderDelete:
				op.State = mail.OpDone
			default:
				failed = true
				op.State, op.Fault = mail.OpFailed, string(f.Code)
			}
			if ofFolder(op.Kind) {
				return nil
			}
			return t.lift(*op, nil, true)
		})
		if err != nil {
			return err
		}
	}
	if !failed {
		return nil
	}
	return t.raiseFor(b.Account, f)
}

// lift takes an op off its messages: off those of done, on which the server did
// it, and with all off the others too, on which it did not. Where that was a copy or a
// move, a deletion that was queued after it spares them.
func (t *tx) lift(op mail.Op, done []Done, all bool) error {
	undone, err := t.liftOff(op, done, all)
	if err != nil {
		return err
	}
	return t.rescue(op, undone, mail.CodeKeptMessage)
}

// liftOff is lift without what follows for what was queued after the op: it returns
// the messages on which the server did not do it.
func (t *tx) liftOff(op mail.Op, done []Done, all bool) (undone []mail.MessageID, err error) {
	agreed := make(map[mail.MessageID]*Done, len(done))
	for i := range done {
		agreed[done[i].ID] = &done[i]
	}
	var n notes
	for _, id := range op.Targets {
		d := agreed[id]
		if d == nil && !all {
			continue
		}
		if d == nil {
			undone = append(undone, id)
		}
		if err := t.liftOne(op, id, d, &n); err != nil {
			return nil, err
		}
	}
	return undone, t.tell(op.Account, &n)
}

// liftRow takes an op off one of its targets, or of their twins.
func (t *tx) liftRow(op mail.Op, id, twin mail.MessageID, d *Done, n *notes) error {
	l := layer{kind: layKind(op.Kind, twin)}
	found, err := list(t, scanLayer, `SELECT ?, 0, added, removed FROM op_targets WHERE op = ? AND message = ?`,
		string(l.kind), int64(op.ID), int64(id))
	if err != nil {
		return err
	}
	if len(found) > 0 {
		l = found[0]
	}
	res := Done{}
	if d != nil {
		if res, err = t.believed(&op, *d); err != nil {
			return err
		}
	}
	if d == nil && op.Kind == mail.OpMove {
		if err := t.showHalf(&op, id); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE op_targets SET done = 1, agreed = ?1, uid = iif(?1, ?2, uid), uidvalidity = iif(?1, ?3, uidvalidity)
		WHERE op = ?4 AND message = ?5`, d != nil, int64(res.UID), int64(res.UIDValidity), int64(op.ID), int64(id)); err != nil {
		return err
	}
	r, ok, err := t.target(id)
	if err != nil || !ok {
		return err
	}
	if _, err := t.exec(`UPDATE messages SET pending = pending - 1 WHERE id = ?`, int64(id)); err != nil {
		return err
	}
	server := r.flags.server
	if d != nil {
		switch l.kind {
		case mail.OpFlags:
			server = server.with(l.delta)
		case mail.OpMove:
			if !res.passed {
				err = t.relocate(&r, op.Mailbox, res)
			}
		case mail.OpDelete:
			if res.Left {
				server.bits |= bitDeleted
			} else {
				err = t.leave(&r, 0, false)
			}
		default:
		}
		if err != nil {
			return err
		}
	}
	v, err := t.overlay(id, server, r.base(), r.pending-1)
	if err != nil {
		return err
	}
	return t.show(r, server, v, res.ModSeq, n)
}
