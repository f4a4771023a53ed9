package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// A folder may be deleted right after something was put into it, before the next
// pass: what the user put there came by no other hand.
func TestADeletionKnowsWhatWasJustPutIntoTheFolder(t *testing.T) {
	for name, c := range map[string]struct {
		kind  mail.OpKind
		uid   mail.UID // that it gets in the folder, whose UIDNEXT was 1
		seen  bool     // a pass comes before the deletion
		total int
		next  mail.UID
	}{
		"moved":                       {kind: mail.OpMove, uid: 1, total: 1, next: 2},
		"copied":                      {kind: mail.OpCopy, uid: 1, total: 1, next: 2},
		"moved and seen":              {kind: mail.OpMove, uid: 1, seen: true, total: 1, next: 2},
		"copied and seen":             {kind: mail.OpCopy, uid: 1, seen: true, total: 1, next: 2},
		"moved after other mail came": {kind: mail.OpMove, uid: 2, total: 1, next: 1},
		"where is not told":           {kind: mail.OpMove, total: 1, next: 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			op := f.queue(mail.Op{Kind: c.kind, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			f.ready()
			f.must(f.StartOp(f.ctx(), op.ID))
			d := Done{ID: id, UID: c.uid}
			if c.uid != 0 {
				d.UIDValidity = 1
			}
			f.must(f.FinishOp(f.ctx(), op.ID, []Done{d}))
			if c.seen {
				f.apply(inStep(work.ID, 1, 2, msg(1, 2)))
			}
			f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
			w := f.ready()
			if len(w) != 1 || w[0].KnownTotal != c.total || w[0].KnownNext != c.next {
				t.Errorf("got %+v, want %d messages below %d", w, c.total, c.next)
			}
		})
	}
}

// What was moved out again leaves a number behind that is known.
func TestADeletionKnowsWhatWasMovedOutAgain(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	for _, to := range []struct {
		box mail.MailboxID
		uid mail.UID
	}{{work.ID, 1}, {inbox.ID, 4}} {
		op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: to.box})
		f.must(f.StartOp(f.ctx(), op.ID))
		f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: to.uid, UIDValidity: 1}}))
	}
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	if w := f.ready(); len(w) != 1 || w[0].KnownTotal != 0 || w[0].KnownNext != 2 {
		t.Errorf("got %+v", w)
	}
}

// Where in a new folder a message is may be known only after the next pass: a move
// out of it waits for that, and the folder is not deleted before.
func TestANewFolderIsNotDeletedBeforeItsMailIsMovedOut(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	id := f.id(inbox, 2)
	finish := func(op mail.Op, ds ...Done) {
		t.Helper()
		f.must(f.StartOp(f.ctx(), op.ID))
		f.must(f.FinishOp(f.ctx(), op.ID, ds))
	}
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	finish(made)
	finish(f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: made.Mailbox}), Done{ID: id, UID: 1, UIDValidity: 7})
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: inbox.ID})
	gone := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: made.Mailbox})
	for _, w := range f.ready() {
		if w.Op.ID == gone.ID {
			t.Errorf("it would be deleted now: %+v", w)
		}
	}
}

// TestWhatComesFromHereRaisesUIDNEXT: while something of ours is on its way into a
// folder its UIDNEXT says nothing; else mail that came unseen shows by it.
func TestWhatComesFromHereRaisesUIDNEXT(t *testing.T) {
	f, inbox, work := twoFolders(t)
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
	lists := f.folders("INBOX", "Work", "Lists")["Lists"]
	f.apply(inStep(lists.ID, 1, 6, msg(5, 9)))
	for box, want := range map[mail.MailboxID]mail.UID{work.ID: 0, lists.ID: 6} {
		op := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: box})
		var next mail.UID
		f.must(f.read.QueryRowContext(f.ctx(), `SELECT known_next FROM ops WHERE id = ?`, int64(op.ID)).Scan(&next))
		if next != want {
			t.Errorf("known of mailbox %d is UIDNEXT %d, want %d", box, next, want)
		}
	}
}

// TestAFolderMadeByMistakeIsDeletedOnlyIfItIsEmpty: to take back that a folder was made
// deletes it; mail that comes into it keeps it.
func TestAFolderMadeByMistakeIsDeletedOnlyIfItIsEmpty(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	f.must(f.StartOp(f.ctx(), made.ID))
	f.must(f.FinishOp(f.ctx(), made.ID, nil))
	fresh := f.folders("INBOX", "Work", "New")["New"]
	f.apply(inStep(fresh.ID, 1, 1))
	copied := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: fresh.ID})
	f.must(f.StartOp(f.ctx(), copied.ID))
	f.must(f.FinishOp(f.ctx(), copied.ID, []Done{{ID: copied.Targets[0], UID: 1, UIDValidity: 1}}))
	if _, err := f.Undo(f.ctx(), made.ID); err != nil {
		t.Fatal(err)
	}
	if w := f.ready(); len(w) != 1 || w[0].Op.Kind != mail.OpFolderDelete || w[0].KnownTotal != 0 {
		t.Errorf("to be deleted: %+v", w)
	}
}
