package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// alone makes this process the one window of its folders until release is
// called; ok is false when there is another one already. An agent that was
// started anew does not know of the window that outlived the one before it, so
// the agent alone cannot see to it. Where no lock can be made, a second window
// is better than none.
func alone(dirs config.Dirs, log *slog.Logger) (release func(), ok bool) {
	nothing := func() {}
	if err := os.MkdirAll(dirs.Runtime, 0o700); err != nil {
		log.Warn("cannot look for another window", "error", err)
		return nothing, true
	}
	l := flock.New(filepath.Join(dirs.Runtime, "window.lock"), flock.SetPermissions(0o600))
	locked, err := l.TryLock()
	if err != nil {
		log.Warn("cannot look for another window", "error", err)
		return nothing, true
	}
	return func() { _ = l.Unlock() }, locked // the end of the process unlocks it too
}

// show asks the window that is open for what this one was started for. The
// agent has asked already when it started us.
func show(ctx context.Context, dirs config.Dirs, f flags) error {
	if f.asked {
		return nil
	}
	c, err := control.Dial(ctx, dirs.SocketPath())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	r := api.UIRequest{Show: "main"}
	switch {
	case f.message > 0:
		r = api.UIRequest{Show: "message", Message: mail.MessageID(f.message)}
	case f.wizard:
		r.Show = "wizard"
	}
	return c.ShowUI(ctx, r)
}
