//go:build linux

package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"github.com/heronmail/heron/app/tray"
	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// beside is the rig with a data folder of its own: same programs, same server,
// same desktop.
func (r *rig) beside(t *testing.T) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "heron-b-") //nolint:usetesting // short, for the socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &rig{t: t, bin: r.bin, data: dir, dove: r.dove, desk: r.desk}
}

func (r *rig) dirs() config.Dirs {
	r.t.Helper()
	d, err := config.DirsUnder(r.data)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// agent is a heron --headless that runs.
type agent struct {
	r     *rig
	cmd   *exec.Cmd
	ended chan struct{}
}

// agentCommand is heron on the rig's data, with everything logged. Words before
// it start it in another way.
func (r *rig) agentCommand(before ...string) *exec.Cmd {
	line := append(slices.Clone(before), filepath.Join(filepath.Dir(r.bin), "heron"), "--headless", "--data-dir", cmp.Or(r.home, r.data))
	cmd := r.desk.Command(line[0], line[1:]...)
	cmd.Env = append(cmd.Env, "LC_ALL=C", "HERON_DEBUG=1")
	cmd.Stdout, cmd.Stderr = kept{r}, kept{r}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// kept notes what a program writes, to look for secrets in it.
type kept struct{ r *rig }

func (k kept) Write(b []byte) (int, error) {
	k.r.keep(b)
	return len(b), nil
}

// agent starts an agent and waits until it serves.
func (r *rig) agent() *agent { return r.agentIn() }

// agentIn starts an agent by the words before its own. When it has a name of
// its own for its folder, data becomes that folder as it is seen from here.
func (r *rig) agentIn(before ...string) *agent {
	r.t.Helper()
	a := &agent{r: r, cmd: r.agentCommand(before...), ended: make(chan struct{})}
	if err := a.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() {
		defer close(a.ended)
		_ = a.cmd.Wait() // ProcessState tells
	}()
	r.t.Cleanup(func() {
		_ = a.cmd.Process.Kill() // it may have ended
		<-a.ended
	})
	if r.home != "" {
		r.data = fmt.Sprintf("/proc/%d/root%s", a.cmd.Process.Pid, r.home)
	}
	r.eventually("the agent serves", func() string {
		select {
		case <-a.ended:
			r.t.Fatalf("the agent ended: %v\n%s", a.cmd.ProcessState, r.wrote())
		default:
		}
		c, err := control.Dial(r.t.Context(), r.dirs().SocketPath())
		if err != nil {
			return err.Error()
		}
		_ = c.Close()
		return ""
	})
	return a
}

// stop ends the agent as the system does.
func (a *agent) stop() {
	a.r.t.Helper()
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		a.r.t.Error(err)
	}
	select {
	case <-a.ended:
	case <-time.After(patience):
		a.r.t.Fatal("the agent did not end")
	}
	if !a.cmd.ProcessState.Success() {
		a.r.t.Errorf("the agent ended with %v\n%s", a.cmd.ProcessState, a.r.wrote())
	}
}

// agentFails starts an agent that must end with that exit code and say so.
func (r *rig) agentFails(exit int, code mail.Code) {
	r.t.Helper()
	var said bytes.Buffer
	cmd := r.agentCommand(r.via...)
	cmd.Stderr = io.MultiWriter(kept{r}, &said)
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	watchdog := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // ProcessState tells
	watchdog.Stop()
	title := health.Describe(r.printer(), mail.Problem{Code: code}).Title
	if cmd.ProcessState.ExitCode() != exit || !strings.Contains(said.String(), title) {
		r.t.Errorf("heron: %v, want exit %d and %q:\n%s", cmd.ProcessState, exit, title, &said)
	}
}

func (r *rig) wrote() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.said.String()
}

// client is a client of the running agent, as the window is.
func (r *rig) client() *control.Client {
	r.t.Helper()
	c, err := control.Dial(r.t.Context(), r.dirs().SocketPath())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// hasProblem finds a problem by its code.
func hasProblem(list []api.Problem, code mail.Code) (api.Problem, bool) {
	i := slices.IndexFunc(list, func(p api.Problem) bool { return p.Code == code })
	if i < 0 {
		return api.Problem{}, false
	}
	return list[i], true
}

// eventually looks until nothing is wrong.
func (r *rig) eventually(what string, wrong func() string) {
	r.t.Helper()
	r.within(patience, what, wrong)
}

func (r *rig) within(most time.Duration, what string, wrong func() string) {
	r.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(most); ; <-tick.C {
		problem := wrong()
		if problem == "" {
			return
		}
		if time.Now().After(limit) {
			r.t.Fatalf("waiting until %s: %s", what, problem)
		}
	}
}

func (r *rig) status() api.Status {
	r.t.Helper()
	var st api.Status
	r.ok(&st, "status")
	return st
}

func accountOf(st api.Status, id mail.AccountID) api.AccountStatus {
	for _, a := range st.Accounts {
		if a.ID == id {
			return a
		}
	}
	return api.AccountStatus{}
}

// awaitState waits until an account stands so, with exactly that problem, ""
// for none.
func (r *rig) awaitState(id mail.AccountID, code mail.Code, states ...mail.State) api.Status {
	r.t.Helper()
	c := r.client()
	var st api.Status
	r.eventually(fmt.Sprintf("%s is %v because of %q", id, states, code), func() string {
		var err error
		if st, err = c.Status(r.t.Context()); err != nil {
			return err.Error()
		}
		a := accountOf(st, id)
		_, has := hasProblem(a.Problems, code)
		if (has || code == "" && len(a.Problems) == 0) && slices.Contains(states, a.State) {
			return ""
		}
		return fmt.Sprintf("%s is %s: %+v", id, a.State, a.Problems)
	})
	return st
}

func (r *rig) printer() *i18n.Printer {
	r.t.Helper()
	p, err := i18n.New("en")
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// told holds that a problem is in words, with every value that they name.
func (r *rig) told(p api.Problem) {
	r.t.Helper()
	t := health.Describe(r.printer(), p.Mail())
	for _, s := range []string{t.Title, t.Text, t.Remedy} {
		if s == "" || strings.ContainsAny(s, "–{}<>") || strings.HasPrefix(s, "health.") {
			r.t.Errorf("%s is told as %q", p.Code, t)
		}
	}
}

// trayTells holds that icon and menu show the problem to who looks at the tray.
func (r *rig) trayTells(st api.Status, p api.Problem) {
	r.t.Helper()
	s := tray.State{Now: time.Now(), Unread: st.Unread}
	for _, own := range st.Problems {
		s.Problems = append(s.Problems, own.Mail())
	}
	for _, a := range st.Accounts {
		if p.Account != "" && a.ID != p.Account {
			continue
		}
		ta := tray.Account{ID: a.ID, State: a.State, Unread: a.Unread}
		for _, pr := range a.Problems {
			ta.Problems = append(ta.Problems, pr.Mail())
		}
		s.Accounts = append(s.Accounts, ta)
	}
	view := tray.Render(s, r.printer())
	var menu []string
	for _, i := range view.Menu {
		if !i.Hidden {
			menu = append(menu, i.Text)
		}
	}
	text := strings.Join(menu, "\n")
	title := health.Describe(r.printer(), p.Mail()).Title
	switch p.Class {
	case mail.ClassAuth, mail.ClassTLS, mail.ClassLocal:
		if view.Icon.State != badge.Problem || !strings.Contains(text, title) {
			r.t.Errorf("%s in the tray: %s, without %q:\n%s", p.Code, view.Icon.State, title, text)
		}
	default: // it goes away by itself
		if view.Icon.State != badge.Offline || !strings.Contains(text, "offline") || !strings.Contains(view.Tooltip, "offline") {
			r.t.Errorf("%s in the tray: %s, %q:\n%s", p.Code, view.Icon.State, view.Tooltip, text)
		}
	}
}

// keyringItems counts what the keyring holds of this data folder.
func (r *rig) keyringItems() int {
	r.t.Helper()
	dirs, err := config.DirsUnder(cmp.Or(r.home, r.data))
	if err != nil {
		r.t.Fatal(err)
	}
	var unlocked, locked []dbus.ObjectPath
	err = r.desk.Bus().Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		Call("org.freedesktop.Secret.Service.SearchItems", 0, map[string]string{"service": dirs.KeyringService()}).
		Store(&unlocked, &locked)
	if err != nil {
		r.t.Fatal(err)
	}
	return len(unlocked) + len(locked)
}

// noTrace holds that nothing is kept of an account that was not added: no
// settings, no secret, no rows. The keyring holds so many items of others.
func (r *rig) noTrace(id mail.AccountID, items int) {
	r.t.Helper()
	r.notKept(id, items)
	s, err := store.Open(r.t.Context(), r.dirs().Data, store.Options{ReadOnly: true})
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	states, err := s.States(r.t.Context())
	if _, there := states[id]; there || err != nil {
		r.t.Errorf("the store knows a state of %s: %v, %v", id, states[id], err)
	}
	boxes, err := s.Mailboxes(r.t.Context(), id)
	if len(boxes) > 0 || err != nil {
		r.t.Errorf("the store knows folders of %s: %d, %v", id, len(boxes), err)
	}
	problems, err := s.Problems(r.t.Context())
	for _, p := range problems {
		if p.Account == id {
			r.t.Errorf("the store keeps a problem of %s: %s", id, p.Code)
		}
	}
	if err != nil {
		r.t.Error(err)
	}
}

// notKept is the part of noTrace that is not in the store.
func (r *rig) notKept(id mail.AccountID, items int) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dirs().Config, "accounts", "*"+string(id)+"*"))
	half, herr := filepath.Glob(filepath.Join(r.dirs().Config, "accounts", ".new-*"))
	if err != nil || herr != nil || len(files)+len(half) > 0 {
		r.t.Errorf("files of %s: %v %v, %v %v", id, files, half, err, herr)
	}
	if n := r.keyringItems(); n != items {
		r.t.Errorf("the keyring holds %d items, want %d", n, items)
	}
	r.fails(6, mail.CodeNoAccount, "", "folder", "list", string(id))
}

// add adds an account that must be taken. Any goroutine may call it.
func (r *rig) add(id string, user int, addr string, security mail.Security) {
	r.t.Helper()
	o := r.run(r.dove.Password(user)+"\n",
		"account", "add", r.dove.User(user)+"@heron.example", "--id", id, "--host", "localhost", "--port", r.port(addr),
		"--security", string(security), "--user", r.dove.User(user), "--password-stdin", "--ca-file", r.dove.CAFile)
	if o.code != 0 {
		r.t.Errorf("account add %s: exit %d\n%s%s", id, o.code, o.out, o.errOut)
	}
}

// front is a port that leads to a server, and later perhaps to another one.
type front struct {
	addr  string
	mu    sync.Mutex
	to    string
	conns map[net.Conn]struct{}
}

func newFront(t *testing.T, to string) *front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{addr: l.Addr().String(), to: to, conns: map[net.Conn]struct{}{}}
	t.Cleanup(func() {
		_ = l.Close()
		f.leadTo("")
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(c)
		}
	}()
	return f
}

// leadTo drops what is connected; what comes goes to another server.
func (f *front) leadTo(to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to = to
	for c := range f.conns {
		_ = c.Close()
	}
	clear(f.conns)
}

func (f *front) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	f.mu.Lock()
	to := f.to
	f.mu.Unlock()
	s, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = s.Close() }()
	f.mu.Lock()
	if f.to != to {
		f.mu.Unlock()
		return
	}
	f.conns[c], f.conns[s] = struct{}{}, struct{}{}
	f.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(s, c) // either end may go
		_ = s.Close()
	}()
	_, _ = io.Copy(c, s) // as above
	_ = c.Close()
	<-done
}

// disk is a disk that can be full.
type disk struct{ fill, empty func() }

// smallDisk starts an agent whose folders are all on a small disk of their own.
// Where this user may mount none, the agent may write no file longer than a
// byte instead, which is what a full disk comes nearest to.
func (r *rig) smallDisk() disk {
	r.t.Helper()
	own := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		own = []string{"unshare", "--user", "--map-current-user", "--keep-caps", "--mount"}
	}
	mount := slices.Concat(own, []string{"sh", "-c", `mount -t tmpfs -o size=8m,mode=700 heron "$0" && exec "$@"`, r.data})
	if err := r.desk.Command(mount[0], append(mount[1:], "true")...).Run(); err != nil {
		a := r.agent()
		limit := func(bytes uint64) {
			l := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
			if err := unix.Prlimit(a.cmd.Process.Pid, unix.RLIMIT_FSIZE, &l, nil); err != nil {
				r.t.Fatal(err)
			}
		}
		return disk{fill: func() { limit(1) }, empty: func() { limit(unix.RLIM_INFINITY) }}
	}
	// The agent's own view of its folder leads there from outside too.
	r.home = r.data
	r.agentIn(mount...)
	filler := filepath.Join(r.data, "filler")
	return disk{
		fill: func() {
			f, err := os.OpenFile(filler, os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				r.t.Fatal(err)
			}
			for err == nil {
				_, err = f.Write(make([]byte, 4096))
			}
			if cerr := f.Close(); !errors.Is(err, syscall.ENOSPC) || cerr != nil {
				r.t.Fatalf("filling the disk: %v, %v", err, cerr)
			}
		},
		empty: func() {
			if err := os.Remove(filler); err != nil {
				r.t.Fatal(err)
			}
		},
	}
}
