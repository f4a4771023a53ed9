package store

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// labelled is an account whose folders are labels: INBOX has messages 1 and 2, and Work
// has message 2 too. All are unread.
func labelled(t *testing.T) (f *fixture, inbox, work, trash mail.Mailbox) {
	t.Helper()
	f = open(t)
	l := Listing{}
	for _, n := range []string{"INBOX", "Work", "Trash"} {
		l.Mailboxes = append(l.Mailboxes, ListedMailbox{Name: n, Delimiter: "/", Selectable: true})
	}
	l.Mailboxes[2].Role = mail.RoleTrash
	f.list(l)
	f.must(f.SetLabels(f.ctx(), acc, true))
	bs := f.boxes()
	inbox, work, trash = bs["INBOX"], bs["Work"], bs["Trash"]
	f.apply(inStep(inbox.ID, 1, 3, gmail(1, 1), gmail(2, 2)), inStep(work.ID, 1, 8, gmail(7, 2)), inStep(trash.ID, 1, 1))
	f.unread("before", 2)
	return f, inbox, work, trash
}

// gmail is a message that the server names.
func gmail(uid mail.UID, n int) Fetched {
	m := msg(uid, n)
	m.EmailID = strconv.Itoa(n)
	return m
}

func (f *fixture) unread(when string, want int) {
	f.t.Helper()
	if got, err := f.Unread(f.ctx(), acc); err != nil || got != want {
		f.t.Errorf("%s: %d are unread, %v, want %d", when, got, err, want)
	}
}

// quietly applies what a pass found, of which nothing is to be told but numbers.
func (f *fixture) quietly(when string, ds ...Delta) {
	f.t.Helper()
	for _, c := range f.apply(ds...) {
		if c.Kind() != (mail.CountsChanged{}).Kind() {
			f.t.Errorf("%s: told of %+v", when, c)
		}
	}
}

// TestAMarkIsUnderEachLabel: a message is marked under one label. It is marked under the
// other at once, and nothing more comes of it when the server shows it there. It is one
// message, sent once, and taken back as one.
func TestAMarkIsUnderEachLabel(t *testing.T) {
	f, inbox, work, _ := labelled(t)
	seen := mail.NewFlags(mail.FlagSeen)
	id, twin := f.id(inbox, 2), f.id(work, 7)
	rev := f.head()
	op := f.queue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{id}, Add: seen})
	wantKinds(t, f.since(rev), "here flags.changed", "here flags.changed", "here op")
	f.unread("marked", 1)
	w := f.ready()
	if len(w) != 1 || len(w[0].Messages) != 1 || !slices.Equal(op.Targets, []mail.MessageID{id}) {
		t.Errorf("the op is %+v, to be sent: %+v", op, w)
	}
	f.must(f.StartOp(f.ctx(), op.ID))
	f.quietly("seen before the answer", Delta{Mailbox: work.ID, Flags: []FlagUpdate{{UID: 7, Flags: seen}}})
	f.must(f.FinishOp(f.ctx(), op.ID, done(id)))
	f.quietly("seen afterwards", Delta{Mailbox: inbox.ID, Flags: []FlagUpdate{{UID: 2, Flags: seen}}})
	if ended, err := f.Op(f.ctx(), op.ID); err != nil || !slices.Equal(ended.Targets, []mail.MessageID{id}) {
		t.Errorf("done: %+v, %v", ended, err)
	}

	back, err := f.Undo(f.ctx(), 0)
	f.must(err)
	f.unread("taken back", 2)
	if !slices.Equal(back.Targets, []mail.MessageID{id}) || back.Passed != nil {
		t.Errorf("taken back: %+v", back)
	}
	f.must(f.FailOp(f.ctx(), back.ID, offline))
	f.unread("which is refused", 1)
	if m, err := f.Message(f.ctx(), twin); err != nil || m.Pending || !m.Flags.Has(mail.FlagSeen) {
		t.Errorf("under the other label: %+v, %v", m, err)
	}
}

// TestAMarkIsOfOneCopyElsewhere: where folders are no labels a copy has flags of its own.
func TestAMarkIsOfOneCopyElsewhere(t *testing.T) {
	f, inbox, work, _ := labelled(t)
	f.must(f.SetLabels(f.ctx(), acc, false))
	f.mark([]mail.MessageID{f.id(inbox, 2)}, mail.NewFlags(mail.FlagSeen), nil)
	f.unread("one of two", 2)
	if m := f.at(work, 7); m.Pending || m.Flags.Has(mail.FlagSeen) {
		t.Errorf("the copy is %+v", m)
	}
}

// TestMarksUnderTwoLabels: what is done under another label is done to the same message:
// it takes back what was not sent, waits for what comes before it, and goes on where the
// message still is.
func TestMarksUnderTwoLabels(t *testing.T) {
	seen := mail.NewFlags(mail.FlagSeen)
	t.Run("taken back", func(t *testing.T) {
		f, inbox, work, _ := labelled(t)
		f.mark([]mail.MessageID{f.id(inbox, 2)}, seen, nil)
		back, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{f.id(work, 7), f.id(inbox, 2)}, Remove: seen})
		f.must(err)
		if w := f.ready(); back.ID != 0 || len(w) != 0 {
			t.Errorf("queued %+v, to be sent: %+v", back, w)
		}
		f.unread("taken back", 2)
		f.counts("INBOX", 2, 2)
		f.counts("Work", 1, 1)
	})
	t.Run("both at once", func(t *testing.T) {
		f, inbox, work, _ := labelled(t)
		op := f.queue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{f.id(work, 7), f.id(inbox, 2)}, Add: seen})
		if w := f.ready(); len(w) != 1 || len(w[0].Messages) != 1 || len(op.Targets) != 1 {
			t.Errorf("the op is %+v, to be sent: %+v", op, w)
		}
		f.unread("marked", 1)
		f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets...)))
		f.unread("done", 1)
	})
	t.Run("in order", func(t *testing.T) {
		f, inbox, work, _ := labelled(t)
		one := f.queue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{f.id(inbox, 2)}, Add: seen})
		f.must(f.RetryOp(f.ctx(), one.ID, f.clock.now().Add(time.Minute), nil))
		f.queue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{f.id(work, 7)}, Add: mail.NewFlags(mail.FlagFlagged)})
		if w := f.ready(); len(w) != 0 {
			t.Errorf("to be sent first: %+v", w)
		}
		f.clock.pass(time.Minute)
		third := f.queue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{f.id(inbox, 2)}, Add: mail.NewFlags(mail.FlagAnswered)})
		if w := f.ready(); len(w) != 3 || w[2].Op.ID != third.ID {
			t.Errorf("to be sent: %+v", w)
		}
	})
	t.Run("a label less", func(t *testing.T) {
		f, inbox, work, _ := labelled(t)
		id := f.id(inbox, 2)
		f.queue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{id}, Add: seen})
		f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
		w := f.ready()
		if len(w) != 1 || w[0].Messages[0].ID != id || w[0].Messages[0].Location != (mail.Location{Mailbox: work.ID, UIDValidity: 1, UID: 7}) {
			t.Errorf("to be sent: %+v", w)
		}
	})
}

// TestTheTrashTakesAllLabels: a message that is put into the trash under one label is
// gone under the other at once, by our own doing, and back when that is taken back.
func TestTheTrashTakesAllLabels(t *testing.T) {
	f, inbox, work, trash := labelled(t)
	id := f.id(inbox, 2)
	queue := func() mail.Op {
		t.Helper()
		rev := f.head()
		op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: trash.ID})
		wantKinds(t, f.since(rev), "here message.gone", "here message.moved", "here op")
		f.unread("thrown away", 1)
		f.counts("Work", 0, 0)
		return op
	}
	f.must(f.FailOp(f.ctx(), queue().ID, offline))
	f.unread("which is refused", 2)
	f.counts("Work", 1, 1)
	op := queue()
	if w := f.ready(); len(w) != 1 || len(w[0].Messages) != 1 || !slices.Equal(op.Targets, []mail.MessageID{id}) {
		t.Errorf("the op is %+v, to be sent: %+v", op, w)
	}
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: 1, UIDValidity: 1}}))
	f.quietly("the next pass", Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Gone: []mail.UID{7}},
		inStep(trash.ID, 1, 2, gmail(1, 2)))
	f.counts("Trash", 1, 1)
	f.counts("Work", 0, 0)

	// One that is only filed keeps its other labels.
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.counts("Work", 1, 1)
}
