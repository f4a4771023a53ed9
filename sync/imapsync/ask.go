package imapsync

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

// ask is something that another goroutine wants of the session.
type ask struct {
	body   mail.MessageID // fetch it; 0: one full pass
	done   chan answer    // has room for the one answer
	failed *answer        // of a pass with which the connection ended; it is given by Serve
}

type answer struct {
	report Report
	err    error
}

// Sync asks for one full pass over the account, with everything that is queued
// sent and a first sync brought to its end, and waits for it. A worker that
// waits to try again tries at once. Without a running Serve it is Pass. The
// error is a *mail.Fault or ctx's.
func (w *Worker) Sync(ctx context.Context) (Report, error) {
	for {
		a, begins := w.post(0)
		if a != nil {
			w.Kick(ReasonCheck)
			return w.await(ctx, a)
		}
		if r, err := w.passUnless(ctx, begins); !errors.Is(err, errServed) {
			return r, err
		}
	}
}

// FetchBody brings the whole message into the store, without marking it read.
// While the account cannot be reached it fails at once. Faults: gone,
// no-such-message, not-supported (above 64 MiB), and those of a connection.
func (w *Worker) FetchBody(ctx context.Context, id mail.MessageID) error {
	for {
		a, begins := w.post(id)
		if a != nil {
			_, err := w.await(ctx, a)
			return err
		}
		_, err := w.once(ctx, begins, func(s *session) (Report, error) {
			if err := s.loadBoxes(ctx); err != nil {
				return Report{}, err
			}
			return Report{}, s.fetchBody(ctx, id)
		})
		if !errors.Is(err, errServed) {
			return err
		}
	}
}

// Pass connects, makes one full pass and closes the connection: Sync for a
// worker that is not serving.
func (w *Worker) Pass(ctx context.Context) (Report, error) { return w.passUnless(ctx, nil) }

// passUnless is Pass, unless Serve begins before it is its turn: then the error is
// errServed.
func (w *Worker) passUnless(ctx context.Context, begins <-chan struct{}) (Report, error) {
	began := time.Now()
	r, err := w.once(ctx, begins, func(s *session) (Report, error) {
		if err := w.online(ctx, s.teller.told(), s.teller.why()); err != nil {
			return Report{}, err
		}
		r, err := s.fullSync(ctx, Report{})
		if err == nil && !w.isServing() {
			// It went well, and nobody is connected any more.
			w.setState(ctx, mail.StateOffline, time.Time{})
		}
		return r, err
	})
	r.Account, r.Elapsed = w.cfg.Account.ID, time.Since(began)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errServed) {
		f := mail.FaultOf(err)
		w.raise(ctx, f)
		w.setState(ctx, stateAfter(f), time.Time{})
	}
	return r, err
}

// errServed says that Serve has the connection that was waited for, and keeps it.
var errServed = errors.New("imapsync: the account is served now")

// once runs f on a connection of its own, unless Serve begins before it is its
// turn.
func (w *Worker) once(ctx context.Context, begins <-chan struct{}, f func(*session) (Report, error)) (Report, error) {
	leave, err := w.alone(ctx, begins)
	if err != nil {
		return Report{}, err
	}
	defer leave()
	s, _, err := w.connect(ctx)
	if err != nil {
		return w.onlySpent(), err
	}
	defer s.close()
	defer w.keepLearnt(context.WithoutCancel(ctx))
	return f(s)
}

// post leaves an ask for the session. It is nil when nobody serves; begins is
// closed when somebody does.
func (w *Worker) post(body mail.MessageID) (a *ask, begins <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.serving {
		return nil, w.begins
	}
	a = &ask{body: body, done: make(chan answer, 1)}
	w.asks = append(w.asks, a)
	signal(w.wake)
	return a, nil
}

// await waits for an ask's answer. One that nobody waits for any more is done
// all the same: to stop it would mean to drop the connection.
func (w *Worker) await(ctx context.Context, a *ask) (Report, error) {
	select {
	case got := <-a.done:
		return got.report, got.err
	case <-ctx.Done():
		w.mu.Lock()
		w.asks = slices.DeleteFunc(w.asks, func(o *ask) bool { return o == a })
		w.mu.Unlock()
		return Report{Account: w.cfg.Account.ID}, ctx.Err()
	}
}

// takeAsks takes the asks that want says.
func (w *Worker) takeAsks(want func(*ask) bool) []*ask {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []*ask
	w.asks = slices.DeleteFunc(w.asks, func(a *ask) bool {
		if want(a) {
			out = append(out, a)
			return true
		}
		return false
	})
	return out
}

// giveBack leaves asks whose pass failed to answerFailed.
func (w *Worker) giveBack(asks []*ask, failed answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range asks {
		a.failed = &failed
	}
	w.asks = append(w.asks, asks...)
}

// asked reports whether something is asked for.
func (w *Worker) asked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asks) > 0
}

// failAsks answers all asks: it cannot be done now.
func (w *Worker) failAsks(f *mail.Fault) {
	w.answerFailed()
	r := w.onlySpent()
	for _, a := range w.takeAsks(func(*ask) bool { return true }) {
		a.done <- answer{r, f}
	}
}

// answerFailed answers those whose pass failed.
func (w *Worker) answerFailed() {
	for _, a := range w.takeAsks(func(a *ask) bool { return a.failed != nil }) {
		a.done <- *a.failed
	}
}

// failBodies answers those who ask for a body.
func (w *Worker) failBodies(f *mail.Fault) {
	for _, a := range w.takeAsks(func(a *ask) bool { return a.body != 0 }) {
		a.done <- answer{Report{Account: w.cfg.Account.ID}, f}
	}
}

// serveBodies fetches the bodies that were asked for. The error is that of the
// connection; what is wrong with one message is told to who asked.
func (s *session) serveBodies(ctx context.Context) error {
	for _, a := range s.w.takeAsks(func(a *ask) bool { return a.body != 0 }) {
		err := s.conn.Err() // one that was lost over another body
		if err == nil {
			err = s.fetchBody(ctx, a.body)
		}
		a.done <- answer{err: err}
	}
	if lost := s.conn.Err(); lost != nil {
		return lost
	}
	return ctx.Err()
}

// serveSyncs makes the full passes that were asked for: one for all. before is
// what the connection had counted when it began on them. What fails ends the
// connection, and is answered when the problem is kept: who asked may end the process.
func (s *session) serveSyncs(ctx context.Context, before Report) (served bool, err error) {
	asks := s.w.takeAsks(func(a *ask) bool { return a.body == 0 })
	if len(asks) == 0 {
		return false, nil
	}
	began := time.Now()
	r, err := s.fullSync(ctx, before)
	r.Account, r.Elapsed = s.w.cfg.Account.ID, time.Since(began)
	if err != nil {
		s.w.giveBack(asks, answer{r, err})
		return true, err
	}
	for _, a := range asks {
		a.done <- answer{report: r}
	}
	return true, nil
}

// fullSync makes a full pass, and goes on until there is nothing left to do.
// before is what the connection had counted when it began.
func (s *session) fullSync(ctx context.Context, before Report) (Report, error) {
	s.tally = Report{}
	err := s.pass(ctx, hint{}, true)
	for idle := false; err == nil && !idle; {
		idle, err = s.turn(ctx)
	}
	r, now := s.tally, s.wireCounters()
	r.Commands = now.Commands - before.Commands
	r.RoundTrips = now.RoundTrips - before.RoundTrips
	r.BytesRead = now.BytesRead - before.BytesRead
	r.BytesWritten = now.BytesWritten - before.BytesWritten
	r.NotRead = s.w.refusals.paths()
	return r, err
}

// wireCounters are what the connection counted since it was opened.
func (s *session) wireCounters() Report {
	return counted(s.conn.Counters(), s.conn.Commands())
}

// counted is a report of what a connection counted.
func counted(c dial.Counters, commands int) Report {
	return Report{Commands: commands, RoundTrips: int(c.RoundTrips), BytesRead: c.BytesRead, BytesWritten: c.BytesWritten}
}
