package window

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

const (
	readPause     = 120 * time.Millisecond // between two readings of the status
	activityLimit = 200                    // lines of the activity page
	fastTick      = time.Second            // while seconds are counted down
	agoTick       = 5 * time.Second        // while seconds are counted up
	freshTick     = time.Minute            // the agent says nothing of a look that found nothing new, so it is asked
)

// session keeps what the window shows in step with the agent. One goroutine,
// Run's, owns every field below acts; whatever waits runs beside it and posts
// its result back.
type session struct {
	dial   func(ctx context.Context) (agent, error)
	launch func(ctx context.Context) error // starts the agent
	out    screen
	log    *slog.Logger
	now    func() time.Time
	build  string // of this window, compared with the agent's; "" compares nothing

	acts  chan func()
	ended chan struct{}
	ctx   context.Context //nolint:containedctx // Run's, for what it starts
	wg    sync.WaitGroup

	st       view.State
	agent    agent
	tries    int  // to attach, since it last worked
	launched bool // the agent was started by us, once
	dialling bool
	retry    *time.Timer
	here     context.Context    //nolint:containedctx // of what is asked of the agent we are attached to
	leave    context.CancelFunc // ends here

	pages     *pages
	showFirst mail.MessageID // opened as soon as attached
	reading   bool
	stale     bool      // something changed since the reading under way began
	lastRead  time.Time // when the last reading began
	asked     time.Time // when the status was last asked for
	trueUntil time.Time // when the words on the screen change
	pause     *time.Timer
	bodyGone  context.CancelFunc // ends the fetch of a body that nobody wants now
	dirty     bool               // st differs from what is shown
	greeted   bool               // the wizard was offered for want of accounts
}

// newSession makes a session that is not running yet. first is opened when the
// agent is there, 0 for none.
func newSession(dial func(context.Context) (agent, error), launch func(context.Context) error, out screen, log *slog.Logger, first mail.MessageID) *session {
	s := &session{
		dial: dial, launch: launch, out: out, log: log, now: time.Now,
		acts: make(chan func(), 16), ended: make(chan struct{}), showFirst: first,
	}
	s.newPages()
	return s
}

// Run works until ctx ends, and returns when everything it started has ended.
func (s *session) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	s.ctx = ctx
	s.leave = func() {}
	s.bodyGone = func() {}
	defer func() {
		cancel()
		close(s.ended)
		stop(s.retry)
		stop(s.pause)
		if s.agent != nil {
			_ = s.agent.Close()
		}
		s.wg.Wait()
	}()
	s.attach() //nolint:contextcheck // all that the session begins ends with the session
	tick := time.NewTimer(freshTick)
	defer tick.Stop()
	s.publish()
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-s.acts:
			f()
			s.drain()
		case <-tick.C:
			s.dirty = s.dirty || !s.now().Before(s.trueUntil)
			s.freshen() //nolint:contextcheck // all that the session begins ends with the session
		}
		if s.dirty {
			s.publish()
		}
		tick.Reset(s.tick())
	}
}

// drain runs what has been posted meanwhile, so that it is drawn at once.
func (s *session) drain() {
	for {
		select {
		case f := <-s.acts:
			f()
		default:
			return
		}
	}
}

func (s *session) publish() {
	s.dirty = false
	s.st.Now = s.now()
	st := s.st
	st.Rows, st.Known = s.pages, s.pages.Known()
	s.trueUntil = s.st.Now.Add(s.wordsLast())
	s.out.show(st)
}

// tick is the time until something is to be done though nothing happened.
func (s *session) tick() time.Duration {
	wait := max(s.trueUntil.Sub(s.now()), 0)
	if s.agent != nil && len(s.st.Status.Accounts) > 0 {
		wait = min(wait, max(freshTick-s.now().Sub(s.asked), 0))
	}
	return wait
}

// wordsLast is how long the words on the screen stay true from now on.
func (s *session) wordsLast() time.Duration {
	now := s.st.Now
	if s.st.Link == view.LinkLost {
		return fastTick
	}
	y, m, d := now.Date()
	wait := time.Date(y, m, d+1, 0, 0, 0, 0, now.Location()).Sub(now) // the clock of today becomes a weekday
	if until := s.st.Status.AlertsPaused.Sub(now); until > 0 {
		wait = min(wait, until)
	}
	for _, a := range s.st.Status.Accounts {
		if left := a.NextTry.Sub(now); !a.NextTry.IsZero() && left < time.Minute && left > -fastTick {
			return fastTick
		}
		if a.NextTry.After(now) {
			wait = min(wait, time.Minute)
		}
		if age := now.Sub(a.LastSync); age >= 0 && age < time.Minute {
			wait = min(wait, agoTick-age%agoTick)
		} else if age > 0 && age < time.Hour {
			wait = min(wait, time.Minute-age%time.Minute)
		}
	}
	return wait
}

// freshen asks the agent how the accounts stand, unless that was just done.
func (s *session) freshen() {
	a, ctx := s.agent, s.here
	if a == nil || len(s.st.Status.Accounts) == 0 || s.now().Sub(s.asked) < freshTick {
		return
	}
	s.asked = s.now()
	if s.reading {
		return // that brings it
	}
	if s.st.Trouble != nil {
		s.changed() // perhaps the list can be had now
		return
	}
	s.begin(func() func() {
		st, err := a.Status(ctx)
		return func() {
			if err == nil && s.agent == a && st.Revision >= s.st.Status.Revision && !reflect.DeepEqual(st, s.st.Status) {
				s.st.Status, s.dirty = st, true
			} // else what is shown is no worse, and a lost agent is told by its stream
		}
	})
}

// post has f run by the session's goroutine. After the end it does nothing.
func (s *session) post(f func()) {
	select {
	case s.acts <- f:
	case <-s.ended:
	}
}

// begin runs f beside the session; what f returns is then run by it.
func (s *session) begin(f func() func()) {
	s.wg.Go(func() {
		if then := f(); then != nil {
			s.post(then)
		}
	})
}

// attach looks for the agent.
func (s *session) attach() {
	if s.dialling || s.agent != nil {
		return
	}
	s.dialling = true
	stop(s.retry)
	ctx := s.ctx
	s.begin(func() func() {
		a, err := s.dial(ctx)
		return func() { //nolint:contextcheck // all that the session begins ends with the session
			s.dialling = false
			if err != nil {
				s.notFound(err)
				return
			}
			s.attached(a)
		}
	})
}

// notFound starts the agent, once, and looks again a little later.
func (s *session) notFound(err error) {
	s.tries++
	s.log.Info("no agent", "tries", s.tries, "err", err)
	if s.tries == 1 && s.launch != nil && !s.launched {
		s.start()
	}
	if s.tries > patience {
		s.st.Link = view.LinkLost
	}
	wait := attachWait(s.tries)
	s.st.NextTry = s.now().Add(wait)
	s.retry = time.AfterFunc(wait, func() { s.post(s.attach) })
	s.dirty = true
}

// start launches the agent beside our own executable.
func (s *session) start() {
	s.launched = true
	ctx := s.ctx
	s.begin(func() func() {
		if err := s.launch(ctx); err != nil {
			return func() { s.failed(err) }
		}
		return nil
	})
}

// patience is how many tries to attach may fail before the user is told: an
// agent that was just started takes a moment.
const patience = 12

// attachWait is the pause after the n-th try in vain.
func attachWait(n int) time.Duration {
	switch {
	case n <= patience:
		return 150 * time.Millisecond
	case n <= patience+10:
		return 2 * time.Second
	default:
		return 10 * time.Second
	}
}

func (s *session) attached(a agent) {
	s.agent, s.tries = a, 0
	s.st.Link, s.st.NextTry = view.LinkUp, time.Time{}
	ctx, leave := context.WithCancel(s.ctx)
	s.here, s.leave = ctx, leave
	s.begin(func() func() {
		hello, err := a.Hello(ctx)
		if err != nil {
			return nil // the event stream tells the same
		}
		return func() { s.greet(a, hello) } //nolint:contextcheck // all that the session begins ends with the session
	})
	s.begin(func() func() {
		err := a.Events(ctx, api.EventsQuery{Since: api.FromNow, UI: true}, func(e api.Event) error { //nolint:contextcheck // all that the session begins ends with the session
			s.post(func() { s.event(e) })
			return nil
		})
		return func() { s.lost(a, err) } //nolint:contextcheck // all that the session begins ends with the session
	})
	s.changed()
}

// greet takes the handshake. An agent that is older than this window is asked
// to start again from the newer executable, once.
func (s *session) greet(a agent, h api.Hello) {
	s.st.Demo, s.dirty = h.Demo, true
	if s.build == "" || h.Build == s.build || h.API >= api.Version || s.agent != a {
		return
	}
	ctx := s.ctx
	s.begin(func() func() {
		if err := a.Restart(ctx); err != nil {
			s.log.Warn("the older agent did not restart", "err", err)
		}
		return nil
	})
}

// lost gives up the agent a and looks for another.
func (s *session) lost(a agent, err error) {
	if s.agent != a || s.ctx.Err() != nil {
		return
	}
	s.log.Info("agent gone", "err", err)
	s.leave()
	_ = a.Close()
	s.agent = nil
	s.tries = 0
	if err != nil {
		// It ended, and only the user starts it again; after a handover the
		// next one is there in a moment.
		s.launched = true
		s.st.Link = view.LinkLost
		s.tries = patience
	}
	s.st.Checking = false
	s.dirty = true
	s.attach()
}

// event takes a line of the stream.
func (s *session) event(e api.Event) {
	switch e.Kind {
	case api.KindHeartbeat, api.KindHandover:
	case api.KindUI:
		if e.UI != nil {
			s.request(*e.UI)
		}
	default:
		s.changed()
	}
}

// request does what another process asks of the window.
func (s *session) request(r api.UIRequest) {
	switch r.Show {
	case "quit":
		s.out.quit()
		return
	case "wizard":
		s.out.wizard()
	case "message":
		s.open(r.Message)
	}
	s.out.raise()
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
