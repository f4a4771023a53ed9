package engine

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
)

// worker keeps one account in step.
type worker interface {
	Serve(ctx context.Context) error
	Sync(ctx context.Context) (imapsync.Report, error)
	Kick(r imapsync.Reason)
	OpsQueued()
	LastSync(m mail.Mailbox) time.Time
	FetchBody(ctx context.Context, id mail.MessageID) error
}

// Report tells of one full pass over an account.
type Report struct {
	Account mail.AccountID
	Pass    imapsync.Report
	Err     *mail.Fault // why the pass failed, nil if it did not
}

// Step is what a check tells of one step.
type Step = imapsync.Step

// What Doctor looks at in a step.
const (
	StepRunning      = imapsync.StepRunning
	StepCapabilities = imapsync.StepCapabilities
)

// newWorker makes the worker of an account.
func (e *Engine) newWorker(a mail.Account) worker {
	if e.cfg.newWorker != nil {
		return e.cfg.newWorker(a)
	}
	return imapsync.New(imapsync.Config{
		Account: a, Store: e.store, Log: e.log, PollInterval: e.cfg.PollInterval, Version: e.cfg.Version,
		Secret: func(ctx context.Context) (string, error) {
			return e.cfg.Secrets.Get(ctx, a.ID, a.Binding())
		},
		Progress:    func(done, total int) { e.setProgress(a.ID, done, total) },
		StoreFailed: e.note,
	})
}

// check tries an account's sign-in.
func (e *Engine) check(ctx context.Context, a mail.Account, password string, step func(Step)) error {
	if step == nil {
		step = func(Step) {}
	}
	if e.cfg.check != nil {
		return e.cfg.check(ctx, a, password, step)
	}
	return imapsync.Check(ctx, a, password, step)
}

// kick wakes every worker.
func (e *Engine) kick(r imapsync.Reason) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.workers {
		w.worker.Kick(r)
	}
}
