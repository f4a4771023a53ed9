package host

import (
	"context"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/engine"
	"github.com/heronmail/heron/sync/secret"
	"github.com/heronmail/heron/sync/store"
)

// Limits of waiting.
const (
	waitLimit    = 15 * time.Second // for another holder, unless Options say otherwise
	keyringLimit = 20 * time.Second // for one answer of the keyring; it may ask its user
)

// Options are how a process becomes the holder, or finds it.
type Options struct {
	Dirs    config.Dirs
	Holder  string       // control.HolderAgent or control.HolderCtl
	Build   string       // of this program, for the handshake
	Log     *slog.Logger // nil: nothing is logged
	Secrets secret.Store // nil: the OS keyring
	Demo    bool         // told to clients; Dirs are the demo's own
	// TakeOver asks a heronctl that holds the lock to hand over. Agents set it.
	TakeOver bool
	// Wait is how long another holder may take to answer and to let go; 0 is 15 s.
	Wait time.Duration
	// PollInterval is how often folders that a server does not tell about are
	// asked; 0 is 60 s.
	PollInterval time.Duration
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wait == 0 {
		o.Wait = waitLimit
	}
	if o.Secrets == nil {
		o.Secrets = secret.NewKeyring(o.Dirs.KeyringService(), keyringLimit)
	}
	return o
}

// End is why Run returned.
type End string

// The ends of a host. They are also the Reason of a stream's handover line.
const (
	EndStopped  End = "stopped"  // its context ended, or Close was called
	EndHandover End = "handover" // an agent takes over
	EndQuit     End = "quit"     // a client asked it to end
	EndRestart  End = "restart"  // a client asked for a restart: the caller starts its executable anew
)

// Host holds the lock, the settings, the store, the engine and the control
// server.
type Host struct {
	o        Options
	lock     *flock.Flock
	settings *config.File
	store    *store.Store
	engine   *engine.Engine
	listener net.Listener
	backend  *backend
	ui       *uiHub

	ending  chan struct{} // closed when Run shall end
	endOnce sync.Once
	end     End // set before ending is closed

	mu     sync.Mutex
	ran    chan struct{} // nil before Run, closed when it has returned
	closed bool
}

// Open takes the lock, opens settings and store, and listens; Run does the
// rest. Faults: busy when another process holds the lock and does not let go,
// around ErrShown when that is an agent, which was asked to show its window;
// those of the disk; store-broken and store-newer.
func Open(ctx context.Context, o Options) (*Host, error) {
	o = o.withDefaults()
	lock, err := acquire(ctx, o)
	if err != nil {
		return nil, err
	}
	h, err := open(ctx, o, lock)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return h, nil
}

// open makes a host of who has the lock.
func open(ctx context.Context, o Options, lock *flock.Flock) (*Host, error) {
	settings, problems, err := config.Open(o.Dirs)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, o.Dirs.Data, store.Options{Log: o.Log})
	if err != nil {
		return nil, err
	}
	ln, err := control.Listen(ctx, o.Dirs.SocketPath())
	if err != nil {
		_ = st.Close()
		return nil, err
	}
	h := &Host{
		o: o, lock: lock, settings: settings, store: st, listener: ln,
		ui: newUIHub(), ending: make(chan struct{}),
		engine: engine.New(engine.Config{
			Store: st, Settings: settings, Secrets: o.Secrets, Log: o.Log, Dir: o.Dirs.Data,
			Problems: problems, PollInterval: o.PollInterval, Version: o.Build,
		}),
	}
	h.backend = &backend{
		engine: h.engine, store: st, host: h,
		hello: api.Hello{API: api.Version, Build: o.Build, PID: os.Getpid(), Holder: o.Holder, Demo: o.Demo},
	}
	return h, nil
}

// Run watches mail and serves clients until ctx ends or a client ends it, and
// drains: when it returns, every stream has had its handover line, every
// connection is closed and nothing listens any more. The lock is held until
// Close. It may be called once.
func (h *Host) Run(ctx context.Context) (End, error) {
	ran := make(chan struct{})
	defer close(ran)
	h.mu.Lock()
	h.ran = ran
	h.mu.Unlock()

	// The server outlives the engine: streams shall get their last lines.
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopServing()
	served := make(chan error, 1)
	go func() { served <- control.Serve(serving, h.listener, h.backend, h.o.Log) }()

	working, stopWorking := context.WithCancel(ctx)
	defer stopWorking()
	worked := make(chan error, 1)
	go func() { worked <- h.engine.Run(working) }()

	var err error
	select {
	case <-ctx.Done():
	case <-h.ending:
	case err = <-served:
		served <- nil
	case err = <-worked:
		worked <- nil
	}
	h.finish(EndStopped)
	stopWorking()
	if werr := <-worked; err == nil {
		err = werr
	}
	stopServing()
	if serr := <-served; err == nil {
		err = serr
	}
	return h.end, err
}

// finish makes Run end; the first reason given counts.
func (h *Host) finish(why End) {
	h.endOnce.Do(func() {
		h.end = why
		close(h.ending)
	})
}

// Close releases store and lock. It ends a Run that is under way first, and
// may be called more than once.
func (h *Host) Close() error {
	h.finish(EndStopped)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	if h.ran != nil {
		<-h.ran
	}
	_ = h.listener.Close() // again, if Run was called
	err := h.store.Close()
	if uerr := h.lock.Close(); err == nil {
		err = uerr
	}
	return err
}

// Backend answers in this process what a control.Client asks over the socket.
func (h *Host) Backend() control.Backend { return h.backend }

// Engine is the engine that Run runs.
func (h *Host) Engine() *engine.Engine { return h.engine }

// Store is the store of the engine. Only the engine's own parts and the
// recording of alerts write to it.
func (h *Host) Store() *store.Store { return h.store }

// Settings are the settings of the engine.
func (h *Host) Settings() *config.File { return h.settings }

// UI gives the requests to show something that no window listens for: the
// agent starts one, and the newest request is sent to it when it attaches.
func (h *Host) UI() <-chan api.UIRequest { return h.ui.out }

// UIWaits reports whether a request to show something was made after that
// moment that no window has heard yet.
func (h *Host) UIWaits(after time.Time) bool { return h.ui.waits(after) }
