package imapsync

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/punctual"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Defaults of Config.
const (
	defaultPoll    = time.Minute
	defaultIdleMax = 9 * time.Minute
	connectLimit   = time.Minute // connect and sign-in together
	steadyAfter    = 30 * time.Second
	secretPoll     = time.Minute
)

// Config is what a Worker needs. Account, Store and Secret must be set.
type Config struct {
	Account mail.Account
	Store   *store.Store
	// Secret returns the password. It is asked before every connection; its
	// error should be a *mail.Fault.
	Secret func(ctx context.Context) (string, error)
	Log    *slog.Logger // nil: nothing is logged
	// Progress is told how far a first sync is, in messages; done == total is
	// its end. It is called from the worker and must not block. May be nil.
	Progress func(done, total int)
	// StoreFailed is told when the state or a problem cannot be kept, as on a full
	// disk: then somebody else has to say so. It must not block. May be nil.
	StoreFailed func(err error)
	// PollInterval is how often all folders are asked, at least; 0: a minute.
	PollInterval time.Duration
	// IdleMax is the longest that one IDLE lasts; 0: 9 minutes.
	IdleMax time.Duration
	// Version is told to servers that ask for a client's ID (RFC 2971).
	Version string
	// Dial replaces wire.Dial, for tests. May be nil.
	Dial func(ctx context.Context, o wire.Options) (*wire.Conn, error)
}

// Reason is why a Worker is kicked.
type Reason string

// The reasons for a kick.
const (
	ReasonCheck    Reason = "check"    // the user wants to see what is new
	ReasonSecret   Reason = "secret"   // a secret was stored, or the keyring unlocked
	ReasonNetwork  Reason = "network"  // the network changed: sockets are dropped
	ReasonResume   Reason = "resume"   // the computer slept: sockets are dropped
	ReasonSettings Reason = "settings" // something else changed that may help
)

// Worker brings one account in step. Its methods may be called from any
// goroutine.
type Worker struct {
	cfg  Config
	wake chan struct{} // a token: the session has something to do
	kick chan struct{} // a token: do not wait any longer before the next try
	only chan struct{} // a token: of who may be connected

	// What is learnt of the server from one connection for the next; it belongs
	// to who holds only.
	stalled   bool // the last one ended in silence: maybe over what came behind DONE
	renew     renewal
	proven    bool // NOTIFY was seen to tell of mailboxes that are not selected
	kept      int  // polls in a row that found nothing that NOTIFY had not told
	peeksLost int  // connections in a row that ended over a question for first words
	plain     bool // a connection came to grief over compression: no other is compressed
	refusals  refusals
	doubts    map[share]*doubt
	falls     falls
	opFalls   opFalls
	learnt    recollection
	fellAgain time.Time                    // when a connection ended over a message that was asked for again
	spared    int                          // lethal messages in a row, without another that could be had
	verified  map[mail.MailboxID]time.Time // when mailboxes were compared whole, as they differed
	searched  map[mail.MailboxID]time.Time // when they were last asked which messages have a flag
	unlisted  map[string]bool              // folders that the last listing left out; true: that of a new session too
	left      int                          // sessions that were left for their listings
	leftUntil time.Time                    // none is before

	mu       sync.Mutex
	serving  bool
	begins   chan struct{} // closed when serving begins
	drop     func()        // ends the connection, or the try to make one; nil between them
	dropped  bool          // a kick did that: it is no fault
	spent    Report        // what the last connection counted, if it came to no session
	narrowed bool          // a connection ended, and it is better known over what
	asks     []*ask
	said     []string                     // what the server wants the user to be told, on this connection
	unsaid   bool                         // some of it is not told yet
	raised   []mail.Code                  // problems of which somebody was told, and that are not over
	cleared  bool                         // a pass went well in this process
	synced   map[mail.MailboxID]time.Time // when folders were in step, where the store does not have it yet
	// listening is set while the server needs nothing but to be listened to.
	listening *listening
}

// New makes a worker. It does nothing before Serve, Sync, Pass or FetchBody.
func New(c Config) *Worker {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.PollInterval <= 0 {
		c.PollInterval = defaultPoll
	}
	if c.IdleMax <= 0 || c.IdleMax > defaultIdleMax {
		c.IdleMax = defaultIdleMax
	}
	if c.Dial == nil {
		c.Dial = wire.Dial
	}
	c.Log = c.Log.With("account", c.Account.ID)
	return &Worker{
		cfg: c, renew: newRenewal(c.IdleMax),
		wake: make(chan struct{}, 1), kick: make(chan struct{}, 1), only: make(chan struct{}, 1), begins: make(chan struct{}),
	}
}

// Serve connects, brings the account in step, keeps it so, and connects again
// when the connection ends. It returns only when ctx ends, with ctx's error; no
// connection is open then. It is a service for suture.
func (w *Worker) Serve(ctx context.Context) error {
	w.setServing(true)
	defer func() {
		w.setServing(false)
		if !w.cfg.Account.Policy.Paused {
			w.setState(context.WithoutCancel(ctx), mail.StateOffline, time.Time{})
		}
		w.failAsks(w.lost(context.Cause(ctx)))
	}()
	if w.cfg.Account.Policy.Paused {
		return w.pause(ctx)
	}
	var b backoff
	for {
		steady, secret, err := w.live(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if steady {
			b.reset()
		}
		f := mail.FaultOf(err)
		w.log().Info("the connection ended", "code", f.Code, "class", string(f.Class), "steady", steady)
		switch {
		case w.takeDropped():
			b.hurry()
			drain(w.kick)
			w.answerFailed()
			continue
		case errors.Is(err, errWrongListings):
			continue
		case steady && f.Class == mail.ClassOffline:
			// It worked until now: most likely it works at once again, and
			// nobody has to hear of it but who asked.
			w.answerFailed()
			continue
		}
		if w.takeNarrowed() {
			b.ease()
		}
		w.rest(ctx, f, &b, secret)
	}
}

// pause makes no connection until ctx ends, and tells so who asks for one.
func (w *Worker) pause(ctx context.Context) error {
	w.setState(ctx, mail.StatePaused, time.Time{})
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.wake:
			w.failAsks(&mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": "a paused account"}})
		}
	}
}

// live runs one connection from its first byte to its end. steady says that it
// was of use for a while; secret is what it signed in with.
func (w *Worker) live(ctx context.Context) (steady bool, secret string, err error) {
	leave, err := w.alone(ctx, nil)
	if err != nil {
		return false, "", err
	}
	defer leave()
	w.setState(ctx, mail.StateConnecting, time.Time{})
	s, secret, err := w.connect(ctx)
	if err != nil {
		return false, secret, err
	}
	defer s.close()
	if err := w.online(ctx, s.teller.told(), s.teller.why()); err != nil {
		return false, secret, err
	}
	began := time.Now()
	err = s.run(ctx)
	s.keepStamps(context.WithoutCancel(ctx))
	w.keepLearnt(context.WithoutCancel(ctx))
	if mail.FaultOf(err).Class == mail.ClassOffline && !w.wasDropped() {
		w.renew.died(s.quiet)
	}
	w.stalled = mail.FaultOf(err).Code == mail.CodeTimeout
	w.plain = w.plain || s.conn.CompressFailed()
	// Who kicked meanwhile wanted a connection, and had one: nothing is to be
	// tried again for that, a password least of all.
	drain(w.kick)
	return time.Since(began) >= steadyAfter, secret, err
}

// rest waits until the next try makes sense, and says so.
func (w *Worker) rest(ctx context.Context, f *mail.Fault, b *backoff, secret string) {
	var timer <-chan time.Time
	var next time.Time
	if !waitsForPerson(f) {
		d := b.next(f)
		next = time.Now().Add(d)
		t := punctual.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	w.raise(ctx, f)
	w.setState(ctx, stateAfter(f), next)
	w.failAsks(f)
	var look <-chan time.Time
	if timer == nil {
		t := time.NewTicker(secretPoll)
		defer t.Stop()
		look = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer:
			return
		case <-w.kick:
			b.hurry()
			return
		case <-w.wake:
			// Who asks for a body now is told at once why not. Who asks for a
			// pass has kicked too, and is answered by the next try.
			w.failBodies(f)
		case <-look:
			// The password may have been put right by another program.
			if now, err := w.cfg.Secret(ctx); err == nil && now != secret {
				b.reset()
				return
			}
		}
	}
}

// Kick drops a backoff: the worker tries again at once. For ReasonNetwork and
// ReasonResume it also drops the connection, or the try to make one: it may be
// dead without anybody having said so.
func (w *Worker) Kick(r Reason) {
	signal(w.kick)
	switch r {
	case ReasonNetwork, ReasonResume:
		w.mu.Lock()
		drop := w.drop
		w.dropped = w.dropped || drop != nil // it counts until it is looked at
		w.mu.Unlock()
		if drop != nil {
			drop()
		}
	case ReasonCheck, ReasonSecret, ReasonSettings:
	}
}

// OpsQueued says that the store has something to send.
func (w *Worker) OpsQueued() { signal(w.wake) }

// signal leaves a token in a channel that may hold one already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// drain takes the token out of a channel, if there is one.
func drain(c chan struct{}) {
	select {
	case <-c:
	default:
	}
}

// wasDropped reports whether a kick closed the connection, and leaves it so.
func (w *Worker) wasDropped() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// takeDropped reports whether a kick closed the connection.
func (w *Worker) takeDropped() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.dropped
	w.dropped = false
	return d
}

func (w *Worker) isServing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.serving
}

func (w *Worker) setServing(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case on && !w.serving:
		close(w.begins)
	case !on && w.serving:
		w.begins = make(chan struct{})
	}
	w.serving = on
}

func (w *Worker) log() *slog.Logger { return w.cfg.Log }

func (w *Worker) host() string { return w.cfg.Account.Endpoint.Host }
