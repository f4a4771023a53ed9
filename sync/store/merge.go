package store

import "github.com/heronmail/heron/sync/mail"

// waiting is the newest op that waits on a message.
type waiting struct {
	id    mail.OpID
	of    mail.MessageID // the target, or that whose twin it is
	kind  mail.OpKind
	state mail.OpState
	tries int
}

func scanWaiting(r scanner) (w waiting, err error) {
	err = r.Scan(&w.id, &w.of, &w.kind, &w.state, &w.tries)
	return w, err
}

// cancelOut takes out of a new op the messages on which it only takes back what
// another one did that nobody but us has heard of: read and then unread, moved
// there and back. That one is taken off them, and ends when it has none left. It
// returns the others: also where another machine did the same meanwhile, or something
// else, so that the message would not be as the user wants it.
func (t *tx) cancelOut(op *mail.Op, ts []opTarget) ([]opTarget, error) {
	var rest []opTarget
	cancelled := false
	for _, r := range ts {
		if cancelled {
			// Twins went along with what was taken back.
			again, err := t.changed(op, []opTarget{r})
			if err != nil {
				return nil, err
			}
			if len(again) == 0 {
				continue
			}
			r = again[0]
		}
		if r.pending == 0 {
			rest = append(rest, r)
			continue
		}
		found, err := list(t, scanWaiting, `SELECT o.id, iif(t.twin = 0, t.message, t.twin), o.kind, o.state, o.tries
			FROM op_targets t JOIN ops o ON o.id = t.op
			WHERE t.message = ? AND NOT t.done AND o.state IN ('waiting', 'sending') ORDER BY o.id DESC LIMIT 1`, int64(r.id))
		if err != nil {
			return nil, err
		}
		undone := false
		if len(found) > 0 {
			if undone, err = t.undoes(op, r, &found[0]); err != nil {
				return nil, err
			}
		}
		if !undone {
			rest = append(rest, r)
			continue
		}
		if err := t.cancelOne(found[0].id, found[0].of); err != nil {
			return nil, err
		}
		cancelled = true
	}
	if cancelled {
		return t.changed(op, rest)
	}
	return rest, nil
}

// changed are messages as they are now, those that an op, of flags or a move, changes.
func (t *tx) changed(op *mail.Op, ts []opTarget) ([]opTarget, error) {
	var out []opTarget
	for _, r := range ts {
		now, ok, err := t.target(r.id)
		if err != nil {
			return nil, err
		}
		v := view{now.flags.shown, now.in}
		if ok && (layer{op.Kind, op.Mailbox, r.delta}).over(v) != v {
			r.target = now
			out = append(out, r)
		}
	}
	return out, nil
}

// undoes reports whether a message is as a new op wants it when w is not sent.
func (t *tx) undoes(op *mail.Op, r opTarget, w *waiting) (bool, error) {
	if w.state != mail.OpWaiting || w.tries > 0 || w.kind != op.Kind || op.Kind != mail.OpFlags && op.Kind != mail.OpMove {
		return false, nil
	}
	without, err := t.laidBefore(w.id, r.id, view{r.flags.server, r.base()})
	if err != nil {
		return false, err
	}
	return without == layer{op.Kind, op.Mailbox, r.delta}.over(view{r.flags.shown, r.in}), nil
}

// cancelOne takes an op that was not sent off one of its messages.
func (t *tx) cancelOne(id mail.OpID, message mail.MessageID) error {
	op, err := t.op(id)
	if err != nil {
		return err
	}
	return t.change(op, func(t *tx, op *mail.Op) error {
		var n notes
		if err := t.liftOne(*op, message, nil, &n); err != nil {
			return err
		}
		left := op.Targets[:0:0]
		for _, m := range op.Targets {
			if m != message {
				left = append(left, m)
			}
		}
		if op.Targets = left; len(left) == 0 {
			op.State = mail.OpUndone
		}
		return t.tell(op.Account, &n)
	})
}
