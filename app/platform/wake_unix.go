//go:build !windows && !darwin

package platform

import (
	"context"
	"log/slog"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/sync/punctual"
)

const (
	logindName = "org.freedesktop.login1"
	logindPath = "/org/freedesktop/login1"
	logind     = "org.freedesktop.login1.Manager"
	// busAgainMin and busAgainMax bound how long a system bus that cannot be had,
	// or is gone, is left before the next try.
	busAgainMin = 5 * time.Second
	busAgainMax = 30 * time.Minute
)

// listenSleep hints at each time that logind says that the computer slept, until
// ctx ends.
func listenSleep(ctx context.Context, log *slog.Logger, slept chan<- struct{}) {
	again := busAgainMin
	for ctx.Err() == nil {
		began := time.Now()
		err := listenOnce(ctx, slept)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > busAgainMax {
			again = busAgainMin
		}
		log.Info("the system does not tell of sleep", "again_in", again, "error", err)
		t := punctual.NewTimer(again)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		again = min(2*again, busAgainMax)
	}
}

// listenOnce listens on one connection. Nothing is asked of logind: it need not
// run, and is heard when it starts.
func listenOnce(ctx context.Context, slept chan<- struct{}) error {
	conn, err := dbus.ConnectSystemBus(dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is left to be said
	if err := conn.AddMatchSignalContext(ctx,
		dbus.WithMatchSender(logindName), dbus.WithMatchObjectPath(logindPath),
		dbus.WithMatchInterface(logind), dbus.WithMatchMember("PrepareForSleep"),
	); err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals) // it is closed with the connection
	for s := range signals {
		var going bool
		if s.Name == logind+".PrepareForSleep" && dbus.Store(s.Body, &going) == nil && !going {
			hint(slept)
		}
	}
	return dbus.ErrClosed
}
