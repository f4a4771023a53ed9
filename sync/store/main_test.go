package store

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/mail"
)

func TestMain(m *testing.M) {
	// Fewer histories than rapid's 100, each of which makes a store: the race
	// detector makes SQLite slow. The flag can still be given. It is registered
	// by then, so this cannot fail.
	_ = flag.Set("rapid.checks", "8")
	goleak.VerifyTestMain(m)
}

const acc mail.AccountID = "jo"

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fixture is a store with a clock and short words for what tests do with it.
type fixture struct {
	*Store
	t     *testing.T
	dir   string
	clock *clock
}

func open(t *testing.T) *fixture {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := makeEmpty(dir); err != nil {
		t.Fatal(err)
	}
	return openAt(t, dir, &clock{t: day})
}

// empty is the file of a store with nothing in it. To go through all the migrations
// takes the race detector most of a second: tests that have others in mind copy it.
var empty = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "heron-empty-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := Open(context.Background(), dir, Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, dbName))
})

// makeEmpty makes a folder with a store in it that is as new.
func makeEmpty(dir string) error {
	file, err := empty()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, dbName), file, 0o600)
}

func openAt(t *testing.T, dir string, c *clock) *fixture {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &fixture{Store: s, t: t, dir: dir, clock: c}
}

// again closes the store and opens it anew.
func (f *fixture) again() *fixture {
	f.t.Helper()
	f.must(f.Close())
	return openAt(f.t, f.dir, f.clock)
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// ctx is not the test's own, which has ended when cleanups run.
func (f *fixture) ctx() context.Context { return context.Background() }

// folders lists exactly these folders and returns their mailboxes by name.
func (f *fixture) folders(names ...string) map[string]mail.Mailbox {
	f.t.Helper()
	var l Listing
	for _, n := range names {
		l.Mailboxes = append(l.Mailboxes, ListedMailbox{Name: n, Delimiter: "/", Selectable: true})
	}
	f.list(l)
	return f.boxes()
}

func (f *fixture) list(l Listing) []mail.Change {
	f.t.Helper()
	cs, err := f.Apply(f.ctx(), acc, Batch{Listing: &l})
	f.must(err)
	return cs
}

func (f *fixture) boxes() map[string]mail.Mailbox {
	f.t.Helper()
	ms, err := f.Mailboxes(f.ctx(), acc)
	f.must(err)
	out := map[string]mail.Mailbox{}
	for _, m := range ms {
		out[m.Name] = m
	}
	return out
}

func (f *fixture) apply(ds ...Delta) []mail.Change {
	f.t.Helper()
	cs, err := f.Apply(f.ctx(), acc, Batch{Deltas: ds})
	f.must(err)
	return cs
}

// inbox makes an inbox that is in step, with messages 1 to n, all unread.
func (f *fixture) inbox(n int) mail.Mailbox {
	f.t.Helper()
	b := f.folders("INBOX")["INBOX"]
	f.apply(inStep(b.ID, 1, mail.UID(n+1), fetched(1, n)...))
	return f.boxes()["INBOX"]
}

// inStep is a delta that leaves a mailbox in step.
func inStep(id mail.MailboxID, v mail.UIDValidity, next mail.UID, added ...Fetched) Delta {
	return Delta{
		Mailbox: id, SetCursor: true, Added: added,
		Cursor: mail.Cursor{UIDValidity: v, UIDNext: next, Messages: len(added)},
	}
}

// msg is message n: everything that tells it from others follows from n.
func msg(uid mail.UID, n int, flags ...mail.Flag) Fetched {
	at := day.Add(time.Duration(n) * time.Minute)
	return Fetched{
		UID: uid, Flags: mail.NewFlags(flags...), Size: int64(1000 + n), Received: at,
		Envelope: mail.Envelope{
			HeaderID: fmt.Sprintf("m%d@example.org", n), Subject: fmt.Sprintf("Subject %d", n), Date: at,
			From: []mail.Address{{Name: fmt.Sprintf("Sender %d", n), Addr: fmt.Sprintf("s%d@example.org", n)}},
			To:   []mail.Address{{Addr: "jo@example.org"}},
		},
	}
}

// fetched are messages a to b, each with its number as UID.
func fetched(a, b int, flags ...mail.Flag) []Fetched {
	var out []Fetched
	for n := a; n <= b; n++ {
		out = append(out, msg(mail.UID(n), n, flags...))
	}
	return out
}

func (f *fixture) at(b mail.Mailbox, uid mail.UID) mail.Message {
	f.t.Helper()
	m, err := f.MessageAt(f.ctx(), b.ID, uid)
	f.must(err)
	return m
}

func (f *fixture) id(b mail.Mailbox, uid mail.UID) mail.MessageID {
	f.t.Helper()
	return f.at(b, uid).ID
}

// counts checks the numbers that are shown of a folder.
func (f *fixture) counts(name string, total, unread int) {
	f.t.Helper()
	if got, want := f.boxes()[name].Counts, (mail.Counts{Total: total, Unread: unread}); got != want {
		f.t.Errorf("counts of %s: got %+v, want %+v", name, got, want)
	}
}

func (f *fixture) mark(ids []mail.MessageID, add, del mail.Flags) mail.Op {
	f.t.Helper()
	op, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpFlags, Targets: ids, Add: add, Remove: del})
	f.must(err)
	return op
}

// done are messages that the server did an op on.
func done(ids ...mail.MessageID) []Done {
	var out []Done
	for _, id := range ids {
		out = append(out, Done{ID: id})
	}
	return out
}

func (f *fixture) ready() []OpWork {
	f.t.Helper()
	w, _, err := f.ReadyOps(f.ctx(), acc, f.clock.now())
	f.must(err)
	return w
}

// kinds are the kinds of changes, with their origins, without counts.
func kinds(cs []mail.Change) []string {
	var out []string
	for _, c := range cs {
		if _, ok := c.(mail.CountsChanged); !ok {
			out = append(out, string(c.Meta().Origin)+" "+c.Kind())
		}
	}
	return out
}

func wantKinds(t *testing.T, cs []mail.Change, want ...string) {
	t.Helper()
	if got := kinds(cs); !slices.Equal(got, want) {
		t.Errorf("changes: got %q, want %q", got, want)
	}
}

// since are the changes after a revision.
func (f *fixture) since(rev mail.Revision) []mail.Change {
	f.t.Helper()
	cs, err := f.Changes(f.ctx(), rev, 1000)
	f.must(err)
	return cs
}

func (f *fixture) head() mail.Revision {
	f.t.Helper()
	rev, err := f.Revision(f.ctx())
	f.must(err)
	return rev
}

func find[C mail.Change](t *testing.T, cs []mail.Change) C {
	t.Helper()
	for _, c := range cs {
		if c, ok := c.(C); ok {
			return c
		}
	}
	var none C
	t.Fatalf("no %s among %q", none.Kind(), kinds(cs))
	return none
}

// code is the code of an error's fault, "" for none.
func code(err error) mail.Code {
	if err == nil {
		return ""
	}
	return mail.FaultOf(err).Code
}

var seen, flagged = mail.NewFlags(mail.FlagSeen), mail.NewFlags(mail.FlagFlagged)
