package imapsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
)

// ids are the messages of the inbox by their subjects.
func (o *odd) ids() map[string]mail.MessageID {
	o.Helper()
	page, err := o.store.Messages(o.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{o.inbox().ID}, Limit: 100})
	if err != nil {
		o.Fatal(err)
	}
	out := map[string]mail.MessageID{}
	for _, m := range page.Messages {
		out[m.Envelope.Subject] = m.ID
	}
	return out
}

// TestCondstoreWithoutESearch: what is gone is asked for in the old way, in a
// SEARCH that may come in several lines.
func TestCondstoreWithoutESearch(t *testing.T) {
	t.Parallel()
	sel := func(tag string, exists, modseq int) string {
		return fmt.Sprintf("S: * %d EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 4] hm\nS: * OK [HIGHESTMODSEQ %d] hm\nS: %s OK done\n", exists, modseq, tag)
	}
	poor := strings.Replace(rich, " ESEARCH", "", 1)
	o := against(t,
		poor+"S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 3 HIGHESTMODSEQ 50)\nS: A1 OK done\n"+
			"C: A2 SELECT \"INBOX\" (CONDSTORE)\nC: A3 FETCH 1:* "+richItems+"\n"+sel("A2", 3, 50)+messages(1, 3)+"S: A3 OK done\n"+peek("1:3"),
		poor+"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 1 HIGHESTMODSEQ 52)\nS: A1 OK done\n"+
			"C: A4 SELECT \"INBOX\" (CONDSTORE)\nC: A5 UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 50)\nC: A6 UID FETCH 4:* "+richItems+"\n"+
			sel("A4", 2, 52)+"S: * 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (52))\nS: A5 OK done\nS: A6 OK done\n"+
			"C: B1 SELECT \"INBOX\" (CONDSTORE)\nC: B2 UID SEARCH UID 1:3\n"+
			"C: B3 UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 50)\nC: B4 UID FETCH 4:* "+richItems+"\n"+
			sel("B1", 2, 52)+"S: * SEARCH 1\nS: * SEARCH 3\nS: B2 OK done\n"+
			"S: * 2 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (52))\nS: B3 OK done\nS: B4 OK done\n",
	)
	o.mustPass()
	if r := o.mustPass(); r.Gone != 1 || r.Changed != 1 || !slices.Equal(o.uids(), []mail.UID{1, 3}) {
		t.Errorf("%+v, known are %v", r, o.uids())
	}
}

// TestUIDValidityBetweenStatusAndSelect: STATUS told of the old mailbox yet, and
// SELECT opens the new one. No UID that was known is taken for another message,
// and every message stays the same.
func TestUIDValidityBetweenStatusAndSelect(t *testing.T) {
	t.Parallel()
	anew := func(tag string) string {
		return "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 8] anew\nS: * OK [UIDNEXT 3] hm\nS: " + tag + " OK done\n"
	}
	// The same two messages in another order: UID 1 is what 2 was.
	swapped := "S: * 1 FETCH (UID 1 " + data(2) + ")\nS: * 2 FETCH (UID 2 " + data(1) + ")\n"
	o := against(t, first(2),
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 1)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:2 (UID FLAGS)\nC: A8 UID FETCH 3:* "+items+"\n"+
			anew("A6")+"S: * 1 FETCH (UID 1 FLAGS (\\Deleted))\nS: * 2 FETCH (UID 2 FLAGS ())\nS: A7 OK done\nS: A8 OK done\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 FETCH 1:* "+items+"\n"+anew("B1")+swapped+"S: B2 OK done\n",
	)
	o.mustPass()
	before := o.ids()
	if r := o.mustPass(); r.New+r.Gone+r.Changed+r.Moved != 0 {
		t.Errorf("%+v", r)
	}
	if after := o.ids(); len(after) != 2 || after["no 1"] != before["no 1"] || after["no 2"] != before["no 2"] {
		t.Errorf("before %v, after %v", before, after)
	}
	if c := o.inbox().Cursor; c.UIDValidity != 8 {
		t.Errorf("the cursor is %+v", c)
	}
}

// TestNoUIDNextInStatus: new mail shows in the number of messages alone, and
// one gone and one new in no number at all: then a look inside tells.
func TestNoUIDNextInStatus(t *testing.T) {
	t.Parallel()
	status := "S: * STATUS INBOX (MESSAGES 2 UIDVALIDITY 7 UNSEEN 2)\nS: A3 OK done\n"
	o := against(t,
		bare+onlyInbox+statusOf+status+"C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* "+items+"\n"+selected("A4", 2, 3)+messages(1, 2)+"S: A5 OK done\n"+peek("1:2"),
		bare+onlyInbox+statusOf+status+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID FETCH 1:2 (UID FLAGS)\nC: B3 UID FETCH 3:* "+items+"\n"+selected("B1", 2, 4)+
			"S: * 1 FETCH (UID 2 FLAGS ())\nS: B2 OK done\nS: * 2 FETCH (UID 3 "+data(3)+")\nS: B3 OK done\n",
	)
	o.mustPass()
	if r := o.mustPass(); r.New != 1 || r.Gone != 1 || !slices.Equal(o.uids(), []mail.UID{2, 3}) {
		t.Errorf("%+v, known are %v", r, o.uids())
	}
}

// TestVanishedUnasked: a server that says VANISHED to a client that enabled
// nothing means what it says.
func TestVanishedUnasked(t *testing.T) {
	t.Parallel()
	o := against(t, first(3),
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 2)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:3 (UID FLAGS)\nC: A8 UID FETCH 4:* "+items+"\n"+
			selected("A6", 3, 4)+"S: * VANISHED 2\nS: * 1 FETCH (UID 1 FLAGS (\\Seen))\nS: * 2 FETCH (UID 3 FLAGS ())\nS: A7 OK done\nS: A8 OK done\n",
	)
	o.mustPass()
	if r := o.mustPass(); r.Gone != 1 || r.Changed != 1 || !slices.Equal(o.uids(), []mail.UID{1, 3}) {
		t.Errorf("%+v, known are %v", r, o.uids())
	}
}

// TestWrongExists: a server that counts more messages than it has is asked
// which there are, once; it makes neither a message nor the loss of one.
func TestWrongExists(t *testing.T) {
	t.Parallel()
	o := against(t, first(2),
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 9 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 9)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:2 (UID FLAGS)\nC: A8 UID FETCH 3:* "+items+"\n"+
			selected("A6", 9, 3)+flagsOf(1, 2)+"S: A7 OK done\nS: A8 OK done\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:2\nC: B3 UID FETCH 1:2 (UID FLAGS)\nC: B4 UID FETCH 3:* "+items+"\n"+
			selected("B1", 9, 3)+"S: * SEARCH 1 2\nS: B2 OK done\n"+flagsOf(1, 2)+"S: B3 OK done\nS: B4 OK done\n",
	)
	o.mustPass()
	if r := o.mustPass(); r.New+r.Gone+r.Changed != 0 || !slices.Equal(o.uids(), []mail.UID{1, 2}) || o.inbox().Counts.Total != 2 {
		t.Errorf("%+v, known are %v, %+v", r, o.uids(), o.inbox().Counts)
	}
}

// TestThrottledStatus: a server that asks for patience has not said that the
// folder cannot be opened.
func TestThrottledStatus(t *testing.T) {
	t.Parallel()
	o := against(t, first(1),
		bare+onlyInbox+statusOf+"S: A3 NO [UNAVAILABLE] Temporary failure, try again later\n",
	)
	o.mustPass()
	if _, err := o.pass(); mail.FaultOf(err) == nil || mail.FaultOf(err).Class != mail.ClassLimit {
		t.Errorf("%v", err)
	}
	if !o.inbox().Selectable {
		t.Error("the inbox cannot be opened any more")
	}
}

// TestGoneHereAndThere: what a server says is gone in one row, in more rows than
// are looked for one by one, and most of a mailbox at once.
func TestGoneHereAndThere(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, dc, 0)
	r.fill("INBOX", 200)
	pass(r)
	c := r.other("INBOX")
	left, err := r.store.UIDs(t.Context(), r.box("INBOX").ID)
	if err != nil || len(left) != 200 {
		t.Fatalf("%d known, %v", len(left), err)
	}
	for _, test := range []struct {
		what string
		gone func(i int) bool
	}{
		{"a row", func(i int) bool { return i >= 7 && i < 12 }},
		{"two in three", func(i int) bool { return i%3 > 0 }},
		{"every third", func(i int) bool { return i%3 == 0 }},
		{"nearly all", func(i int) bool { return i > 3 }},
	} {
		var gone imap.UIDSet
		var rest []mail.UID
		for i, u := range left {
			if test.gone(i) {
				gone.AddNum(imap.UID(u))
			} else {
				rest = append(rest, u)
			}
		}
		if err := c.Store(gone, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.UIDExpunge(gone).Close(); err != nil {
			t.Fatal(err)
		}
		rep := pass(r)
		known, err := r.store.UIDs(t.Context(), r.box("INBOX").ID)
		if err != nil || rep.Gone != len(left)-len(rest) || !slices.Equal(known, rest) {
			t.Errorf("%s: %+v; %v are known, want %v; %v", test.what, rep, known, rest, err)
		}
		left = rest
	}
}
