package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestOneMessageInSeveralFoldersCountsOnce: where the server names a message,
// its copies are one unread message for the account, whatever becomes of them.
// The numbers of the folders stay their own.
func TestOneMessageInSeveralFoldersCountsOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	var l Listing
	for _, n := range []string{"INBOX", "Work", "Play", "Junk"} {
		l.Mailboxes = append(l.Mailboxes, ListedMailbox{Name: n, Delimiter: "/", Selectable: true})
	}
	l.Mailboxes[3].Role = mail.RoleJunk
	f.list(l)
	b := f.boxes()
	named := func(uid mail.UID, n int, id string, flags ...mail.Flag) Fetched {
		m := msg(uid, n, flags...)
		m.EmailID = id
		return m
	}
	account := func(when string, want int) {
		t.Helper()
		got, err := f.Unread(f.ctx(), acc)
		f.must(err)
		if got != want {
			t.Errorf("%s: %d unread, want %d", when, got, want)
		}
	}
	cs := f.apply(
		inStep(b["INBOX"].ID, 1, 4, named(1, 1, "E1"), named(2, 2, "E2"), msg(3, 3)),
		inStep(b["Work"].ID, 1, 3, named(1, 1, "E1"), named(2, 2, "E2")),
		inStep(b["Play"].ID, 1, 3, named(1, 1, "E1"), named(2, 9, "E9", mail.FlagSeen)),
	)
	account("three in seven rows", 3)
	for _, c := range cs {
		if c, ok := c.(mail.CountsChanged); ok && c.AccountUnread != 3 {
			t.Errorf("told %+v", c)
		}
	}
	f.counts("INBOX", 3, 3)
	f.counts("Work", 2, 2)

	f.apply(Delta{Mailbox: b["Work"].ID, Flags: []FlagUpdate{{UID: 2, Flags: mail.NewFlags(mail.FlagSeen)}}})
	account("one copy is read", 3)
	f.mark([]mail.MessageID{f.id(b["INBOX"], 2)}, mail.NewFlags(mail.FlagSeen), nil)
	account("and now the other, here", 2)
	f.apply(Delta{Mailbox: b["INBOX"].ID, Gone: []mail.UID{1}})
	account("one label less", 2)
	f.apply(Delta{Mailbox: b["Play"].ID, Gone: []mail.UID{1}})
	account("one label left", 2)
	f.apply(Delta{Mailbox: b["Play"].ID, Added: []Fetched{named(3, 1, "E1")}})
	account("a label again", 2)

	// What is done here shows at once, and is taken back with what did it.
	here := func(op mail.Op) mail.Op {
		op, err := f.Enqueue(f.ctx(), op)
		f.must(err)
		return op
	}
	work := f.id(b["Work"], 1)
	moved := here(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{work}, Mailbox: b["Junk"].ID})
	account("one of two waits to go to Junk", 2)
	gone := here(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{f.id(b["Play"], 3)}})
	account("and the other to be deleted", 1)
	f.must(f.FailOp(f.ctx(), gone.ID, offline))
	account("which is refused", 2)
	_, err := f.Undo(f.ctx(), moved.ID)
	f.must(err)
	account("and the move is taken back", 2)

	// Play turns out to be for junk, then goes.
	l.Mailboxes[2].Role = mail.RoleJunk
	f.list(l)
	account("Play counts no more", 2)
	l.Mailboxes[2].Role = mail.RoleNone
	f.list(l)
	account("Play counts again", 2)
	f.folders("INBOX", "Work", "Junk")
	account("Play is gone", 2)
	f = f.again()
	account("after a restart", 2)
	f.apply(Delta{Mailbox: b["Work"].ID, Gone: []mail.UID{1}})
	account("the last label is gone", 1)
	f.must(f.RemoveAccount(f.ctx(), acc))
	account("the account is gone", 0)
}
