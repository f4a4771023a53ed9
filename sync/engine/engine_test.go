package engine

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// What a worker returns is never taken for a wish to end.
func TestServiceIsStartedAgain(t *testing.T) {
	for name, ret := range map[string]error{
		"nothing":       nil,
		"time limit":    context.DeadlineExceeded,
		"cancelled":     &mail.Fault{Code: mail.CodeTimeout, Err: context.Canceled},
		"do not start":  suture.ErrDoNotRestart,
		"end them all":  suture.ErrTerminateSupervisorTree,
		"anything else": errors.New("broken"),
	} {
		t.Run(name, func(t *testing.T) {
			again := make(chan struct{})
			w := &fakeWorker{}
			w.serve = func(ctx context.Context) error {
				w.mu.Lock()
				n := w.served
				w.mu.Unlock()
				if n == 1 {
					return ret
				}
				close(again)
				<-ctx.Done()
				return ctx.Err()
			}
			r := newRig(t, offline(w))
			r.run()
			_, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
			r.must(err)
			<-again
		})
	}
}

// list makes folders known to the store, as a worker would.
func (r *rig) list(id mail.AccountID, names ...store.ListedMailbox) {
	r.Helper()
	for i := range names {
		names[i].Delimiter, names[i].Selectable = "/", true
	}
	_, err := r.store.Apply(r.Context(), id, store.Batch{Listing: &store.Listing{Mailboxes: names}})
	r.must(err)
}

func TestWatched(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	d := draft("a@example.org")
	d.Policy.Watch = []string{"Lists", "Later"}
	a, err := r.Add(t.Context(), d, "pw", nil)
	r.must(err)
	r.list(a.ID, store.ListedMailbox{Name: "INBOX"}, store.ListedMailbox{Name: "Lists"}, store.ListedMailbox{Name: "Other"})
	watched := func(want ...string) func(AccountStatus) bool {
		return func(s AccountStatus) bool {
			var got []string
			for _, b := range s.Mailboxes {
				if b.Watched && b.Role != mail.RoleInbox {
					got = append(got, b.Path())
				}
			}
			slices.Sort(got)
			return slices.Equal(got, want)
		}
	}
	r.status("what the settings name is watched", watched("Lists"))
	r.must(r.SetWatched(t.Context(), a.ID, "Other", true))
	r.status("what is asked for is watched", watched("Lists", "Other"))
	r.list(a.ID, store.ListedMailbox{Name: "INBOX"}, store.ListedMailbox{Name: "Mailing", OldName: "Lists"}, store.ListedMailbox{Name: "Other"})
	r.status("a renamed folder stays watched", watched("Mailing", "Other"))
	r.status("the settings follow it", func(s AccountStatus) bool {
		return slices.Contains(s.Account.Policy.Watch, "Mailing")
	})
	r.must(r.SetWatched(t.Context(), a.ID, "Other", false))
	r.status("what is no longer asked for is not", watched("Mailing"))
	if err := r.SetWatched(t.Context(), a.ID, "Nowhere", true); code(err) != mail.CodeNoFolder {
		t.Errorf("error %v", err)
	}
	r.stop()
	if got := r.Accounts()[0].Policy.Watch; !slices.Equal(got, []string{"Later", "Mailing"}) {
		t.Errorf("the settings name %q", got)
	}
}

func TestDo(t *testing.T) {
	w := &fakeWorker{}
	r := newRig(t, offline(w))
	r.run()
	ids := map[mail.AccountID][]mail.MessageID{}
	for _, host := range []string{"one.example.org", "two.example.org"} {
		d := draft("a@example.org")
		d.Endpoint.Host = host
		a, err := r.Add(t.Context(), d, "pw", nil)
		r.must(err)
		r.list(a.ID, store.ListedMailbox{Name: "INBOX"})
		box, err := r.store.MailboxByPath(t.Context(), a.ID, "INBOX")
		r.must(err)
		_, err = r.store.Apply(t.Context(), a.ID, store.Batch{Deltas: []store.Delta{{
			Mailbox: box.ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: 3, Messages: 2},
			Added: []store.Fetched{{UID: 1, Size: 1}, {UID: 2, Size: 2, Flags: mail.NewFlags(mail.FlagSeen)}},
		}}})
		r.must(err)
		page, err := r.store.Messages(t.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{box.ID}, Limit: 10})
		r.must(err)
		for _, m := range page.Messages {
			ids[a.ID] = append(ids[a.ID], m.ID)
		}
	}
	all := []mail.MessageID{999}
	for _, l := range ids {
		all = append(all, l...)
	}
	seen := Action{Kind: mail.ActFlags, IDs: all, Add: mail.Flags{mail.FlagSeen}}
	ops, err := r.Do(t.Context(), seen)
	if err != nil || len(ops) != 2 || len(ops[0].Targets) != 1 || len(ops[1].Targets) != 1 {
		t.Fatalf("ops %+v, %v", ops, err)
	}
	if w.queued != 2 {
		t.Errorf("the workers were woken %d times", w.queued)
	}
	if again, err := r.Do(t.Context(), seen); err != nil || len(again) != 0 {
		t.Errorf("nothing had to change: %+v, %v", again, err)
	}
	if _, err := r.Do(t.Context(), Action{Kind: mail.ActFlags, IDs: []mail.MessageID{999}}); code(err) != mail.CodeNoMessage {
		t.Errorf("no message: %v", err)
	}
	if _, err := r.Do(t.Context(), Action{Kind: "fly", IDs: all}); code(err) != mail.CodeNotSupported {
		t.Errorf("an unknown action: %v", err)
	}
	if waiting, err := r.Ops(t.Context(), ""); err != nil || len(waiting) != 2 {
		t.Errorf("waiting %+v, %v", waiting, err)
	}
	// One is taken back while somebody waits for it, the other stays.
	failed := make(chan mail.Op, 1)
	go func() {
		op, _ := r.WaitOp(context.Background(), ops[0].ID)
		failed <- op
	}()
	r.must(r.store.FailOp(t.Context(), ops[0].ID, &mail.Fault{Code: mail.CodeRefusedCommand, Class: mail.ClassConflict}))
	if op := <-failed; op.State != mail.OpFailed {
		t.Errorf("op %+v", op)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.WaitOp(ctx, ops[1].ID); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
}

// TestStatusCountsCopiesOnce: the account's number, which tray and heronctl show,
// has a message with two labels once, and follows at once what is done here to
// one of the two.
func TestStatusCountsCopiesOnce(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	r.list(a.ID, store.ListedMailbox{Name: "INBOX"}, store.ListedMailbox{Name: "Work"}, store.ListedMailbox{Name: "Trash", Role: mail.RoleTrash})
	lunch := store.Fetched{UID: 1, EmailID: "1278455344230334865"}
	var ids []mail.MessageID
	for _, path := range []string{"INBOX", "Work"} {
		box, err := r.store.MailboxByPath(t.Context(), a.ID, path)
		r.must(err)
		_, err = r.store.Apply(t.Context(), a.ID, store.Batch{Deltas: []store.Delta{{
			Mailbox: box.ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: 2, Messages: 1}, Added: []store.Fetched{lunch},
		}}})
		r.must(err)
		m, err := r.store.MessageAt(t.Context(), box.ID, 1)
		r.must(err)
		ids = append(ids, m.ID)
	}
	unread := func(when string, account, inbox, work int) {
		t.Helper()
		s, err := r.Status(t.Context())
		r.must(err)
		folders := map[string]int{}
		for _, b := range s.Accounts[0].Mailboxes {
			folders[b.Path()] = b.Counts.Unread
		}
		if n := s.Accounts[0].Unread; n != account || folders["INBOX"] != inbox || folders["Work"] != work {
			t.Errorf("%s: %d unread, of %v", when, n, folders)
		}
	}
	unread("with two labels", 1, 1, 1)
	_, err = r.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: ids[:1]})
	r.must(err)
	unread("one is on its way to Trash", 1, 0, 1)
	_, err = r.Undo(t.Context(), 0)
	r.must(err)
	unread("and back", 1, 1, 1)
	_, err = r.Do(t.Context(), Action{Kind: mail.ActFlags, IDs: ids, Add: mail.Flags{mail.FlagSeen}})
	r.must(err)
	unread("read", 0, 0, 0)
}

// A full disk is told although the store cannot keep it.
func TestDiskFull(t *testing.T) {
	w := &fakeWorker{}
	r := newRig(t, offline(w))
	r.run()
	r.note(&mail.Fault{Code: mail.CodeDiskFull, Class: mail.ClassLocal, Args: mail.Args{"path": "/x"}})
	r.note(&mail.Fault{Code: mail.CodeDiskFull, Class: mail.ClassLocal, Args: mail.Args{"path": "/x"}})
	s, err := r.Status(t.Context())
	if err != nil || len(s.Problems) != 1 || s.Problems[0].Code != mail.CodeDiskFull || s.Problems[0].Since.IsZero() {
		t.Errorf("problems %+v, %v", s.Problems, err)
	}
	if err := probe(r.dirs.Data); err != nil {
		t.Errorf("probe: %v", err)
	}
	if err := probe(r.root + "/nowhere"); err == nil {
		t.Error("a folder that is not there can be written")
	}
	if left := r.files("probe"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What the store last took is not shown as the state of an account when it
// takes nothing any more.
func TestStateWithAFullDisk(t *testing.T) {
	r := newRig(t, offline(&fakeWorker{}))
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	r.must(r.store.SetState(t.Context(), a.ID, store.AccountState{State: mail.StateOnline, ToldBy: mail.ToldByIdle}))
	for path, want := range map[string]mail.State{
		filepath.Join(r.dirs.Config, "settings.toml"): mail.StateOnline, // it is the store that counts
		filepath.Join(r.dirs.Data, "heron.db"):        mail.StateError,
	} {
		r.note(&mail.Fault{Code: mail.CodeDiskFull, Class: mail.ClassLocal, Args: mail.Args{"path": path}})
		r.status(path, func(s AccountStatus) bool { return s.State == want })
		r.problems.clear("")
		r.status("space again", func(s AccountStatus) bool { return s.State == mail.StateOnline && s.ToldBy == mail.ToldByIdle })
	}
}

// Settings that cannot be understood are told, also when there is no account
// left to tell them at.
func TestSettingsBroken(t *testing.T) {
	broken := mail.Problem{Code: mail.CodeSettingsBroken, Class: mail.ClassLocal, Account: "lost-example.org"}
	r := newRig(t, func(c *Config) {
		offline(&fakeWorker{})(c)
		c.Problems = []mail.Problem{broken}
	})
	r.run()
	_, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	s, err := r.Status(t.Context())
	if err != nil || len(s.Problems) != 1 || s.Problems[0].Code != broken.Code || len(s.Accounts[0].Problems) != 0 {
		t.Errorf("status %+v, %v", s, err)
	}
}

func TestKick(t *testing.T) {
	w := &fakeWorker{}
	r := newRig(t, offline(w))
	r.run()
	_, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	r.must(r.Kick(t.Context(), imapsync.ReasonCheck))
	r.must(r.Kick(t.Context(), imapsync.ReasonResume))
	r.stop()
	if !slices.Equal(w.kicks, []imapsync.Reason{imapsync.ReasonCheck, imapsync.ReasonResume}) {
		t.Errorf("kicks %v", w.kicks)
	}
}

// A poll that found nothing is not written to the store, and shows all the same.
func TestHowFreshComesFromTheWorker(t *testing.T) {
	w := &fakeWorker{synced: time.Now().Add(-time.Minute)}
	r := newRig(t, offline(w))
	r.run()
	a, err := r.Add(t.Context(), draft("a@example.org"), "pw", nil)
	r.must(err)
	_, err = r.store.Apply(t.Context(), a.ID, store.Batch{Listing: &store.Listing{
		Mailboxes: []store.ListedMailbox{{Name: "INBOX", Role: mail.RoleInbox, Selectable: true}},
	}})
	r.must(err)
	r.status("fresh", func(s AccountStatus) bool { return s.LastSync.Equal(w.synced) })
	r.stop()
	r.status("as the store has it", func(s AccountStatus) bool { return s.LastSync.IsZero() })
}
