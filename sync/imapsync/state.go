package imapsync

import (
	"context"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// connectionCodes are the problems that are over once a connection stands.
func connectionCodes() []mail.Code {
	return []mail.Code{
		mail.CodeUnknownHost, mail.CodeRefused, mail.CodeUnreachable, mail.CodeConnectionLost, mail.CodeTimeout,
		mail.CodeServerClosed, mail.CodeSignInRefused, mail.CodeSecretMissing, mail.CodeSecretBound,
		mail.CodeCertUnknown, mail.CodeCertExpired, mail.CodeCertName, mail.CodeCertChanged, mail.CodeTLSTooOld,
		mail.CodeNotTLS, mail.CodeTLSOnPlain, mail.CodeStartTLSMissing, mail.CodeStartTLSInjected,
		mail.CodePlaintextRefused, mail.CodeTooMany, mail.CodeThrottled, mail.CodeNotIMAP,
		mail.CodeKeyringMissing, mail.CodeKeyringLocked, mail.CodeKeyringFailed,
	}
}

// online says that the account is reached, and by what it is told of changes.
func (w *Worker) online(ctx context.Context, by mail.ToldBy, why mail.ToldWhy) error {
	if err := w.cfg.Store.SetState(ctx, w.cfg.Account.ID, store.AccountState{State: mail.StateOnline, ToldBy: by, ToldWhy: why}); err != nil {
		return err
	}
	return w.cfg.Store.ClearProblem(ctx, w.cfg.Account.ID, connectionCodes()...)
}

// settled says that a whole pass went well: whatever broke one before, in this
// process or one before it, is over; and so are news that are old.
func (w *Worker) settled(ctx context.Context) error {
	if err := w.cfg.Store.EndNews(ctx, w.cfg.Account.ID); err != nil {
		return err
	}
	w.mu.Lock()
	raised := w.raised
	w.raised = nil
	if !w.cleared {
		w.cleared = true
		raised = append(raised, mail.CodeBadAnswer, mail.CodeDiskFull, mail.CodeReadOnly, mail.CodeInternal)
	}
	w.mu.Unlock()
	if len(raised) == 0 {
		return nil
	}
	return w.cfg.Store.ClearProblem(ctx, w.cfg.Account.ID, raised...)
}

// raise tells the person of a fault. That the store cannot take it is logged:
// with a full disk there is no other place to say so.
func (w *Worker) raise(ctx context.Context, f *mail.Fault) {
	p := f.Problem()
	p.Account, p.Since = w.cfg.Account.ID, time.Now()
	if err := w.cfg.Store.RaiseProblem(ctx, p); err != nil {
		w.log().Error("a problem cannot be kept", "code", string(f.Code), "err", err)
		w.storeFailed(err)
	}
	if err := w.tellSaid(ctx, false); err != nil { // it may be why
		w.log().Error("what the server says cannot be kept", "err", err)
		w.storeFailed(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.raised, f.Code) {
		w.raised = append(w.raised, f.Code)
	}
}

// setState says how the account stands while it is not online.
func (w *Worker) setState(ctx context.Context, state mail.State, next time.Time) {
	if err := w.cfg.Store.SetState(ctx, w.cfg.Account.ID, store.AccountState{State: state, NextTry: next}); err != nil && ctx.Err() == nil {
		w.log().Error("the state cannot be kept", "state", string(state), "err", err)
		w.storeFailed(err)
	}
}

func (w *Worker) storeFailed(err error) {
	if w.cfg.StoreFailed != nil {
		w.cfg.StoreFailed(err)
	}
}
