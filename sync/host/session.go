package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Session is a way to the engine, wherever it runs. Status, Ops, Events, Sync
// and WaitOp follow the engine when it moves to another process. Any other call
// is for the engine as the session found it, and fails with a Fault once that
// is elsewhere.
type Session interface {
	control.Backend
	// Holding reports whether the engine runs in this process and ends with it.
	Holding() bool
	// ReadOnly reports that there is no engine: what the store does not have
	// cannot be had, and everything that changes something is a Fault read-only.
	ReadOnly() bool
	// Close ends the session, and the engine if Holding.
	Close() error
}

// Connect attaches to the holder, or becomes the holder and serves others while
// the session lasts. Faults: busy when a holder does not answer, those of Open.
func Connect(ctx context.Context, o Options) (Session, error) {
	o = o.withDefaults()
	at, err := attach(ctx, o, 0)
	if err != nil {
		return nil, err
	}
	return newSession(o, at), nil
}

// ConnectToRead attaches to the holder; without one it reads the store and
// touches no network.
func ConnectToRead(ctx context.Context, o Options) (Session, error) {
	o = o.withDefaults()
	c, err := control.Dial(ctx, o.Dirs.SocketPath())
	switch {
	case err == nil:
		return newSession(o, &attachment{Backend: c, close: c.Close}), nil
	case !errors.Is(err, control.ErrNoHolder):
		return nil, err
	}
	b, err := reader(ctx, o)
	if err != nil {
		return nil, err
	}
	return newSession(o, &attachment{Backend: b, close: b.store.Close, readOnly: true}), nil
}

// attachment is the engine where it is now.
type attachment struct {
	control.Backend
	close    func() error
	holding  bool
	readOnly bool
	gone     <-chan struct{} // closed when the engine in this process has ended; nil elsewhere
}

// moved reports whether err, or the end of the engine in this process, says
// that the engine is elsewhere now.
func (a *attachment) moved(err error) bool {
	if errors.Is(err, control.ErrNoHolder) && !a.readOnly {
		return true
	}
	select {
	case <-a.gone:
		return true
	default:
		return false
	}
}

// attach finds the holder or, if the lock is free after the time of grace,
// becomes it.
func attach(ctx context.Context, o Options, grace time.Duration) (*attachment, error) {
	began := time.Now()
	return waitFor(ctx, o, func(limited context.Context) (*attachment, error) {
		if time.Since(began) >= grace {
			lock, err := try(o)
			if err != nil {
				return nil, err
			}
			if lock != nil {
				h, err := open(limited, o, lock)
				if err != nil {
					_ = lock.Close()
					return nil, err
				}
				return hold(ctx, h), nil
			}
		}
		c, err := control.Dial(limited, o.Dirs.SocketPath())
		if err != nil {
			return nil, comingOrGoing(err)
		}
		return &attachment{Backend: c, close: c.Close}, nil
	})
}

// hold runs a host until the attachment is closed or the host ends by itself;
// the lock is free then.
func hold(ctx context.Context, h *Host) *attachment {
	gone := make(chan struct{})
	var err error
	go func() {
		defer close(gone)
		_, rerr := h.Run(context.WithoutCancel(ctx))
		err = errors.Join(rerr, h.Close())
	}()
	return &attachment{Backend: h.Backend(), holding: true, gone: gone, close: func() error {
		h.finish(EndStopped)
		<-gone
		return err
	}}
}

// session follows the engine. Backend, which is embedded, is where it was at
// first.
type session struct {
	*attachment
	o Options

	mu  sync.Mutex
	now *attachment
}

func newSession(o Options, at *attachment) *session { return &session{attachment: at, o: o, now: at} }

func (s *session) current() *attachment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Holding implements Session.
func (s *session) Holding() bool { return s.current().holding }

// ReadOnly implements Session.
func (s *session) ReadOnly() bool { return s.current().readOnly }

// Close implements Session.
func (s *session) Close() error { return s.current().close() }

// follow attaches again after was, unless another call has done so already.
func (s *session) follow(ctx context.Context, was *attachment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != was {
		return nil
	}
	if was.gone != nil {
		<-was.gone // the lock is free from here on
	}
	next, err := attach(ctx, s.o, grace)
	if err != nil {
		return err
	}
	_ = was.close() // it ended already
	s.now = next
	return nil
}

// Events implements control.Backend. It returns only with an error: after a
// handover line, which is passed on, it goes on at the new holder.
func (s *session) Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error {
	first := true
	for {
		at := s.current()
		var stop error
		err := at.Events(ctx, q, func(e api.Event) error {
			if e.Kind == api.KindSnapshot && !first {
				return nil // the reader has begun already
			}
			first = false
			q.Since = max(q.Since, e.Rev)
			stop = fn(e)
			return stop
		})
		switch {
		case stop != nil:
			return stop
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !at.moved(err):
			return err
		}
		if err := s.follow(ctx, at); err != nil {
			return err
		}
	}
}

// Status implements control.Backend.
func (s *session) Status(ctx context.Context) (api.Status, error) {
	return following(ctx, s, func(b control.Backend) (api.Status, error) { return b.Status(ctx) })
}

// Ops implements control.Backend.
func (s *session) Ops(ctx context.Context, id mail.AccountID) ([]api.Op, error) {
	return following(ctx, s, func(b control.Backend) ([]api.Op, error) { return b.Ops(ctx, id) })
}

// Sync implements control.Backend.
func (s *session) Sync(ctx context.Context, id mail.AccountID) ([]api.SyncReport, error) {
	return following(ctx, s, func(b control.Backend) ([]api.SyncReport, error) { return b.Sync(ctx, id) })
}

// WaitOp implements control.Backend.
func (s *session) WaitOp(ctx context.Context, id mail.OpID) (api.Op, error) {
	return following(ctx, s, func(b control.Backend) (api.Op, error) { return b.WaitOp(ctx, id) })
}

// following makes a call, and again wherever the engine went meanwhile.
func following[T any](ctx context.Context, s *session, call func(control.Backend) (T, error)) (T, error) {
	for {
		at := s.current()
		v, err := call(at)
		if err == nil || ctx.Err() != nil || !at.moved(err) {
			return v, err
		}
		if ferr := s.follow(ctx, at); ferr != nil {
			return v, ferr
		}
	}
}
