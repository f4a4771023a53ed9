package engine

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// maxTargets bounds the messages of one op.
const maxTargets = 10_000

// Action is something the user does to messages.
type Action struct {
	Kind   mail.ActionKind
	IDs    []mail.MessageID
	Add    mail.Flags // of mail.ActFlags
	Remove mail.Flags // of mail.ActFlags
	// To is the display path of the destination of mail.ActMove and mail.ActCopy,
	// in the account of each message.
	To string
	// With is an op of an action that this goes on with, so that both are taken back
	// together. 0: none.
	With mail.OpID
}

// Do queues an action, which shows at once, and wakes the workers to send it.
// It returns the ops in the order in which they were queued: at least one an
// account, none where nothing had to change. A folder that archive, junk or
// delete need and that the account lacks is made first. Messages that are no
// more are left out; it is Fault no-such-message if none is left. Other faults:
// no-such-folder and folder-no-mail for To, and gone for With, before anything is
// queued; those of the disk.
func (e *Engine) Do(ctx context.Context, a Action) ([]mail.Op, error) {
	if e.cfg.ReadOnly {
		return nil, e.readOnly()
	}
	groups, err := e.groups(ctx, a.IDs)
	if err != nil {
		return nil, err
	}
	plans := make([][]mail.Op, len(groups))
	for i, g := range groups {
		if plans[i], err = e.plan(ctx, a, g); err != nil {
			return nil, err
		}
	}
	first, err := e.firstOf(ctx, a.With)
	if err != nil {
		return nil, err
	}
	var ops []mail.Op
	for _, plan := range plans {
		queued, err := e.queue(ctx, first, plan)
		ops = append(ops, queued...)
		if err != nil {
			return ops, err
		}
		if len(ops) > 0 {
			first = cmp.Or(first, ops[0].ID)
		}
	}
	return ops, nil
}

// firstOf is the first op of the action that an op belongs to; 0 for 0.
func (e *Engine) firstOf(ctx context.Context, id mail.OpID) (mail.OpID, error) {
	if id == 0 {
		return 0, nil
	}
	op, err := e.store.Op(ctx, id)
	return cmp.Or(op.Action, op.ID), err
}

// Undo takes an action back, in all accounts that it was done in: one that was not
// sent is cancelled and comes back in state undone, for one that was done its inverse
// is queued and comes back, with what had to be passed over. 0 is the last action that
// was not undone, and never one before it. Faults: not-undoable, nothing-to-undo.
func (e *Engine) Undo(ctx context.Context, id mail.OpID) (store.Undone, error) {
	if e.cfg.ReadOnly {
		return store.Undone{}, e.readOnly()
	}
	op, err := e.store.Undo(ctx, id)
	if err != nil {
		e.note(err)
		return store.Undone{}, err
	}
	for _, a := range e.settings.Accounts() {
		e.wake(a.ID)
	}
	return op, nil
}

// queue queues ops of one account, at most maxTargets messages each, in their
// order. An op whose folder has no id yet goes to the one that the op before it
// makes. first is the first op of the same action, 0 if it is one of these.
func (e *Engine) queue(ctx context.Context, first mail.OpID, plan []mail.Op) ([]mail.Op, error) {
	var ops []mail.Op
	var made mail.MailboxID
	for _, op := range plan {
		if op.Mailbox == 0 && op.Kind == mail.OpMove {
			op.Mailbox = made
		}
		for _, part := range parts(op) {
			part.Action = first
			queued, err := e.store.Enqueue(ctx, part)
			if err != nil {
				e.note(err)
				return ops, err
			}
			if queued.Kind == mail.OpFolderCreate {
				made = queued.Mailbox
			}
			if queued.ID == 0 {
				continue // nothing had to change
			}
			ops = append(ops, queued)
			first = cmp.Or(first, queued.ID)
			e.wake(queued.Account)
		}
	}
	return ops, nil
}

// parts splits an op that has more messages than one may have.
func parts(op mail.Op) []mail.Op {
	if len(op.Targets) <= maxTargets {
		return []mail.Op{op}
	}
	var out []mail.Op
	for ids := range slices.Chunk(op.Targets, maxTargets) {
		part := op
		part.Targets = ids
		out = append(out, part)
	}
	return out
}

// wake tells the worker of an account that there is something to send.
func (e *Engine) wake(id mail.AccountID) {
	e.mu.Lock()
	w := e.workers[id]
	e.mu.Unlock()
	if w != nil {
		w.worker.OpsQueued()
	}
}

// WaitOp returns when an op has ended: it was done, taken back or undone; or
// with ctx's error.
func (e *Engine) WaitOp(ctx context.Context, id mail.OpID) (mail.Op, error) {
	sub := e.store.Subscribe()
	defer sub.Close()
	for {
		op, err := e.store.Op(ctx, id)
		if err != nil || op.State != mail.OpWaiting && op.State != mail.OpSending {
			return op, err
		}
		select {
		case <-sub.C():
		case <-ctx.Done():
			return op, ctx.Err()
		}
	}
}

// Sync makes one full pass over an account, or over all that are not paused
// for "", at the same time. A pass that failed is a report with Err set; the
// error is for none at all.
func (e *Engine) Sync(ctx context.Context, id mail.AccountID) ([]Report, error) {
	if err := e.running(ctx); err != nil {
		return nil, err
	}
	var ids []mail.AccountID
	if id != "" {
		if _, err := e.worker(ctx, id); err != nil {
			return nil, err
		}
		ids = []mail.AccountID{id}
	} else {
		for _, a := range e.settings.Accounts() {
			if !a.Policy.Paused {
				ids = append(ids, a.ID)
			}
		}
	}
	reports := make([]Report, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() { reports[i] = e.syncOne(ctx, id) })
	}
	wg.Wait()
	return reports, ctx.Err()
}

func (e *Engine) syncOne(ctx context.Context, id mail.AccountID) Report {
	w, err := e.worker(ctx, id)
	if err != nil {
		return Report{Account: id, Err: mail.FaultOf(err)}
	}
	r, err := w.Sync(ctx)
	out := Report{Account: id, Pass: r}
	if err != nil {
		out.Err = mail.FaultOf(err)
	}
	return out
}

// Kick drops every backoff. For imapsync.ReasonCheck every account is brought
// in step at once, in the background; for ReasonNetwork and ReasonResume
// sockets that may be dead are closed first.
func (e *Engine) Kick(ctx context.Context, r imapsync.Reason) error { //nolint:contextcheck // a pass outlives the request for it
	if err := e.running(ctx); err != nil {
		return err
	}
	e.kick(r)
	if r != imapsync.ReasonCheck {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sup == nil {
		return errEnding
	}
	life := e.life
	for _, w := range e.workers {
		e.passes.Go(func() {
			// What goes wrong is told by the worker, as a state and a problem.
			_, _ = w.worker.Sync(life)
		})
	}
	return nil
}

// DismissNews ends the news that a user has read: of an account, of all for "", and of
// a code, of every one for "". It returns them. Problems that last stay.
func (e *Engine) DismissNews(ctx context.Context, id mail.AccountID, code mail.Code) ([]mail.Problem, error) {
	if e.cfg.ReadOnly {
		return nil, e.readOnly()
	}
	ps, err := e.store.DismissNews(ctx, id, code)
	if err != nil {
		e.note(err)
	}
	return ps, err
}

// PauseAlerts keeps alerts quiet until then; the zero time ends a pause.
func (e *Engine) PauseAlerts(until time.Time) error {
	end, err := e.change()
	if err != nil {
		return err
	}
	defer end()
	s := e.settings.Settings()
	s.Alerts.PausedUntil = until
	if err := e.settings.SaveSettings(s); err != nil {
		e.note(err)
		return err
	}
	e.beacon.signal()
	return nil
}

// Ops lists what waits for the servers of one account, of all for "".
func (e *Engine) Ops(ctx context.Context, id mail.AccountID) ([]mail.Op, error) {
	if id != "" {
		if _, err := e.settings.Account(id); err != nil {
			return nil, err
		}
		return e.store.Ops(ctx, id)
	}
	var all []mail.Op
	for _, a := range e.settings.Accounts() {
		ops, err := e.store.Ops(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, ops...)
	}
	return all, nil
}
