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

// TestUndoOfWhatIsGonePassesItOver: it takes back what was done before, and says so.
func TestUndoOfWhatIsGonePassesItOver(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	first := f.mark([]mail.MessageID{f.id(inbox, 1)}, seen, nil)
	f.must(f.FinishOp(f.ctx(), first.ID, done(first.Targets...)))
	second := f.mark([]mail.MessageID{f.id(inbox, 2)}, seen, nil)
	f.must(f.FinishOp(f.ctx(), second.ID, done(second.Targets...)))
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if want := []PassedOver{{second.ID, mail.PassGone, 1}}; got.Inverse != first.ID || !slices.Equal(got.Passed, want) {
		t.Errorf("got %+v", got)
	}
}
