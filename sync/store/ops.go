package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// maxTargets bounds the messages of one op.
const maxTargets = 10_000

// overlay returns the flags to show of a message that has the given ones on
// the server: every waiting op on it is laid over them, in order.
func (t *tx) overlay(id mail.MessageID, server flagSet, pending int) (flagSet, error) {
	if pending == 0 {
		return server, nil
	}
	ds, err := list(t, scanDelta, `SELECT o.added, o.removed FROM op_targets t JOIN ops o ON o.id = t.op
		WHERE t.message = ? AND NOT t.done AND o.state IN ('waiting', 'sending') AND o.kind = 'flags' ORDER BY o.id`, int64(id))
	if err != nil {
		return server, err
	}
	for _, d := range ds {
		server = server.with(d)
	}
	return server, nil
}

func scanDelta(r scanner) (delta, error) {
	var add, del string
	err := r.Scan(&add, &del)
	return delta{packFlags(splitFlags(add)), packFlags(splitFlags(del))}, err
}

// Enqueue queues op and lays it over its messages in one transaction; the
// caller gives Kind, Targets (1 to 10,000 of one account, or none for a folder
// op with its Account), and what the kind needs. Targets that the server has
// no more are left out, and, of a flags op, those that it would not change:
// when none is left the op that comes back has ID 0 and nothing was queued.
// Faults: no-such-message when no target exists, usage, also for a flag that no
// server takes.
func (s *Store) Enqueue(ctx context.Context, op mail.Op) (mail.Op, error) {
	if len(op.Targets) > maxTargets {
		return mail.Op{}, &mail.Fault{
			Code: mail.CodeUsage, Class: mail.ClassLocal,
			Args: mail.Args{"text": fmt.Sprintf("more than %d messages in one action", maxTargets)},
		}
	}
	for _, f := range slices.Concat(op.Add, op.Remove) {
		// It would be told to a server in the midst of a command.
		if !f.Valid() {
			return mail.Op{}, &mail.Fault{
				Code: mail.CodeUsage, Class: mail.ClassLocal,
				Args: mail.Args{"text": fmt.Sprintf("%q cannot be a keyword", string(f))},
			}
		}
	}
	op.ID, op.State, op.Tries, op.Fault = 0, mail.OpWaiting, 0, ""
	_, err := s.write(ctx, "queue an action", func(t *tx) error {
		t.origin = mail.Here
		op.Created = t.now.UTC()
		rows, err := t.targets(&op)
		if err != nil {
			return err
		}
		op.Targets = nil
		for _, r := range rows {
			op.Targets = append(op.Targets, r.id)
		}
		if op.Kind == mail.OpFlags && len(rows) == 0 {
			return nil
		}
		if err := t.insertOp(&op); err != nil {
			return err
		}
		var g groups[flagDelta]
		for i, r := range rows {
			if err := t.lay(op, i, r, &g); err != nil {
				return err
			}
		}
		if err := t.tellFlags(&g, mail.Here); err != nil {
			return err
		}
		return t.emit(op.Account, mail.Here, mail.OpChanged{Op: op})
	})
	if err != nil {
		return mail.Op{}, err
	}
	return op, nil
}

// target is a message of an op, where it is now.
type target struct {
	located
	account mail.AccountID
	box     mail.MailboxID // 0: none
	reset   bool
}

func scanTarget(r scanner) (t target, err error) {
	err = r.Scan(&t.id, &t.uid, &t.flags.server.bits, &t.flags.server.words,
		&t.flags.shown.bits, &t.flags.shown.words, &t.pending, &t.account, &t.box, &t.reset)
	return t, err
}

const selectTarget = `SELECT m.id, m.uid, m.server, m.server_keywords, m.shown, m.shown_keywords, m.pending,
	a.name, coalesce(m.mailbox, 0), m.reset FROM messages m JOIN accounts a ON a.id = m.account `

// targets finds the messages that op concerns and sets its account.
func (t *tx) targets(op *mail.Op) ([]target, error) {
	seen := make(map[mail.MessageID]bool, len(op.Targets))
	d := delta{packFlags(op.Add), packFlags(op.Remove)}
	var rows []target
	exists := len(op.Targets) == 0
	for _, id := range op.Targets {
		if seen[id] {
			continue
		}
		seen[id] = true
		found, err := list(t, scanTarget, selectTarget+`WHERE m.id = ?`, int64(id))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || found[0].box == 0 && !found[0].reset {
			continue
		}
		r := found[0]
		exists = true
		if op.Account == "" {
			op.Account = r.account
		}
		if r.account != op.Account {
			return nil, &mail.Fault{
				Code: mail.CodeUsage, Class: mail.ClassLocal,
				Args: mail.Args{"text": "an action on messages of several accounts"},
			}
		}
		if op.Kind != mail.OpFlags || r.flags.shown.with(d) != r.flags.shown {
			rows = append(rows, r)
		}
	}
	if !exists {
		return nil, noMessage(op.Targets[0])
	}
	return rows, nil
}

func (t *tx) insertOp(op *mail.Op) error {
	account, err := t.account(op.Account)
	if err != nil {
		return err
	}
	res, err := t.exec(`INSERT INTO ops (account, kind, mailbox, name, added, removed, state, tries, created, next_try, fault, inverse)
		VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '', ?)`,
		account, string(op.Kind), int64(op.Mailbox), op.Name, joinFlags(op.Add), joinFlags(op.Remove),
		string(op.State), nanos(op.Created), nanos(op.NextTry), int64(op.Inverse))
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	op.ID = mail.OpID(id)
	return err
}

// lay records one target of a new op and lays the op over it.
func (t *tx) lay(op mail.Op, pos int, r target, g *groups[flagDelta]) error {
	if _, err := t.exec(`INSERT INTO op_targets (op, pos, message) VALUES (?, ?, ?)`, int64(op.ID), pos, int64(r.id)); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE messages SET pending = pending + 1 WHERE id = ?`, int64(r.id)); err != nil {
		return err
	}
	if op.Kind != mail.OpFlags {
		return nil
	}
	next := r.flags
	next.shown = next.shown.with(delta{packFlags(op.Add), packFlags(op.Remove)})
	return t.reflag(r, next, 0, g)
}

// reflag gives a target new flags, wherever it is, and notes what shows.
func (t *tx) reflag(r target, next rowFlags, m mail.ModSeq, g *groups[flagDelta]) error {
	var b *box
	if r.box != 0 {
		var err error
		if b, err = t.box(r.box); err != nil {
			return err
		}
		b.carryFlags(r.flags.server, next.server)
	}
	if err := t.setFlags(b, r.located, next, m); err != nil {
		return err
	}
	if b == nil {
		return nil
	}
	if d, ok := flagChange(b.ID, r.flags.shown, next.shown); ok {
		g.add(d, item{r.id, r.uid})
	}
	return nil
}

// StartOp notes that an op's command is about to be sent. Fault gone when the
// op is not open any more.
func (s *Store) StartOp(ctx context.Context, id mail.OpID) error {
	return s.changeOp(ctx, "start an action", id, func(_ *tx, op *mail.Op) error {
		op.State, op.Tries, op.NextTry, op.Fault = mail.OpSending, op.Tries+1, time.Time{}, ""
		return nil
	})
}

// RetryOp notes that an op could not be sent, and when to try again. Fault
// gone when the op is not open any more.
func (s *Store) RetryOp(ctx context.Context, id mail.OpID, next time.Time, f *mail.Fault) error {
	return s.changeOp(ctx, "postpone an action", id, func(_ *tx, op *mail.Op) error {
		op.State, op.NextTry = mail.OpWaiting, next.UTC()
		if f != nil {
			op.Fault = string(f.Code)
		}
		return nil
	})
}

// FinishOp notes that the server did an op on the messages of done: their
// flags on the server are as the op wanted, with the mod-sequence if it is
// given. On its other messages the op is taken back; they are no more. Fault
// gone when the op is not open any more.
func (s *Store) FinishOp(ctx context.Context, id mail.OpID, done []mail.MessageID, modseq map[mail.MessageID]mail.ModSeq) error {
	agreed := make(map[mail.MessageID]bool, len(done))
	for _, m := range done {
		agreed[m] = true
	}
	return s.changeOp(ctx, "finish an action", id, func(t *tx, op *mail.Op) error {
		op.State, op.NextTry, op.Fault = mail.OpDone, time.Time{}, ""
		return t.lift(*op, agreed, modseq)
	})
}

// FailOp gives an op up: what it laid over its messages is taken back, and a
// problem is raised. Fault gone when the op is not open any more.
func (s *Store) FailOp(ctx context.Context, id mail.OpID, f *mail.Fault) error {
	if f == nil {
		f = &mail.Fault{Code: mail.CodeInternal, Class: mail.ClassLocal}
	}
	return s.changeOp(ctx, "give an action up", id, func(t *tx, op *mail.Op) error {
		op.State, op.NextTry, op.Fault = mail.OpFailed, time.Time{}, string(f.Code)
		if err := t.lift(*op, nil, nil); err != nil {
			return err
		}
		p := f.Problem()
		p.Account = op.Account
		return t.raise(p)
	})
}

// changeOp loads an open op, lets f change it, writes it and tells.
func (s *Store) changeOp(ctx context.Context, doing string, id mail.OpID, f func(*tx, *mail.Op) error) error {
	_, err := s.write(ctx, doing, func(t *tx) error {
		t.origin = mail.Here
		ops, err := list(t, scanOp, selectOp+`WHERE o.id = ? AND o.state IN ('waiting', 'sending')`, int64(id))
		if err != nil {
			return err
		}
		if len(ops) == 0 {
			return &mail.Fault{
				Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": fmt.Sprintf("action %d", id)},
			}
		}
		op := ops[0]
		op.Targets, err = list(t, scanID[mail.MessageID],
			`SELECT message FROM op_targets WHERE op = ? AND NOT done ORDER BY pos`, int64(id))
		if err != nil {
			return err
		}
		if err := f(t, &op); err != nil {
			return err
		}
		ended := int64(0)
		if op.State == mail.OpDone || op.State == mail.OpFailed {
			ended = nanos(t.now)
		}
		if _, err := t.exec(`UPDATE ops SET state = ?, tries = ?, next_try = ?, fault = ?, ended = ? WHERE id = ?`,
			string(op.State), op.Tries, nanos(op.NextTry), op.Fault, ended, int64(id)); err != nil {
			return err
		}
		return t.emit(op.Account, mail.Here, mail.OpChanged{Op: op})
	})
	return err
}

// lift takes an op off its messages. On those agreed the server has done it.
func (t *tx) lift(op mail.Op, agreed map[mail.MessageID]bool, modseq map[mail.MessageID]mail.ModSeq) error {
	if _, err := t.exec(`UPDATE op_targets SET done = 1 WHERE op = ?`, int64(op.ID)); err != nil {
		return err
	}
	d := delta{packFlags(op.Add), packFlags(op.Remove)}
	var g groups[flagDelta]
	for _, id := range op.Targets {
		found, err := list(t, scanTarget, selectTarget+`WHERE m.id = ?`, int64(id))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue
		}
		r := found[0]
		if _, err := t.exec(`UPDATE messages SET pending = pending - 1 WHERE id = ?`, int64(id)); err != nil {
			return err
		}
		if op.Kind != mail.OpFlags {
			continue
		}
		next := r.flags
		if agreed[id] {
			next.server = next.server.with(d)
		}
		if next.shown, err = t.overlay(id, next.server, r.pending-1); err != nil {
			return err
		}
		if err := t.reflag(r, next, modseq[id], &g); err != nil {
			return err
		}
	}
	return t.tellFlags(&g, mail.Here)
}
