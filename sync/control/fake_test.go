package control

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// fake is a Backend that writes down what it is asked, and answers with what a
// test gives it.
type fake struct {
	mu    sync.Mutex
	calls []string

	hello  api.Hello
	err    error // of every call but Hello
	events func(ctx context.Context, fn func(api.Event) error) error
	steps  []api.Step
	raw    func() io.Reader // called for each request: clients may make one again
}

func (f *fake) note(name string, args ...any) error {
	b, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name+string(b))
	return f.err
}

// set changes the fake while a server uses it.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		return ""
	}
	return f.calls[len(f.calls)-1]
}

func (f *fake) play(step func(api.Step)) {
	for _, s := range f.steps {
		step(s)
	}
}

func (f *fake) Hello(context.Context) (api.Hello, error) { return f.hello, nil }

func (f *fake) Status(context.Context) (api.Status, error) {
	return api.Status{Unread: 3, Revision: 7}, f.note("status")
}

func (f *fake) Accounts(context.Context) ([]api.Account, error) {
	return []api.Account{{ID: "a"}}, f.note("accounts")
}

func (f *fake) Check(_ context.Context, d api.Draft, step func(api.Step)) error {
	f.play(step)
	return f.note("check", d)
}

func (f *fake) AddAccount(_ context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	f.play(step)
	return api.Account{ID: "new"}, f.note("add", d)
}

func (f *fake) TestAccount(_ context.Context, id mail.AccountID, step func(api.Step)) error {
	f.play(step)
	return f.note("test", id)
}

func (f *fake) SignIn(_ context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	f.play(step)
	return f.note("sign-in", id, password)
}

func (f *fake) RemoveAccount(_ context.Context, id mail.AccountID, keep bool) (api.Removed, error) {
	return api.Removed{Account: id, Dropped: 3}, f.note("remove", id, keep)
}

func (f *fake) Sync(_ context.Context, id mail.AccountID) ([]api.SyncReport, error) {
	return []api.SyncReport{{Account: "a", New: 2}}, f.note("sync", id)
}

func (f *fake) Kick(context.Context) error { return f.note("kick") }

func (f *fake) Folders(_ context.Context, id mail.AccountID) ([]api.Folder, error) {
	return []api.Folder{{Path: "INBOX"}}, f.note("folders", id)
}

func (f *fake) SetWatched(_ context.Context, id mail.AccountID, path string, watched bool) error {
	return f.note("watch", id, path, watched)
}

func (f *fake) Messages(_ context.Context, q api.PageQuery) (api.Page, error) {
	return api.Page{Total: 9, Messages: []api.Message{{ID: 1}}}, f.note("messages", q)
}

func (f *fake) Search(_ context.Context, q api.SearchQuery) (api.Page, error) {
	return api.Page{Total: 1, Messages: []api.Message{{ID: 1}}}, f.note("search", q)
}

func (f *fake) Message(_ context.Context, id mail.MessageID) (api.Message, error) {
	return api.Message{ID: id}, f.note("message", id)
}

func (f *fake) MessageAt(_ context.Context, id mail.AccountID, path string, uid mail.UID) (api.Message, error) {
	return api.Message{UID: uid}, f.note("message-at", id, path, uid)
}

func (f *fake) Body(_ context.Context, id mail.MessageID) (api.Body, error) {
	return api.Body{Text: "text"}, f.note("body", id)
}

func (f *fake) Raw(_ context.Context, id mail.MessageID) (io.ReadCloser, error) {
	if err := f.note("raw", id); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return io.NopCloser(f.raw()), nil
}

func (f *fake) Do(_ context.Context, a api.Action) (api.ActionResult, error) {
	return api.ActionResult{Op: 5}, f.note("do", a)
}

func (f *fake) DoFolder(_ context.Context, id mail.AccountID, a api.FolderAction) (api.ActionResult, error) {
	return api.ActionResult{Op: 6, Ops: []mail.OpID{6}, Role: mail.RoleTrash, Count: 3}, f.note("do-folder", id, a)
}

func (f *fake) Undo(_ context.Context, id mail.OpID) (api.Undone, error) {
	return api.Undone{
		Op: api.Op{ID: id, State: mail.OpUndone}, Ops: []mail.OpID{8, 9},
		Passed: []api.PassedOver{{Op: 3, Why: mail.PassGone, Count: 2}},
	}, f.note("undo", id)
}

func (f *fake) DismissNews(_ context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error) {
	return []api.Problem{{Code: code, Account: id, News: true}}, f.note("dismiss", id, code)
}

func (f *fake) WaitOp(_ context.Context, id mail.OpID) (api.Op, error) {
	return api.Op{ID: id, State: mail.OpDone}, f.note("wait", id)
}

func (f *fake) Ops(_ context.Context, id mail.AccountID) ([]api.Op, error) {
	return []api.Op{{ID: 1}}, f.note("ops", id)
}

func (f *fake) Doctor(context.Context) ([]api.Check, error) {
	return []api.Check{{Name: "keyring", OK: true}}, f.note("doctor")
}

func (f *fake) Activity(_ context.Context, since time.Time, limit int) ([]api.Event, error) {
	return []api.Event{{Rev: 4}}, f.note("activity", since, limit)
}

func (f *fake) Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error {
	if err := f.note("events", q); err != nil {
		return err
	}
	return f.events(ctx, fn)
}

func (f *fake) ShowUI(_ context.Context, r api.UIRequest) error { return f.note("ui", r) }

func (f *fake) PauseAlerts(_ context.Context, until time.Time) error { return f.note("pause", until) }

func (f *fake) Handover(context.Context) error { return f.note("handover") }
func (f *fake) Quit(context.Context) error     { return f.note("quit") }
func (f *fake) Restart(context.Context) error  { return f.note("restart") }

// serve serves f on a socket until the test ends, and returns its path and
// what was logged.
func serve(t *testing.T, f *fake) (path string, log *syncBuffer) {
	t.Helper()
	path = socketPath(t)
	ln, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return path, serveOn(t, ln, f)
}

func serveOn(t *testing.T, ln net.Listener, f *fake) *syncBuffer {
	t.Helper()
	if f.hello.API == 0 {
		f.hello.API = api.Version
	}
	log := &syncBuffer{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		h := slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
		ended <- Serve(ctx, ln, f, slog.New(h))
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(2 * shutdownLimit):
			t.Error("Serve does not end")
		}
	})
	return log
}

func client(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
