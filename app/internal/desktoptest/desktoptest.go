// Package desktoptest gives tests a desktop of their own: a session bus, a
// display, and programs that run on them and end with the test. It is imported
// by tests only.
package desktoptest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit is how long a program may take to be ready.
const limit = 15 * time.Second

// busConfig is a session bus that starts no services by itself.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// Bus starts an empty session bus, makes it the test's, and returns its
// address.
func Bus(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, busConfig, filepath.Join(dir, "bus")), 0o600); err != nil {
		t.Fatal(err)
	}
	address := firstLine(t, 1, "dbus-daemon", "--nofork", "--print-address", "--config-file="+conf)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	return address
}

// Display starts an X server without a screen, makes it the test's, and
// returns its name.
func Display(t testing.TB) string {
	t.Helper()
	number := firstLine(t, 3, "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	t.Setenv("DISPLAY", ":"+number)
	return ":" + number
}

// Start runs a program until the test ends, with the test's environment and
// more.
func Start(t testing.TB, more []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	//nolint:gosec,noctx // a test names its own programs, and ends them in its clean-up
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), more...)
	start(t, cmd)
	return cmd
}

// Eventually waits until ok says so, and fails the test if it does not in time.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// firstLine starts a program and returns the first line that it writes to a
// file descriptor, 1 or 3.
func firstLine(t testing.TB, fd int, name string, args ...string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	//nolint:gosec,noctx // see Start
	cmd := exec.Command(name, args...)
	if fd == 1 {
		cmd.Stdout = w
	} else {
		cmd.ExtraFiles = []*os.File{w}
	}
	start(t, cmd)
	_ = w.Close() // the program has its own copy
	t.Cleanup(func() { _ = r.Close() })
	if err := r.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("%s tells nothing: %v", name, err)
	}
	return strings.TrimSpace(line)
}

func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (make deps installs what is missing)", err)
	}
	t.Cleanup(func() { Stop(cmd) })
}

// Stop ends a program, by force if it does not end when asked. A second call
// does nothing.
func Stop(cmd *exec.Cmd) {
	if cmd.ProcessState != nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	kill := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait() // a signal is how it should end
}
