//go:build !windows && !darwin

package platform

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/sync/mailtest/desktop"
)

const (
	mock    = "org.freedesktop.DBus.Mock"
	wakeMax = 5 * time.Second
)

// system is a system bus on which logind is played.
type system struct {
	*testing.T
	bus  *dbus.Conn
	told chan Wake
}

func startSystem(t *testing.T) *system {
	t.Helper()
	d := desktop.Start(t, desktop.Options{Bare: true})
	d.EnterSystem(t)
	d.MockSystem("logind", "org.freedesktop.login1")
	s := &system{T: t, bus: d.Bus(), told: make(chan Wake, 100)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		WatchWakes(ctx, slog.New(slog.DiscardHandler), func(w Wake) { s.told <- w })
	}()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// sleep has logind say that the computer goes to sleep, or that it slept.
func (s *system) sleep(going bool) {
	s.Helper()
	o := s.bus.Object("org.freedesktop.login1", logindPath)
	if err := o.Call(mock+".EmitSignal", 0, logind, "PrepareForSleep", "b", []dbus.Variant{dbus.MakeVariant(going)}).Err; err != nil {
		s.Fatal(err)
	}
}

func (s *system) wants(w Wake) {
	s.Helper()
	select {
	case got := <-s.told:
		if got != w {
			s.Errorf("told %q, want %q", got, w)
		}
	case <-time.After(wakeMax):
		s.Fatalf("%q was not told", w)
	}
}

// TestSystemTellsOfWakes: sleep is told as logind says it, each time once.
func TestSystemTellsOfWakes(t *testing.T) {
	s := startSystem(t)
	// The watcher may still be connecting: logind says it until it is heard.
	for heard := false; !heard; {
		s.sleep(false)
		select {
		case <-s.told:
			heard = true
		case <-time.After(time.Second):
		}
	}
	for len(s.told) > 0 {
		<-s.told
	}
	s.sleep(true) // nothing to do yet
	s.sleep(false)
	s.wants(Resumed)
	s.sleep(false)
	s.wants(Resumed)
	if len(s.told) > 0 {
		t.Errorf("told more: %q", <-s.told)
	}
}
