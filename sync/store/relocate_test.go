package store

import (
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestAPlaceThatWasFoundBeforeItWasToldIsTakenOver: a pass met a moved message in its
// new place before the server said that it is there. It is one message, with the id
// that it always had.
func TestAPlaceThatWasFoundBeforeItWasToldIsTakenOver(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))
	if got := f.id(work, 10); got != id {
		t.Errorf("in its new place is message %d, want %d", got, id)
	}
	f.counts("Work", 1, 1)
	f.counts("INBOX", 2, 2)
}

// TestAPlaceOfAnotherUIDVALIDITYIsNotBelieved: the UID that the server tells of a moved
// message is one of a mailbox that was made anew, which no pass has seen yet.
func TestAPlaceOfAnotherUIDVALIDITYIsNotBelieved(t *testing.T) {
	f, inbox, work := twoFolders(t)
	f.apply(inStep(work.ID, 1, 11, msg(10, 9)))
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: 11, UIDValidity: 2}}))
	if at, err := f.Place(f.ctx(), id); err != nil || at.UID != 0 {
		t.Errorf("it is believed to be at %+v, %v", at, err)
	}
	f.counts("Work", 2, 2)
}

// TestNamesOfFoldersAreTakenInOrder: an action on a folder that has to wait holds back
// those on others that follow, which may be about the same name.
func TestNamesOfFoldersAreTakenInOrder(t *testing.T) {
	f := open(t)
	bs := f.folders("INBOX", "A", "B")
	away := f.queue(mail.Op{Kind: mail.OpFolderRename, Mailbox: bs["A"].ID, Name: "Old"})
	f.queue(mail.Op{Kind: mail.OpFolderRename, Mailbox: bs["B"].ID, Name: "A"})
	f.must(f.RetryOp(f.ctx(), away.ID, f.clock.now().Add(time.Minute), offline))
	if w := f.ready(); len(w) != 0 {
		t.Errorf("to be sent: %+v", w)
	}
	f.clock.pass(time.Minute)
	if w := f.ready(); len(w) != 2 {
		t.Errorf("to be sent: %+v", w)
	}
}
