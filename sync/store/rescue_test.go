package store

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// problems checks which problems there are, by their codes.
func (f *fixture) problems(want ...mail.Code) {
	f.t.Helper()
	ps, err := f.Problems(f.ctx())
	f.must(err)
	have := map[mail.Code]bool{}
	for _, p := range ps {
		have[p.Code] = true
	}
	for _, c := range want {
		if !have[c] {
			f.t.Errorf("no problem %s among %+v", c, ps)
		}
	}
	if len(ps) != len(want) {
		f.t.Errorf("the problems are %+v, want %v", ps, want)
	}
}

// TestADeletionWaitsForTheCopyBeforeIt: the user copies or moves messages and then
// deletes them for good. Where that was not done what is deleted is all there is, and
// is kept; the rest is deleted.
func TestADeletionWaitsForTheCopyBeforeIt(t *testing.T) {
	for _, kind := range []mail.OpKind{mail.OpCopy, mail.OpMove} {
		for name, c := range map[string]struct {
			end  func(*fixture, mail.Op)
			also []mail.Code // problems
		}{
			"given up": {func(f *fixture, op mail.Op) { f.must(f.FailOp(f.ctx(), op.ID, offline)) }, []mail.Code{offline.Code}},
			"given up after a part": {func(f *fixture, op mail.Op) {
				f.must(f.PartOp(f.ctx(), op.ID, done(op.Targets[0])))
				f.must(f.FailOp(f.ctx(), op.ID, offline))
			}, []mail.Code{offline.Code}},
			"done in part": {func(f *fixture, op mail.Op) { f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets[0]))) }, nil},
			"taken back": {func(f *fixture, op mail.Op) {
				_, err := f.Undo(f.ctx(), op.ID)
				f.must(err)
			}, nil},
			"into a folder that is gone": {func(f *fixture, _ mail.Op) { f.folders("INBOX") }, []mail.Code{mail.CodeGone}},
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				f, inbox, work := twoFolders(t)
				ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2), f.id(inbox, 3)}
				op := f.queue(mail.Op{Kind: kind, Targets: ids[:2], Mailbox: work.ID})
				both := f.queue(mail.Op{Kind: mail.OpDelete, Targets: ids[1:]})
				c.end(f, op)
				f.state(both.ID, mail.OpWaiting)
				w := f.ready()
				if len(w) != 1 || len(w[0].Messages) != 1 || w[0].Messages[0].ID != ids[2] {
					t.Fatalf("to be deleted: %+v", w)
				}
				f.must(f.FinishOp(f.ctx(), both.ID, done(ids[2])))
				if m := f.at(inbox, 2); m.ID != ids[1] || m.Pending {
					t.Errorf("the one that is kept: %+v", m)
				}
				f.problems(append(slices.Clone(c.also), mail.CodeKeptMessage)...)
			})
		}
	}
}

// TestADeletionOfWhatWasNotCopiedEndsWithAProblem: it has nothing left to delete.
func TestADeletionOfWhatWasNotCopiedEndsWithAProblem(t *testing.T) {
	f, inbox, work := twoFolders(t)
	ids := []mail.MessageID{f.id(inbox, 2)}
	op := f.queue(mail.Op{Kind: mail.OpCopy, Targets: ids, Mailbox: work.ID})
	gone := f.queue(mail.Op{Kind: mail.OpDelete, Targets: ids})
	rev := f.head()
	f.must(f.FailOp(f.ctx(), op.ID, offline))
	wantKinds(t, f.since(rev), "here message.added", "here problem.raised", "here op", "here problem.raised", "here op")
	f.state(gone.ID, mail.OpFailed)
	f.counts("INBOX", 3, 3)
	f.problems(mail.CodeConnectionLost, mail.CodeKeptMessage)
}

// TestWhatWasCopiedIsDeleted: nothing is kept for a copy that was made, for one that
// came after, or for one of another message.
func TestWhatWasCopiedIsDeleted(t *testing.T) {
	f, inbox, work := twoFolders(t)
	made := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{f.id(inbox, 1)}, Mailbox: work.ID})
	other := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
	gone := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{f.id(inbox, 1), f.id(inbox, 3)}})
	f.must(f.FinishOp(f.ctx(), made.ID, done(made.Targets...)))
	f.must(f.FailOp(f.ctx(), other.ID, offline))
	f.state(gone.ID, mail.OpWaiting)
	if w := f.ready(); len(w) != 1 || len(w[0].Messages) != 2 {
		t.Errorf("to be deleted: %+v", w)
	}
	f.problems(mail.CodeConnectionLost)
}

// TestAFolderIsKeptWithWhatWasNotMovedOut: the user moves or copies a message out of
// a folder, and deletes the folder. Where that cannot be done the folder has the only
// one, and is shown again.
func TestAFolderIsKeptWithWhatWasNotMovedOut(t *testing.T) {
	for _, kind := range []mail.OpKind{mail.OpCopy, mail.OpMove} {
		t.Run(string(kind), func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			f.apply(inStep(work.ID, 1, 11, msg(10, 9)))
			out := f.queue(mail.Op{Kind: kind, Targets: []mail.MessageID{f.id(work, 10)}, Mailbox: inbox.ID})
			gone := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
			f.must(f.FailOp(f.ctx(), out.ID, offline))
			f.state(gone.ID, mail.OpFailed)
			f.counts("Work", 1, 1)
			f.problems(mail.CodeConnectionLost, mail.CodeKeptFolder)
		})
	}
}

// TestAFolderIsKeptWithWhatWasMovedThere: a message was to be copied, and is moved
// into a folder that is deleted.
func TestAFolderIsKeptWithWhatWasMovedThere(t *testing.T) {
	f, inbox, work := twoFolders(t)
	safe := f.folders("INBOX", "Work", "Safe")["Safe"]
	ids := []mail.MessageID{f.id(inbox, 2)}
	out := f.queue(mail.Op{Kind: mail.OpCopy, Targets: ids, Mailbox: safe.ID})
	f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	gone := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.must(f.FailOp(f.ctx(), out.ID, offline))
	f.state(gone.ID, mail.OpFailed)
	f.counts("Work", 1, 1)
}

// TestAFolderIsNotDeletedBeforeWhatIsToBeFoundInIt: a message was moved into a folder
// under a UID that nobody told, is then copied out of it, and the folder is deleted.
// The copy waits until the message is found, and the folder with it.
func TestAFolderIsNotDeletedBeforeWhatIsToBeFoundInIt(t *testing.T) {
	f, inbox, work := twoFolders(t)
	safe := f.folders("INBOX", "Work", "Safe")["Safe"]
	ids := []mail.MessageID{f.id(inbox, 2)}
	in := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), in.ID, done(ids...)))
	out := f.queue(mail.Op{Kind: mail.OpCopy, Targets: ids, Mailbox: safe.ID})
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	if w := f.ready(); len(w) != 0 {
		t.Fatalf("to be sent: %+v", w)
	}
	f.apply(inStep(work.ID, 1, 2, msg(1, 2)))
	if w := f.ready(); len(w) != 2 || w[0].Op.ID != out.ID {
		t.Errorf("to be sent: %+v", w)
	}
}

// TestAMoveThatWasNotDoneIsNoMoveElsewhere: a message is moved and then moved on, and
// the first move is refused. The second finds it where the user left it, and takes it
// back there.
func TestAMoveThatWasNotDoneIsNoMoveElsewhere(t *testing.T) {
	f, inbox, work := twoFolders(t)
	trash := f.folders("INBOX", "Work", "Trash")["Trash"]
	ids := []mail.MessageID{f.id(inbox, 2)}
	first := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), first.ID)) // it does not join the next
	next := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: trash.ID})
	f.must(f.FailOp(f.ctx(), first.ID, offline))
	w := f.ready()
	if len(w) != 1 || w[0].Messages[0].Source != inbox.ID || w[0].Messages[0].Location.Mailbox != inbox.ID {
		t.Fatalf("to be sent: %+v", w)
	}
	f.must(f.StartOp(f.ctx(), next.ID))
	f.must(f.FinishOp(f.ctx(), next.ID, done(ids...)))
	if back, err := f.Undo(f.ctx(), 0); err != nil || back.Mailbox != inbox.ID {
		t.Errorf("taken back: %+v, %v", back, err)
	}
}

// TestWhatIsSparedIsSparedByAllThatAreSentWithIt: of two moves that are sent as one,
// the message is kept where it is now, and neither is left over.
func TestWhatIsSparedIsSparedByAllThatAreSentWithIt(t *testing.T) {
	f, inbox, work := twoFolders(t)
	bs := f.folders("INBOX", "Work", "Trash", "Kept")
	ids := []mail.MessageID{f.id(inbox, 2)}
	f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: bs["Trash"].ID})
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: bs["Kept"].ID, Added: []Fetched{msg(10, 2)}})
	w := f.ready()
	if len(w) != 1 || len(w[0].With) != 1 {
		t.Fatalf("to be sent: %+v", w)
	}
	f.must(f.StartOp(f.ctx(), w[0].Op.ID, w[0].With...))
	f.must(f.SpareOp(f.ctx(), w[0].Op.ID, ids, &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}, w[0].With...))
	f.state(w[0].Op.ID, mail.OpFailed)
	f.state(w[0].With[0], mail.OpFailed)
	f.counts("Kept", 1, 1)
	f.problems(mail.CodeMovedElsewhere)
}

// TestWhereAMessageEnds: with each op that waits comes where all of them together bring
// its messages; a folder that is deleted is no place for them.
func TestWhereAMessageEnds(t *testing.T) {
	f, inbox, work := twoFolders(t)
	other := f.folders("INBOX", "Work", "Other")["Other"]
	one, two, three := f.id(inbox, 1), f.id(inbox, 2), f.id(inbox, 3)
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{one, two, three}, Mailbox: work.ID})
	f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{one}})
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{two}, Mailbox: other.ID})
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	w := f.ready()
	if len(w) != 4 {
		t.Fatalf("to be sent: %+v", w)
	}
	for i, want := range []mail.MailboxID{0, other.ID, 0} {
		if got := w[0].Messages[i].Ends; got != want {
			t.Errorf("message %d ends in %d, want %d", i+1, got, want)
		}
	}
}

// TestWhatIsSparedIsSparedByWhatFollows: a move is a part of a deletion, and spares what
// was moved elsewhere. So does the deletion, for the same reason; and a folder that the
// message is not in any more is deleted all the same.
func TestWhatIsSparedIsSparedByWhatFollows(t *testing.T) {
	f, inbox, work := twoFolders(t)
	kept := f.folders("INBOX", "Work", "Kept")["Kept"]
	ids := []mail.MessageID{f.id(inbox, 2)}
	move := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	del := f.queue(mail.Op{Kind: mail.OpDelete, Targets: ids})
	gone := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: kept.ID, Added: []Fetched{msg(10, 2)}})
	f.must(f.StartOp(f.ctx(), move.ID))
	f.must(f.SpareOp(f.ctx(), move.ID, ids, &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}))
	f.state(move.ID, mail.OpFailed)
	f.state(del.ID, mail.OpFailed)
	f.state(gone.ID, mail.OpWaiting)
	f.counts("Kept", 1, 1)
	f.problems(mail.CodeMovedElsewhere)
}
