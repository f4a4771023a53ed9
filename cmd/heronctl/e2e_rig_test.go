//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// patience bounds each wait of the end-to-end tests.
const patience = 30 * time.Second

// noPenalty lets Dovecot answer at once after a wrong password.
const noPenalty = `
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`

// rig is the built heronctl, a real Dovecot, and a desktop for its keyring.
type rig struct {
	t    *testing.T
	bin  string
	data string   // of --data-dir
	via  []string // how heronctl is started, if not by itself
	home string   // data as the agent names it, if it has another name there
	dove *mailtest.Dovecot
	desk *desktop.Session
	said bytes.Buffer // everything that any of the programs wrote
	mu   sync.Mutex   // guards said
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, bin: built(t), data: filepath.Join(t.TempDir(), "data")}
	r.dove = mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 7, Extra: noPenalty})
	r.desk = desktop.Start(t, desktop.Options{Keyring: true})
	return r
}

func (r *rig) keep(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said.Write(b)
}

func (r *rig) command(args ...string) *exec.Cmd {
	line := slices.Concat(r.via, []string{r.bin, "--data-dir", r.data}, args)
	cmd := r.desk.Command(line[0], line[1:]...)
	cmd.Env = append(cmd.Env, "LC_ALL=C")
	return cmd
}

// run runs one command line to its end. Any goroutine may call it.
func (r *rig) run(stdin string, args ...string) outcome {
	r.t.Helper()
	cmd := r.command(args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errOut
	if err := cmd.Start(); err != nil {
		r.t.Error(err)
		return outcome{code: -1}
	}
	watchdog := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !watchdog.Stop() {
		r.t.Errorf("heronctl %v did not end in %v", args, patience)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Error(err)
	}
	r.keep(out.Bytes())
	r.keep(errOut.Bytes())
	return outcome{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// ok runs a command line that must end well and reads its JSON into v.
func (r *rig) ok(v any, args ...string) {
	r.t.Helper()
	o := r.run("", append(args, "--json")...)
	if o.code != 0 || o.errOut != "" {
		r.t.Fatalf("heronctl %v: exit %d: %s", args, o.code, o.errOut)
	}
	if err := json.Unmarshal([]byte(o.out), v); err != nil {
		r.t.Fatalf("heronctl %v: %v: %s", args, err, o.out)
	}
}

// fails runs a command line that must end with that exit code and problem.
func (r *rig) fails(exit int, code mail.Code, stdin string, args ...string) {
	r.t.Helper()
	o := r.run(stdin, append(args, "--json")...)
	var e errorLine
	if err := json.Unmarshal([]byte(o.errOut), &e); err != nil {
		r.t.Errorf("heronctl %v: exit %d, stderr %q: %v", args, o.code, o.errOut, err)
		return
	}
	if o.code != exit || e.Error.Code != code || e.Error.Text == "" || e.Error.Remedy == "" {
		r.t.Errorf("heronctl %v: exit %d, want %d for %s: %s", args, o.code, exit, code, o.errOut)
	}
}

// watcher is a heronctl watch that runs.
type watcher struct {
	r     *rig
	cmd   *exec.Cmd
	ended chan struct{}

	mu     sync.Mutex
	events []api.Event
	news   chan struct{}
	errOut bytes.Buffer
}

func (r *rig) watch(args ...string) *watcher {
	r.t.Helper()
	w := &watcher{r: r, ended: make(chan struct{}), news: make(chan struct{}, 1)}
	w.cmd = r.command(append([]string{"watch", "--json"}, args...)...)
	w.cmd.Stderr = &w.errOut
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = w.cmd.Process.Kill() // it may have ended
		<-w.ended
	})
	go func() {
		defer close(w.ended)
		sc := bufio.NewScanner(out)
		for sc.Scan() {
			r.keep(append(sc.Bytes(), '\n'))
			var e api.Event
			if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
				e.Kind = "unreadable: " + sc.Text()
			}
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
			select {
			case w.news <- struct{}{}:
			default:
			}
		}
		_ = w.cmd.Wait() // ProcessState tells
	}()
	return w
}

func (w *watcher) seen() []api.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]api.Event(nil), w.events...)
}

// await returns the first line that fits.
func (w *watcher) await(what string, fits func(api.Event) bool) api.Event {
	w.r.t.Helper()
	limit := time.After(patience)
	for {
		for _, e := range w.seen() {
			if fits(e) {
				return e
			}
		}
		select {
		case <-w.news:
		case <-w.ended:
			w.r.t.Fatalf("watch ended before %s: %s", what, w.errOut.String())
		case <-limit:
			w.r.t.Fatalf("watch did not tell of %s; it told %+v", what, w.seen())
		}
	}
}

// stop ends it as a person or the system does: that is no failure.
func (w *watcher) stop(sig syscall.Signal) {
	w.r.t.Helper()
	if err := w.cmd.Process.Signal(sig); err != nil {
		w.r.t.Error(err)
	}
	select {
	case <-w.ended:
	case <-time.After(patience):
		w.r.t.Fatalf("watch did not end after %v", sig)
	}
	if code := w.cmd.ProcessState.ExitCode(); code != 0 || w.errOut.Len() > 0 {
		w.r.t.Errorf("watch after %v: exit %d: %s", sig, code, w.errOut.String())
	}
	last := mail.Revision(0)
	for _, e := range w.seen() {
		if e.Rev <= last {
			w.r.t.Errorf("watch told revision %d after %d", e.Rev, last)
		}
		last = e.Rev
	}
}

// awaitRunning waits until status says whether an engine runs.
func (r *rig) awaitRunning(want bool) {
	r.t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); {
		var st api.Status
		r.ok(&st, "status")
		if st.Running == want {
			return
		}
	}
	r.t.Fatalf("status never said running: %v", want)
}

func (r *rig) port(addr string) string {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		r.t.Fatal(err)
	}
	return port
}

// noSecret fails when the password stands in a file or was ever written.
func (r *rig) noSecret(secret string) {
	r.t.Helper()
	r.mu.Lock()
	if bytes.Contains(r.said.Bytes(), []byte(secret)) {
		r.t.Error("the password was written to the terminal")
	}
	r.mu.Unlock()
	files := 0
	err := filepath.WalkDir(r.data, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(p)
		if bytes.Contains(b, []byte(secret)) {
			r.t.Errorf("the password stands in %s", p)
		}
		return err
	})
	if err != nil || files == 0 {
		r.t.Errorf("%d files searched, %v", files, err)
	}
}

func uids(n mail.UID) string { return strconv.FormatUint(uint64(n), 10) }
