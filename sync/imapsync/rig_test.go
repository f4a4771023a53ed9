package imapsync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// patience is how long a test waits for something that should come soon.
const patience = 20 * time.Second

// rig is a worker on a user of a real Dovecot, with a store of its own.
type rig struct {
	*testing.T
	dc    *mailtest.Dovecot
	user  int
	dir   string
	store *store.Store
	cfg   Config
	w     *Worker
	stop  func() // ends Serve and waits for it
	since mail.Revision
	idles chan struct{} // has a token while the session idles
}

func newRig(t *testing.T, dc *mailtest.Dovecot, user int, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{T: t, dc: dc, user: user, dir: emptyStore(t), idles: make(chan struct{}, 1)}
	var err error
	if r.store, err = store.Open(t.Context(), r.dir, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.cfg = Config{
		Account: dc.Account(user, mail.Plain),
		Store:   r.store,
		Secret:  func(context.Context) (string, error) { return dc.Password(user), nil },
		Log:     slog.New(slog.NewTextHandler(logTo{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&r.cfg)
	}
	return r
}

// dial connects and notes whether the session idles. What is traced is not compressed.
func (r *rig) dial(ctx context.Context, o wire.Options) (*wire.Conn, error) {
	o.Dial.Trace = func(dir byte, line []byte) {
		switch cmd := strings.TrimSpace(string(line)); {
		case dir != 'C':
		case strings.HasSuffix(cmd, " IDLE"):
			signal(r.idles)
		case cmd == "DONE":
			drain(r.idles)
		}
	}
	return wire.Dial(ctx, o)
}

// syncIdle is sync, and waits until nothing but the inbox is open: Dovecot ends a
// session whose mailbox another one renames or deletes. The config's Dial is dial.
func (r *rig) syncIdle() {
	r.Helper()
	r.sync()
	select {
	case <-r.idles:
	case <-time.After(patience):
		r.Fatal("it does not idle")
	}
}

// logTo writes a log into the test's.
type logTo struct{ t *testing.T }

func (l logTo) Write(p []byte) (int, error) {
	l.t.Log(string(p))
	return len(p), nil
}

// start runs a new worker until the test ends or stop is called.
func (r *rig) start() {
	r.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	done := make(chan error, 1)
	r.w = New(r.cfg)
	go func() { done <- r.w.Serve(ctx) }()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			r.Errorf("Serve ended with %v", err)
		}
	}
	r.Cleanup(r.stop)
}

// sync waits for a full pass.
func (r *rig) sync() Report {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	rep, err := r.w.Sync(ctx)
	if err != nil {
		r.Fatalf("Sync: %v", err)
	}
	return rep
}

// settled starts a worker, waits for the first sync, and lets later looks at
// changes begin here.
func (r *rig) settled() {
	r.Helper()
	r.start()
	r.until("it is online", func() bool {
		st, err := r.store.States(r.Context())
		return err == nil && st[r.cfg.Account.ID].State == mail.StateOnline
	})
	r.sync()
	r.mark()
}

// mark lets changes begin at the present revision.
func (r *rig) mark() {
	r.Helper()
	var err error
	if r.since, err = r.store.Revision(r.Context()); err != nil {
		r.Fatal(err)
	}
}

// changes are the changes since mark.
func (r *rig) changes() []mail.Change {
	r.Helper()
	cs, err := r.store.Changes(r.Context(), r.since, 10_000)
	if err != nil {
		r.Fatal(err)
	}
	return cs
}

// only are the changes of one type since mark.
func only[C mail.Change](r *rig) []C {
	r.Helper()
	var out []C
	for _, c := range r.changes() {
		if c, ok := c.(C); ok {
			out = append(out, c)
		}
	}
	return out
}

// until waits until cond holds, looking whenever the store changed.
func (r *rig) until(what string, cond func() bool) {
	r.Helper()
	sub := r.store.Subscribe()
	defer sub.Close()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !cond() {
		select {
		case <-sub.C():
		case <-limit.C:
			for _, c := range r.changes() {
				r.Logf("%s %+v", c.Kind(), c)
			}
			r.Fatalf("waited in vain: %s", what)
		}
	}
}

// awaits waits for the first change of a type since mark.
func awaits[C mail.Change](r *rig) C {
	r.Helper()
	var got []C
	r.until(fmt.Sprintf("a %T", *new(C)), func() bool { got = only[C](r); return len(got) > 0 })
	return got[0]
}

func (r *rig) box(path string) mail.Mailbox {
	r.Helper()
	b, err := r.store.MailboxByPath(r.Context(), r.cfg.Account.ID, path)
	if err != nil {
		r.Fatalf("folder %s: %v", path, err)
	}
	return b
}

// list is a folder's messages, newest first.
func (r *rig) list(path string) []mail.Message {
	r.Helper()
	var out []mail.Message
	for {
		p, err := r.store.Messages(r.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{r.box(path).ID}, Offset: len(out), Limit: 500})
		if err != nil {
			r.Fatal(err)
		}
		if len(p.Messages) == 0 {
			return out
		}
		out = append(out, p.Messages...)
	}
}

// subjects are the subjects in a folder, sorted.
func (r *rig) subjects(path string) []string {
	r.Helper()
	var out []string
	for _, m := range r.list(path) {
		out = append(out, m.Envelope.Subject)
	}
	slices.Sort(out)
	return out
}

func (r *rig) deliver(box, subject string) imap.UID {
	r.Helper()
	return r.dc.Deliver(r.T, r.user, box, message(subject))
}

// other is the user's other machine.
func (r *rig) other(box string) *imapclient.Client {
	r.Helper()
	c := r.dc.Client(r.T, r.user)
	if _, err := c.Select(box, nil).Wait(); err != nil {
		r.Fatal(err)
	}
	return c
}

// fill puts n messages into a folder, faster than deliver does.
func (r *rig) fill(box string, n int) {
	r.Helper()
	c := r.dc.Client(r.T, r.user)
	cmds := make([]*imapclient.AppendCommand, 0, n)
	for i := range n {
		msg := message(fmt.Sprintf("%s %04d", box, i))
		cmd := c.Append(box, int64(len(msg)), nil)
		if _, err := cmd.Write(msg); err != nil {
			r.Fatal(err)
		}
		if err := cmd.Close(); err != nil {
			r.Fatal(err)
		}
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		if _, err := cmd.Wait(); err != nil {
			r.Fatal(err)
		}
	}
}

// flag sets a flag by another client.
func (r *rig) flag(c *imapclient.Client, f imap.Flag, uids ...imap.UID) {
	r.Helper()
	store := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}
	if err := c.Store(imap.UIDSetNum(uids...), store, nil).Close(); err != nil {
		r.Fatal(err)
	}
}

func message(subject string) []byte {
	return fmt.Appendf(nil, "From: Ada <ada@example.org>\r\nTo: me@example.org\r\nSubject: %s\r\n"+
		"Date: Mon, 02 Jan 2006 15:04:05 +0000\r\nMessage-ID: <%x@example.org>\r\n\r\nHello from %s.\r\n", subject, subject, subject)
}

// idOf finds a message by its subject.
func idOf(r *rig, path, subject string) mail.MessageID {
	r.Helper()
	for _, m := range r.list(path) {
		if m.Envelope.Subject == subject {
			return m.ID
		}
	}
	r.Fatalf("no message %q in %s", subject, path)
	return 0
}
