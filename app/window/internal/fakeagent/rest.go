package fakeagent

import (
	"context"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Events implements control.Backend.
func (a *Agent) Events(ctx context.Context, _ api.EventsQuery, fn func(api.Event) error) error {
	lines := make(chan api.Event, 1024)
	a.mu.Lock()
	a.readers[lines] = true
	rev := a.status.Revision
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.readers, lines)
	}()
	if err := fn(api.Event{Rev: rev, Kind: api.KindSnapshot}); err != nil {
		return err
	}
	for {
		select {
		case e := <-lines:
			if err := fn(e); err != nil {
				return err
			}
			if e.Kind == api.KindHandover {
				return nil
			}
		case <-a.gone:
			return &mail.Fault{Code: mail.CodeInternal, Class: mail.ClassLocal, Err: control.ErrNoHolder}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Activity implements control.Backend.
func (a *Agent) Activity(context.Context, time.Time, int) ([]api.Event, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.activity, a.fault["Activity"]
}

// DismissNews implements control.Backend.
func (a *Agent) DismissNews(_ context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error) {
	if err := a.failure("DismissNews"); err != nil {
		return nil, err
	}
	a.Change(func(st *api.Status) {
		for i := range st.Accounts {
			if acc := &st.Accounts[i]; acc.ID == id {
				acc.Problems = slices.DeleteFunc(slices.Clone(acc.Problems), func(p api.Problem) bool { return p.News && p.Code == code })
			}
		}
	})
	return nil, nil
}

// PauseAlerts implements control.Backend.
func (a *Agent) PauseAlerts(_ context.Context, until time.Time) error {
	if err := a.failure("PauseAlerts"); err != nil {
		return err
	}
	a.Change(func(st *api.Status) { st.AlertsPaused = until })
	return nil
}

// ShowUI implements control.Backend.
func (a *Agent) ShowUI(_ context.Context, r api.UIRequest) error {
	a.Tell(api.Event{Kind: api.KindUI, UI: &r})
	return nil
}

// TestAccount implements control.Backend.
func (a *Agent) TestAccount(context.Context, mail.AccountID, func(api.Step)) error {
	return unsupported("TestAccount")
}

// RemoveAccount implements control.Backend.
func (a *Agent) RemoveAccount(context.Context, mail.AccountID, bool) (api.Removed, error) {
	return api.Removed{}, unsupported("RemoveAccount")
}

// Kick implements control.Backend.
func (a *Agent) Kick(context.Context) error { return nil }

// Folders implements control.Backend.
func (a *Agent) Folders(context.Context, mail.AccountID) ([]api.Folder, error) {
	return nil, unsupported("Folders")
}

// SetWatched implements control.Backend.
func (a *Agent) SetWatched(context.Context, mail.AccountID, string, bool) error {
	return unsupported("SetWatched")
}

// WaitOp implements control.Backend.
func (a *Agent) WaitOp(context.Context, mail.OpID) (api.Op, error) {
	return api.Op{}, unsupported("WaitOp")
}

// Ops implements control.Backend.
func (a *Agent) Ops(context.Context, mail.AccountID) ([]api.Op, error) { return nil, nil }

// Handover implements control.Backend.
func (a *Agent) Handover(context.Context) error { return unsupported("Handover") }

// Quit implements control.Backend.
func (a *Agent) Quit(context.Context) error { return unsupported("Quit") }

// Restart implements control.Backend.
func (a *Agent) Restart(context.Context) error { return a.failure("Restart") }

// DoFolder implements control.Backend.
func (a *Agent) DoFolder(context.Context, mail.AccountID, api.FolderAction) (api.ActionResult, error) {
	return api.ActionResult{}, unsupported("DoFolder")
}

// Undo implements control.Backend.
func (a *Agent) Undo(context.Context, mail.OpID) (api.Undone, error) {
	return api.Undone{}, unsupported("Undo")
}

// Search implements control.Backend.
func (a *Agent) Search(context.Context, api.SearchQuery) (api.Page, error) {
	return api.Page{}, unsupported("Search")
}

// Doctor implements control.Backend.
func (a *Agent) Doctor(context.Context) ([]api.Check, error) { return nil, unsupported("Doctor") }
