package engine

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// second adds another account to an actor's engine, with an inbox that has one
// message, and returns that.
func (a actor) second() (mail.AccountID, mail.MessageID) {
	a.Helper()
	acc, err := a.Add(a.Context(), draft("b@other.example"), "pw", nil)
	a.must(err)
	a.list(acc.ID, store.ListedMailbox{Name: "INBOX", Role: mail.RoleInbox})
	b := actor{a.rig, acc.ID}
	box, err := a.store.MailboxByPath(a.Context(), acc.ID, "INBOX")
	a.must(err)
	_, err = a.store.Apply(a.Context(), acc.ID, store.Batch{Deltas: []store.Delta{{
		Mailbox: box.ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: 2, Messages: 1},
		Added: []store.Fetched{{UID: 1, Size: 1}},
	}}})
	a.must(err)
	return acc.ID, b.in("INBOX")[0]
}

// TestAnActionInSeveralAccounts: each account gets ops of its own. When a folder
// is missing in one of them, nothing is done in any.
func TestAnActionInSeveralAccounts(t *testing.T) {
	a := newActor(t, "/", "INBOX", "Work")
	other, theirs := a.second()
	all := append(a.in("INBOX"), theirs)
	if ops, err := a.Do(t.Context(), Action{Kind: mail.ActMove, IDs: all, To: "Work"}); code(err) != mail.CodeNoFolder || len(ops) != 0 {
		t.Errorf("a folder that one lacks: %q, %v", a.words(ops), err)
	}
	if waiting, err := a.Ops(t.Context(), ""); err != nil || len(waiting) != 0 {
		t.Errorf("queued all the same: %q, %v", a.words(waiting), err)
	}
	ops, err := a.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: all})
	a.must(err)
	if got := a.words(ops); got != "folder.create as Trash, move 2 to Trash, folder.create as Trash, move 1 to Trash" {
		t.Errorf("deleted in both: %q", got)
	}
	if ops[1].Account != a.id || ops[3].Account != other || ops[1].Mailbox == ops[3].Mailbox {
		t.Errorf("in the wrong account: %+v", ops)
	}
}

// TestUndoOfAnAction: what was not sent is cancelled, the newest first, and the
// messages are where they were.
func TestUndoOfAnAction(t *testing.T) {
	a := newActor(t, "/", "INBOX", "Work", "Bin is trash")
	msgs := a.in("INBOX")
	_, err := a.Do(t.Context(), Action{Kind: mail.ActMove, IDs: msgs[:1], To: "Work"})
	a.must(err)
	_, err = a.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: msgs[1:]})
	a.must(err)
	if left := a.in("INBOX"); len(left) != 0 {
		t.Fatalf("still in the inbox: %v", left)
	}
	for i, want := range [][]mail.MessageID{msgs[1:], msgs} {
		op, err := a.Undo(t.Context(), 0)
		a.must(err)
		if got := a.in("INBOX"); op.State != mail.OpUndone || !slices.Equal(got, want) {
			t.Errorf("undo %d: %s, the inbox has %v, want %v", i, op.State, got, want)
		}
	}
	if _, err := a.Undo(t.Context(), 0); code(err) != mail.CodeNothingToUndo {
		t.Errorf("nothing is left: %v", err)
	}
	if waiting, err := a.Ops(t.Context(), ""); err != nil || len(waiting) != 0 {
		t.Errorf("still waiting: %q, %v", a.words(waiting), err)
	}
}

// TestAnActionIsTakenBackWhole: with all its ops, in every account, sent or not; and
// the one before it next.
func TestAnActionIsTakenBackWhole(t *testing.T) {
	for _, sent := range []bool{false, true} {
		a := newActor(t, "/", "INBOX", "Work")
		_, theirs := a.second()
		mine := a.in("INBOX")
		marked, err := a.Do(t.Context(), Action{Kind: mail.ActFlags, IDs: mine, Add: mail.NewFlags(mail.FlagFlagged)})
		a.must(err)
		deleted, err := a.Do(t.Context(), Action{Kind: mail.ActDelete, IDs: append(slices.Clone(mine), theirs)})
		a.must(err)
		if len(deleted) != 4 { // a folder and a move in each
			t.Fatalf("deleted by %q", a.words(deleted))
		}
		for _, op := range append(marked, deleted...) {
			if !sent {
				break
			}
			var done []store.Done
			for _, id := range op.Targets {
				done = append(done, store.Done{ID: id})
			}
			a.must(a.store.StartOp(t.Context(), op.ID))
			a.must(a.store.FinishOp(t.Context(), op.ID, done))
		}
		undone, err := a.Undo(t.Context(), 0)
		a.must(err)
		back := 0
		for _, op := range undone.Parts {
			if op.Kind == mail.OpMove && (op.State == mail.OpUndone) != sent {
				back += len(op.Targets)
			}
		}
		if want := len(mine) + 1; len(undone.Parts) != 4 || back != want {
			t.Errorf("sent %v: %d messages are said to be back, want %d: %q", sent, back, want, a.words(undone.Parts))
		}
		if got := slices.Sorted(slices.Values(a.in("INBOX"))); !slices.Equal(got, mine) {
			t.Errorf("sent %v: the inbox has %v, want %v", sent, got, mine)
		}
		for _, op := range deleted {
			if m, err := a.store.Mailbox(t.Context(), op.Mailbox); op.Kind == mail.OpFolderCreate && code(err) != mail.CodeNoFolder {
				t.Errorf("sent %v: the folder that was made is there: %+v, %v", sent, m, err)
			}
		}
		flagged := func() bool {
			m, err := a.store.Message(t.Context(), mine[0])
			a.must(err)
			return m.Flags.Has(mail.FlagFlagged)
		}
		if m, err := a.store.Message(t.Context(), theirs); err != nil || !flagged() {
			t.Errorf("sent %v: %+v, %v, flagged %v", sent, m, err, flagged())
		}
		_, err = a.Undo(t.Context(), 0)
		a.must(err)
		if flagged() {
			t.Errorf("sent %v: the action before is not taken back", sent)
		}
		if _, err := a.Undo(t.Context(), 0); code(err) != mail.CodeNothingToUndo {
			t.Errorf("sent %v: nothing is left: %v", sent, err)
		}
	}
}

// TestWhatTakesSeveralRequestsIsOneAction: more messages than one request may name are
// named in several, and taken back as one action, whichever op of it is named.
func TestWhatTakesSeveralRequestsIsOneAction(t *testing.T) {
	a := newActor(t, "/", "INBOX")
	mine := a.in("INBOX")
	flag := Action{Kind: mail.ActFlags, Add: mail.NewFlags(mail.FlagFlagged)}
	var last mail.OpID
	for _, id := range mine {
		flag.IDs, flag.With = []mail.MessageID{id}, last
		ops, err := a.Do(t.Context(), flag)
		a.must(err)
		last = ops[0].ID
	}
	_, err := a.Undo(t.Context(), last)
	a.must(err)
	for _, id := range mine {
		if m, err := a.store.Message(t.Context(), id); err != nil || m.Flags.Has(mail.FlagFlagged) {
			t.Errorf("message %d: %q, %v", id, m.Flags, err)
		}
	}
	flag.With = last + 100
	if _, err := a.Do(t.Context(), flag); code(err) != mail.CodeGone {
		t.Errorf("with an op that nobody knows: %v", err)
	}
}
