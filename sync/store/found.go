package store

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// FinishFound is FinishOp for an op that was to make a folder which was there already,
// as another machine had made it: undoing it does nothing, nor does what was queued to
// undo it meanwhile.
func (s *Store) FinishFound(ctx context.Context, id mail.OpID) error {
	return s.changeOp(ctx, "finish an action", id, nil, func(t *tx, op *mail.Op) error {
		op.State, op.NextTry, op.Fault = mail.OpDone, time.Time{}, ""
		if _, err := t.exec(`UPDATE ops SET found = 1 WHERE id = ?`, int64(id)); err != nil {
			return err
		}
		if err := t.keepFound(*op); err != nil {
			return err
		}
		return t.finishFolderOp(op)
	})
}

// keepFound gives up what waits to undo the making of a folder.
func (t *tx) keepFound(op mail.Op) error {
	undos, err := list(t, scanOp, selectOp+`WHERE o.inverse = ? AND o.state IN ('waiting', 'sending')`, int64(op.ID))
	if err != nil || len(undos) == 0 {
		return err
	}
	f := mail.FaultOf(notUndoable(op.ID, mail.PassFound))
	for _, undo := range undos {
		if err := t.change(undo, func(_ *tx, op *mail.Op) error {
			op.State, op.NextTry, op.Fault = mail.OpFailed, time.Time{}, string(f.Code)
			return nil
		}); err != nil {
			return err
		}
	}
	return t.raiseFor(op.Account, f)
}

// found reports whether an op made no folder, as it was there.
func (t *tx) found(id mail.OpID) (bool, error) {
	var one int
	return t.row(`SELECT 1 FROM ops WHERE id = ? AND found`, []any{int64(id)}, &one)
}
