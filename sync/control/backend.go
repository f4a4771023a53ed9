package control

import (
	"context"
	"io"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Backend is everything that can be asked of the process that holds the
// engine. The holder implements it over the engine, Client over the socket.
//
// Errors are *mail.Fault, or a context's error when the caller gave up.
type Backend interface {
	// Hello tells who answers.
	Hello(ctx context.Context) (api.Hello, error)
	// Status is the state of everything.
	Status(ctx context.Context) (api.Status, error)

	// Accounts lists the accounts in the order of their ids.
	Accounts(ctx context.Context) ([]api.Account, error)
	// Check tries the draft's sign-in and tells each step as it begins and ends;
	// nothing is kept. The error is the Problem of the step that failed.
	Check(ctx context.Context, d api.Draft, step func(api.Step)) error
	// AddAccount checks as Check does, then keeps the account and its secret.
	AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error)
	// TestAccount checks an account with the secret that is kept for it.
	TestAccount(ctx context.Context, id mail.AccountID, step func(api.Step)) error
	// SignIn checks an account with a new secret and keeps that secret if the
	// server takes it.
	SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error
	// RemoveAccount forgets an account and its secret, and its mail that is
	// kept here unless keepData, with the actions that wait for its server. Nothing
	// on that changes.
	RemoveAccount(ctx context.Context, id mail.AccountID, keepData bool) (api.Removed, error)

	// Sync makes one full pass over an account, over all for "". A pass that
	// failed is a report with a Problem; the error is for no pass at all.
	Sync(ctx context.Context, id mail.AccountID) ([]api.SyncReport, error)
	// Kick drops every backoff: all accounts are looked at now.
	Kick(ctx context.Context) error
	// Folders lists the folders of an account: inbox, roles, then by path.
	Folders(ctx context.Context, id mail.AccountID) ([]api.Folder, error)
	// SetWatched says whether new mail in a folder alerts.
	SetWatched(ctx context.Context, id mail.AccountID, path string, watched bool) error

	// Messages returns part of a list.
	Messages(ctx context.Context, q api.PageQuery) (api.Page, error)
	// Search returns messages that hold all words of a text, newest first: of
	// what is kept here. Fault usage when there is no word in it.
	Search(ctx context.Context, q api.SearchQuery) (api.Page, error)
	// Message returns a row by its local id.
	Message(ctx context.Context, id mail.MessageID) (api.Message, error)
	// MessageAt returns a row by where the server has it; not of a message that no
	// list shows, as it is flagged \Deleted.
	MessageAt(ctx context.Context, id mail.AccountID, path string, uid mail.UID) (api.Message, error)
	// Body returns a message as plain text, fetched first if it is not kept here.
	Body(ctx context.Context, id mail.MessageID) (api.Body, error)
	// Raw returns a message byte for byte; the caller closes it.
	Raw(ctx context.Context, id mail.MessageID) (io.ReadCloser, error)

	// Do queues an action. It is shown at once and sent as soon as it can be.
	Do(ctx context.Context, a api.Action) (api.ActionResult, error)
	// DoFolder queues an action on a folder of an account. It is shown at once
	// and sent as soon as it can be.
	DoFolder(ctx context.Context, id mail.AccountID, a api.FolderAction) (api.ActionResult, error)
	// Undo takes an action back, the last one for 0: one that was not sent comes
	// back in state undone; of one that was done, the op that undoes it comes back,
	// with what had to be passed over.
	Undo(ctx context.Context, id mail.OpID) (api.Undone, error)
	// WaitOp returns when the server took the op (state done), or it was taken
	// back (state failed or undone), or with ctx's error.
	WaitOp(ctx context.Context, id mail.OpID) (api.Op, error)
	// Ops lists what waits for an account's server, of all accounts for "".
	Ops(ctx context.Context, id mail.AccountID) ([]api.Op, error)

	// Doctor looks at every part of Heron and at every server, and changes
	// nothing.
	Doctor(ctx context.Context) ([]api.Check, error)
	// Activity is what changed, newest first; a zero since is no bound, limit
	// is 1 to 1000.
	Activity(ctx context.Context, since time.Time, limit int) ([]api.Event, error)
	// Events calls fn for each line: a snapshot line first, then changes as
	// they are, a heartbeat when nothing happens, and a handover line last when
	// the holder gives up. It returns nil after a handover line, fn's error if
	// fn returns one, ctx's error, or ErrNoHolder when the holder vanished.
	Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error

	// ShowUI asks the window that listens, else the agent, to show something.
	ShowUI(ctx context.Context, r api.UIRequest) error
	// DismissNews ends the problems that tell of something that happened, and that
	// the user has read: of an account, of all for "", and of a code, of every one for
	// "". It returns them. Problems that last are not ended by it.
	DismissNews(ctx context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error)
	// PauseAlerts keeps alerts quiet until then; the zero time ends a pause.
	PauseAlerts(ctx context.Context, until time.Time) error

	// Handover asks the holder to drain and release the lock. It returns when
	// the holder agreed; the lock is free a little later. An agent does not
	// agree: Fault busy.
	Handover(ctx context.Context) error
	// Quit asks the holder to end cleanly.
	Quit(ctx context.Context) error
	// Restart asks an agent to start anew from its executable on disk.
	Restart(ctx context.Context) error
}

// The holders of an engine, as api.Hello names them.
const (
	HolderAgent = "agent"
	HolderCtl   = "heronctl"
)
