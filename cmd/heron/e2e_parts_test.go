//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
	"github.com/heronmail/heron/sync/store"
)

// patience bounds each wait for something to be seen. Dovecot holds each push
// back by half a second, and reading the screen takes some.
const patience = 40 * time.Second

// eventually looks until nothing is wrong.
func eventually(t *testing.T, what string, wrong func() string) {
	t.Helper()
	mailtest.Eventually(t, patience, what, wrong)
}

// sees waits until all texts stand on the screen.
func (st *story) sees(t *testing.T, texts ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the screen says %q", texts), func() string {
		screen, err := st.desk.ScreenText()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if !strings.Contains(strings.ToLower(screen), strings.ToLower(text)) {
				return fmt.Sprintf("%q is not there", text)
			}
		}
		return ""
	})
}

// clicks presses on a text once it is there.
func (st *story) clicks(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%q is clicked", text), func() string {
		if err := st.desk.ClickText(text); err != nil {
			return err.Error()
		}
		return ""
	})
}

// types puts text into whatever has the focus, then presses keys.
func (st *story) types(t *testing.T, text string, keys ...string) {
	t.Helper()
	if text != "" {
		// From a file, since an argument could be read in the process list.
		cmd := st.desk.Command("xdotool", "type", "--delay", "15", "--file", "-")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("xdotool type: %v: %s", err, out)
		}
	}
	for _, k := range keys {
		if _, err := st.desk.Xdotool("key", k); err != nil {
			t.Fatal(err)
		}
	}
}

// agree waits until tray, status and server say the same number of unread
// messages, and the window says the texts. The window's own number is too small
// and grey to be read surely; what it shows is read again from the same status.
func (st *story) agree(t *testing.T, unread int, texts ...string) {
	t.Helper()
	st.tray(t, fmt.Sprintf("%d unread", unread))
	st.state(t, func(s api.Status) string {
		if s.Unread != unread || onlyAccount(s).Unread != unread {
			return fmt.Sprintf("the status says %d", s.Unread)
		}
		return ""
	})
	if n := st.other.unseen(t, "INBOX"); n != unread {
		t.Errorf("the server says %d unseen, want %d", n, unread)
	}
	if len(texts) > 0 {
		st.sees(t, texts...)
	}
}

// tray waits until the tray's menu says all texts.
func (st *story) tray(t *testing.T, texts ...string) {
	t.Helper()
	tray := st.desk.Tray()
	eventually(t, fmt.Sprintf("the tray says %q", texts), func() string {
		menu, err := tray.Menu()
		if err != nil {
			return err.Error()
		}
		for _, text := range texts {
			if !strings.Contains(desktop.Text(menu), text) {
				return fmt.Sprintf("%q is not in the menu:\n%s", text, desktop.Text(menu))
			}
		}
		return ""
	})
}

// alert waits until exactly one alert is open, and it says the text.
func (st *story) alert(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("an alert says %q", text), func() string {
		for _, n := range st.alerts.Open() {
			if strings.Contains(n.Summary+"\n"+n.Body, text) {
				return ""
			}
		}
		return fmt.Sprintf("open are %+v", st.alerts.Open())
	})
	count := 0
	for _, n := range st.alerts.List() {
		if strings.Contains(n.Summary+"\n"+n.Body, text) {
			count++
		}
	}
	if count != 1 {
		t.Errorf("%d alerts say %q", count, text)
	}
}

// noAlert waits until none is open.
func (st *story) noAlert(t *testing.T) {
	t.Helper()
	eventually(t, "no alert is open", func() string {
		if open := st.alerts.Open(); len(open) > 0 {
			return fmt.Sprintf("open are %+v", open)
		}
		return ""
	})
}

// canWithdraw waits until the store has what it takes to withdraw each alert.
func (st *story) canWithdraw(t *testing.T) {
	t.Helper()
	kept, err := store.Open(t.Context(), filepath.Join(st.desk.Dir, "data", "heron"), store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }()
	eventually(t, "every alert can be withdrawn", func() string {
		open, err := kept.Alerts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range open {
			if a.Handle == "" {
				return fmt.Sprintf("alert %d has no handle", a.ID)
			}
		}
		return ""
	})
}

// ctl runs heronctl and returns what it printed.
func (st *story) ctl(t *testing.T, args ...string) string {
	t.Helper()
	cmd := st.desk.Command(st.bin("heronctl"), args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("heronctl %s: %v\n%s%s", strings.Join(args, " "), err, &out, &errs)
	}
	return out.String()
}

// state waits until `heronctl status` is right.
func (st *story) state(t *testing.T, wrong func(api.Status) string) {
	t.Helper()
	eventually(t, "the status is right", func() string {
		var s api.Status
		if err := json.Unmarshal([]byte(st.ctl(t, "--json", "status")), &s); err != nil {
			t.Fatal(err)
		}
		if len(s.Accounts) != 1 {
			return fmt.Sprintf("%d accounts", len(s.Accounts))
		}
		return wrong(s)
	})
}

func onlyAccount(s api.Status) api.AccountStatus { return s.Accounts[0] }

func mustBe(want string, got mail.State) string {
	if string(got) == want {
		return ""
	}
	return fmt.Sprintf("the state is %q, want %q", got, want)
}

// uid is a message's UID as Heron knows it.
func (st *story) uid(subject string) string {
	st.t.Helper()
	var list []api.Message
	if err := json.Unmarshal([]byte(st.ctl(st.t, "--json", "message", "list", st.account, "INBOX")), &list); err != nil {
		st.t.Fatal(err)
	}
	for _, m := range list {
		if m.Subject == subject {
			return fmt.Sprint(m.UID)
		}
	}
	st.t.Fatalf("Heron has no message %q", subject)
	return ""
}

// lines are what `heronctl --json watch` printed.
type lines struct {
	mu   sync.Mutex
	list []string
	from int // those before it were asked for already
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list, "\n")
}

// watch starts `heronctl --json watch`, which lives as long as the story.
func (st *story) watch(t *testing.T) {
	t.Helper()
	cmd := st.desk.Command(st.bin("heronctl"), "--json", "watch")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	st.lines = &lines{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sc := bufio.NewScanner(out)
		sc.Buffer(nil, 4<<20)
		for sc.Scan() {
			st.lines.mu.Lock()
			st.lines.list = append(st.lines.list, sc.Text())
			st.lines.mu.Unlock()
		}
	}()
	st.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		<-done
		if err := cmd.Wait(); err != nil {
			st.t.Errorf("an interrupted watch ends with 0, not %v", err)
		}
	})
}

// line waits for a new line of watch of that kind that holds all parts.
func (st *story) line(t *testing.T, kind string, parts ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("watch says %s %q", kind, parts), func() string {
		st.lines.mu.Lock()
		defer st.lines.mu.Unlock()
	next:
		for i := st.lines.from; i < len(st.lines.list); i++ {
			l := st.lines.list[i]
			for _, p := range append(parts, fmt.Sprintf(`"kind":%q`, kind)) {
				if !strings.Contains(l, p) {
					continue next
				}
			}
			st.lines.from = i + 1
			return ""
		}
		return "it did not"
	})
}

// processes are the pids of the session's programs with that name.
func (st *story) processes(name string) []string {
	var out []string
	found, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		st.t.Fatal(err)
	}
	for _, f := range found {
		if exe, err := os.Readlink(f); err == nil && exe == st.bin(name) {
			out = append(out, strings.Split(f, "/")[2])
		}
	}
	return out
}

// nothingLeaks searches for the password in every file that the session wrote
// and in every process's arguments and environment.
func (st *story) nothingLeaks(t *testing.T) {
	t.Helper()
	secret := []byte(st.password)
	look := func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			return // a socket, or a process that has ended
		}
		if bytes.Contains(b, secret) {
			t.Errorf("the password is in %s", path)
		}
	}
	files := 0
	err := filepath.WalkDir(st.desk.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // a file that went while we looked
		}
		if d.Type().IsRegular() {
			files++
			look(path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 5 {
		t.Errorf("only %d files were searched", files)
	}
	for _, what := range []string{"cmdline", "environ"} {
		found, err := filepath.Glob("/proc/[0-9]*/" + what)
		if err != nil || len(found) == 0 {
			t.Fatalf("no process to search: %v", err)
		}
		for _, f := range found {
			if strings.HasPrefix(f, fmt.Sprintf("/proc/%d/", os.Getpid())) {
				continue
			}
			look(f)
		}
	}
}
