package store

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

func TestNewMailIsToldOnceWithWhoAndWhat(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	cs := f.apply(inStep(b.ID, 1, 4, msg(3, 3)))
	wantKinds(t, cs, "elsewhere message.added")
	added := find[mail.MessagesAdded](t, cs)
	want := mail.Brief{ID: f.id(b, 3), UID: 3, From: "Sender 3", Subject: "Subject 3", Unread: true}
	if !slices.Equal(added.UIDs, []mail.UID{3}) || added.Unread != 1 || !slices.Equal(added.Messages, []mail.Brief{want}) {
		t.Errorf("got %+v", added)
	}
	n := find[mail.CountsChanged](t, cs)
	if n.Counts != (mail.Counts{Total: 3, Unread: 3}) || n.AccountUnread != 3 {
		t.Errorf("counts: got %+v", n)
	}
	if cs := f.apply(inStep(b.ID, 1, 4, msg(3, 3))); len(cs) != 0 {
		t.Errorf("the same message again: got %q", kinds(cs))
	}
}

func TestMessageComesBackAsItWasStored(t *testing.T) {
	f := open(t)
	b := f.folders("INBOX")["INBOX"]
	in := msg(7, 7, "flagged", "$forwarded", "work")
	in.ModSeq, in.EmailID, in.Preview = 99, "E7", "Hello"
	in.Envelope.InReplyTo = "m6@example.org"
	in.Envelope.Cc = []mail.Address{{Name: "Ünal \"the\" Ö", Addr: "u@example.org"}}
	f.apply(inStep(b.ID, 5, 8, in))
	m := f.at(b, 7)
	if m.Location != (mail.Location{Mailbox: b.ID, UIDValidity: 5, UID: 7}) || m.Account != acc || m.Pending {
		t.Errorf("location: got %+v", m)
	}
	if !m.Flags.Equal(in.Flags) || m.Size != in.Size || !m.Received.Equal(in.Received) || m.EmailID != "E7" || m.Preview != "Hello" {
		t.Errorf("got %+v", m)
	}
	e := m.Envelope
	if e.HeaderID != in.Envelope.HeaderID || e.InReplyTo != in.Envelope.InReplyTo || e.Subject != in.Envelope.Subject ||
		!e.Date.Equal(in.Envelope.Date) || !slices.Equal(e.From, in.Envelope.From) ||
		!slices.Equal(e.To, in.Envelope.To) || !slices.Equal(e.Cc, in.Envelope.Cc) {
		t.Errorf("envelope: got %+v", e)
	}
	for u, err := range f.UIDFlags(f.ctx(), b.ID) {
		f.must(err)
		if u.UID != 7 || u.ModSeq != 99 || !u.Flags.Equal(in.Flags) {
			t.Errorf("flags: got %+v", u)
		}
	}
}

func TestFirstIndexIsBackfillAndShowsTheServersNumbers(t *testing.T) {
	f := open(t)
	cs := f.list(Listing{Mailboxes: []ListedMailbox{{Name: "inbox", Delimiter: "/", Selectable: true}}})
	wantKinds(t, cs, "backfill folder.added")
	b := f.boxes()["INBOX"]
	if b.Role != mail.RoleInbox || !b.Watched {
		t.Errorf("the inbox: got %+v", b)
	}
	cursor := mail.Cursor{UIDValidity: 1, UIDNext: 101, BackfillBelow: 51}
	cs = f.apply(Delta{
		Mailbox: b.ID, Cursor: cursor, SetCursor: true, Backfill: true,
		Server: &mail.Counts{Total: 100, Unread: 40}, Added: fetched(51, 100, mail.FlagSeen),
	})
	wantKinds(t, cs, "backfill message.added")
	if a := find[mail.MessagesAdded](t, cs); len(a.UIDs) != 50 || a.Messages != nil || a.Unread != 0 {
		t.Errorf("got %d uids, %d messages, %d unread", len(a.UIDs), len(a.Messages), a.Unread)
	}
	f.counts("INBOX", 100, 40)

	t.Run("new mail counts before the next STATUS", func(*testing.T) {
		cursor.UIDNext = 102
		f.apply(Delta{Mailbox: b.ID, Cursor: cursor, SetCursor: true, Added: []Fetched{msg(101, 101)}})
		f.counts("INBOX", 101, 41)
	})
	t.Run("a mark shows at once", func(*testing.T) {
		f.mark([]mail.MessageID{f.id(b, 101)}, seen, nil)
		f.counts("INBOX", 101, 40)
	})
	t.Run("a message that goes is one less", func(*testing.T) {
		f.apply(Delta{Mailbox: b.ID, Gone: []mail.UID{100}})
		f.counts("INBOX", 100, 40)
	})
	t.Run("flags from elsewhere", func(*testing.T) {
		f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 99}}})
		f.counts("INBOX", 100, 41)
	})
	t.Run("the next STATUS says the same", func(*testing.T) {
		f.apply(Delta{Mailbox: b.ID, Server: &mail.Counts{Total: 100, Unread: 42}}) // 101 is still unseen there
		f.counts("INBOX", 100, 41)
	})
	t.Run("when all is indexed the rows count", func(*testing.T) {
		cursor.BackfillBelow = 1
		f.apply(Delta{Mailbox: b.ID, Cursor: cursor, SetCursor: true, Backfill: true, Added: fetched(1, 50)})
		f.counts("INBOX", 100, 51)
	})
}

func TestDeletedFlagHidesAMessage(t *testing.T) {
	f := open(t)
	b := f.inbox(3)
	cs := f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 2, Flags: mail.NewFlags(mail.FlagDeleted)}}})
	wantKinds(t, cs, "elsewhere flags.changed")
	f.counts("INBOX", 2, 2)
	p, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: 10})
	f.must(err)
	if p.Total != 2 || len(p.Messages) != 2 || p.Messages[0].Location.UID != 3 || p.Messages[1].Location.UID != 1 {
		t.Errorf("the list: got %+v", p)
	}
	uids, err := f.UIDs(f.ctx(), b.ID)
	f.must(err)
	if !slices.Equal(uids, []mail.UID{1, 2, 3}) {
		t.Errorf("known UIDs: got %v", uids)
	}
	if cs := f.apply(inStep(b.ID, 1, 5, msg(4, 4, mail.FlagDeleted))); len(kinds(cs)) != 0 {
		t.Errorf("a message that came deleted: got %q", kinds(cs))
	}
	wantKinds(t, f.apply(Delta{Mailbox: b.ID, Gone: []mail.UID{2, 4}}), "elsewhere message.gone")
	f.counts("INBOX", 2, 2)
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1, Flags: mail.NewFlags(mail.FlagDeleted)}}})
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1}}})
	f.counts("INBOX", 2, 2)
}

func TestFlagsOfManyMessagesAreOneChangeADelta(t *testing.T) {
	f := open(t)
	b := f.inbox(5)
	cs := f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{
		{UID: 1, Flags: seen},
		{UID: 2, Flags: seen},
		{UID: 3, Flags: mail.NewFlags("seen", "work")},
		{UID: 4, ModSeq: 7}, // as it was
		{UID: 99, Flags: seen},
	}})
	wantKinds(t, cs, "elsewhere flags.changed", "elsewhere flags.changed")
	c := find[mail.FlagsChanged](t, cs)
	if !slices.Equal(c.UIDs, []mail.UID{1, 2}) || !c.Added.Equal(seen) || c.Removed != nil || c.Folder.Path != "INBOX" {
		t.Errorf("got %+v", c)
	}
	f.counts("INBOX", 5, 2)
}

func TestUncertainUIDsAreKnownUntilTheyGoOrAreRead(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	f.apply(Delta{Mailbox: b.ID, Uncertain: []mail.UID{3, 4}})
	check := func(want ...mail.UID) {
		t.Helper()
		got, err := f.UIDs(f.ctx(), b.ID)
		f.must(err)
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	check(1, 2, 3, 4)
	f.counts("INBOX", 2, 2)
	f.apply(Delta{Mailbox: b.ID, Gone: []mail.UID{3}})
	check(1, 2, 4)
	f.apply(Delta{Mailbox: b.ID, Added: []Fetched{msg(4, 4)}})
	check(1, 2, 4)
	f.apply(Delta{Mailbox: b.ID, Gone: []mail.UID{4}})
	check(1, 2)
}

func TestABatchIsWrittenWholeOrNotAtAll(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	rev := f.head()
	_, err := f.Apply(f.ctx(), acc, Batch{Deltas: []Delta{
		inStep(b.ID, 1, 9, msg(8, 8)),
		{Mailbox: 4711, Gone: []mail.UID{1}},
	}})
	if code(err) != mail.CodeNoFolder {
		t.Fatalf("got %v", err)
	}
	f.counts("INBOX", 1, 1)
	if got := f.boxes()["INBOX"].Cursor.UIDNext; got != 2 {
		t.Errorf("the cursor moved to %d", got)
	}
	if f.head() != rev || len(f.since(rev)) != 0 {
		t.Error("the log grew")
	}
	f.apply(inStep(b.ID, 1, 9, msg(8, 8)))
	if cs := f.since(rev); len(cs) == 0 || cs[0].Meta().Rev != rev+1 {
		t.Errorf("revisions have a hole: %v", cs)
	}
}

func TestSyncedIsKept(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	cs, err := f.Apply(f.ctx(), acc, Batch{Deltas: []Delta{{Mailbox: b.ID}}, Synced: day})
	f.must(err)
	if got := f.boxes()["INBOX"].LastSync; !got.Equal(day) || len(cs) != 0 {
		t.Errorf("got %v, changes %q", got, kinds(cs))
	}
	_, err = f.Apply(f.ctx(), acc, Batch{Deltas: []Delta{{Mailbox: b.ID, Partial: true}}, Synced: day.AddDate(0, 0, 1)})
	f.must(err)
	if got := f.boxes()["INBOX"].LastSync; !got.Equal(day) {
		t.Errorf("not all could be had, and it is in step at %v", got)
	}
}

func TestDeltasOfAnotherAccountsFolderAreRefused(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	_, err := f.Apply(f.ctx(), "other", Batch{Deltas: []Delta{{Mailbox: b.ID, Gone: []mail.UID{1}}}})
	if code(err) != mail.CodeNoFolder {
		t.Errorf("got %v", err)
	}
	f.counts("INBOX", 1, 1)
}

// TestAStarCountsNothing: while the index is incomplete, the server's numbers
// are shown, and it may have told another state than that of the flags we have.
func TestAStarCountsNothing(t *testing.T) {
	f := open(t)
	b := f.folders("INBOX")["INBOX"]
	d := inStep(b.ID, 1, 6, msg(5, 5))
	d.Cursor.BackfillBelow, d.Server = 5, &mail.Counts{Total: 5}
	f.apply(d)
	before := f.boxes()["INBOX"].Counts
	f.mark([]mail.MessageID{f.id(b, 5)}, mail.NewFlags(mail.FlagFlagged), nil)
	if got := f.boxes()["INBOX"].Counts; got != before {
		t.Errorf("starred here: %+v, before %+v", got, before)
	}
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 5, Flags: mail.NewFlags(mail.FlagAnswered)}}})
	if got := f.boxes()["INBOX"].Counts; got != before {
		t.Errorf("answered elsewhere: %+v, before %+v", got, before)
	}
}
