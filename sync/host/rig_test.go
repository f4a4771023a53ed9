package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that should come soon.
const patience = 20 * time.Second

// options are those of a process of a kind over one data folder.
func options(t *testing.T, root, holder string, secrets secret.Store) Options {
	t.Helper()
	dirs, err := config.DirsUnder(root)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Dirs: dirs, Holder: holder, Build: "test", Secrets: secrets, TakeOver: holder == control.HolderAgent,
		Log: slog.New(slog.NewTextHandler(logTo{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// logTo writes a log into the test's.
type logTo struct{ t *testing.T }

func (l logTo) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}

// running is a host that runs until it ends or stop is called.
type running struct {
	*Host
	end chan End // what Run returned
}

func (r *running) stop() {
	r.finish(EndStopped)
	r.end <- <-r.end
}

// run opens and runs a host, and closes it when it ends or with the test.
func run(t *testing.T, o Options) *running {
	t.Helper()
	h, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Host: h, end: make(chan End, 1)}
	go func() {
		end, err := h.Run(context.Background())
		if err = errors.Join(err, h.Close()); err != nil {
			t.Errorf("the host ended with %v", err)
		}
		r.end <- end
	}()
	t.Cleanup(r.stop)
	return r
}

func connect(t *testing.T, fn func(context.Context, Options) (Session, error), o Options) Session {
	t.Helper()
	s, err := fn(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// tail collects the lines of a stream.
type tail struct {
	t     *testing.T
	lines chan api.Event
	ended chan error
}

func read(t *testing.T, b control.Backend, q api.EventsQuery) *tail {
	t.Helper()
	r := &tail{t: t, lines: make(chan api.Event, 1000), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		r.ended <- b.Events(ctx, q, func(e api.Event) error {
			r.lines <- e
			return nil
		})
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return r
}

// until reads lines up to one of a kind, and returns that.
func (r *tail) until(kind string) api.Event {
	r.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e := <-r.lines:
			if e.Kind == kind {
				return e
			}
		case <-late:
			r.t.Fatalf("no line of kind %s", kind)
		}
	}
}

func code(err error) mail.Code {
	if err == nil {
		return ""
	}
	return mail.FaultOf(err).Code
}

// tell writes something to the log of changes.
func (r *running) tell(t *testing.T, c mail.Code) {
	t.Helper()
	if err := r.Store().RaiseProblem(t.Context(), mail.Problem{Code: c, Class: mail.ClassLocal}); err != nil {
		t.Fatal(err)
	}
}
