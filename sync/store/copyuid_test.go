package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// A server says of what was moved or copied a UID that another message has. Neither
// takes the other's place: the message is found by the next look, where it is.
func TestAWrongCOPYUIDIsNotBelieved(t *testing.T) {
	for _, kind := range []mail.OpKind{mail.OpMove, mail.OpCopy} {
		for _, noted := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, " noted ", noted), func(t *testing.T) {
				f, inbox, work := twoFolders(t)
				f.apply(inStep(work.ID, 1, 2, msg(1, 9)))
				id, other := f.id(inbox, 2), f.id(work, 1)
				op := f.queue(mail.Op{Kind: kind, Targets: []mail.MessageID{id}, Mailbox: work.ID})
				f.must(f.StartOp(f.ctx(), op.ID))
				said := []Done{{ID: id, UID: 1, UIDValidity: 1}}
				if noted {
					f.must(f.NoteCopies(f.ctx(), op.ID, said))
					if w := f.ready(); len(w) != 1 || w[0].Messages[0].Arrived != 0 {
						t.Errorf("noted: %+v", w)
					}
				}
				f.must(f.FinishOp(f.ctx(), op.ID, said))
				if f.id(work, 1) != other {
					t.Fatal("the message took another one's place")
				}
				rev := f.head()
				gone := Delta{Mailbox: inbox.ID}
				if kind == mail.OpMove {
					gone.Gone = []mail.UID{2}
				}
				f.apply(inStep(work.ID, 1, 3, msg(2, 2)), gone)
				for _, k := range kinds(f.since(rev)) {
					if k == "elsewhere message.added" || k == "elsewhere message.gone" {
						t.Errorf("told: %s", k)
					}
				}
				if m := f.at(work, 2); (m.ID == id) != (kind == mail.OpMove) || f.id(work, 1) != other {
					t.Errorf("found: %+v", m)
				}
				f.counts("Work", 2, 2)
			})
		}
	}
}

// A look found the copy before the server's answer came, and took it for one that
// another machine made. It is the message that was moved.
func TestWhatWasFoundBeforeTheAnswerIsTheMessage(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))
	if f.id(work, 10) != id {
		t.Error("it has another id")
	}
	f.counts("Work", 1, 1)
	f.counts("INBOX", 2, 2)
}

// TestOurMoveIsOursHoweverLate: the server moved a message and did not say where to (no
// UIDPLUS), the user marked it, and then the machine is off for the holidays. It is the
// same message when somebody looks, and the mark goes out.
func TestOurMoveIsOursHoweverLate(t *testing.T) {
	for name, away := range map[string]time.Duration{"six days": 6 * 24 * time.Hour, "eight days": 8 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			f.must(f.StartOp(f.ctx(), op.ID))
			f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id}}))
			mark := f.mark([]mail.MessageID{id}, mail.NewFlags(mail.FlagFlagged), nil)
			f.counts("Work", 1, 1)
			f.clock.pass(away)
			f = f.again()
			f.folders("INBOX", "Work") // the first batch of the next pass
			if got := kinds(f.apply(inStep(work.ID, 1, 2, msg(1, 2)))); slices.Contains(got, "elsewhere message.added") {
				t.Errorf("told %q", got)
			}
			if m := f.at(work, 1); m.ID != id {
				t.Errorf("it is message %d now, and was %d", m.ID, id)
			}
			if w := f.ready(); len(w) != 1 || w[0].Op.ID != mark.ID || len(w[0].Messages) != 1 {
				t.Errorf("to be sent: %+v", w)
			}
			f.counts("Work", 1, 1)
		})
	}
}

// TestOurCopyIsOursHoweverLate: heronctl copies a message and ends with the server's
// answer. Nobody looks into the folder for two hours; then the copy is ours all the
// same, and can be taken back. So it is when somebody looked, and did not see what the
// server said is there. What it did not name and nobody saw in an hour is another's.
func TestOurCopyIsOursHoweverLate(t *testing.T) {
	for name, c := range map[string]struct {
		uid    mail.UID
		looked bool
		want   string
	}{
		"named, at the next look":      {1, false, "here message.added"},
		"named, at a later look":       {1, true, "here message.added"},
		"not named, at the next look":  {0, false, "here message.added"},
		"not named, and not at a look": {0, true, "elsewhere message.added"},
	} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			look := func(d Delta) []mail.Change {
				t.Helper()
				cs, err := f.Apply(f.ctx(), acc, Batch{Origin: mail.Elsewhere, Deltas: []Delta{d}, Synced: f.clock.now()})
				f.must(err)
				return cs
			}
			look(Delta{Mailbox: work.ID})
			f.clock.pass(time.Minute)
			op := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			f.must(f.StartOp(f.ctx(), op.ID))
			f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: c.uid, UIDValidity: 1}}))
			if f.clock.pass(time.Minute); c.looked {
				look(Delta{Mailbox: work.ID})
			}
			f.clock.pass(2 * time.Hour)
			wantKinds(t, look(inStep(work.ID, 1, 2, msg(1, 2))), c.want)
			if _, err := f.Undo(f.ctx(), op.ID); (err == nil) != (c.want == "here message.added") {
				t.Errorf("taken back: %v", err)
			}
		})
	}
}
