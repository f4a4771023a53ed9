package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// twoFolders are INBOX with messages 1 to 3 and an empty Work, both in step.
func twoFolders(t *testing.T) (f *fixture, inbox, work mail.Mailbox) {
	t.Helper()
	f = open(t)
	bs := f.folders("INBOX", "Work")
	f.apply(inStep(bs["INBOX"].ID, 1, 4, fetched(1, 3)...), inStep(bs["Work"].ID, 1, 1))
	bs = f.boxes()
	return f, bs["INBOX"], bs["Work"]
}

func TestMovedElsewhereInOneBatchKeepsItsID(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	cs := f.apply(
		inStep(work.ID, 1, 11, msg(10, 2)), // the target comes first
		Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}},
	)
	wantKinds(t, cs, "elsewhere message.moved")
	c := find[mail.MessagesMoved](t, cs)
	if c.From.Path != "INBOX" || c.To.Path != "Work" || !slices.Equal(c.UIDs, []mail.UID{10}) || !slices.Equal(c.IDs, []mail.MessageID{id}) {
		t.Errorf("got %+v", c)
	}
	if f.id(work, 10) != id {
		t.Error("the id changed")
	}
	f.counts("INBOX", 2, 2)
	f.counts("Work", 1, 1)
}

func TestMovedAndReadElsewhereTellsBoth(t *testing.T) {
	f, inbox, work := twoFolders(t)
	cs := f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2, mail.FlagSeen)}})
	wantKinds(t, cs, "elsewhere message.moved", "elsewhere flags.changed")
	f.counts("Work", 1, 0)
}

func TestGoneFirstAndAddedLater(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration
		want  string
	}{
		{"the next minute", time.Minute, "elsewhere message.moved"},
		{"six days later", 6 * 24 * time.Hour, "elsewhere message.moved"},
		{"eight days later", 8 * 24 * time.Hour, "elsewhere message.added"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			wantKinds(t, f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}), "elsewhere message.gone")
			if _, err := f.Message(f.ctx(), id); code(err) != mail.CodeNoMessage {
				t.Errorf("a message that is gone: %v", err)
			}
			f.clock.pass(c.after)
			wantKinds(t, f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}}), c.want)
			if same := f.id(work, 10) == id; same != (c.want == "elsewhere message.moved") {
				t.Errorf("the same id: %v", same)
			}
			f.counts("INBOX", 2, 2)
			f.counts("Work", 1, 1)
		})
	}
}

func TestWhatIsTheSameMessage(t *testing.T) {
	other := func(f func(*Fetched)) Fetched {
		m := msg(10, 2)
		f(&m)
		return m
	}
	elsewhen := day.Add(99 * time.Hour)
	nameless := func(m *Fetched) { m.Envelope.HeaderID = "" }
	for _, c := range []struct {
		name string
		was  func(*Fetched)
		now  Fetched
		same bool
	}{
		{"all equal", nil, other(func(*Fetched) {}), true},
		{"another received, same date", nil, other(func(m *Fetched) { m.Received = elsewhen }), true},
		{"another date, same received", nil, other(func(m *Fetched) { m.Envelope.Date = elsewhen }), true},
		{"both other: sent again", nil, other(func(m *Fetched) { m.Received, m.Envelope.Date = elsewhen, elsewhen }), false},
		{"another size", nil, other(func(m *Fetched) { m.Size++ }), false},
		{"another Message-ID", nil, other(func(m *Fetched) { m.Envelope.HeaderID = "x@y" }), false},
		{"no Message-ID, all else equal", nameless, other(nameless), true},
		{"no Message-ID, another subject", nameless, other(func(m *Fetched) { nameless(m); m.Envelope.Subject = "x" }), false},
		{"same EmailID, all else other", func(m *Fetched) { m.EmailID = "E" }, other(func(m *Fetched) {
			m.EmailID, m.Size, m.Envelope.HeaderID = "E", 1, "x@y"
		}), true},
		{"another EmailID, all else equal", func(m *Fetched) { m.EmailID = "E" }, other(func(m *Fetched) { m.EmailID = "F" }), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			was := msg(4, 2)
			if c.was != nil {
				c.was(&was)
			}
			f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{1, 2, 3}})
			f.clock.pass(8 * 24 * time.Hour) // they are not in the way
			f.apply(inStep(inbox.ID, 1, 5, was))
			id := f.id(inbox, 4)
			f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{4}})
			f.apply(inStep(work.ID, 1, 11, c.now))
			if same := f.id(work, 10) == id; same != c.same {
				t.Errorf("the same message: got %v, want %v", same, c.same)
			}
		})
	}
}

func TestACopyIsNotAMove(t *testing.T) {
	f, inbox, work := twoFolders(t)
	cs := f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
	wantKinds(t, cs, "elsewhere message.added")
	if f.id(inbox, 2) == f.id(work, 10) {
		t.Error("a copy took the id")
	}
}

func TestEqualMessagesEachMatchOnce(t *testing.T) {
	f, inbox, work := twoFolders(t)
	f.apply(inStep(inbox.ID, 1, 6, msg(4, 9), msg(5, 9)))
	a, b := f.id(inbox, 4), f.id(inbox, 5)
	cs := f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{4, 5}},
		Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 9), msg(11, 9), msg(12, 9)}})
	wantKinds(t, cs, "elsewhere message.moved", "elsewhere message.added")
	if f.id(work, 10) != a || f.id(work, 11) != b {
		t.Error("equal messages were not matched in order")
	}
}

func TestResetKeepsEveryID(t *testing.T) {
	f, inbox, work := twoFolders(t)
	var before []mail.MessageID
	for uid := mail.UID(1); uid <= 3; uid++ {
		before = append(before, f.id(inbox, uid))
	}
	op := f.mark(before[1:2], seen, nil)
	f.counts("INBOX", 3, 2)

	cs := f.apply(Delta{Mailbox: inbox.ID, Reset: true, Server: &mail.Counts{Total: 3, Unread: 3}})
	wantKinds(t, cs)
	if len(f.ready()) != 0 {
		t.Error("an op did not wait for the match")
	}
	if m, err := f.Message(f.ctx(), before[0]); err != nil || m.Location != (mail.Location{}) {
		t.Errorf("a message that waits for its match: %+v, %v", m, err)
	}
	f.counts("INBOX", 3, 3)

	// A copy in another folder takes nobody's place.
	wantKinds(t, f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(5, 1)}}), "elsewhere message.added")

	wantKinds(t, f.apply(Delta{
		Mailbox: inbox.ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 2, UIDNext: 104, BackfillBelow: 103},
		Added: []Fetched{msg(103, 3)},
	}))
	cs = f.apply(Delta{
		Mailbox: inbox.ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 2, UIDNext: 104}, Backfill: true,
		Added: []Fetched{msg(101, 1), msg(102, 2)},
	})
	wantKinds(t, cs)
	for i, id := range before {
		if got := f.at(inbox, mail.UID(101+i)); got.ID != id || got.Location.UIDValidity != 2 {
			t.Errorf("message %d: got %+v", i, got)
		}
	}
	f.counts("INBOX", 3, 2)
	w := f.ready()
	if len(w) != 1 || w[0].Op.ID != op.ID || w[0].Messages[0].Location != (mail.Location{Mailbox: inbox.ID, UIDValidity: 2, UID: 102}) {
		t.Errorf("after the match: got %+v", w)
	}
}

func TestResetInOneBatchTellsOnlyWhatDiffers(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	id := f.id(inbox, 3)
	d := inStep(inbox.ID, 2, 10, msg(7, 1), msg(8, 2, mail.FlagSeen), msg(9, 4))
	d.Reset = true
	cs := f.apply(d)
	wantKinds(t, cs, "elsewhere message.gone", "elsewhere message.added", "elsewhere flags.changed")
	if c := find[mail.MessagesGone](t, cs); !slices.Equal(c.IDs, []mail.MessageID{id}) || c.UIDs != nil {
		t.Errorf("got %+v", c)
	}
	f.counts("INBOX", 3, 2)
	// From now on it is gone like any other, and may turn up elsewhere.
	wantKinds(t, f.apply(Delta{Mailbox: f.boxes()["Work"].ID, Added: []Fetched{msg(1, 3)}}), "elsewhere message.moved")
}

func TestLimboIsPurged(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	id := f.id(inbox, 2)
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	if n := f.rows("messages", "id = ?", int64(id)); n != 1 {
		t.Fatalf("limbo: %d rows", n)
	}
	f.clock.pass(limboFor + time.Hour)
	f.apply(Delta{Mailbox: inbox.ID})
	if n := f.rows("messages", "id = ?", int64(id)); n != 0 {
		t.Errorf("limbo: %d rows after its time", n)
	}
	if got := f.search("subject"); slices.Contains(got, id) || len(got) != 2 {
		t.Errorf("the full text finds %v", got)
	}
}

// rows counts rows of a table.
func (f *fixture) rows(table, where string, args ...any) int {
	f.t.Helper()
	var n int
	f.must(f.read.QueryRowContext(f.ctx(), `SELECT count(*) FROM `+table+` WHERE `+where, args...).Scan(&n))
	return n
}

// search asks the full text.
func (f *fixture) search(words string) []mail.MessageID {
	f.t.Helper()
	ids, err := query(f.ctx(), f.read, scanID[mail.MessageID], `SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rowid`, words)
	f.must(err)
	return ids
}
