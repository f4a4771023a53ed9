package engine

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/secret"
	"github.com/heronmail/heron/sync/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that should come soon.
const patience = 20 * time.Second

// rig is an engine with folders, store, settings and keyring of its own.
type rig struct {
	*testing.T
	root    string
	dirs    config.Dirs
	secrets *keyring
	*Engine
	stop func()
}

// newRig makes an engine; change may alter its Config. It runs after run.
func newRig(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	r := &rig{T: t, root: t.TempDir(), secrets: &keyring{Store: secret.NewMemory()}}
	var err error
	r.dirs, err = config.DirsUnder(r.root)
	r.must(err)
	settings, problems, err := config.Open(r.dirs)
	r.must(err)
	st, err := store.Open(t.Context(), r.dirs.Data, store.Options{})
	r.must(err)
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	c := Config{
		Store: st, Settings: settings, Secrets: r.secrets, Dir: r.dirs.Data, Problems: problems,
		Log: slog.New(slog.NewTextHandler(logTo{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	r.Engine = New(c)
	return r
}

// run runs the engine until the test ends or r.stop is called.
func (r *rig) run() {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.Errorf("Run: %v", err)
		}
	})
	r.Cleanup(r.stop)
	r.must(r.running(r.Context()))
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// status waits until the one account's status is as ok wants it.
func (r *rig) status(what string, ok func(AccountStatus) bool) AccountStatus {
	r.Helper()
	sub := r.store.Subscribe()
	defer sub.Close()
	changed, stop := r.Beacon()
	defer stop()
	late := time.After(patience)
	for {
		s, err := r.Status(context.Background())
		r.must(err)
		if len(s.Accounts) > 0 && ok(s.Accounts[0]) {
			return s.Accounts[0]
		}
		select {
		case <-sub.C():
		case <-changed:
		case <-late:
			r.Fatalf("%s: not seen, but %+v", what, s)
		}
	}
}

// files returns which files under the rig's folder hold a text.
func (r *rig) files(text string) []string {
	r.Helper()
	var out []string
	r.must(filepath.WalkDir(r.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			out = append(out, path)
		}
		return err
	}))
	return out
}

func code(err error) mail.Code {
	if err == nil {
		return ""
	}
	return mail.FaultOf(err).Code
}

func hasProblem(ps []mail.Problem, c mail.Code) bool {
	for _, p := range ps {
		if p.Code == c {
			return true
		}
	}
	return false
}

// keyring is a secret.Store that a test can lock.
type keyring struct {
	secret.Store
	mu     sync.Mutex
	locked error
}

func (k *keyring) lock(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.locked = err
}

func (k *keyring) fault() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.locked
}

func (k *keyring) Get(ctx context.Context, id mail.AccountID, binding string) (string, error) {
	if err := k.fault(); err != nil {
		return "", err
	}
	return k.Store.Get(ctx, id, binding)
}

func (k *keyring) Set(ctx context.Context, id mail.AccountID, binding, s string) error {
	if err := k.fault(); err != nil {
		return err
	}
	return k.Store.Set(ctx, id, binding, s)
}

func (k *keyring) Delete(ctx context.Context, id mail.AccountID) error {
	if err := k.fault(); err != nil {
		return err
	}
	return k.Store.Delete(ctx, id)
}

var errLocked = &mail.Fault{Code: mail.CodeKeyringLocked, Class: mail.ClassLocal}

// fakeWorker is a worker without a network.
type fakeWorker struct {
	mu     sync.Mutex
	serve  func(ctx context.Context) error
	served int
	kicks  []imapsync.Reason
	queued int
	synced time.Time
}

func (w *fakeWorker) Serve(ctx context.Context) error {
	w.mu.Lock()
	w.served++
	w.mu.Unlock()
	if w.serve != nil {
		return w.serve(ctx)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (w *fakeWorker) Sync(context.Context) (imapsync.Report, error) {
	return imapsync.Report{New: 1}, nil
}

func (w *fakeWorker) Kick(r imapsync.Reason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kicks = append(w.kicks, r)
}

func (w *fakeWorker) OpsQueued() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queued++
}

func (w *fakeWorker) LastSync(m mail.Mailbox) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.synced.After(m.LastSync) {
		return w.synced
	}
	return m.LastSync
}

func (w *fakeWorker) FetchBody(context.Context, mail.MessageID) error {
	return errors.New("this worker fetches nothing")
}

// offline replaces the network: every sign-in works, and w watches.
func offline(w *fakeWorker) func(*Config) {
	return func(c *Config) {
		c.newWorker = func(mail.Account) worker { return w }
		c.check = func(context.Context, mail.Account, string, func(Step)) error { return nil }
	}
}

// draft is an account that a person has typed in.
func draft(address string) mail.Account {
	return mail.Account{Address: address, Endpoint: mail.Endpoint{Host: "mail.example.org"}}
}

// logTo writes a log into the test's.
type logTo struct{ t *testing.T }

func (l logTo) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}

func readAll(t *testing.T, rc io.ReadCloser) string {
	t.Helper()
	defer func() { _ = rc.Close() }()
	b, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
