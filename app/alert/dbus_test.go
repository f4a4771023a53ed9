//go:build linux

package alert

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"

	"github.com/heronmail/heron/assets"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// shown is a notification as a server gets it.
type shown struct {
	ID       uint32
	Replaces uint32
	Summary  string
	Body     string
	Actions  []string
	Hints    map[string]dbus.Variant
}

// played is a notification server that a test plays.
type played struct {
	conn *dbus.Conn
	caps []string

	mu     sync.Mutex
	last   uint32
	shown  []shown
	closed []uint32
}

func (p *played) GetCapabilities() ([]string, *dbus.Error) { return p.caps, nil }

//nolint:revive // the arguments of the specification
func (p *played) Notify(app string, replaces uint32, icon, summary, body string, actions []string,
	hints map[string]dbus.Variant, timeout int32,
) (uint32, *dbus.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := replaces
	if id == 0 {
		p.last++
		id = p.last
	}
	p.shown = append(p.shown, shown{id, replaces, summary, body, actions, hints})
	return id, nil
}

func (p *played) CloseNotification(id uint32) *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.Contains(p.closed, id) {
		return dbus.NewError("org.freedesktop.Notifications.Error", []any{"no such notification"})
	}
	p.closed = append(p.closed, id)
	return nil
}

func (p *played) newest() shown {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown[len(p.shown)-1]
}

// count is how many were closed.
func (p *played) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.closed)
}

func (p *played) invoke(t *testing.T, id uint32, key string) {
	t.Helper()
	if err := p.conn.Emit(object, service+".ActionInvoked", id, key); err != nil {
		t.Fatal(err)
	}
}

// play puts a server on the test's bus.
func play(t *testing.T, caps ...string) *played {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	p := &played{conn: conn, caps: caps}
	t.Cleanup(p.stop)
	if err := conn.Export(p, object, service); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(service, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *played) stop() { _ = p.conn.Close() }

func alerter(t *testing.T, o Options) Alerter {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	a := New(t.Context(), o)
	t.Cleanup(a.Close)
	return a
}

func TestShowAndWithdraw(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	srv := play(t, "body", "body-markup", "actions")
	icon, err := assets.Icon(48)
	if err != nil {
		t.Fatal(err)
	}
	a := alerter(t, Options{Icon: icon})
	h, err := a.Show(t.Context(), Alert{Title: "A <b> & B", Body: "1 < 2 & 3\nx", Open: "Open", MarkRead: "Mark read"})
	if err != nil {
		t.Fatal(err)
	}
	n := srv.newest()
	if n.Summary != "A <b> & B" || n.Body != "1 &lt; 2 &amp; 3\nx" {
		t.Errorf("summary %q, body %q: only the body has markup", n.Summary, n.Body)
	}
	if want := []string{"default", "Open", "mark-read", "Mark read"}; !slices.Equal(n.Actions, want) {
		t.Errorf("actions %q, want %q", n.Actions, want)
	}
	if n.Hints["desktop-entry"].Value() != AppID || n.Hints["category"].Value() != "email.arrived" {
		t.Errorf("entry %v, category %v", n.Hints["desktop-entry"], n.Hints["category"])
	}
	var img imageData
	if err := dbus.Store([]any{n.Hints["image-data"].Value()}, &img); err != nil || img.Width != 48 || len(img.Pixels) != 48*48*4 {
		t.Errorf("image %d by %d, %d bytes, %v", img.Width, img.Height, len(img.Pixels), err)
	}
	if c := a.Caps(); c != (Caps{Actions: true, Withdraw: true, Outlive: true}) {
		t.Errorf("caps %+v", c)
	}

	again, err := a.Show(t.Context(), Alert{Title: "second", Replaces: h})
	if err != nil {
		t.Fatal(err)
	}
	if n := srv.newest(); again != h || n.Replaces == 0 {
		t.Errorf("%s took the place of %s", again, h)
	}
	for range 2 { // the second time there is nothing to close
		if err := a.Withdraw(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	for _, foreign := range []string{"", "nonsense", "a/b/0", "otherbus/:1.1/1"} {
		if err := a.Withdraw(t.Context(), foreign); err != nil {
			t.Errorf("%q: %v", foreign, err)
		}
	}
	if n := srv.count(); n != 1 {
		t.Errorf("%d were closed", n)
	}
}

func TestPlainServer(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	srv := play(t, "body")
	a := alerter(t, Options{})
	if _, err := a.Show(t.Context(), Alert{Title: "T", Body: "1 < 2 & 3", Open: "Open", MarkRead: "Mark read"}); err != nil {
		t.Fatal(err)
	}
	if n := srv.newest(); n.Body != "1 < 2 & 3" || len(n.Actions) != 0 {
		t.Errorf("body %q, actions %q", n.Body, n.Actions)
	}
	if a.Caps().Actions {
		t.Error("a server without actions has none")
	}
}

// Actions of our notifications are told, also of those that an earlier process
// showed; nobody else's are.
func TestActions(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	srv := play(t, "actions")
	first := alerter(t, Options{})
	old, err := first.Show(t.Context(), Alert{Title: "old", Open: "Open"})
	if err != nil {
		t.Fatal(err)
	}
	first.Close()

	a := alerter(t, Options{Known: []string{old}})
	h, err := a.Show(t.Context(), Alert{Title: "new", MarkRead: "Mark read"})
	if err != nil {
		t.Fatal(err)
	}
	ours := srv.newest().ID
	srv.invoke(t, 77, "default") // somebody else's
	srv.invoke(t, ours, "unknown")
	srv.invoke(t, ours, "mark-read")
	srv.invoke(t, ours-1, "default")
	for _, want := range []Action{{h, DoesMarkRead}, {old, DoesOpen}} {
		select {
		case got := <-a.Actions():
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no action, want %+v", want)
		}
	}
	// A stranger on the bus cannot speak for the server.
	stranger, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	if err := stranger.Emit(object, service+".ActionInvoked", ours, "default"); err != nil {
		t.Fatal(err)
	}
	srv.invoke(t, ours, "default")
	if got := <-a.Actions(); got != (Action{h, DoesOpen}) {
		t.Errorf("got %+v", got)
	}
	select {
	case got := <-a.Actions():
		t.Errorf("a stranger's action was taken: %+v", got)
	case <-time.After(50 * time.Millisecond):
	}
}

func TestServiceComesAndGoes(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	there := make(chan bool, 100)
	a := alerter(t, Options{Available: func(yes bool) { there <- yes }})
	until := func(want bool) {
		t.Helper()
		for limit := time.After(10 * time.Second); ; {
			select {
			case got := <-there:
				if got == want {
					return
				}
			case <-limit:
				t.Fatalf("was not told that the service is there: %v", want)
			}
		}
	}
	until(false)
	_, err := a.Show(t.Context(), Alert{Title: "nobody sees it"})
	var f *mail.Fault
	if !errors.As(err, &f) || f.Code != mail.CodeNoAlerts {
		t.Fatalf("got %v, want a fault no-alerts", err)
	}
	first := play(t)
	until(true)
	h, err := a.Show(t.Context(), Alert{Title: "1"})
	if err != nil {
		t.Fatal(err)
	}
	first.stop()
	until(false)
	second := play(t)
	until(true)
	// The new server's ids begin anew: the old handle is none of its.
	if err := a.Withdraw(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	other, err := a.Show(t.Context(), Alert{Title: "2", Replaces: h})
	if err != nil {
		t.Fatal(err)
	}
	if n := second.newest(); n.Replaces != 0 || second.count() != 0 || other == h {
		t.Errorf("an old handle was used: replaces %d, closed %d", n.Replaces, second.count())
	}
}

// A service that the bus starts when it is asked for something may end whenever
// it has nothing to show: that is no lack of one.
func TestServiceThatEndsBetweenAlerts(t *testing.T) {
	// A whole session, which knows of the notification services installed here.
	desktop.Start(t, desktop.Options{}).Enter(t)
	there := make(chan bool, 100)
	first := play(t)
	alerter(t, Options{Available: func(yes bool) { there <- yes }})
	told := func(server string) {
		t.Helper()
		select {
		case yes := <-there:
			if !yes {
				t.Fatalf("the service was missed before the %s server", server)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("was not told of the %s server", server)
		}
	}
	told("first")
	first.stop()
	play(t)
	told("second")
}

func TestBusComesBack(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	a := alerter(t, Options{})
	if _, err := a.Show(t.Context(), Alert{Title: "T"}); err == nil {
		t.Fatal("shown without a bus")
	}
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	srv := play(t)
	if _, err := a.Show(t.Context(), Alert{Title: "T"}); err != nil {
		t.Fatal(err)
	}
	if srv.newest().Summary != "T" {
		t.Error("not shown")
	}
}

// The real thing: dunst shows, is clicked, and closes.
func TestDunst(t *testing.T) {
	desk := desktop.Start(t, desktop.Options{Bare: true, Display: true})
	desk.Enter(t)
	conf := filepath.Join(t.TempDir(), "dunstrc")
	if err := os.WriteFile(conf, []byte("[global]\nmarkup = full\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	desk.Run("dunst", "dunst", "-conf", conf)
	a := alerter(t, Options{})
	handle := ""
	mailtest.Await(t, "dunst shows an alert", func() bool {
		h, err := a.Show(t.Context(), Alert{Title: "Ann Lee", Body: "Lunch on <i>Friday</i>?", Open: "Open", MarkRead: "Mark read"})
		handle = h
		return err == nil
	})
	ctl := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "dunstctl", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("dunstctl %v: %v %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if n := ctl("count", "displayed"); n != "1" {
		t.Fatalf("dunst displays %s", n)
	}
	ctl("action", "0")
	select {
	case got := <-a.Actions():
		if got != (Action{handle, DoesOpen}) {
			t.Errorf("got %+v", got)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no action")
	}
	second, err := a.Show(t.Context(), Alert{Title: "Bot"})
	if err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "dunst displays the second", func() bool { return ctl("count", "displayed") != "0" })
	if err := a.Withdraw(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := a.Withdraw(t.Context(), handle); err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "dunst takes it away", func() bool { return ctl("count", "displayed") == "0" })
	if out := ctl("history"); !strings.Contains(out, "&lt;i&gt;Friday") {
		t.Errorf("a sender's markup was not escaped: %s", out)
	}
}
