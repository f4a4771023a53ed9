package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// A message that was moved twice, and the second time without an answer, is found
// where it is, although nobody looked where it was in between.
func TestAMoveThatWasCutOffIsFoundAfterAnother(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	first := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), first.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))
	back := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: inbox.ID})
	f.must(f.StartOp(f.ctx(), back.ID))
	rev := f.head()
	f.apply(inStep(work.ID, 1, 11), Delta{Mailbox: inbox.ID, Added: []Fetched{msg(4, 2)}})
	wantKinds(t, f.since(rev))
	if m := f.at(inbox, 4); m.ID != id {
		t.Errorf("got %+v, want message %d", m, id)
	}
	f.counts("INBOX", 3, 3)
	f.counts("Work", 0, 0)
}

// A copy that another machine put back where the message was is not taken for the
// message, whose move has no answer yet: it would be moved too.
func TestAMoveThatWasCutOffLeavesAnothersCopy(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}, Added: []Fetched{msg(4, 2)}}, inStep(work.ID, 1, 11, msg(10, 2)))
	if m := f.at(work, 10); m.ID != id {
		t.Errorf("moved: %+v, want message %d", m, id)
	}
	if m := f.at(inbox, 4); m.ID == id {
		t.Errorf("the copy: %+v", m)
	}
	if w := f.ready(); len(w) != 1 || w[0].Messages[0].Location.Mailbox != work.ID || w[0].Messages[0].Copied {
		t.Errorf("to be sent: %+v", w)
	}
}

// What another machine moved out of a mailbox that then got another UIDVALIDITY was
// moved: it is not new, and not gone.
func TestMovedOutOfAMailboxThatWasReset(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	reset := inStep(inbox.ID, 2, 104, msg(101, 1), msg(103, 3))
	reset.Reset, reset.Backfill = true, true
	wantKinds(t, f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}}, reset), "elsewhere message.moved")
	if f.id(work, 10) != id {
		t.Error("it has another id")
	}
	f.counts("INBOX", 2, 2)
	f.counts("Work", 1, 1)
}

// What is in both places after a move was cut off is half of it where messages are
// moved by copying them; else another machine copied it there, and wants to keep
// both.
func TestHalfAMoveIsToldFromACopy(t *testing.T) {
	for name, halves := range map[string]bool{"moved by copying": true, "moved in one step": false} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
			f.must(f.StartOp(f.ctx(), op.ID))
			_, err := f.Apply(f.ctx(), acc, Batch{Halves: halves, Deltas: []Delta{inStep(work.ID, 1, 11, msg(10, 2))}})
			f.must(err)
			if w := f.ready(); len(w) != 1 || w[0].Messages[0].Copied != halves {
				t.Errorf("to be sent: %+v", w)
			}
			shown := 2
			if halves {
				shown = 1
			}
			f.counts("Work", shown, shown)
		})
	}
}

// Two messages that nothing names look alike. One was moved, under a UID that nobody told,
// and the copy of the other was cut off. What is found is the one that was moved: that the
// other was copied is not believed for it, and it is copied again.
func TestWhatLooksAlikeIsWhatWasMoved(t *testing.T) {
	f, inbox, work := twoFolders(t)
	like := func(uid mail.UID) Fetched {
		m := msg(uid, 9)
		m.Envelope.HeaderID = ""
		return m
	}
	f.apply(Delta{Mailbox: inbox.ID, Added: []Fetched{like(4), like(5)}})
	moved, copied := f.id(inbox, 4), f.id(inbox, 5)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{moved}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: moved}}))
	op = f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{copied}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.apply(inStep(work.ID, 1, 11, like(10)))
	if m := f.at(work, 10); m.ID != moved {
		t.Errorf("it is %+v, want message %d", m, moved)
	}
	if w := f.ready(); len(w) != 1 || w[0].Messages[0].Copied {
		t.Errorf("to be sent: %+v", w)
	}
	f.apply(Delta{Mailbox: work.ID, Added: []Fetched{like(11)}})
	if w := f.ready(); len(w) != 1 || !w[0].Messages[0].Copied {
		t.Errorf("to be sent then: %+v", w)
	}
}

// Another machine flags half of a move \Deleted, and removes the original. Nothing is left
// of the message, and nothing shows.
func TestHalfOfAMoveThatIsDeletedIsNone(t *testing.T) {
	f, inbox, work := twoFolders(t)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	_, err := f.Apply(f.ctx(), acc, Batch{Halves: true, Deltas: []Delta{inStep(work.ID, 1, 11, msg(10, 2))}})
	f.must(err)
	f.apply(Delta{Mailbox: work.ID, Flags: []FlagUpdate{{UID: 10, Flags: mail.NewFlags(mail.FlagDeleted)}}},
		Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	f.must(f.FailOp(f.ctx(), op.ID, &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict}))
	f.counts("INBOX", 2, 2)
	f.counts("Work", 0, 0)
}
