package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAnActionFollowsAMoveInTwoSteps: a program that has no MOVE copies a message and
// removes the original then. A pass between the two took the copy for a message of its
// own; what waits for the original goes on with it, under the original's id.
func TestAnActionFollowsAMoveInTwoSteps(t *testing.T) {
	for name, c := range map[string]struct {
		op    mail.Op // its folder is Archive
		shown string
		kinds []string // told when the original goes
	}{
		"move":   {mail.Op{Kind: mail.OpMove}, "Archive", []string{"elsewhere message.gone"}},
		"flags":  {mail.Op{Kind: mail.OpFlags, Add: seen}, "Work", []string{"elsewhere message.gone", "elsewhere message.moved"}},
		"delete": {mail.Op{Kind: mail.OpDelete}, "", []string{"elsewhere message.gone"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			bs := f.folders("INBOX", "Work", "Archive")
			inbox, work := bs["INBOX"], bs["Work"]
			f.apply(inStep(inbox.ID, 1, 4, fetched(1, 3)...), inStep(work.ID, 1, 1), inStep(bs["Archive"].ID, 1, 1))
			id := f.id(inbox, 2)
			if c.op.Kind == mail.OpMove {
				c.op.Mailbox = bs["Archive"].ID
			}
			c.op.Targets = []mail.MessageID{id}
			op := f.queue(c.op)
			f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
			if f.id(work, 10) == id {
				t.Fatal("the copy is the original")
			}
			rev := f.head()
			f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
			wantKinds(t, f.since(rev), c.kinds...)
			for box, b := range f.boxes() {
				if want := map[bool]int{true: 1}[box == c.shown] + map[bool]int{true: 2}[box == "INBOX"]; b.Counts.Total != want {
					t.Errorf("%s has %d, want %d", box, b.Counts.Total, want)
				}
			}
			w := f.ready()
			if len(w) != 1 || w[0].Op.ID != op.ID || w[0].Messages[0].ID != id ||
				w[0].Messages[0].Location.Mailbox != work.ID || w[0].Messages[0].Location.UID != 10 || w[0].Messages[0].Source != inbox.ID {
				t.Fatalf("to be sent: %+v", w)
			}
			f.must(f.FailOp(f.ctx(), op.ID, offline))
			f.counts("Work", 1, 1)
		})
	}
}

// TestAnActionFollowsNoCopyThatWasWanted: one that was there long before, one of two,
// one that something else waits for, and one that is gone too. Nor where the original
// may have gone by our own doing, which had no answer.
func TestAnActionFollowsNoCopyThatWasWanted(t *testing.T) {
	for name, between := range map[string]func(f *fixture, op mail.Op, work, lists mail.Mailbox){
		"long ago": func(f *fixture, _ mail.Op, _, _ mail.Mailbox) { f.clock.pass(2 * followFor) },
		"two": func(f *fixture, _ mail.Op, _, lists mail.Mailbox) {
			f.apply(Delta{Mailbox: lists.ID, Added: []Fetched{msg(7, 2)}})
		},
		"acted on": func(f *fixture, _ mail.Op, work, _ mail.Mailbox) { f.mark([]mail.MessageID{f.id(work, 10)}, seen, nil) },
		"sent":     func(f *fixture, op mail.Op, _, _ mail.Mailbox) { f.must(f.StartOp(f.ctx(), op.ID)) },
		"gone": func(f *fixture, _ mail.Op, work, _ mail.Mailbox) {
			f.apply(Delta{Mailbox: work.ID, Gone: []mail.UID{10}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			bs := f.folders("INBOX", "Work", "Archive", "Lists")
			inbox, work := bs["INBOX"], bs["Work"]
			f.apply(inStep(inbox.ID, 1, 4, fetched(1, 3)...), inStep(work.ID, 1, 1), inStep(bs["Archive"].ID, 1, 1), inStep(bs["Lists"].ID, 1, 1))
			id := f.id(inbox, 2)
			op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: bs["Archive"].ID})
			f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
			between(f, op, work, bs["Lists"])
			f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
			f.clock.pass(strayGrace)
			for _, w := range f.ready() {
				if w.Op.ID == op.ID && w.Messages[0].Location.UID != 0 {
					t.Errorf("it followed: %+v", w)
				}
			}
		})
	}
}
