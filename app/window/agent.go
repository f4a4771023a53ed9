package window

import (
	"context"
	"time"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// agent is the part of the control interface that the window uses.
// *control.Client is one.
type agent interface {
	Hello(ctx context.Context) (api.Hello, error)
	Status(ctx context.Context) (api.Status, error)
	Accounts(ctx context.Context) ([]api.Account, error)
	Messages(ctx context.Context, q api.PageQuery) (api.Page, error)
	Message(ctx context.Context, id mail.MessageID) (api.Message, error)
	Body(ctx context.Context, id mail.MessageID) (api.Body, error)
	Do(ctx context.Context, a api.Action) (api.ActionResult, error)
	Sync(ctx context.Context, id mail.AccountID) ([]api.SyncReport, error)
	Activity(ctx context.Context, since time.Time, limit int) ([]api.Event, error)
	Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error
	DismissNews(ctx context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error)
	PauseAlerts(ctx context.Context, until time.Time) error
	Check(ctx context.Context, d api.Draft, step func(api.Step)) error
	AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error)
	SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error
	Restart(ctx context.Context) error
	Close() error
}

// screen is what a session draws on. Its methods may be called from any
// goroutine and do not block.
type screen interface {
	// show draws a state.
	show(view.State)
	// raise brings the window to the front.
	raise()
	// wizard opens account setup.
	wizard()
	// signIn asks for the password of an account again.
	signIn(api.Account)
	// quit ends the program.
	quit()
}
