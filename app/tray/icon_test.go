//go:build linux

package tray

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// watcher plays the desktop's side of org.kde.StatusNotifierWatcher.
type watcher struct{ registered chan string }

func (w watcher) RegisterStatusNotifierItem(path string) *dbus.Error {
	w.registered <- path
	return nil
}

func connect(t *testing.T) *dbus.Conn {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// layout is a line of the menu as the desktop gets it.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

// flat returns what is seen of the menu: label and id of every line.
func flat(t *testing.T, l layout, out map[string]int32) []string {
	t.Helper()
	var labels []string
	for _, c := range l.Children {
		var child layout
		if err := dbus.Store([]any{c.Value()}, &child); err != nil {
			t.Fatal(err)
		}
		if v, ok := child.Props["visible"]; ok && v.Value() == false {
			continue
		}
		label, ok := child.Props["label"].Value().(string)
		if !ok {
			label = "--"
		}
		labels = append(labels, label)
		out[label] = child.ID
		labels = append(labels, flat(t, child, out)...)
	}
	return labels
}

// childKey makes the test binary a process with an icon.
const childKey = "HERON_TEST_ICON"

func TestMain(m *testing.M) {
	if os.Getenv(childKey) == "" {
		os.Exit(m.Run())
	}
	if err := iconProcess(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// iconProcess shows the states that it reads and tells what is clicked, a line
// of JSON each, until its input ends.
func iconProcess() error {
	artist, err := badge.New()
	if err != nil {
		return err
	}
	p, err := i18n.New("en")
	if err != nil {
		return err
	}
	icon := New(artist, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		icon.Show(View{}) // out of date at once
		for in := json.NewDecoder(os.Stdin); ; {
			var s State
			if in.Decode(&s) != nil {
				return
			}
			icon.Show(Render(s, p))
		}
	}()
	go func() {
		for out := json.NewEncoder(os.Stdout); ; {
			if err := out.Encode(<-icon.Commands()); err != nil {
				return
			}
		}
	}()
	icon.Run(ctx)
	return nil
}

// startIcon starts such a process. A process has one icon, and systray's own
// numbering of menus is racy, which must not fail a test of ours.
func startIcon(t *testing.T) (show func(State), commands <-chan Command, end func() error, pid int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childKey+"=1", "GORACE=exitcode=0 log_path="+filepath.Join(t.TempDir(), "race"))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	enc := json.NewEncoder(stdin)
	show = func(s State) {
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	out := make(chan Command)
	go func() {
		defer close(out)
		for dec := json.NewDecoder(stdout); ; {
			var c Command
			if dec.Decode(&c) != nil {
				return
			}
			out <- c
		}
	}()
	end = func() error {
		return errors.Join(stdin.Close(), cmd.Wait())
	}
	return show, out, end, cmd.Process.Pid
}

// The story of an icon. It begins without a tray on the desktop.
func TestIcon(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	show, commands, end, pid := startIcon(t)
	state := State{
		Now: now(), Unread: 2, Accounts: []Account{{ID: "my_work", State: mail.StateOnline, Unread: 2}},
		Newest: []Entry{{ID: 2, From: "Ann", Subject: "Lunch?"}, {ID: 1, From: "Bot", Subject: "green"}},
	}
	show(state)

	conn := connect(t)
	w := watcher{make(chan string, 4)}
	if err := conn.Export(w, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher"); err != nil {
		t.Fatal(err)
	}
	service := fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", pid)
	owned := func() bool {
		var has bool
		err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, service).Store(&has)
		return err == nil && has
	}
	mailtest.Await(t, "the item has its name", owned)

	// A tray that comes later finds the icon.
	if _, err := conn.RequestName("org.kde.StatusNotifierWatcher", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.registered:
	case <-time.After(10 * time.Second):
		t.Fatal("the icon does not register with a tray that came later")
	}

	item := conn.Object(service, "/StatusNotifierItem")
	menu := conn.Object(service, "/StatusNotifierItem/menu")
	property := func(name string) any {
		v, err := item.GetProperty("org.kde.StatusNotifierItem." + name)
		if err != nil {
			t.Fatal(err)
		}
		return v.Value()
	}
	ids := map[string]int32{}
	labels := func() []string {
		var rev uint32
		var root layout
		if err := menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&rev, &root); err != nil {
			t.Fatal(err)
		}
		clear(ids)
		return flat(t, root, ids)
	}
	click := func(label string) {
		err := menu.Call("com.canonical.dbusmenu.Event", 0, ids[label], "clicked", dbus.MakeVariant(""), uint32(0)).Err
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(c Command) {
		t.Helper()
		select {
		case got := <-commands:
			if got != c {
				t.Fatalf("got %+v, want %+v", got, c)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no command, want %+v", c)
		}
	}
	mailtest.Await(t, "the title is shown", func() bool { return property("Title") == "Heron: 2 unread" })
	if id := property("Id"); id != "heron" {
		t.Errorf("id %q must not change with the number", id)
	}
	pixels, ok := property("IconPixmap").([][]any)
	if !ok || len(pixels) != 1 || pixels[0][0] != int32(iconSize) {
		t.Fatalf("pixmap %T", property("IconPixmap"))
	}
	// Half covered pixels have their colour too, in ARGB that is not
	// premultiplied.
	artist, err := badge.New()
	if err != nil {
		t.Fatal(err)
	}
	var argb []byte
	drawn := artist.Draw(badge.Spec{State: badge.Online, Unread: 2}, iconSize).Pix
	for i := 0; i < len(drawn); i += 4 {
		argb = append(argb, drawn[i+3], drawn[i], drawn[i+1], drawn[i+2])
	}
	if got, ok := pixels[0][2].([]byte); !ok || !bytes.Equal(got, argb) {
		t.Error("the panel gets another picture than was drawn")
	}
	mailtest.Await(t, "the menu is whole", func() bool {
		l := labels()
		return slices.Contains(l, "Quit") && slices.Contains(l, "Mark read")
	})
	if l := labels(); !slices.Contains(l, "● my__work  2") {
		t.Errorf("menu %q: an underscore would mark an access key", l)
	}

	// Mark read of the second message is the last of that name.
	click("Mark read")
	want(Command{MarkRead, 1})
	click("Check now")
	want(Command{Kind: CheckNow})
	if err := item.Call("org.kde.StatusNotifierItem.Activate", 0, int32(0), int32(0)).Err; err != nil {
		t.Fatal(err)
	}
	want(Command{Kind: Open})

	// The same lines come to mean other messages: ids stay, and a click that
	// comes at once is not taken.
	labels()
	before := ids["Quit"]
	state.Unread, state.Newest = 1, []Entry{{ID: 9, From: "Eve", Subject: "new"}}
	show(state)
	mailtest.Await(t, "the new message is shown", func() bool { return slices.Contains(labels(), "Eve: new") })
	click("Mark read")
	click("Quit")
	want(Command{Kind: Quit})
	if l := labels(); ids["Quit"] != before || slices.Contains(l, "Bot: green") {
		t.Errorf("menu %q", l)
	}
	time.Sleep(settle)
	click("Mark read")
	want(Command{MarkRead, 9})

	// Another account changes the shape.
	state.Accounts = append(state.Accounts, Account{ID: "home", State: mail.StateOffline})
	show(state)
	mailtest.Await(t, "the second account is shown", func() bool {
		return slices.Contains(labels(), "○ home: offline, trying again by itself")
	})

	if err := end(); err != nil {
		t.Errorf("the process does not end well: %v", err)
	}
	if owned() {
		t.Error("the icon is still there")
	}
}

// A session bus that goes takes the icon with it, and not the program: mail is
// watched all the same.
func TestIconOutlivesTheBus(t *testing.T) {
	desktop.Start(t, desktop.Options{Bare: true}).Enter(t)
	show, _, end, pid := startIcon(t)
	show(State{Now: now(), Unread: 1})
	conn := connect(t)
	mailtest.Await(t, "the icon is there", func() bool {
		item := conn.Object(fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", pid), "/StatusNotifierItem")
		v, err := item.GetProperty("org.kde.StatusNotifierItem.Title")
		return err == nil && v.Value() == "Heron: No account yet"
	})
	var bus uint32
	if err := conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.DBus").Store(&bus); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(int(bus), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "the bus is gone", func() bool { return !conn.Connected() })
	for n := range 5 {
		show(State{Now: now(), Unread: n + 2, Accounts: []Account{{ID: "work", State: mail.StateOnline}}, Newest: make([]Entry, n)})
		time.Sleep(20 * time.Millisecond) // each is drawn, not the last alone
	}
	if err := end(); err != nil {
		t.Errorf("the process does not end well: %v", err)
	}
}
