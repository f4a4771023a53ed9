package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// The system does not tell when a lock is free, so it is tried.
const (
	lockEvery = 40 * time.Millisecond
	// askEvery is how often a holder is asked for the lock: one that came in
	// between has not been.
	askEvery = 500 * time.Millisecond
	// grace is how long a session leaves a free lock to the agent that asked for
	// it, before it takes it itself.
	grace = 2 * time.Second
)

// ErrShown says that an agent holds the lock already, and that its window was
// asked for instead. It is in the chain of Open's Fault busy.
var ErrShown = errors.New("the window of the running Heron was asked for")

// busy is the Fault of a lock that somebody else keeps.
func busy(err error) error {
	return &mail.Fault{Code: mail.CodeBusy, Class: mail.ClassLocal, Err: err}
}

// try takes the lock if it is free; nil if it is not.
func try(o Options) (*flock.Flock, error) {
	path := o.Dirs.LockPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, lockFault(path, err)
	}
	l := flock.New(path, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, lockFault(path, err)
	}
	if !ok {
		return nil, l.Close()
	}
	return l, nil
}

func lockFault(path string, err error) error {
	code := mail.DiskCode(err)
	if code == "" {
		code = mail.CodeReadOnly
	}
	return &mail.Fault{Code: code, Class: mail.ClassLocal, Args: mail.Args{"path": path}, Err: err}
}

// acquire takes the lock. From a heronctl it is asked for if o.TakeOver; a
// holder that is just coming or going is waited for.
func acquire(ctx context.Context, o Options) (*flock.Flock, error) {
	var asked time.Time
	return waitFor(ctx, o, func(ctx context.Context) (*flock.Flock, error) {
		l, err := try(o)
		if l != nil || err != nil || time.Since(asked) < askEvery {
			return l, err
		}
		c, err := control.Dial(ctx, o.Dirs.SocketPath())
		if err != nil {
			return nil, comingOrGoing(err)
		}
		defer func() { _ = c.Close() }()
		switch {
		case c.Holder().Holder == control.HolderAgent && o.Holder == control.HolderAgent:
			if err := c.ShowUI(ctx, api.UIRequest{Show: "main"}); err != nil {
				return nil, comingOrGoing(err)
			}
			return nil, busy(ErrShown)
		case !o.TakeOver:
			return nil, busy(nil)
		}
		if err := c.Handover(ctx); err != nil {
			return nil, comingOrGoing(err)
		}
		asked = time.Now()
		return nil, nil
	})
}

// comingOrGoing is nil for the error of a holder that does not listen yet, or
// any more: it is worth another try.
func comingOrGoing(err error) error {
	if errors.Is(err, control.ErrNoHolder) {
		return nil
	}
	return err
}

// waitFor calls fn until it returns something or an error, for o.Wait at most.
func waitFor[T any](ctx context.Context, o Options, fn func(context.Context) (*T, error)) (*T, error) {
	limited, cancel := context.WithTimeoutCause(ctx, o.Wait, busy(nil))
	defer cancel()
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	for {
		v, err := fn(limited)
		switch {
		case v != nil:
			return v, nil
		case limited.Err() != nil:
			return nil, context.Cause(limited)
		case err != nil:
			return nil, err
		}
		select {
		case <-tick.C:
		case <-limited.Done():
			return nil, context.Cause(limited)
		}
	}
}
