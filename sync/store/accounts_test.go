package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

func TestStateIsToldWhenItDiffers(t *testing.T) {
	f := open(t)
	set := func(s AccountState, want ...string) {
		t.Helper()
		rev := f.head()
		f.must(f.SetState(f.ctx(), acc, s))
		wantKinds(t, f.since(rev), want...)
	}
	set(AccountState{State: mail.StateConnecting}, "here account.state")
	set(AccountState{State: mail.StateConnecting})
	f.clock.pass(time.Minute)
	set(AccountState{State: mail.StateOffline, NextTry: day.Add(time.Hour)}, "here account.state")
	f.clock.pass(time.Minute)
	set(AccountState{State: mail.StateOffline, NextTry: day.Add(2 * time.Hour)}, "here account.state")
	f = f.again()
	got, err := f.States(f.ctx())
	f.must(err)
	want := AccountState{State: mail.StateOffline, NextTry: day.Add(2 * time.Hour), Since: day.Add(time.Minute)}
	if len(got) != 1 || got[acc] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	idle := AccountState{State: mail.StateOnline, ToldBy: mail.ToldByIdle, ToldWhy: mail.ToldNotOffered}
	set(idle, "here account.state")
	idle.ToldWhy = mail.ToldBroken
	set(idle, "here account.state")
	set(idle)
	if got, err = f.States(f.ctx()); err != nil || got[acc].ToldBy != idle.ToldBy || got[acc].ToldWhy != idle.ToldWhy {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestProblemsAreRaisedAndClearedOnce(t *testing.T) {
	f := open(t)
	p := mail.Problem{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Account: acc, Args: mail.Args{"host": "a"}}
	step := func(doing func() error, want ...string) {
		t.Helper()
		rev := f.head()
		f.must(doing())
		wantKinds(t, f.since(rev), want...)
	}
	raise := func() error { return f.RaiseProblem(f.ctx(), p) }
	step(raise, "here problem.raised")
	step(raise)
	f.clock.pass(time.Minute)
	p.Args = mail.Args{"host": "b"}
	step(raise, "here problem.raised")
	ps, err := f.Problems(f.ctx())
	f.must(err)
	if len(ps) != 1 || ps[0].Args["host"] != "b" || !ps[0].Since.Equal(day) {
		t.Errorf("got %+v", ps)
	}
	f.must(f.RaiseProblem(f.ctx(), mail.Problem{Code: mail.CodeTimeout, Class: mail.ClassOffline, Account: acc}))
	f.must(f.RaiseProblem(f.ctx(), mail.Problem{Code: mail.CodeDiskFull, Class: mail.ClassLocal}))
	step(func() error { return f.ClearProblem(f.ctx(), acc, mail.CodeUnknownHost) })
	step(func() error { return f.ClearClass(f.ctx(), acc, mail.ClassOffline, mail.ClassTLS) }, "here problem.cleared")
	step(func() error { return f.ClearProblem(f.ctx(), acc, mail.CodeSignInRefused) }, "here problem.cleared")
	step(func() error { return f.ClearProblem(f.ctx(), acc) })
	step(func() error { return f.ClearProblem(f.ctx(), "") }, "here problem.cleared")
}

func TestARemovedAccountLeavesNothing(t *testing.T) {
	f := open(t)
	b := f.inbox(3)
	id := f.id(b, 1)
	f.must(f.PutBody(f.ctx(), id, strings.NewReader("body")))
	f.mark([]mail.MessageID{id}, seen, nil)
	f.must(f.RaiseProblem(f.ctx(), mail.Problem{Code: mail.CodeTimeout, Account: acc}))
	_, err := f.RecordAlerts(f.ctx(), 1, []Alert{{Account: acc, Messages: []mail.MessageID{id}}})
	f.must(err)
	other, err := f.Apply(f.ctx(), "other", Batch{Listing: &Listing{Mailboxes: []ListedMailbox{{Name: "INBOX"}}}})
	f.must(err)

	rev := f.head()
	f.must(f.RemoveAccount(f.ctx(), acc))
	cs := f.since(0)
	if len(cs) != len(other)+1 {
		t.Errorf("the log: got %q", kinds(cs))
	}
	if c := find[mail.AccountState](t, cs); !c.Removed || c.Account != acc || c.Rev != rev+1 {
		t.Errorf("got %+v", c)
	}
	for _, table := range []string{"messages", "ops", "op_targets", "problems", "alerts", "alert_messages"} {
		if n := f.rows(table, "1"); n != 0 {
			t.Errorf("%s: %d rows are left", table, n)
		}
	}
	if n := f.rows("mailboxes", "1"); n != 1 {
		t.Errorf("mailboxes: %d rows", n)
	}
	if got := f.search("subject"); len(got) != 0 {
		t.Errorf("the full text finds %v", got)
	}
	if _, err := os.Stat(f.bodyPath(id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the body file: %v", err)
	}
	// Ids are never used again.
	if b := f.inbox(1); f.id(b, 1) <= id {
		t.Error("an id was used again")
	}
	f.must(f.RemoveAccount(f.ctx(), "nobody"))
}

func TestAlertsAreRecordedOnce(t *testing.T) {
	f := open(t)
	b := f.inbox(3)
	ids := []mail.MessageID{f.id(b, 1), f.id(b, 2), f.id(b, 3)}
	folder := mail.FolderRef{ID: b.ID, Path: "INBOX", Role: mail.RoleInbox}
	first := Alert{Account: acc, Folder: folder, Messages: ids[:1], From: "A", Subject: "S"}
	rev := f.head()
	got, err := f.RecordAlerts(f.ctx(), rev, []Alert{first})
	f.must(err)
	if len(got) != 1 || got[0].ID == 0 {
		t.Fatalf("got %+v", got)
	}
	wantKinds(t, f.since(rev), "here alert.shown")
	f.must(f.SetAlertHandle(f.ctx(), got[0].ID, "17"))

	f = f.again() // killed before it looked on
	if cur, err := f.AlertCursor(f.ctx()); err != nil || cur != rev {
		t.Errorf("the cursor: %d, %v", cur, err)
	}
	more, err := f.RecordAlerts(f.ctx(), rev-1, []Alert{first, {Account: acc, Folder: folder, Messages: ids}})
	f.must(err)
	if len(more) != 1 || !slices.Equal(more[0].Messages, ids[1:]) {
		t.Errorf("got %+v", more)
	}
	if cur, err := f.AlertCursor(f.ctx()); err != nil || cur != rev {
		t.Errorf("the cursor went back: %d, %v", cur, err)
	}
	shown, err := f.Alerts(f.ctx())
	f.must(err)
	if len(shown) != 2 || shown[0].Handle != "17" || shown[0].Folder != folder || shown[0].Subject != "S" ||
		!slices.Equal(shown[0].Messages, ids[:1]) || !shown[0].Shown.Equal(day) {
		t.Errorf("got %+v", shown)
	}

	rev = f.head()
	f.must(f.WithdrawAlert(f.ctx(), shown[0].ID, "read"))
	f.must(f.WithdrawAlert(f.ctx(), shown[0].ID, "read"))
	cs := f.since(rev)
	wantKinds(t, cs, "here alert.withdrawn")
	if c := find[mail.AlertWithdrawn](t, cs); c.Reason != "read" || !slices.Equal(c.IDs, ids[:1]) {
		t.Errorf("got %+v", c)
	}
	again, err := f.RecordAlerts(f.ctx(), rev, []Alert{first})
	f.must(err)
	if len(again) != 0 {
		t.Errorf("a withdrawn alert came again: %+v", again)
	}
}

// TestAForgottenAccountLeavesNoWord: not in the index of the full text either,
// which other accounts share.
func TestAForgottenAccountLeavesNoWord(t *testing.T) {
	f := open(t)
	b := f.inbox(0)
	f.apply(inStep(b.ID, 1, 501, corpus(1, 500)...))
	other := mail.AccountID("other")
	_, err := f.Apply(f.ctx(), other, Batch{Listing: &Listing{Mailboxes: []ListedMailbox{{Name: "INBOX"}}}})
	f.must(err)
	box, err := f.MailboxByPath(f.ctx(), other, "INBOX")
	f.must(err)
	m := msg(1, 1)
	m.Envelope.Subject, m.Preview = "zyzzyvaquux", "qwertyflump"
	_, err = f.Apply(f.ctx(), other, Batch{Deltas: []Delta{inStep(box.ID, 1, 2, m)}})
	f.must(err)
	f.must(f.RemoveAccount(f.ctx(), other))
	f.must(f.Close())
	db, err := os.ReadFile(filepath.Join(f.dir, dbName))
	f.must(err)
	for _, word := range []string{"zyzzyva", "yzzyvaquux", "qwertyf", "wertyflump"} {
		if bytes.Contains(db, []byte(word)) {
			t.Errorf("%q is there still", word)
		}
	}
}
