//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// write writes a file below the data folder.
func (r *rig) write(name, text string) string {
	r.t.Helper()
	path := filepath.Join(r.data, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// editedAccount: settings that were made to name another server never bring
// the password there.
func (r *rig) editedAccount() {
	t := r.t
	r.add("work", 4, r.dove.IMAPS(), mail.TLS)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var met atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			met.Add(1)
			_ = c.Close()
		}
	}()
	path := filepath.Join(r.dirs().Config, "accounts", "work.toml")
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	is := bytes.Replace(was, []byte("port = "+r.port(r.dove.IMAPS())), []byte("port = "+r.port(l.Addr().String())), 1)
	if bytes.Equal(is, was) {
		t.Fatalf("the account's file names no port:\n%s", was)
	}
	r.write("config/accounts/work.toml", string(is))
	a := r.agent()
	st := r.awaitState("work", mail.CodeSecretBound, mail.StateNeedsSignIn)
	p, _ := hasProblem(accountOf(st, "work").Problems, mail.CodeSecretBound)
	r.told(p)
	r.trayTells(st, p)
	r.fails(3, mail.CodeSecretBound, "", "sync")
	r.fails(3, mail.CodeSecretBound, "", "account", "test", "work")
	if n := met.Load(); n != 0 {
		t.Errorf("the other server was met %d times", n)
	}
	a.stop()
	r.write("config/accounts/work.toml", string(was))
	r.agent()
	r.awaitState("work", "", mail.StateOnline)
	if n := met.Load(); n != 0 {
		t.Errorf("the other server was met %d times", n)
	}
}

// brokenSettings: files that were good once are used as they were then.
func (r *rig) brokenSettings() {
	t := r.t
	r.add("work", 0, r.dove.IMAPS(), mail.TLS)
	good := "language = \"de\"\n\n[alerts]\n"
	r.write("config/settings.toml", good)
	if len(r.status().Problems) != 0 {
		t.Fatalf("problems of good settings: %+v", r.status().Problems)
	}
	broken := "language = \"de\"\n\n[alerts\n"
	settings := r.write("config/settings.toml", broken)
	account := filepath.Join(r.dirs().Config, "accounts", "work.toml")
	kept, err := os.ReadFile(account)
	if err != nil {
		t.Fatal(err)
	}
	r.write("config/accounts/work.toml", "colour = \"red\"\n"+string(kept))

	holds := func(what string, st api.Status) {
		t.Helper()
		own, ok := hasProblem(st.Problems, mail.CodeSettingsBroken)
		if !ok || own.Args["line"] != "3" || own.Args["path"] != settings || own.Args["backup"] != settings+".bak" {
			t.Errorf("%s: broken settings are told as %+v", what, st.Problems)
		}
		r.told(own)
		r.trayTells(st, own)
		of, ok := hasProblem(accountOf(st, "work").Problems, mail.CodeSettingsBroken)
		if !ok || of.Args["line"] != "1" || of.Args["backup"] != account+".bak" {
			t.Errorf("%s: a broken account is told as %+v", what, accountOf(st, "work").Problems)
		}
		r.trayTells(st, of)
	}
	alone := r.status()
	holds("alone", alone)
	if p, _ := hasProblem(alone.Problems, mail.CodeSettingsBroken); !strings.Contains(p.Text, "Zeile 3") {
		t.Errorf("the last good language was not used: %q", p.Text)
	}
	a := r.agent()
	holds("with an agent", r.awaitState("work", mail.CodeSettingsBroken, mail.StateOnline))
	holds("from the agent", r.status())
	// What is saved now does not cost what the user wrote.
	r.ok(&struct{}{}, "alerts", "pause", "1h")
	for path, want := range map[string]string{settings + ".bak": broken, account + ".bak": "colour = \"red\"\n" + string(kept)} {
		if b, err := os.ReadFile(path); err != nil || string(b) != want {
			t.Errorf("%s holds %q, %v", path, b, err)
		}
	}
	a.stop()
	r.write("config/settings.toml", good)
	r.write("config/accounts/work.toml", string(kept))
	r.agent()
	if st := r.awaitState("work", "", mail.StateOnline); len(st.Problems) > 0 {
		t.Errorf("problems of mended settings: %+v", st.Problems)
	}
}

// brokenFromTheStart: with nothing to fall back on, defaults are used, and an
// account that cannot be read is not forgotten.
func (r *rig) brokenFromTheStart() {
	t := r.t
	settings := r.write("config/settings.toml", "language = 7\n")
	account := r.write("config/accounts/work.toml", "address = \"user0@heron.example\"\nhost = \n")
	holds := func(what string, st api.Status) {
		t.Helper()
		if len(st.Accounts) != 0 || len(st.Problems) != 2 {
			t.Errorf("%s: %+v", what, st)
		}
		for _, p := range st.Problems {
			want := map[string]string{settings: "1", account: "2"}[p.Args["path"]]
			if p.Code != mail.CodeSettingsBroken || want == "" || p.Args["line"] != want || p.Args["backup"] != p.Args["path"]+".bak" {
				t.Errorf("%s: %+v", what, p)
			}
			r.told(p)
			r.trayTells(st, api.Problem{Code: p.Code, Class: p.Class})
		}
	}
	holds("alone", r.status())
	o := r.run("", "status")
	if o.code != 0 || strings.Count(o.out, "Settings cannot be read") != 2 {
		t.Errorf("heronctl status: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
	a := r.agent()
	holds("with an agent", r.status())
	r.add("home", 0, r.dove.IMAPS(), mail.TLS)
	r.awaitState("home", "", mail.StateOnline)
	if b, err := os.ReadFile(account); err != nil || !strings.HasSuffix(string(b), "host = \n") {
		t.Errorf("the broken file is %q, %v", b, err)
	}
	a.stop()
}

// secondAgent: two do not work on the same data.
func (r *rig) secondAgent() {
	t := r.t
	a := r.agent()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listens, asked, ended := make(chan struct{}), make(chan api.UIRequest, 1), make(chan error, 1)
	window := r.client()
	go func() {
		ended <- window.Events(ctx, api.EventsQuery{Since: api.FromNow, UI: true}, func(e api.Event) error {
			switch e.Kind {
			case api.KindSnapshot:
				close(listens)
			case api.KindUI:
				asked <- *e.UI
			}
			return nil
		})
	}()
	wait(t, listens, "the window listens")
	second := r.agentCommand()
	if err := second.Run(); err != nil {
		t.Errorf("a second heron: %v", err)
	}
	if q := wait(t, asked, "the window is asked for"); q.Show != "main" {
		t.Errorf("the window is asked for %+v", q)
	}
	cancel()
	if err := wait(t, ended, "the stream ends"); !errors.Is(err, context.Canceled) {
		t.Errorf("the stream: %v", err)
	}

	// One that hangs is not waited for longer than a person would.
	if err := a.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	both.Go(func() { r.fails(7, mail.CodeBusy, "", "status") })
	r.agentFails(7, mail.CodeBusy)
	both.Wait()
	if err := a.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if st := r.status(); !st.Running {
		t.Errorf("the first one: %+v", st)
	}
	a.stop()
}

// wait receives, with patience.
func wait[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case v := <-c:
		return v
	case <-ctx.Done():
		t.Fatalf("it did not happen that %s", what)
		panic("unreachable")
	}
}

// noFolder: where nothing can be written nothing begins, and it is said where.
func (r *rig) noFolder() {
	t := r.t
	for name, root := range map[string]string{
		"a file in its place": r.write("file", ""),
		"a folder of others":  "/sys/heron",
	} {
		other := &rig{t: t, bin: r.bin, data: root, dove: r.dove, desk: r.desk}
		other.agentFails(1, mail.CodeReadOnly)
		other.fails(1, mail.CodeReadOnly, "", "sync")
		other.fails(1, mail.CodeReadOnly, r.dove.Password(0)+"\n", "account", "add", "user0@heron.example",
			"--host", "localhost", "--port", r.port(r.dove.IMAPS()), "--user", "user0", "--password-stdin", "--ca-file", r.dove.CAFile)
		if n := other.keyringItems(); n != 0 {
			t.Errorf("%s: the keyring holds %d items", name, n)
		}
	}
	// Settings that cannot be kept keep the secret out of the keyring too.
	a := r.agent()
	r.write("config/accounts", "")
	r.fails(1, mail.CodeReadOnly, r.dove.Password(0)+"\n", "account", "add", "user0@heron.example", "--id", "work",
		"--host", "localhost", "--port", r.port(r.dove.IMAPS()), "--user", "user0", "--password-stdin", "--ca-file", r.dove.CAFile)
	r.noTrace("work", 0)
	a.stop()
}

// readOnlyStore: what is here can be read, and nothing else is tried.
func (r *rig) readOnlyStore() {
	t := r.t
	r.dove.Deliver(t, 6, "INBOX", letter(1))
	r.add("work", 6, r.dove.IMAPS(), mail.TLS)
	var reports []api.SyncReport
	r.ok(&reports, "sync")
	// No reader was here since the store was closed: nothing lies beside it that
	// readers need.
	const unread = 1
	via, undo := r.makeReadOnly()
	r.via = via
	r.readsAlone("work", unread, mail.CodeReadOnly)
	r.inboxHas("work", unread)
	r.fails(1, mail.CodeReadOnly, "", "sync")
	r.fails(1, mail.CodeReadOnly, "", "account", "remove", "work", "--yes")
	r.agentFails(1, mail.CodeReadOnly)
	undo()
	r.via = nil
	r.agent()
	r.awaitState("work", "", mail.StateOnline)
	r.inboxHas("work", unread)
}

// readsAlone: without an agent, on a disk that cannot be written, everything
// that is known is told, and what is wrong.
func (r *rig) readsAlone(id mail.AccountID, unread int, code mail.Code) {
	r.t.Helper()
	st := r.status()
	if a := accountOf(st, id); st.Running || a.Unread != unread || a.LastSync.IsZero() {
		r.t.Errorf("status: %+v", st)
	}
	p, ok := hasProblem(st.Problems, code)
	if !ok || p.Args["path"] == "" {
		r.t.Errorf("status does not name %s: %+v", code, st.Problems)
	}
	for _, args := range []string{"account list", "folder list " + string(id), "activity", "op list"} {
		if o := r.run("", strings.Fields(args)...); o.code != 0 || o.out == "" {
			r.t.Errorf("%s: exit %d, %s", args, o.code, o.errOut)
		}
	}
}

// fullDiskAlone: no agent runs, and there is no room for the least file.
func (r *rig) fullDiskAlone() {
	r.dove.Deliver(r.t, 4, "INBOX", letter(1))
	r.add("work", 4, r.dove.IMAPS(), mail.TLS)
	var reports []api.SyncReport
	r.ok(&reports, "sync")
	r.via = []string{"sh", "-c", `ulimit -f 0 && exec "$@"`, "sh"}
	r.readsAlone("work", 1, mail.CodeDiskFull)
	r.fails(1, mail.CodeDiskFull, "", "sync")
	r.via = nil
	r.ok(&reports, "sync")
}

// makeReadOnly takes the right to write in the data folder away. via is how
// programs are started that feel it: root can write everywhere, but not on a
// read-only mount, which only these programs see.
func (r *rig) makeReadOnly() (via []string, undo func()) {
	r.t.Helper()
	if os.Geteuid() == 0 {
		script := `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"`
		return []string{"unshare", "--mount", "sh", "-c", script, r.data}, func() {}
	}
	chmod := func(dir, file fs.FileMode) {
		err := filepath.WalkDir(r.data, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				return os.Chmod(p, dir)
			}
			return os.Chmod(p, file)
		})
		if err != nil {
			r.t.Error(err)
		}
	}
	chmod(0o500, 0o400)
	undo = func() { chmod(0o700, 0o600) }
	r.t.Cleanup(undo) // else the folder cannot be removed
	return nil, undo
}

// lockedKeyring: Heron waits for it, and asks for no password that is in it.
func (r *rig) lockedKeyring() {
	t := r.t
	r.desk = desktop.Start(t, desktop.Options{Keyring: true})
	a := r.agent()
	r.add("work", 0, r.dove.IMAPS(), mail.TLS)
	r.awaitState("work", "", mail.StateOnline)
	a.stop()

	r.desk.StopKeyring()
	if err := r.desk.StartKeyring(false); err != nil {
		t.Fatal(err)
	}
	r.agent()
	st := r.awaitState("work", mail.CodeKeyringLocked, mail.StateError)
	p, _ := hasProblem(accountOf(st, "work").Problems, mail.CodeKeyringLocked)
	r.told(p)
	r.trayTells(st, p)
	r.fails(1, mail.CodeKeyringLocked, "", "sync")
	r.fails(1, mail.CodeKeyringLocked, "", "account", "test", "work")
	r.fails(1, mail.CodeKeyringLocked, "", "account", "remove", "work", "--yes")
	// The wizard's check goes well; it is the keeping that fails.
	r.fails(1, mail.CodeKeyringLocked, r.dove.Password(1)+"\n", "account", "add", "user1@heron.example", "--id", "bad",
		"--host", "localhost", "--port", r.port(r.dove.IMAPS()), "--user", "user1", "--password-stdin", "--ca-file", r.dove.CAFile)
	r.noTrace("bad", 1)

	r.desk.StopKeyring()
	if err := r.desk.StartKeyring(true); err != nil {
		t.Fatal(err)
	}
	r.awaitState("work", "", mail.StateOnline)
	r.noTrace("bad", 1)
}

// fullDisk: nothing is lost when there is no room to write, and Heron goes on
// when there is.
func (r *rig) fullDisk() {
	t := r.t
	disk := r.smallDisk()
	r.dove.Deliver(t, 5, "Archive", letter(1))
	r.add("work", 5, r.dove.IMAPS(), mail.TLS)
	const unread = 1
	r.inStep("work", unread)

	disk.fill()
	r.dove.Deliver(t, 5, "Archive", letter(2))
	r.fails(1, mail.CodeDiskFull, "", "sync")
	r.eventually("the disk is said to be full", func() string {
		st := r.polled()
		if _, ok := hasProblem(st.Problems, mail.CodeDiskFull); !ok {
			return fmt.Sprintf("%+v", st)
		}
		return ""
	})
	st := r.status()
	p, _ := hasProblem(st.Problems, mail.CodeDiskFull)
	r.told(p)
	r.trayTells(st, p)
	if a := accountOf(st, "work"); a.Unread != unread || a.State == mail.StateOnline {
		t.Errorf("with a full disk: %s, %d unread, want %d", a.State, a.Unread, unread)
	}
	r.fails(1, mail.CodeDiskFull, r.dove.Password(0)+"\n", "account", "add", "user0@heron.example", "--id", "bad",
		"--host", "localhost", "--port", r.port(r.dove.IMAPS()), "--user", "user0", "--password-stdin", "--ca-file", r.dove.CAFile)
	r.notKept("bad", 1)

	disk.empty()
	r.eventually("Heron goes on", func() string {
		st := r.polled()
		if a := accountOf(st, "work"); len(st.Problems)+len(a.Problems) > 0 || a.State != mail.StateOnline || a.Unread != unread+1 {
			return fmt.Sprintf("%+v", st)
		}
		return ""
	})
}
