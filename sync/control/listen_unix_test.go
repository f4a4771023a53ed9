//go:build !windows

package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// socketPath is a path for one test's socket.
func socketPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "control.sock")
}

// leaveStale leaves a socket as a holder that was killed does.
func leaveStale(t *testing.T, path string) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestListen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	path := filepath.Join(dir, "control.sock")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	leaveStale(t, path)
	ln, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, path: 0o600 | os.ModeSocket} {
		st, err := os.Stat(name)
		if err != nil || st.Mode() != want {
			t.Errorf("%s is %v, %v", name, st.Mode(), err)
		}
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(t.Context(), path); err == nil {
		t.Error("a file that is no socket was replaced")
	}
}

func TestPeer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	ln, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	c, err := dial(t.Context(), path)
	if err != nil {
		t.Fatalf("the owner is refused: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	// A connection that cannot be looked at is nobody's.
	a, b := net.Pipe()
	t.Cleanup(func() { _ = a.Close(); _ = b.Close() })
	if err := checkPeer(a); !errors.Is(err, errPeer) {
		t.Errorf("error %v", err)
	}
}

// Strangers are hung up on, and the owner behind them is served.
func TestStrangers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	inner, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	serveOn(t, ownerListener{Listener: inner, check: func(net.Conn) error {
		if n++; n == 1 {
			return errPeer
		}
		return nil
	}}, &fake{})
	if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNoHolder) {
		t.Errorf("a stranger: %v", err)
	}
	client(t, path)
}
