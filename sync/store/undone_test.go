package store

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestUndoSaysWhatItPassesOver: of what was done at once, some is gone meanwhile; the
// rest comes back.
func TestUndoSaysWhatItPassesOver(t *testing.T) {
	f, inbox, work := twoFolders(t)
	lists := f.folders("INBOX", "Work", "Lists")["Lists"]
	f.apply(inStep(lists.ID, 1, 3, msg(1, 21), msg(2, 22)))
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2), f.id(inbox, 3), f.id(lists, 1)}
	deleted := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{f.id(lists, 2)}})
	f.must(f.StartOp(f.ctx(), deleted.ID))
	f.must(f.FinishOp(f.ctx(), deleted.ID, done(deleted.Targets...)))
	moved := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID, Action: deleted.ID})
	f.must(f.StartOp(f.ctx(), moved.ID))
	var ds []Done
	for i, id := range ids {
		ds = append(ds, Done{ID: id, UID: mail.UID(20 + i), UIDValidity: 1})
	}
	f.must(f.FinishOp(f.ctx(), moved.ID, ds))
	f.folders("INBOX", "Work")
	f.apply(Delta{Mailbox: work.ID, Gone: []mail.UID{20}})

	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if got.Inverse != moved.ID || len(got.Targets) != 2 || !slices.Equal(got.Queued, []mail.OpID{got.ID}) {
		t.Errorf("got %+v", got)
	}
	want := []PassedOver{{moved.ID, mail.PassGone, 1}, {moved.ID, mail.PassFolder, 1}, {deleted.ID, mail.PassDeleted, 1}}
	if !slices.Equal(got.Passed, want) {
		t.Errorf("passed over are %+v, want %+v", got.Passed, want)
	}
	f.counts("INBOX", 2, 2)
}

// TestUndoOfWhatWasDoneInPart: a server moved one of two messages and refused the
// other. The newest action is this one, not the one before it: the first goes back.
func TestUndoOfWhatWasDoneInPart(t *testing.T) {
	f, inbox, work := twoFolders(t)
	before := f.mark([]mail.MessageID{f.id(inbox, 3)}, seen, nil)
	f.must(f.FinishOp(f.ctx(), before.ID, done(before.Targets...)))
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2)}
	moved := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), moved.ID))
	f.must(f.PartOp(f.ctx(), moved.ID, []Done{{ID: ids[0], UID: 20, UIDValidity: 1}}))
	f.must(f.FailOp(f.ctx(), moved.ID, &mail.Fault{Code: mail.CodeRefusedCommand}))
	f.counts("Work", 1, 1)

	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if got.Inverse != moved.ID || !slices.Equal(got.Targets, ids[:1]) {
		t.Errorf("got %+v", got)
	}
	f.counts("Work", 0, 0)
}

// TestUndoOfWhatCannotBe: an action that nobody knows, that was refused as a whole, or
// that was taken back already is said to be no such, not to be gone from the server.
func TestUndoOfWhatCannotBe(t *testing.T) {
	f, inbox, work := twoFolders(t)
	refused := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 1)}, Mailbox: work.ID})
	f.must(f.FailOp(f.ctx(), refused.ID, &mail.Fault{Code: mail.CodeRefusedCommand}))
	back := f.mark([]mail.MessageID{f.id(inbox, 2)}, seen, nil)
	if _, err := f.Undo(f.ctx(), back.ID); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]mail.OpID{"unknown": 4711, "refused": refused.ID, "taken back": back.ID} {
		if _, err := f.Undo(f.ctx(), id); code(err) != mail.CodeNotUndoable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUndoLeavesWhatTheServerOnlyFlaggedDeleted: where the server cannot expunge one
// message alone, what was deleted for good is still there, and shown nowhere. It does
// not come back, nor with the move before it, when that is named.
func TestUndoLeavesWhatTheServerOnlyFlaggedDeleted(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	moved := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), moved.ID, []Done{{ID: id, UID: 20, UIDValidity: 1}}))
	deleted := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
	f.must(f.StartOp(f.ctx(), deleted.ID))
	f.must(f.FinishOp(f.ctx(), deleted.ID, []Done{{ID: id, Left: true}}))
	if got, err := f.Undo(f.ctx(), 0); whyNot(err) != mail.PassDeleted {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := f.Undo(f.ctx(), moved.ID); whyNot(err) != mail.PassGone {
		t.Errorf("the move: got %+v, %v", got, err)
	}
}

// TestUndoBringsBackWhatWasFlaggedDeleted: the flag alone can be taken back.
func TestUndoBringsBackWhatWasFlaggedDeleted(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	op := f.mark([]mail.MessageID{f.id(inbox, 2)}, mail.NewFlags(mail.FlagDeleted), nil)
	f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets...)))
	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if got.Inverse != op.ID || len(got.Targets) != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestADeletionSparesSomeOfItsMessages: what was moved elsewhere since is kept at
// once, and said; the rest is deleted, and only that counts as deleted.
func TestADeletionSparesSomeOfItsMessages(t *testing.T) {
	f, inbox, work := twoFolders(t)
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2)}
	marked := f.mark([]mail.MessageID{f.id(inbox, 3)}, seen, nil)
	f.must(f.FinishOp(f.ctx(), marked.ID, done(marked.Targets...)))
	op := f.queue(mail.Op{Kind: mail.OpDelete, Targets: ids, Action: marked.ID})
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
	f.must(f.StartOp(f.ctx(), op.ID))
	rev := f.head()
	f.must(f.SpareOp(f.ctx(), op.ID, ids[1:], &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}))
	wantKinds(t, f.since(rev), "here message.added", "here problem.raised", "here op")
	if w := f.ready(); len(w) != 1 || len(w[0].Messages) != 1 || w[0].Messages[0].ID != ids[0] {
		t.Fatalf("still to be deleted: %+v", w)
	}
	f.must(f.FinishOp(f.ctx(), op.ID, done(ids[0])))
	f.counts("Work", 1, 1)
	if m, err := f.Message(f.ctx(), ids[1]); err != nil || m.Pending {
		t.Errorf("the one that was kept: %+v, %v", m, err)
	}
	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if want := []PassedOver{{op.ID, mail.PassDeleted, 1}}; !slices.Equal(got.Passed, want) {
		t.Errorf("passed over are %+v, want %+v", got.Passed, want)
	}
}
