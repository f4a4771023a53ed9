package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// maxTargets bounds the messages of one op.
const maxTargets = 10_000

func usage(format string, args ...any) error {
	return &mail.Fault{Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": fmt.Sprintf(format, args...)}}
}

// Enqueue queues op and lays it over what the server has, in one transaction.
// The caller gives Kind and what the kind needs:
//
//   - flags, move, copy, delete: Targets, 1 to 10,000 of one account; Add and
//     Remove, or the destination as Mailbox. A moved message shows in its
//     destination at once, a deleted one nowhere; a copy shows when the server
//     shows it.
//   - folder.create: Account, and Name as the server is to have it; the folder
//     is there at once, and its id is Mailbox of the op that comes back.
//   - folder.rename: Mailbox, and Name as the server is to have it; folders
//     inside follow.
//   - folder.delete, folder.subscribe, folder.unsubscribe: Mailbox.
//
// Targets that are no more are left out, and those that the op would not
// change. Where it only takes back an op that was not sent yet, that one is taken
// back and nothing has to be sent. When no target is left the op that comes back
// has ID 0 and nothing was queued. Faults: no-such-message when no target exists, no-such-folder, usage,
// also for a flag or a name that no server takes.
func (s *Store) Enqueue(ctx context.Context, op mail.Op) (mail.Op, error) {
	if err := checkOp(op); err != nil {
		return mail.Op{}, err
	}
	op.ID, op.State, op.Tries, op.Fault = 0, mail.OpWaiting, 0, ""
	_, err := s.keep(ctx, "queue an action", func(t *tx) error {
		t.origin = mail.Here
		op.Created = t.now.UTC()
		if ofFolder(op.Kind) {
			return t.queueFolderOp(&op)
		}
		rows, err := t.targets(&op)
		if err != nil {
			return err
		}
		var ts []opTarget
		for _, r := range rows {
			ts = append(ts, opTarget{target: r, delta: delta{packFlags(op.Add), packFlags(op.Remove)}})
		}
		if ts, err = t.cancelOut(&op, ts); err != nil {
			return err
		}
		return t.queue(&op, ts)
	})
	if err != nil {
		return mail.Op{}, err
	}
	return op, nil
}

// checkOp refuses what would be wrong whatever is stored.
func checkOp(op mail.Op) error {
	if len(op.Targets) > maxTargets {
		return usage("more than %d messages in one action", maxTargets)
	}
	for _, f := range slices.Concat(op.Add, op.Remove) {
		// It would be told to a server in the midst of a command.
		if !f.Valid() {
			return usage("%q cannot be a keyword", string(f))
		}
	}
	switch op.Kind {
	case mail.OpFlags, mail.OpMove, mail.OpCopy, mail.OpDelete:
		if len(op.Targets) == 0 {
			return usage("an action on no message")
		}
	case mail.OpFolderCreate, mail.OpFolderRename:
		return checkName(op.Name)
	case mail.OpFolderDelete, mail.OpFolderSubscribe, mail.OpFolderUnsubscribe:
	case mail.OpAppend:
		return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": string(op.Kind)}}
	default:
		return usage("an unknown action: %q", string(op.Kind))
	}
	return nil
}

// targets finds the messages that op concerns and sets its account.
func (t *tx) targets(op *mail.Op) ([]target, error) {
	var to *box
	if op.Kind == mail.OpMove || op.Kind == mail.OpCopy {
		var err error
		if to, err = t.destination(op.Mailbox); err != nil {
			return nil, err
		}
		op.Account = to.Account
	}
	seen := make(map[mail.MessageID]bool, len(op.Targets))
	d := delta{packFlags(op.Add), packFlags(op.Remove)}
	var rows []target
	exists := false
	for _, id := range op.Targets {
		if seen[id] {
			continue
		}
		seen[id] = true
		r, ok, err := t.target(id)
		if err != nil {
			return nil, err
		}
		if !ok || r.in == 0 && !r.reset {
			continue
		}
		exists = true
		if op.Account == "" {
			op.Account = r.account
		}
		if r.account != op.Account {
			return nil, usage("an action on messages of several accounts")
		}
		switch {
		case op.Kind == mail.OpFlags && r.flags.shown.with(d) == r.flags.shown:
		case op.Kind == mail.OpMove && r.in == to.ID:
		default:
			rows = append(rows, r)
		}
	}
	if !exists {
		return nil, noMessage(op.Targets[0])
	}
	return rows, nil
}

// destination is the mailbox that messages are to be put into. Fault
// no-such-folder.
func (t *tx) destination(id mail.MailboxID) (*box, error) {
	b, err := t.box(id)
	if err != nil {
		return nil, err
	}
	if b.gone != 0 || b.hidden || !b.Selectable {
		return nil, noFolder(b.path())
	}
	return b, nil
}

// opTarget is a message of an op that is being queued, with what the op does to
// its flags.
type opTarget struct {
	target
	delta
	twin mail.MessageID // the target whose twin it is; 0: none
}

// queue writes an op on messages and lays it over them. Without any it is not
// written.
func (t *tx) queue(op *mail.Op, ts []opTarget) error {
	op.Targets = nil
	if len(ts) == 0 {
		return nil
	}
	if err := t.insertOp(op); err != nil {
		return err
	}
	twins, err := t.twinsOf(op, ts)
	if err != nil {
		return err
	}
	var n notes
	for i, r := range slices.Concat(ts, twins) {
		if r.twin == 0 {
			op.Targets = append(op.Targets, r.id)
		}
		if err := t.lay(op, i, r, &n); err != nil {
			return err
		}
	}
	if err := t.tell(op.Account, &n); err != nil {
		return err
	}
	return t.emit(op.Account, mail.Here, mail.OpChanged{Op: *op})
}

func (t *tx) insertOp(op *mail.Op) error {
	account, err := t.account(op.Account)
	if err != nil {
		return err
	}
	res, err := t.exec(`INSERT INTO ops (account, kind, mailbox, name, added, removed, state, tries, created, next_try, fault, inverse, action)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '', ?, ?)`,
		account, string(op.Kind), int64(op.Mailbox), op.Name, joinFlags(op.Add), joinFlags(op.Remove),
		string(op.State), nanos(op.Created), nanos(op.NextTry), int64(op.Inverse), int64(op.Action))
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	op.ID = mail.OpID(id)
	return err
}

// lay records one target of a new op and lays the op over it.
func (t *tx) lay(op *mail.Op, pos int, r opTarget, n *notes) error {
	v := layer{layKind(op.Kind, r.twin), op.Mailbox, r.delta}.over(view{r.flags.shown, r.in})
	add, del := r.flags.shown.flags().Delta(v.flags.flags())
	if _, err := t.exec(`INSERT INTO op_targets (op, pos, message, source, added, removed, did_add, did_remove, twin)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, int64(op.ID), pos, int64(r.id), int64(r.in),
		joinFlags(r.add.flags()), joinFlags(r.del.flags()), joinFlags(add), joinFlags(del), int64(r.twin)); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE messages SET pending = pending + 1 WHERE id = ?`, int64(r.id)); err != nil {
		return err
	}
	return t.show(r.target, r.flags.server, v, 0, n)
}
