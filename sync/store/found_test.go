package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestUndoKeepsAFolderThatWasThere: another machine had made the folder that was to be
// made. Taking that back deletes nothing, whether it is wished before the server says so
// or after; nor is what was done before taken back in its place.
func TestUndoKeepsAFolderThatWasThere(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	mark := f.mark([]mail.MessageID{f.id(inbox, 1)}, seen, nil)
	f.must(f.FinishOp(f.ctx(), mark.ID, done(mark.Targets...)))
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	f.must(f.StartOp(f.ctx(), made.ID))
	early, err := f.Undo(f.ctx(), made.ID)
	f.must(err)
	f.must(f.FinishFound(f.ctx(), made.ID))
	f.state(made.ID, mail.OpDone)
	f.state(early.ID, mail.OpFailed)
	if bs := f.boxes(); len(bs) != 3 || bs["New"].ID != made.Mailbox {
		t.Errorf("folders: %+v", bs)
	}
	if ps, err := f.Problems(f.ctx()); err != nil || len(ps) != 1 || ps[0].Code != mail.CodeNotUndoable {
		t.Errorf("problems: %+v, %v", ps, err)
	}
	for _, id := range []mail.OpID{made.ID, 0} {
		if _, err := f.Undo(f.ctx(), id); code(err) != mail.CodeNotUndoable || mail.FaultOf(err).Args["reason"] != string(mail.PassFound) {
			t.Errorf("undo of %d: %v", id, err)
		}
	}
	f.state(mark.ID, mail.OpDone)
}
