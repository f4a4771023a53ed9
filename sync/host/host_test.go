package host

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/secret"
)

// An agent that starts takes over from a heronctl, whose watch goes on where it
// was.
func TestHandover(t *testing.T) {
	root, secrets := t.TempDir(), secret.NewMemory()
	watch := connect(t, Connect, options(t, root, control.HolderCtl, secrets))
	if !watch.Holding() || watch.ReadOnly() {
		t.Fatal("the first session holds no engine")
	}
	other := connect(t, Connect, options(t, root, control.HolderCtl, secrets))
	if other.Holding() {
		t.Fatal("two sessions hold the engine")
	}
	own := read(t, watch, api.EventsQuery{Since: api.FromNow})
	attached := read(t, other, api.EventsQuery{Since: api.FromNow})
	for _, r := range []*tail{own, attached} {
		r.until(api.KindSnapshot)
	}

	agent := run(t, options(t, root, control.HolderAgent, secrets))
	for _, r := range []*tail{own, attached} {
		if e := r.until(api.KindHandover); e.Reason != string(EndHandover) {
			t.Errorf("handover line %+v", e)
		}
	}
	agent.tell(t, mail.CodeNoTray)
	for _, r := range []*tail{own, attached} {
		if e := r.until("problem.raised"); e.Problem.Code != mail.CodeNoTray {
			t.Errorf("line %+v", e)
		}
	}
	if watch.Holding() {
		t.Error("the watch holds the engine still")
	}
	// A command that came before the handover and asks after it.
	if reports, err := watch.Sync(t.Context(), ""); err != nil || len(reports) != 0 {
		t.Errorf("sync: %+v, %v", reports, err)
	}
	for _, s := range []Session{watch, other} {
		if st, err := s.Status(t.Context()); err != nil || len(st.Problems) != 1 {
			t.Errorf("status: %+v, %v", st, err)
		}
		if _, err := s.Ops(t.Context(), ""); err != nil {
			t.Errorf("ops: %v", err)
		}
	}
	// The agent does not hand over to anybody.
	c, err := control.Dial(t.Context(), agent.o.Dirs.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Handover(t.Context()); code(err) != mail.CodeBusy {
		t.Errorf("the agent hands over: %v", err)
	}
}

// A second agent has the window of the first one shown, and is told so.
func TestSecondAgent(t *testing.T) {
	root, secrets := t.TempDir(), secret.NewMemory()
	first := run(t, options(t, root, control.HolderAgent, secrets))
	second := func() {
		t.Helper()
		if _, err := Open(t.Context(), options(t, root, control.HolderAgent, secrets)); !errors.Is(err, ErrShown) || code(err) != mail.CodeBusy {
			t.Fatalf("the second agent: %v", err)
		}
	}
	second()
	if r := <-first.UI(); r.Show != "main" {
		t.Errorf("request %+v", r)
	}
	// The window that was started for it is told what to show,
	c, err := control.Dial(t.Context(), first.o.Dirs.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	window := read(t, c, api.EventsQuery{Since: api.FromNow, UI: true})
	if e := window.until(api.KindUI); e.UI == nil || e.UI.Show != "main" {
		t.Errorf("line %+v", e)
	}
	// and while it listens it is asked, and no other is started.
	second()
	window.until(api.KindUI)
	select {
	case r := <-first.UI():
		t.Errorf("another window was asked for: %+v", r)
	default:
	}
	// What it has not heard when it leaves is asked for anew.
	ui, asked := newUIHub(), time.Now()
	_, leave := ui.join()
	if !ui.show(api.UIRequest{Show: "main"}) || ui.waits(asked) {
		t.Error("a window listens")
	}
	leave()
	if r := <-ui.out; r.Show != "main" || !ui.waits(asked) || ui.waits(time.Now()) {
		t.Errorf("nobody heard %+v", r)
	}
	heard, _ := ui.join()
	if r := <-heard; r.Show != "main" || ui.waits(asked) {
		t.Errorf("the next window hears %+v", r)
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct {
		holder string
		ask    func(context.Context, control.Backend) error
		end    End
		code   mail.Code
	}{
		{control.HolderAgent, func(x context.Context, b control.Backend) error { return b.Quit(x) }, EndQuit, ""},
		{control.HolderAgent, func(x context.Context, b control.Backend) error { return b.Restart(x) }, EndRestart, ""},
		{control.HolderCtl, func(x context.Context, b control.Backend) error { return b.Restart(x) }, EndStopped, mail.CodeNotSupported},
		{control.HolderCtl, func(x context.Context, b control.Backend) error { return b.ShowUI(x, api.UIRequest{}) }, EndStopped, mail.CodeNotSupported},
	} {
		h := run(t, options(t, t.TempDir(), c.holder, secret.NewMemory()))
		cl, err := control.Dial(t.Context(), h.o.Dirs.SocketPath())
		if err != nil {
			t.Fatal(err)
		}
		lines := read(t, cl, api.EventsQuery{UI: c.holder == control.HolderAgent})
		lines.until(api.KindSnapshot)
		if err := c.ask(t.Context(), cl); code(err) != c.code {
			t.Errorf("%s: %v", c.end, err)
		}
		h.finish(EndStopped)
		if c.end == EndQuit {
			if e := lines.until(api.KindUI); e.UI == nil || e.UI.Show != "quit" {
				t.Errorf("the window is told %+v", e)
			}
		}
		if e := lines.until(api.KindHandover); e.Reason != string(c.end) {
			t.Errorf("last line %+v", e)
		}
		if err := <-lines.ended; err != nil {
			t.Errorf("the stream ended with %v", err)
		}
		end := <-h.end
		h.end <- end
		if end != c.end {
			t.Errorf("Run returned %s, want %s", end, c.end)
		}
		_ = cl.Close()
	}
}

// Reading attaches to a holder, and needs none.
func TestConnectToRead(t *testing.T) {
	root, secrets := t.TempDir(), secret.NewMemory()
	o := options(t, root, control.HolderCtl, secrets)
	before := connect(t, ConnectToRead, o)
	if s, err := before.Status(t.Context()); err != nil || s.Running || !before.ReadOnly() {
		t.Errorf("before there is anything: %+v, %v", s, err)
	}
	agent := run(t, options(t, root, control.HolderAgent, secrets))
	agent.tell(t, mail.CodeNoTray)
	during := connect(t, ConnectToRead, o)
	if s, err := during.Status(t.Context()); err != nil || !s.Running || during.ReadOnly() || len(s.Problems) != 1 {
		t.Errorf("while it is held: %+v, %v", s, err)
	}
	agent.stop()
	after := connect(t, ConnectToRead, o)
	s, err := after.Status(t.Context())
	if err != nil || s.Running || !after.ReadOnly() || len(s.Problems) != 1 {
		t.Errorf("afterwards: %+v, %v", s, err)
	}
	if _, err := after.Messages(t.Context(), api.PageQuery{Limit: 10}); err != nil {
		t.Errorf("messages: %v", err)
	}
	if _, err := after.Folders(t.Context(), "nobody"); code(err) != mail.CodeNoAccount {
		t.Errorf("folders: %v", err)
	}
	_, sync := after.Sync(t.Context(), "")
	for name, err := range map[string]error{
		"sync": sync, "watch": after.SetWatched(t.Context(), "a", "INBOX", true), "kick": after.Kick(t.Context()),
		"ui": after.ShowUI(t.Context(), api.UIRequest{}), "quit": after.Quit(t.Context()),
		"events": after.Events(t.Context(), api.EventsQuery{}, func(api.Event) error { return nil }),
	} {
		if code(err) != mail.CodeReadOnly {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// However many start at once, one holds the engine and all are served.
func TestManyAtOnce(t *testing.T) {
	root, secrets := t.TempDir(), secret.NewMemory()
	const n = 8
	sessions := make([]Session, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if sessions[i], err = Connect(t.Context(), options(t, root, control.HolderCtl, secrets)); err != nil {
				t.Error(err)
				return
			}
			if _, err := sessions[i].Status(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	holding := 0
	for _, s := range sessions {
		if s == nil {
			t.FailNow()
		}
		if s.Holding() {
			holding++
		}
	}
	if holding != 1 {
		t.Errorf("%d sessions hold the engine", holding)
	}
	for _, s := range sessions {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A holder that has the lock and does not answer is not waited for longer than
// asked.
func TestBusy(t *testing.T) {
	root := t.TempDir()
	o := options(t, root, control.HolderCtl, secret.NewMemory())
	lock, err := try(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	for name, open := range map[string]func(context.Context, Options) error{
		"heronctl": func(ctx context.Context, o Options) error { _, err := Connect(ctx, o); return err },
		"agent":    func(ctx context.Context, o Options) error { _, err := Open(ctx, o); return err },
	} {
		o.Wait = 200 * time.Millisecond
		if err := open(t.Context(), o); code(err) != mail.CodeBusy {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o.Wait = time.Hour
		if err := open(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, given up: %v", name, err)
		}
	}
}

// A host that was opened and never run lets go of everything.
func TestCloseWithoutRun(t *testing.T) {
	root := t.TempDir()
	for range 2 {
		h, err := Open(t.Context(), options(t, root, control.HolderAgent, secret.NewMemory()))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(h.Close(), h.Close()); err != nil {
			t.Error(err)
		}
	}
}
