package engine

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// Progress is how far an account's first sync is, in messages.
type Progress struct {
	Done, Total int
}

// Status is the state of everything at one revision or a little later.
type Status struct {
	Accounts     []AccountStatus
	Problems     []mail.Problem // of Heron as a whole
	AlertsPaused time.Time      // zero: not paused
	Revision     mail.Revision  // every change up to it is in the status
	Running      bool           // accounts are being watched
}

// AccountStatus is the state of one account.
type AccountStatus struct {
	Account    mail.Account
	State      mail.State
	ToldBy     mail.ToldBy
	ToldWhy    mail.ToldWhy // why by no better rung
	NextTry    time.Time    // zero unless the account waits to try again
	LastSync   time.Time    // when the folder that is longest out of step was last in it; zero: one never was
	PendingOps int
	Unread     int       // over the folders whose role counts
	Progress   *Progress // nil unless a first sync is under way
	Mailboxes  []mail.Mailbox
	Problems   []mail.Problem
}

// Status reads the state of all accounts. An account that nobody watches is
// offline or paused, whatever it was before.
func (e *Engine) Status(ctx context.Context) (Status, error) {
	rev, err := e.store.Revision(ctx)
	if err != nil {
		return Status{}, err
	}
	states, err := e.store.States(ctx)
	if err != nil {
		return Status{}, err
	}
	kept, err := e.store.Problems(ctx)
	if err != nil {
		return Status{}, err
	}
	accounts := e.settings.Accounts()
	s := Status{Revision: rev, Problems: e.problems.beside(accounts)}
	if until := e.settings.Settings().Alerts.PausedUntil; e.cfg.Now().Before(until) {
		s.AlertsPaused = until
	}
	e.mu.Lock()
	s.Running = e.sup != nil
	e.mu.Unlock()
	for _, a := range accounts {
		as, err := e.accountStatus(ctx, a, states[a.ID])
		if err != nil {
			return Status{}, err
		}
		for _, p := range kept {
			if p.Account == a.ID {
				as.Problems = append(as.Problems, p)
			}
		}
		as.Problems = append(as.Problems, e.problems.of(a.ID)...)
		s.Accounts = append(s.Accounts, as)
	}
	for _, p := range kept {
		if p.Account == "" {
			s.Problems = append(s.Problems, p)
		}
	}
	return s, nil
}

func (e *Engine) accountStatus(ctx context.Context, a mail.Account, st store.AccountState) (AccountStatus, error) {
	as := AccountStatus{Account: a, State: st.State, ToldBy: st.ToldBy, ToldWhy: st.ToldWhy, NextTry: st.NextTry}
	e.mu.Lock()
	w, watched := e.workers[a.ID]
	if p, ok := e.progress[a.ID]; ok {
		as.Progress = &p
	}
	e.mu.Unlock()
	switch {
	case a.Policy.Paused:
		as.stands(mail.StatePaused)
	case watched && e.problems.unwritable(e.cfg.Dir):
		// The store has the state from before: it cannot take a newer one.
		as.stands(mail.StateError)
	case watched && as.State == "":
		as.State = mail.StateConnecting
	case !watched && (as.State == "" || as.State == mail.StateOnline || as.State == mail.StateConnecting):
		as.stands(mail.StateOffline)
	}
	var err error
	if as.Mailboxes, err = e.store.Mailboxes(ctx, a.ID); err != nil {
		return as, err
	}
	if watched {
		for i := range as.Mailboxes {
			as.Mailboxes[i].LastSync = w.worker.LastSync(as.Mailboxes[i])
		}
	}
	ops, err := e.store.Ops(ctx, a.ID)
	if err != nil {
		return as, err
	}
	as.PendingOps = len(ops)
	as.LastSync = oldest(as.Mailboxes)
	as.Unread, err = e.store.Unread(ctx, a.ID)
	return as, err
}

// stands says that the account is in a state in which nothing tells of changes
// and nothing is about to be tried.
func (as *AccountStatus) stands(state mail.State) {
	as.State, as.ToldBy, as.ToldWhy, as.NextTry = state, "", "", time.Time{}
}

// oldest is how fresh that of an account's folders is that is longest out of
// step.
func oldest(boxes []mail.Mailbox) time.Time {
	var at time.Time
	first := true
	for _, b := range boxes {
		if b.Kept() && (first || b.LastSync.Before(at)) {
			at, first = b.LastSync, false
		}
	}
	return at
}

// Beacon wakes the caller when something changed that has no revision:
// progress of a first sync, problems that only memory keeps, the list of
// accounts. The channel has at most one signal in it; stop ends it.
func (e *Engine) Beacon() (c <-chan struct{}, stop func()) { return e.beacon.subscribe() }

// setProgress is told by workers; done == total ends it.
func (e *Engine) setProgress(id mail.AccountID, done, total int) {
	e.mu.Lock()
	if done >= total {
		delete(e.progress, id)
	} else {
		e.progress[id] = Progress{Done: done, Total: total}
	}
	e.mu.Unlock()
	e.beacon.signal()
}
