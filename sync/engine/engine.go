package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/secret"
	"github.com/heronmail/heron/sync/store"
)

// stopLimit is how long a worker may take to close its connection.
const stopLimit = 10 * time.Second

// Config is what an Engine works on. It closes none of it.
type Config struct {
	Store    *store.Store
	Settings *config.File
	Secrets  secret.Store
	Log      *slog.Logger     // nil: nothing is logged
	Now      func() time.Time // the clock; nil: time.Now
	// Dir is where the store keeps its files: it is looked at while the disk is
	// full, to tell when there is space again.
	Dir string
	// Problems were found when the settings were opened.
	Problems []mail.Problem
	// ReadOnly says that there will be no Run: the engine answers from what the
	// store knows, and refuses the rest with Fault read-only.
	ReadOnly bool
	// PollInterval is how often folders that the server does not tell about are
	// asked; 0 is 60 s.
	PollInterval time.Duration
	Version      string // of Heron, told to servers that ask

	// Tests replace the network.
	newWorker func(mail.Account) worker
	check     func(ctx context.Context, a mail.Account, password string, step func(Step)) error
}

// Engine keeps every account in step and answers what the programs ask. Its
// methods may be called by several goroutines.
type Engine struct {
	cfg      Config
	store    *store.Store
	settings *config.File
	log      *slog.Logger
	problems *problems
	beacon   *beacon
	started  chan struct{} // closed when Run supervises
	edit     sync.Mutex    // held while accounts or settings are changed
	stopped  bool          // Run has ended and nothing may be changed; under edit
	passes   sync.WaitGroup

	mu       sync.Mutex
	sup      *suture.Supervisor // nil before Run and after it
	life     context.Context    // Run's; what is begun in the background ends with it
	workers  map[mail.AccountID]*entry
	progress map[mail.AccountID]Progress
}

// entry is an account that is being watched.
type entry struct {
	worker worker
	token  suture.ServiceToken
}

// New makes an engine. Nothing is connected before Run.
func New(c Config) *Engine {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	b := newBeacon()
	e := &Engine{
		cfg: c, store: c.Store, settings: c.Settings, log: c.Log,
		problems: newProblems(b, c.Now), beacon: b, started: make(chan struct{}),
		workers: map[mail.AccountID]*entry{}, progress: map[mail.AccountID]Progress{},
	}
	for _, p := range c.Problems {
		e.problems.raise(p)
	}
	return e
}

// Run watches all accounts until ctx ends, and returns when every connection
// is closed. It may be called once.
func (e *Engine) Run(ctx context.Context) error {
	sup := suture.New("engine", suture.Spec{
		EventHook: e.supervised, Timeout: stopLimit, FailureBackoff: stopLimit,
	})
	ended := sup.ServeBackground(ctx)
	sup.Add(service{"policies", e.followPolicies})
	sup.Add(service{"disk", e.watchDisk})
	e.mu.Lock()
	e.sup, e.life = sup, ctx
	for _, a := range e.settings.Accounts() {
		e.start(ctx, a)
	}
	e.mu.Unlock()
	close(e.started)
	err := <-ended
	e.mu.Lock()
	e.sup = nil
	clear(e.workers)
	clear(e.progress)
	e.mu.Unlock()
	e.passes.Wait()
	// Whoever is adding or removing an account is let finish; nobody begins.
	e.edit.Lock()
	e.stopped = true
	e.edit.Unlock()
	if err != nil && ctx.Err() == nil {
		return mail.FaultOf(err)
	}
	return nil
}

// supervised logs what the supervisor does. Errors are said by their code:
// texts may name addresses.
func (e *Engine) supervised(ev suture.Event) {
	switch ev := ev.(type) {
	case suture.EventServicePanic:
		e.log.Error("a service failed badly and is started again", "service", ev.ServiceName, "stack", ev.Stacktrace)
	case suture.EventServiceTerminate:
		err, _ := ev.Err.(error)
		e.log.Error("a service ended and is started again", "service", ev.ServiceName, "code", mail.FaultOf(err).Code)
	case suture.EventStopTimeout:
		e.log.Error("a service does not stop", "service", ev.ServiceName)
	}
}

// service is what suture runs.
type service struct {
	name string
	run  func(context.Context) error
}

// errEnding is answered to who asks for something while the engine ends.
var errEnding = &mail.Fault{Code: mail.CodeBusy, Class: mail.ClassLocal, Err: errors.New("the engine is ending")}

// errEnded says that a service ended although nobody asked it to.
var errEnded = errors.New("ended early")

// Serve runs until ctx ends. What run returns before that is never taken for a
// wish to end: the chain of errors is cut, so that the supervisor does not find
// a context's error in it.
func (s service) Serve(ctx context.Context) error {
	err := s.run(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return errEnded
	}
	f := mail.FaultOf(err)
	return &mail.Fault{Code: f.Code, Class: f.Class, Err: errEnded}
}

// String names the service in the supervisor's events.
func (s service) String() string { return s.name }

// start watches an account; e.mu is held. Before Run it does nothing, as Run
// starts all.
func (e *Engine) start(ctx context.Context, a mail.Account) {
	if e.sup == nil || e.workers[a.ID] != nil {
		return
	}
	delete(e.progress, a.ID)
	if a.Policy.Paused {
		e.note(e.store.SetState(ctx, a.ID, store.AccountState{State: mail.StatePaused}))
		return
	}
	if err := supported(a); err != nil {
		p := err.Problem()
		p.Account = a.ID
		e.problems.raise(p)
		e.note(e.store.SetState(ctx, a.ID, store.AccountState{State: mail.StateError}))
		return
	}
	w := e.newWorker(a)
	e.workers[a.ID] = &entry{worker: w, token: e.sup.Add(service{"account", w.Serve})}
}

// stop ends an account's worker and waits for it; e.mu is not held.
func (e *Engine) stop(id mail.AccountID) {
	e.mu.Lock()
	sup, w := e.sup, e.workers[id]
	delete(e.workers, id)
	delete(e.progress, id)
	e.mu.Unlock()
	if sup == nil || w == nil {
		return
	}
	if err := sup.RemoveAndWait(w.token, stopLimit); err != nil {
		e.log.Warn("a worker did not end in time", "code", mail.FaultOf(err).Code)
	}
}

// worker finds the worker of an account. It waits for Run to have begun.
func (e *Engine) worker(ctx context.Context, id mail.AccountID) (worker, error) {
	a, err := e.settings.Account(id)
	if err != nil {
		return nil, err
	}
	if err := e.running(ctx); err != nil {
		return nil, err
	}
	e.mu.Lock()
	w, running := e.workers[id], e.sup != nil
	e.mu.Unlock()
	switch {
	case w != nil:
		return w.worker, nil
	case !running:
		return nil, errEnding
	}
	if err := supported(a); err != nil {
		return nil, err
	}
	return nil, &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": "a paused account"}}
}

// running waits until Run supervises.
func (e *Engine) running(ctx context.Context) error {
	if e.cfg.ReadOnly {
		return e.readOnly()
	}
	select {
	case <-e.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// change begins a change of accounts or settings; the caller ends it.
func (e *Engine) change() (end func(), err error) {
	if e.cfg.ReadOnly {
		return nil, e.readOnly()
	}
	e.edit.Lock()
	if e.stopped {
		e.edit.Unlock()
		return nil, errEnding
	}
	return e.edit.Unlock, nil
}

func (e *Engine) readOnly() error {
	return &mail.Fault{Code: mail.CodeReadOnly, Class: mail.ClassLocal, Args: mail.Args{"path": e.cfg.Dir}}
}

// supported refuses what this release does not speak.
func supported(a mail.Account) *mail.Fault {
	if a.Endpoint.Protocol != mail.IMAP {
		return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": "POP3"}}
	}
	return nil
}
