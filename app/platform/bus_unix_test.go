//go:build !windows && !darwin

package platform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// Without a bus none is launched, whatever a library asks for; where one is, it
// is found.
func TestLaunchNoBus(t *testing.T) {
	bin, run := t.TempDir(), t.TempDir()
	launched := filepath.Join(bin, "launched")
	script := "#!/bin/sh\ntouch '" + launched + "'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "dbus-launch"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", run)
	for _, none := range []string{"", "autolaunch:"} {
		t.Setenv(busAddress, none)
		if err := LaunchNoBus(); err != nil {
			t.Fatal(err)
		}
		if conn, err := dbus.SessionBusPrivate(); err == nil {
			_ = conn.Close() // the bus of whoever runs the test
		}
		if _, err := os.Stat(launched); err == nil {
			t.Fatalf("with %q a bus is launched", none)
		}
	}
}

func TestLaunchNoBusFindsTheBus(t *testing.T) {
	s := desktop.Start(t, desktop.Options{Bare: true})
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(s.Dir, "run"))
	t.Setenv(busAddress, "")
	if err := LaunchNoBus(); err != nil {
		t.Fatal(err)
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	before := os.Getenv(busAddress)
	if err := LaunchNoBus(); err != nil || os.Getenv(busAddress) != before {
		t.Errorf("the second time: %v, %q became %q", err, before, os.Getenv(busAddress))
	}
}
