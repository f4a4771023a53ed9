package store

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestManyAtOnceAreAsOneByOne: the quick way of a first sync leaves the store as
// the careful one does, also beside messages that are known.
func TestManyAtOnceAreAsOneByOne(t *testing.T) {
	all := fetched(1, 75)
	for i := range all {
		all[i].Flags = []mail.Flags{nil, seen, flagged, mail.NewFlags("seen", "work")}[i%4]
		all[i].Envelope.Cc = []mail.Address{{Name: fmt.Sprintf("\"Ünal\" \\ %d\x01", i), Addr: "u@example.org"}, {Name: "<b> & c"}}
		all[i].Preview = fmt.Sprintf("word%d", i)
	}
	known := []Fetched{msg(20, 500), msg(80, 501)}
	several, single := open(t), open(t)
	var got [2][]mail.Message
	for i, f := range []*fixture{several, single} {
		b := f.folders("INBOX")["INBOX"]
		f.apply(Delta{Mailbox: b.ID, Added: known})
		if f == several {
			// The second part has a message that is known, and is taken slowly.
			f.apply(
				Delta{Mailbox: b.ID, Added: all[40:], Backfill: true},
				Delta{Mailbox: b.ID, Added: all[:40], Backfill: true})
		} else {
			for _, m := range slices.Backward(all) {
				f.apply(Delta{Mailbox: b.ID, Added: []Fetched{m}, Backfill: true})
			}
		}
		f.counts("INBOX", 76, 39)
		p, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: 100})
		f.must(err)
		ids := map[mail.MessageID]bool{}
		for _, m := range p.Messages {
			var found mail.MessageID
			if m.Preview != "" {
				f.must(f.read.QueryRowContext(f.ctx(), `SELECT rowid FROM texts WHERE texts MATCH ?`, m.Preview).Scan(&found))
				if found != m.ID {
					t.Errorf("full text of %q: message %d, want %d", m.Envelope.Subject, found, m.ID)
				}
			}
			ids[m.ID] = true
			m.ID = 0
			got[i] = append(got[i], m)
		}
		if len(ids) != 76 {
			t.Errorf("%d ids", len(ids))
		}
	}
	if !reflect.DeepEqual(got[0], got[1]) {
		t.Errorf("together\n%+v\none by one\n%+v", got[0], got[1])
	}
}

// TestIDsAreNeverGivenTwice: not even that of a message that was forgotten.
func TestIDsAreNeverGivenTwice(t *testing.T) {
	f := open(t)
	b := f.inbox(40)
	last := f.id(b, 40)
	f.must(f.RemoveAccount(f.ctx(), acc))
	b = f.inbox(40)
	if id := f.id(b, 1); id <= last {
		t.Errorf("message 1 has id %d, and %d was given before", id, last)
	}
	f.apply(Delta{Mailbox: b.ID, Added: []Fetched{msg(41, 41)}})
	if a, z := f.id(b, 40), f.id(b, 41); z <= a {
		t.Errorf("the next message has id %d, after %d", z, a)
	}
}
