package platform

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKernelTellsOfTheNetwork: in a network of our own, an address that comes and
// goes is told, without any service; one that leads nowhere is not.
func TestKernelTellsOfTheNetwork(t *testing.T) {
	const inside, refused = "HERON_TEST_OWN_NETWORK", "may not set up a network"
	if os.Getenv(inside) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, fs.ErrPermission) || bytes.Contains(out, []byte(refused)) {
			t.Fatalf("missing is the right to set up a network of our own: run as root, or allow user namespaces (%v)", err)
		}
		if err != nil {
			t.Errorf("in a network of its own: %v\n%s", err, out)
		}
		return
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	ifreq := func(name string) *unix.Ifreq {
		r, err := unix.NewIfreq(name)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	set := func(name string, a [4]byte) {
		r := ifreq(name)
		if err := r.SetInet4Addr(a[:]); err != nil {
			t.Fatal(err)
		}
		if err := unix.IoctlIfreq(fd, unix.SIOCSIFADDR, r); err != nil {
			t.Fatal(err)
		}
	}
	up := ifreq("lo")
	up.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, up); errors.Is(err, fs.ErrPermission) {
		t.Fatal(refused)
	} else if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	told, done := make(chan Wake, 100), make(chan struct{})
	go func() {
		defer close(done)
		WatchWakes(ctx, slog.New(slog.DiscardHandler), func(w Wake) { told <- w })
	}()
	defer func() { cancel(); <-done }()
	// The watcher may still be starting: other addresses come until it is heard.
	for began, heard := time.Now(), false; !heard; {
		set("lo:1", [4]byte{192, 0, 2, byte(5 + time.Since(began)/time.Second)})
		select {
		case <-told:
			heard = true
		case <-time.After(time.Second):
			if time.Since(began) > wakeMax {
				t.Fatal("nothing is told")
			}
		}
	}
	for _, c := range []struct {
		story string
		name  string
		addr  [4]byte
		want  Wake
	}{
		{"another that leads nowhere", "lo:2", [4]byte{10, 0, 0, 5}, ""},
		{"another address on the way out", "lo:1", [4]byte{192, 0, 2, 20}, Network},
		{"none", "lo:1", [4]byte{}, Network},
		{"one again", "lo:1", [4]byte{192, 0, 2, 20}, Network},
	} {
		set(c.name, c.addr)
		limit := wakeMax
		if c.want == "" {
			limit = 3 * calm
		}
		var got Wake
		select {
		case got = <-told:
		case <-time.After(limit):
		}
		if got != c.want {
			t.Errorf("%s: told %q, want %q", c.story, got, c.want)
		}
	}
}

// TestHintsAreRead: a message that means something is a hint, another is not, and
// the reading ends with ctx.
func TestHintsAreRead(t *testing.T) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, kernel := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "kernel")
	defer func() { _ = kernel.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	changed, asked, ended := make(chan struct{}, 1), make(chan string), make(chan error, 1)
	go func() {
		ended <- readHints(ctx, ours, changed, func(msg []byte) bool {
			asked <- string(msg)
			return string(msg) == "address"
		})
	}()
	for _, msg := range []string{"look-up", "address", "look-up"} {
		if _, err := kernel.WriteString(msg); err != nil {
			t.Fatal(err)
		}
		if got := <-asked; got != msg {
			t.Errorf("read %q, want %q", got, msg)
		}
		if msg == "address" {
			<-changed
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, fs.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
	if len(changed) > 0 {
		t.Error("a look-up was a hint")
	}
}

// TestOfTheWay: of an interface it matters that it goes up or down, nothing else.
func TestOfTheWay(t *testing.T) {
	message := func(kind uint16, flags ...uint32) []byte {
		msg := binary.NativeEndian.AppendUint32(nil, 32)
		msg = binary.NativeEndian.AppendUint16(msg, kind)
		msg = append(msg, make([]byte, 18)...) // the rest of the head, which one it is, and its flags
		for _, f := range flags {
			msg = binary.NativeEndian.AppendUint32(append(msg, 0, 0, 0, 0), f)
		}
		return msg
	}
	for _, c := range []struct {
		story string
		msg   []byte
		want  bool
	}{
		{"an address", message(unix.RTM_NEWADDR), true},
		{"a route", message(unix.RTM_DELROUTE), true},
		{"a rule", message(unix.RTM_NEWRULE, 0), true},
		{"an interface goes up or down", message(unix.RTM_NEWLINK, unix.IFF_UP|unix.IFF_RUNNING), true},
		{"a wireless one was looked for", message(unix.RTM_NEWLINK, 0), false},
	} {
		if got := ofTheWay(c.msg); got != c.want {
			t.Errorf("%s: %v", c.story, got)
		}
	}
}
