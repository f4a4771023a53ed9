package main

import (
	"context"
	"io"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// need is what a command wants of its session.
type need int

const (
	// toRead: what the store knows will do.
	toRead need = iota
	// toWork: an engine must run; this process becomes it if no other is.
	toWork
)

// connector makes sessions. live.go has the true one, tests have a fake.
type connector interface {
	// Connect attaches to the holder of the engine, or does without one as
	// need says. Faults: busy, disk-full, read-only, store-broken, store-newer.
	Connect(ctx context.Context, n need) (session, error)
	// Language is what the settings ask for, "" for that of the environment.
	Language() string
}

// session is the part of host.Session that commands use; its methods are
// explained there and at control.Backend.
type session interface {
	Holding() bool
	ReadOnly() bool
	Close() error

	Status(ctx context.Context) (api.Status, error)

	Accounts(ctx context.Context) ([]api.Account, error)
	AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error)
	TestAccount(ctx context.Context, id mail.AccountID, step func(api.Step)) error
	SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error
	RemoveAccount(ctx context.Context, id mail.AccountID, keepData bool) (api.Removed, error)

	Sync(ctx context.Context, id mail.AccountID) ([]api.SyncReport, error)
	Folders(ctx context.Context, id mail.AccountID) ([]api.Folder, error)
	SetWatched(ctx context.Context, id mail.AccountID, path string, watched bool) error

	Messages(ctx context.Context, q api.PageQuery) (api.Page, error)
	Message(ctx context.Context, id mail.MessageID) (api.Message, error)
	MessageAt(ctx context.Context, id mail.AccountID, path string, uid mail.UID) (api.Message, error)
	Body(ctx context.Context, id mail.MessageID) (api.Body, error)
	Raw(ctx context.Context, id mail.MessageID) (io.ReadCloser, error)

	Search(ctx context.Context, q api.SearchQuery) (api.Page, error)

	Do(ctx context.Context, a api.Action) (api.ActionResult, error)
	DoFolder(ctx context.Context, id mail.AccountID, a api.FolderAction) (api.ActionResult, error)
	Undo(ctx context.Context, id mail.OpID) (api.Undone, error)
	WaitOp(ctx context.Context, id mail.OpID) (api.Op, error)
	Ops(ctx context.Context, id mail.AccountID) ([]api.Op, error)

	Doctor(ctx context.Context) ([]api.Check, error)

	Activity(ctx context.Context, since time.Time, limit int) ([]api.Event, error)
	Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error
	DismissNews(ctx context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error)
	PauseAlerts(ctx context.Context, until time.Time) error
}
