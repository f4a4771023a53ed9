package store

import "github.com/heronmail/heron/sync/mail"

// waiting is the newest op that waits on a message.
type waiting struct {
	id     mail.OpID
	kind   mail.OpKind
	state  mail.OpState
	tries  int
	source mail.MailboxID // where the message showed before it
	did    delta          // what it changed of the flags shown
}

func scanWaiting(r scanner) (w waiting, err error) {
	var add, del string
	err = r.Scan(&w.id, &w.kind, &w.state, &w.tries, &w.source, &add, &del)
	w.did = delta{packFlags(splitFlags(add)), packFlags(splitFlags(del))}
	return w, err
}

// cancelOut takes out of a new op the messages on which it only takes back what
// another one did that nobody but us has heard of: read and then unread, moved
// there and back. That one is taken off them, and ends when it has none left. It
// returns the others.
func (t *tx) cancelOut(op *mail.Op, ts []opTarget) ([]opTarget, error) {
	var rest []opTarget
	for _, r := range ts {
		if r.pending == 0 {
			rest = append(rest, r)
			continue
		}
		found, err := list(t, scanWaiting, `SELECT o.id, o.kind, o.state, o.tries, t.source, t.did_add, t.did_remove
			FROM op_targets t JOIN ops o ON o.id = t.op
			WHERE t.message = ? AND NOT t.done AND o.state IN ('waiting', 'sending') ORDER BY o.id DESC LIMIT 1`, int64(r.id))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || !found[0].undoneBy(op, r) {
			rest = append(rest, r)
			continue
		}
		if err := t.cancelOne(found[0].id, r.id); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// undoneBy reports whether a new op leaves a message as it was before w.
func (w *waiting) undoneBy(op *mail.Op, r opTarget) bool {
	if w.state != mail.OpWaiting || w.tries > 0 || w.kind != op.Kind {
		return false
	}
	switch op.Kind {
	case mail.OpFlags:
		next := r.flags.shown.with(r.delta)
		add, del := r.flags.shown.flags().Delta(next.flags())
		return packFlags(add) == w.did.del && packFlags(del) == w.did.add
	case mail.OpMove:
		return op.Mailbox == w.source
	default:
		return false
	}
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
