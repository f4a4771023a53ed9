package agent

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/app/alert"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/news"
	"github.com/heronmail/heron/sync/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestOneAlertForOneMessage(t *testing.T) {
	r := newRig(t)
	r.start()
	r.deliver(r.inbox, unread())
	r.until("the alert", func() bool { return len(r.out.titles()) == 1 })
	if got := r.out.titles()[0]; got != "Ann 1|subject 1\nHello" {
		t.Errorf("shown %q", got)
	}
	as, err := r.store.Alerts(t.Context())
	if err != nil || len(as) != 1 {
		t.Fatalf("%d alerts, %v", len(as), err)
	}
	r.until("the handle is kept", func() bool {
		as, err := r.store.Alerts(t.Context())
		return err == nil && as[0].Handle == "h1"
	})
}

// Nothing alerts for what is read, in a folder that does not alert, paused, or
// only moved.
func TestNoAlert(t *testing.T) {
	tests := map[string]func(r *rig){
		"read":        func(r *rig) { r.deliver(r.inbox, seen()) },
		"not watched": func(r *rig) { r.deliver(r.filed, unread()) },
		"paused": func(r *rig) {
			r.settings.PausedUntil = time.Now().Add(time.Hour)
			r.deliver(r.inbox, unread())
		},
		"backfill": func(r *rig) {
			r.apply(store.Batch{Origin: mail.Backfill, Deltas: []store.Delta{{Mailbox: r.inbox.ID, Added: []store.Fetched{message(1, 1)}}}})
		},
		"read before we looked": func(r *rig) {
			r.deliver(r.inbox, unread())
			r.apply(store.Batch{Deltas: []store.Delta{{Mailbox: r.inbox.ID, Flags: []store.FlagUpdate{{UID: 1, Flags: seen()}}}}})
		},
	}
	for name, do := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			do(r)
			r.start()
			r.settle()
			if got := r.out.titles(); len(got) != 0 {
				t.Errorf("shown %q", got)
			}
			// What was decided stays so: the end of a pause brings nothing back.
			r.settings.PausedUntil = time.Time{}
			r.start()
			r.settle()
			if got := r.out.titles(); len(got) != 0 {
				t.Errorf("shown later %q", got)
			}
		})
	}
}

// TestCopies: a message that comes into a second folder has no second alert, and
// one that was copied back has none at all. One that a filter keeps in several
// folders has its one alert, whichever of them was looked at first.
func TestCopies(t *testing.T) {
	fresh, old := time.Now(), time.Now().Add(-time.Hour)
	for name, tt := range map[string]struct {
		received time.Time
		first    func(r *rig) mail.Mailbox // where it comes first
		then     func(r *rig) mail.Mailbox
		alerts   int
	}{
		"copied back into the inbox":           {old, filedBox, inboxBox, 0},
		"by a filter, the inbox last":          {fresh, filedBox, inboxBox, 1},
		"by a filter, the inbox first":         {fresh, inboxBox, watchedBox, 1},
		"copied from the inbox into another":   {old, inboxBox, watchedBox, 1},
		"copied into one that does not alert":  {old, inboxBox, filedBox, 1},
		"by a filter, another that alerts too": {fresh, watchedBox, inboxBox, 1},
	} {
		for _, together := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, together %v", name, together), func(t *testing.T) {
				r := newRig(t)
				in := func(box mail.Mailbox) store.Delta {
					m := message(9, 1)
					m.Received = tt.received
					return store.Delta{Mailbox: box.ID, Added: []store.Fetched{m}}
				}
				one, two := in(tt.first(r)), in(tt.then(r))
				want := tt.alerts
				if together { // then it is new in both
					want = 1
					r.apply(store.Batch{Deltas: []store.Delta{one, two}})
					r.settle()
				} else {
					r.apply(store.Batch{Deltas: []store.Delta{one}})
					r.settle()
					r.apply(store.Batch{Deltas: []store.Delta{two}})
					r.settle()
				}
				if got := r.out.titles(); len(got) != want {
					t.Errorf("shown %q, want %d", got, want)
				}
			})
		}
	}
}

// TestCopiesOfOneThatDidNotAlert: what came first is in a folder that does not alert,
// and two copies of it are in one that does, told of together or not. They are one
// message, and alert once.
func TestCopiesOfOneThatDidNotAlert(t *testing.T) {
	for _, together := range []bool{false, true} {
		r := newRig(t)
		in := func(box mail.Mailbox, uid mail.UID) store.Delta {
			m := message(uid, 1)
			m.Received = time.Now()
			return store.Delta{Mailbox: box.ID, Added: []store.Fetched{m}}
		}
		for _, d := range []store.Delta{in(r.filed, 1), in(r.inbox, 2), in(r.inbox, 3)} {
			r.apply(store.Batch{Deltas: []store.Delta{d}})
			if !together {
				r.settle()
			}
		}
		r.settle()
		if got := r.out.titles(); len(got) != 1 {
			t.Errorf("together %v: shown %q, want 1", together, got)
		}
	}
}

func inboxBox(r *rig) mail.Mailbox { return r.inbox }
func filedBox(r *rig) mail.Mailbox { return r.filed }

// watchedBox is a folder beside the inbox that alerts.
func watchedBox(r *rig) mail.Mailbox {
	if err := r.store.SetWatched(r.t.Context(), r.filed.ID, true); err != nil {
		r.t.Fatal(err)
	}
	return r.filed
}

func TestManyAtOnceAreOneAlert(t *testing.T) {
	r := newRig(t)
	ids := r.deliver(r.inbox, unread(), seen(), unread(), unread(), unread(), unread())
	r.start()
	r.until("the alert", func() bool { return len(r.out.titles()) == 1 })
	want := "5 new messages|Ann 6: subject 6\nAnn 5: subject 5\nAnn 4: subject 4\nand 2 more"
	if got := r.out.titles()[0]; got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
	// It goes when the last of them is read.
	for _, id := range ids[1:] {
		m, err := r.store.Message(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		r.apply(store.Batch{Deltas: []store.Delta{{Mailbox: r.inbox.ID, Flags: []store.FlagUpdate{{UID: m.Location.UID, Flags: seen()}}}}})
	}
	if a := r.settle(); len(a.shown) != 1 {
		t.Errorf("taken away before all were read")
	}
	r.start()
	r.apply(store.Batch{Deltas: []store.Delta{{Mailbox: r.inbox.ID, Flags: []store.FlagUpdate{{UID: 1, Flags: seen()}}}}})
	r.until("the alert is taken away", func() bool {
		as, err := r.store.Alerts(t.Context())
		return err == nil && len(as) == 0
	})
}

func TestWithdraw(t *testing.T) {
	tests := map[string]struct {
		do     func(r *rig)
		reason news.Standing
	}{
		"read elsewhere": {func(r *rig) {
			r.apply(store.Batch{Deltas: []store.Delta{{Mailbox: r.inbox.ID, Flags: []store.FlagUpdate{{UID: 1, Flags: seen()}}}}})
		}, news.Read},
		"deleted": {func(r *rig) {
			r.apply(store.Batch{Deltas: []store.Delta{{Mailbox: r.inbox.ID, Gone: []mail.UID{1}}}})
		}, news.Gone},
		"filed": {func(r *rig) {
			r.apply(store.Batch{Deltas: []store.Delta{
				{Mailbox: r.inbox.ID, Gone: []mail.UID{1}},
				{Mailbox: r.filed.ID, Added: []store.Fetched{message(9, 1)}, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: 10}},
			}})
		}, news.Gone},
		"read here": {func(r *rig) {
			m, err := r.store.MessageAt(r.t.Context(), r.inbox.ID, 1)
			if err != nil {
				r.t.Fatal(err)
			}
			_, err = r.store.Enqueue(r.t.Context(), mail.Op{
				Account: "work", Kind: mail.OpFlags, Targets: []mail.MessageID{m.ID}, Add: mail.NewFlags(mail.FlagSeen),
			})
			if err != nil {
				r.t.Fatal(err)
			}
		}, news.Read},
	}
	for name, tt := range tests {
		for _, while := range []string{"running", "down"} {
			t.Run(name+" while "+while, func(t *testing.T) {
				r := newRig(t)
				r.start()
				r.deliver(r.inbox, unread())
				r.until("the handle is kept", func() bool {
					as, err := r.store.Alerts(t.Context())
					return err == nil && len(as) == 1 && as[0].Handle != ""
				})
				if while == "down" {
					r.stop()
					r.out.withdrawn = nil // what a clean end takes from the screen
				}
				tt.do(r)
				if while == "down" {
					r.start()
				}
				r.until("the alert is taken away", func() bool { return slices.Equal(r.out.gone(), []string{"h1"}) })
				r.until("that is noted", func() bool {
					cs, err := r.store.Changes(t.Context(), 0, 1000)
					return err == nil && slices.ContainsFunc(cs, func(c mail.Change) bool {
						w, ok := c.(mail.AlertWithdrawn)
						return ok && w.Reason == string(tt.reason)
					})
				})
				if got := r.out.titles(); len(got) != 1 {
					t.Errorf("shown %q", got)
				}
			})
		}
	}
}

// A kill at any point shows no message twice: not after the alert was recorded
// and not shown, and not after it was shown and its handle not kept.
func TestNeverTwice(t *testing.T) {
	r := newRig(t)
	r.out.missing = true // as if killed before it was shown
	r.start()
	r.deliver(r.inbox, unread())
	r.until("the try", func() bool { return len(r.out.titles()) == 1 })
	r.stop()
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	r.openStore()
	r.out.missing = false
	r.start()
	r.deliver(r.inbox, unread())
	r.until("the second", func() bool { return len(r.out.titles()) == 2 })
	if got := r.out.titles()[1]; got != "Ann 2|subject 2\nHello" {
		t.Errorf("shown %q", got)
	}
	r.settle()
	if got := r.out.titles(); len(got) != 2 {
		t.Errorf("shown %q", got)
	}
}

// A store that takes nothing when the agent starts is no end: what was out of
// date is withdrawn, and new mail alerted, as soon as it does.
func TestAStoreThatFailsForAWhile(t *testing.T) {
	r := newRig(t)
	r.start()
	ids := r.deliver(r.inbox, unread())
	r.until("the alert", func() bool { return len(r.out.titles()) == 1 })
	r.stop()
	withdrawn := len(r.out.gone())
	r.apply(store.Batch{Deltas: []store.Delta{{Mailbox: r.inbox.ID, Flags: []store.FlagUpdate{{UID: 1, Flags: mail.NewFlags(seen()...)}}}}})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.dir, "heron.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), `CREATE TRIGGER full BEFORE UPDATE ON alerts BEGIN SELECT RAISE(ABORT, 'full'); END`); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.until("the try to withdraw", func() bool { return len(r.out.gone()) > withdrawn })
	if _, err := db.ExecContext(t.Context(), `DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	r.deliver(r.inbox, unread())
	r.until("the second alert", func() bool { return len(r.out.titles()) == 2 })
	left, err := r.store.Alerts(t.Context())
	if err != nil || slices.ContainsFunc(left, func(a store.Alert) bool { return slices.Contains(a.Messages, ids[0]) }) {
		t.Errorf("still there: %+v, %v", left, err)
	}
}

func TestActions(t *testing.T) {
	r := newRig(t)
	r.start()
	ids := r.deliver(r.inbox, unread(), unread())
	r.until("two alerts with handles", func() bool {
		as, err := r.store.Alerts(t.Context())
		return err == nil && len(as) == 2 && as[0].Handle != "" && as[1].Handle != ""
	})
	r.out.actions <- alert.Action{Handle: "h77", Does: alert.DoesOpen} // nobody's
	r.out.actions <- alert.Action{Handle: "h1", Does: alert.DoesOpen}
	r.out.actions <- alert.Action{Handle: "h2", Does: alert.DoesMarkRead}
	r.until("the alert that was acted on is taken away", func() bool { return slices.Equal(r.out.gone(), []string{"h2"}) })
	r.stop()
	if !slices.Equal(r.opened, ids[:1]) || !slices.Equal(r.marked, ids[1:]) {
		t.Errorf("opened %v, marked %v, of %v", r.opened, r.marked, ids)
	}
	as, err := r.store.Alerts(t.Context())
	if err != nil || len(as) != 1 || as[0].Handle != "h1" {
		t.Errorf("left %+v, %v", as, err)
	}

	// An action that is refused leaves the alert.
	r.refuseMarkRead = true
	r.start()
	r.out.actions <- alert.Action{Handle: "h1", Does: alert.DoesMarkRead}
	r.stop()
	if as, err := r.store.Alerts(t.Context()); err != nil || len(as) != 1 {
		t.Errorf("left %+v, %v", as, err)
	}
}

func TestSummaryOpensTheWindow(t *testing.T) {
	r := newRig(t)
	r.start()
	r.deliver(r.inbox, unread(), unread(), unread(), unread())
	r.until("the handle is kept", func() bool {
		as, err := r.store.Alerts(t.Context())
		return err == nil && len(as) == 1 && as[0].Handle != ""
	})
	r.out.actions <- alert.Action{Handle: "h1", Does: alert.DoesOpen}
	r.stop()
	if !slices.Equal(r.opened, []mail.MessageID{0}) {
		t.Errorf("opened %v", r.opened)
	}
}

// Mail in a folder that is not the inbox says where it is, by the names that the
// window has for folder and account.
func TestThePlaceIsSaid(t *testing.T) {
	r := newRig(t)
	if err := r.store.SetWatched(t.Context(), r.filed.ID, true); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.deliver(r.filed, unread())
	r.until("the alert", func() bool { return len(r.out.titles()) == 1 })
	if got := r.out.titles()[0]; got != "Ann 1|subject 1\nHello\nFiled · work@x.example" {
		t.Errorf("shown %q", got)
	}
}

func TestContentHidden(t *testing.T) {
	r := newRig(t)
	r.settings.HideContent = true
	r.start()
	r.deliver(r.inbox, unread())
	r.until("the alert", func() bool { return len(r.out.titles()) == 1 })
	if got := r.out.titles()[0]; got != "1 new message|" {
		t.Errorf("shown %q", got)
	}
}
