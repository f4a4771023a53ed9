package alert

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"

	"git.sr.ht/~jackmordaunt/go-toast/wintoast"
)

// toaster shows toasts through the Windows Runtime. Its handles are names of
// our own that come back with an action; toasts of an earlier process can be
// clicked too.
type toaster struct {
	log       *slog.Logger
	actions   chan Action
	available func(bool)
}

// New returns an alerter, which lives until Close.
func New(_ context.Context, o Options) Alerter {
	t := &toaster{log: o.Log, actions: make(chan Action, 8), available: o.Available}
	if err := wintoast.SetAppData(wintoast.AppData{AppID: AppID}); err != nil {
		o.Log.Warn("toasts are not registered", "error", err)
	}
	wintoast.SetActivationCallback(func(_, args string, _ []wintoast.UserData) {
		a, ok := parseToastArgument(args)
		if !ok {
			return
		}
		select {
		case t.actions <- a:
		default:
			t.log.Warn("an alert's action was dropped")
		}
	})
	return t
}

func (t *toaster) Show(ctx context.Context, a Alert) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	handle := rand.Text()
	text, err := toastXML(clean(a), handle)
	if err != nil {
		return "", fault(err)
	}
	// Without wintoast's fallback: it would hand a sender's words to PowerShell
	// in a string that PowerShell expands.
	err = wintoast.Push(text)
	if t.available != nil {
		t.available(err == nil)
	}
	if err != nil {
		return "", fault(errors.Join(errors.New("show toast"), err))
	}
	return handle, nil
}

// Withdraw cannot take a toast away: the library has no way to.
func (t *toaster) Withdraw(context.Context, string) error { return nil }

func (t *toaster) Actions() <-chan Action { return t.actions }

func (t *toaster) Caps() Caps { return Caps{Actions: true} }

func (t *toaster) Close() {}
