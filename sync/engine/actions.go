package engine

import (
	"context"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
)

// Action is something the user does to messages.
type Action struct {
	Kind   mail.OpKind
	IDs    []mail.MessageID // at most 10,000
	Add    mail.Flags
	Remove mail.Flags
}

// Do queues an action, which shows at once, and wakes the workers to send it.
// It returns one op an account, none if nothing had to change. Messages that
// are no more are left out; it is Fault no-such-message if none is left.
func (e *Engine) Do(ctx context.Context, a Action) ([]mail.Op, error) {
	if e.cfg.ReadOnly {
		return nil, e.readOnly()
	}
	if a.Kind != mail.OpFlags {
		return nil, &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": string(a.Kind)}}
	}
	targets, order, err := e.targets(ctx, a.IDs)
	if err != nil {
		return nil, err
	}
	var ops []mail.Op
	for _, id := range order {
		op, err := e.store.Enqueue(ctx, mail.Op{
			Account: id, Kind: a.Kind, Targets: targets[id],
			Add: mail.NewFlags(a.Add...), Remove: mail.NewFlags(a.Remove...), Created: e.cfg.Now(),
		})
		if err != nil {
			e.note(err)
			return ops, err
		}
		if op.ID == 0 {
			continue // nothing had to change
		}
		ops = append(ops, op)
		e.mu.Lock()
		w := e.workers[id]
		e.mu.Unlock()
		if w != nil {
			w.worker.OpsQueued()
		}
	}
	return ops, nil
}

// targets sorts messages by account, in the order in which the accounts come.
func (e *Engine) targets(ctx context.Context, ids []mail.MessageID) (map[mail.AccountID][]mail.MessageID, []mail.AccountID, error) {
	out := map[mail.AccountID][]mail.MessageID{}
	var order []mail.AccountID
	var missing error
	for _, id := range ids {
		m, err := e.store.Message(ctx, id)
		switch {
		case err != nil && mail.FaultOf(err).Code == mail.CodeNoMessage:
			missing = err
			continue
		case err != nil:
			return nil, nil, err
		case out[m.Account] == nil:
			order = append(order, m.Account)
		}
		out[m.Account] = append(out[m.Account], id)
	}
	if len(order) == 0 {
		return nil, nil, missing
	}
	return out, order, nil
}

// WaitOp returns when an op is done or failed, or with ctx's error.
func (e *Engine) WaitOp(ctx context.Context, id mail.OpID) (mail.Op, error) {
	sub := e.store.Subscribe()
	defer sub.Close()
	for {
		op, err := e.store.Op(ctx, id)
		if err != nil || op.State == mail.OpDone || op.State == mail.OpFailed {
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
