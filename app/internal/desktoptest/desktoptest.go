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
func Bus(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "bus") //nolint:usetesting // a socket's path must be short
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, busConfig, filepath.Join(dir, "bus")), 0o600); err != nil {
		tb.Fatal(err)
	}
	address := firstLine(tb, 1, "dbus-daemon", "--nofork", "--print-address", "--config-file="+conf)
	tb.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	return address
}

// Display starts an X server without a screen, makes it the test's, and
// returns its name.
func Display(tb testing.TB) string {
	tb.Helper()
	number := firstLine(tb, 3, "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	tb.Setenv("DISPLAY", ":"+number)
	return ":" + number
}

// Start runs a program until the test ends, with the test's environment and
// more.
func Start(tb testing.TB, more []string, name string, args ...string) *exec.Cmd {
	tb.Helper()
	//nolint:gosec,noctx // a test names its own programs, and ends them in its clean-up
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), more...)
	start(tb, cmd)
	return cmd
}

// Eventually waits until ok says so, and fails the test if it does not in time.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(limit); !ok(); {
		if time.Now().After(end) {
			tb.Fatalf("not in time: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// firstLine starts a program and returns the first line that it writes to a
// file descriptor, 1 or 3.
func firstLine(tb testing.TB, fd int, name string, args ...string) string {
	tb.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	//nolint:gosec,noctx // see Start
	cmd := exec.Command(name, args...)
	if fd == 1 {
		cmd.Stdout = w
	} else {
		cmd.ExtraFiles = []*os.File{w}
	}
	start(tb, cmd)
	_ = w.Close() // the program has its own copy
	tb.Cleanup(func() { _ = r.Close() })
	if err := r.SetReadDeadline(time.Now().Add(limit)); err != nil {
		tb.Fatal(err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		tb.Fatalf("%s tells nothing: %v", name, err)
	}
	return strings.TrimSpace(line)
}

func start(tb testing.TB, cmd *exec.Cmd) {
	tb.Helper()
	if err := cmd.Start(); err != nil {
		tb.Fatalf("%v (make deps installs what is missing)", err)
	}
	tb.Cleanup(func() { Stop(cmd) })
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
