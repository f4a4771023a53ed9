//go:build linux

package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heronmail/heron/app/tray/badge"
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

// screen is what stands on the screen. Case and spaces are what OCR reads least
// surely, so they make no difference.
type screen string

func (st *story) screen(t *testing.T) screen {
	t.Helper()
	text, err := st.desk.ScreenText()
	if err != nil {
		t.Fatal(err)
	}
	return screen(text)
}

func (s screen) says(text string) bool {
	plain := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
	return strings.Contains(plain(string(s)), plain(text))
}

// sees waits until all texts stand on the screen.
func (st *story) sees(t *testing.T, texts ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the screen says %q", texts), func() string {
		screen := st.screen(t)
		for _, text := range texts {
			if !screen.says(text) {
				return fmt.Sprintf("%q is not there", text)
			}
		}
		return ""
	})
}

// misses waits until a text does not stand on the screen any more, while what
// the window always says does: a screen that was not read passes for nothing.
func (st *story) misses(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the screen does not say %q", text), func() string {
		screen := st.screen(t)
		switch {
		case !screen.says("Add account"):
			return "the window is not there"
		case screen.says(text):
			return "it does"
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
// messages, and so does the window, with the texts.
func (st *story) agree(t *testing.T, unread int, texts ...string) {
	t.Helper()
	number := fmt.Sprintf("%d unread", unread)
	if unread == 0 {
		number = "Nothing unread"
	}
	st.tray(t, number)
	st.state(t, func(s api.Status) string {
		if s.Unread != unread || onlyAccount(s).Unread != unread {
			return fmt.Sprintf("the status says %d", s.Unread)
		}
		return ""
	})
	if n := st.other.unseen(t, "INBOX"); n != unread {
		t.Errorf("the server says %d unseen, want %d", n, unread)
	}
	if unread > 0 {
		st.sees(t, append(texts, number)...)
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

// icon waits until the tray shows the very picture of a state.
func (st *story) icon(t *testing.T, s badge.Spec) {
	t.Helper()
	artist, err := badge.New()
	if err != nil {
		t.Fatal(err)
	}
	tray := st.desk.Tray()
	eventually(t, fmt.Sprintf("the icon is %+v", s), func() string {
		got, err := tray.Icon()
		if err != nil {
			return err.Error()
		}
		side := int(math.Sqrt(float64(len(got) / 4)))
		var want []byte // red, green, blue, alpha → alpha first
		for p := range slices.Chunk(artist.Draw(s, side).Pix, 4) {
			want = append(want, p[3], p[0], p[1], p[2])
		}
		if len(want) == 0 || !bytes.Equal(got, want) {
			return fmt.Sprintf("it is another, %d pixels wide", side)
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

// folderUnread says what is wrong with a folder's unread number.
func (st *story) folderUnread(s api.Status, path string, want int) string {
	for _, f := range onlyAccount(s).Folders {
		if f.Path == path {
			if f.Unread != want {
				return fmt.Sprintf("%d unread in %s, want %d", f.Unread, path, want)
			}
			return ""
		}
	}
	return "there is no folder " + path
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
	from int // those before it were waited for already
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

// find looks for a line of a kind that holds all parts, from a line on.
func (l *lines) find(from int, kind string, parts []string) (at int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for i := from; i < len(l.list); i++ {
		for _, p := range append(parts, fmt.Sprintf(`"kind":%q`, kind)) {
			if !strings.Contains(l.list[i], p) {
				continue next
			}
		}
		return i, true
	}
	return 0, false
}

// line waits for a line of watch after those that were waited for before.
func (st *story) line(t *testing.T, kind string, parts ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("watch says %s %q", kind, parts), func() string {
		at, ok := st.lines.find(st.lines.from, kind, parts)
		if !ok {
			return "it did not"
		}
		st.lines.from = at + 1
		return ""
	})
}

// pollLimit is how long a change in a folder that nothing tells of may take to
// show: the minute between two looks, and some time to look.
const pollLimit = 70 * time.Second

// asTold waits for a line of watch, wherever it stands, about what was done
// elsewhere at st.untold.
func (st *story) asTold(t *testing.T, kind string, parts ...string) {
	t.Helper()
	mailtest.Eventually(t, max(pollLimit-time.Since(st.untold), time.Second), fmt.Sprintf("watch says %s %q", kind, parts), func() string {
		if _, ok := st.lines.find(0, kind, parts); !ok {
			return "it did not"
		}
		return ""
	})
}
