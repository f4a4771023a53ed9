//go:build linux

package platform

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// script writes a program that notes its arguments and goes on as body says.
func script(t *testing.T, body string) (find func() (string, error), notes func() string) {
	t.Helper()
	dir := t.TempDir()
	path, log := filepath.Join(dir, "window"), filepath.Join(dir, "notes")
	text := "#!/bin/sh\necho \"$@\" >> " + log + "\n" + body + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return func() (string, error) { return path, nil }, func() string {
		b, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestWindowOnce(t *testing.T) {
	find, notes := script(t, "read line") // until it is ended
	w := NewWindow(find, []string{"--data-dir", "x"}, slog.New(slog.DiscardHandler))
	if w.Running() {
		t.Error("a window that was not opened runs")
	}
	for range 3 {
		if err := w.Open("--message", "7"); err != nil {
			t.Fatal(err)
		}
	}
	// Standard input is empty: the program ends by itself, as a closed window.
	mailtest.Await(t, "the window ends", func() bool { return !w.Running() })
	if got := notes(); got != "--data-dir x --message 7\n" {
		t.Errorf("started with %q, want once", got)
	}
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "the window is opened again", func() bool { return strings.Count(notes(), "\n") == 2 })
	w.Close(t.Context())
	if err := w.Open(); !errors.Is(err, ErrWindowClosed) {
		t.Errorf("opened after Close: %v", err)
	}
}

func TestWindowClose(t *testing.T) {
	tests := map[string]struct {
		body  string
		limit time.Duration
	}{
		"when asked": {"exec sleep 60", time.Minute},
		"by force":   {"trap '' TERM; while :; do sleep 0.1; done", 300 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			find, notes := script(t, tt.body)
			w := NewWindow(find, nil, slog.New(slog.DiscardHandler))
			if err := w.Open(); err != nil {
				t.Fatal(err)
			}
			mailtest.Await(t, "it runs", func() bool { return notes() != "" })
			ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
			defer cancel()
			w.Close(ctx)
			if w.Running() {
				t.Error("still runs")
			}
		})
	}
}

// How a window ended is told, but not of the one that is closed for good.
func TestWindowEnd(t *testing.T) {
	find, _ := script(t, "exit 3")
	w := NewWindow(find, nil, slog.New(slog.DiscardHandler))
	before := time.Now()
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	if e := <-w.Ended(); e.Err == nil || e.Began.Before(before) || w.Running() {
		t.Errorf("a window that fails: %+v", e)
	}
	find, notes := script(t, "exec sleep 60")
	w = NewWindow(find, nil, slog.New(slog.DiscardHandler))
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "it runs", func() bool { return notes() != "" })
	w.Close(t.Context())
	select {
	case e := <-w.Ended():
		t.Errorf("told of the last: %+v", e)
	default:
	}
}

func TestWindowMissing(t *testing.T) {
	missing := errors.New("not there")
	w := NewWindow(func() (string, error) { return "", missing }, nil, slog.New(slog.DiscardHandler))
	if err := w.Open(); !errors.Is(err, missing) {
		t.Errorf("got %v", err)
	}
	w = NewWindow(func() (string, error) { return "/nonexistent/window", nil }, nil, slog.New(slog.DiscardHandler))
	if err := w.Open(); err == nil || w.Running() {
		t.Errorf("got %v, running %v", err, w.Running())
	}
}

func TestWindowProgram(t *testing.T) {
	// Beside the test binary there is none.
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if p, err := WindowProgram(); err == nil {
		t.Errorf("found %s", p)
	}
	want := filepath.Join(dir, "heron-window")
	if err := os.WriteFile(want, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if p, err := WindowProgram(); err != nil || p != want {
		t.Errorf("found %s, %v", p, err)
	}
}

// A display is one that answers, not one that a variable names.
func TestHasDisplay(t *testing.T) {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if HasDisplay() {
		t.Error("there is none")
	}
	t.Setenv("DISPLAY", ":32767.0")
	t.Setenv("WAYLAND_DISPLAY", "wayland-9")
	if HasDisplay() {
		t.Error("nobody answers")
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", filepath.Join(dir, "wayland-9"))
	if err != nil {
		t.Fatal(err)
	}
	if !HasDisplay() {
		t.Error("Wayland answers")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = lc.Listen(t.Context(), "unix", "@/tmp/.X11-unix/X32767"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if !HasDisplay() {
		t.Error("X answers")
	}
	t.Setenv("DISPLAY", "localhost:10.0")
	if !HasDisplay() {
		t.Error("one that is forwarded is believed")
	}
}

func TestSessionContext(t *testing.T) {
	ctx, stop := SessionContext(t.Context())
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Second):
		t.Error("the end of the terminal was not noticed")
	}
}

func TestWatchTray(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	never := func(bool) { t.Error("told without a bus") }
	if err := WatchTray(t.Context(), never); err == nil {
		t.Error("no bus was no error")
	}
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	told := make(chan bool, 8)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- WatchTray(ctx, func(p bool) { told <- p }) }()
	want := func(present bool) {
		t.Helper()
		select {
		case got := <-told:
			if got != present {
				t.Fatalf("told %v, want %v", got, present)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("not told %v", present)
		}
	}
	want(false)
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	props, err := prop.Export(conn, watcherObject, prop.Map{
		watcher: {"IsStatusNotifierHostRegistered": {Value: false, Emit: prop.EmitFalse}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	// A watcher alone shows nothing.
	props.SetMust(watcher, "IsStatusNotifierHostRegistered", true)
	if err := conn.Emit(watcherObject, watcher+".StatusNotifierHostRegistered"); err != nil {
		t.Fatal(err)
	}
	want(true)
	if _, err := conn.ReleaseName(watcher); err != nil {
		t.Fatal(err)
	}
	want(false)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// silentWatcher takes questions and answers none of them.
type silentWatcher struct{ asked chan struct{} }

func (w silentWatcher) Get(_, _ string) (dbus.Variant, *dbus.Error) {
	<-w.asked
	return dbus.Variant{}, nil
}

// A watcher that hangs, as a desktop's that is just starting may, does not keep
// the icon away.
func TestWatchTrayWithoutAnAnswer(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	w := silentWatcher{make(chan struct{})}
	defer func() {
		close(w.asked)
		_ = conn.Close()
	}()
	if err := conn.Export(w, watcherObject, "org.freedesktop.DBus.Properties"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(watcher, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	told := make(chan bool, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- WatchTray(ctx, func(p bool) { told <- p }) }()
	select {
	case present := <-told:
		if !present {
			t.Error("a watcher that says nothing is taken for none")
		}
	case <-ctx.Done():
		t.Error("not told")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
