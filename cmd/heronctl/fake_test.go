package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// now is the clock of the tests: a Wednesday.
var now = time.Date(2026, 3, 4, 10, 42, 0, 0, time.UTC)

// fake is a session that answers what a test put in, and remembers what was
// asked. What a test did not put in is no such account.
type fake struct {
	holding, readOnly bool
	err               error // of every call that asks for something
	status            api.Status
	accounts          []api.Account
	steps             []api.Step
	reports           []api.SyncReport
	folders           []api.Folder
	messages          []api.Message
	body              *api.Body // nil: not kept
	raw               string
	result            api.ActionResult
	op                api.Op
	undoOps           []mail.OpID
	parts             []api.Op
	passed            []api.PassedOver
	news              []api.Problem
	opErr             error
	ops               []api.Op
	checks            []api.Check
	events            []api.Event
	eventsEnd         error

	draft     api.Draft
	action    api.Action
	folder    api.FolderAction
	undone    mail.OpID
	dismissed []mail.Code
	waited    []mail.OpID
	searched  api.SearchQuery
	query     api.EventsQuery
	pages     []api.PageQuery
	until     time.Time
	watched   string
	signedIn  string
	removed   string
	closed    int
}

func (f *fake) Holding() bool                                   { return f.holding }
func (f *fake) ReadOnly() bool                                  { return f.readOnly }
func (f *fake) Close() error                                    { f.closed++; return nil }
func (f *fake) Status(context.Context) (api.Status, error)      { return f.status, f.err }
func (f *fake) Accounts(context.Context) ([]api.Account, error) { return f.accounts, f.err }

func (f *fake) AddAccount(_ context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	f.draft = d
	for _, s := range f.steps {
		step(s)
	}
	if d.ID == "" {
		d.ID = "ann"
	}
	return api.FromAccount(d.Account()), f.err
}

func (f *fake) TestAccount(_ context.Context, _ mail.AccountID, step func(api.Step)) error {
	for _, s := range f.steps {
		step(s)
	}
	return f.err
}

func (f *fake) SignIn(_ context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	f.signedIn = string(id) + " " + password
	return f.TestAccount(context.Background(), id, step)
}

func (f *fake) RemoveAccount(_ context.Context, id mail.AccountID, keep bool) (api.Removed, error) {
	f.removed = string(id)
	if keep {
		f.removed += " keep"
		return api.Removed{Account: id}, f.err
	}
	return api.Removed{Account: id, Dropped: len(f.ops)}, f.err
}

func (f *fake) Sync(context.Context, mail.AccountID) ([]api.SyncReport, error) {
	return f.reports, f.err
}

func (f *fake) Folders(context.Context, mail.AccountID) ([]api.Folder, error) {
	return f.folders, f.err
}

func (f *fake) SetWatched(_ context.Context, id mail.AccountID, path string, on bool) error {
	f.watched = string(id) + " " + path
	if !on {
		f.watched += " not"
	}
	return f.err
}

func (f *fake) Messages(_ context.Context, q api.PageQuery) (api.Page, error) {
	f.pages = append(f.pages, q)
	rows := f.messages[min(q.Offset, len(f.messages)):]
	return api.Page{Total: len(f.messages), Offset: q.Offset, Messages: rows[:min(q.Limit, len(rows))]}, f.err
}

func (f *fake) Message(_ context.Context, id mail.MessageID) (api.Message, error) {
	for _, m := range f.messages {
		if m.ID == id {
			return m, nil
		}
	}
	return api.Message{}, &mail.Fault{Code: mail.CodeNoMessage, Class: mail.ClassConflict, Args: mail.Args{"message": "id"}}
}

func (f *fake) MessageAt(_ context.Context, id mail.AccountID, path string, uid mail.UID) (api.Message, error) {
	for _, m := range f.messages {
		if m.Account == id && m.Folder == path && m.UID == uid {
			return m, nil
		}
	}
	return api.Message{}, &mail.Fault{Code: mail.CodeNoMessage, Class: mail.ClassConflict, Args: mail.Args{"message": "uid"}}
}

func (f *fake) Body(context.Context, mail.MessageID) (api.Body, error) {
	if f.body == nil {
		return api.Body{}, &mail.Fault{Code: mail.CodeNoMessage, Class: mail.ClassConflict}
	}
	return *f.body, f.err
}

func (f *fake) Raw(context.Context, mail.MessageID) (io.ReadCloser, error) {
	if f.raw == "" {
		return nil, &mail.Fault{Code: mail.CodeNoMessage, Class: mail.ClassConflict}
	}
	return io.NopCloser(strings.NewReader(f.raw)), f.err
}

func (f *fake) Do(_ context.Context, a api.Action) (api.ActionResult, error) {
	f.action = a
	return f.result, f.err
}

func (f *fake) DoFolder(_ context.Context, _ mail.AccountID, a api.FolderAction) (api.ActionResult, error) {
	f.folder = a
	return f.result, f.err
}

func (f *fake) Undo(_ context.Context, id mail.OpID) (api.Undone, error) {
	f.undone = id
	ops := f.undoOps
	if ops == nil && f.op.State != mail.OpUndone {
		ops = []mail.OpID{f.op.ID}
	}
	return api.Undone{Op: f.op, Parts: f.parts, Ops: append([]mail.OpID{}, ops...), Passed: f.passed}, f.err
}

func (f *fake) DismissNews(_ context.Context, _ mail.AccountID, code mail.Code) ([]api.Problem, error) {
	f.dismissed = append(f.dismissed, code)
	return f.news, f.err
}

func (f *fake) Search(_ context.Context, q api.SearchQuery) (api.Page, error) {
	f.searched = q
	return api.Page{Total: len(f.messages), Messages: f.messages[:min(q.Limit, len(f.messages))]}, f.err
}

func (f *fake) WaitOp(ctx context.Context, id mail.OpID) (api.Op, error) {
	f.waited = append(f.waited, id)
	if f.op.State == "" && f.opErr == nil {
		<-ctx.Done()
		return api.Op{}, ctx.Err()
	}
	return f.op, f.opErr
}

func (f *fake) Ops(context.Context, mail.AccountID) ([]api.Op, error) { return f.ops, f.err }

func (f *fake) Doctor(context.Context) ([]api.Check, error) { return f.checks, f.err }

func (f *fake) Activity(context.Context, time.Time, int) ([]api.Event, error) { return f.events, f.err }

func (f *fake) Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error {
	f.query = q
	for _, e := range f.events {
		if err := fn(e); err != nil {
			return err
		}
	}
	if f.eventsEnd != nil {
		return f.eventsEnd
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f *fake) PauseAlerts(_ context.Context, until time.Time) error {
	f.until = until
	return f.err
}

// fakes gives one session to those who read and another to those who work.
type fakes struct {
	reader, worker session
	err            error
	asked          []need
}

func (c *fakes) Language() string { return "" }

func (c *fakes) Connect(_ context.Context, n need) (session, error) {
	c.asked = append(c.asked, n)
	switch {
	case c.err != nil:
		return nil, c.err
	case n == toRead && c.reader != nil:
		return c.reader, nil
	default:
		return c.worker, nil
	}
}

// outcome is what a command line did.
type outcome struct {
	code        int
	out, errOut string
}

// try runs a command line against a fake.
func try(t *testing.T, c connector, args ...string) outcome {
	t.Helper()
	return tryIn(t.Context(), t, c, nil, args...)
}

func tryIn(ctx context.Context, t *testing.T, c connector, change func(*env), args ...string) outcome {
	t.Helper()
	var out, errOut bytes.Buffer
	e := env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut, Lang: "en",
		Now:       func() time.Time { return now },
		Connector: func(string) (connector, error) { return c, nil },
	}
	if change != nil {
		change(&e)
	}
	code := run(ctx, args, e)
	return outcome{code, out.String(), errOut.String()}
}
