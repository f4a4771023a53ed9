package store

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// known checks which UIDs of a folder go with its deletion, which is the next to be sent.
func (f *fixture) known(want string) {
	f.t.Helper()
	w := f.ready()
	if len(w) == 0 || w[len(w)-1].Op.Kind != mail.OpFolderDelete || w[len(w)-1].KnownUnder != 1 {
		f.t.Fatalf("to be sent: %+v", w)
	}
	got := w[len(w)-1].Known
	var uids []mail.UID // that it stands for, in whatever order
	for part := range strings.FieldsFuncSeq(got, func(r rune) bool { return r == ',' }) {
		lo, hi, ranged := strings.Cut(part, ":")
		if !ranged {
			hi = lo
		}
		from, err := strconv.Atoi(lo)
		f.must(err)
		to, err := strconv.Atoi(hi)
		f.must(err)
		for u := from; u <= to; u++ {
			uids = append(uids, mail.UID(u))
		}
	}
	slices.Sort(uids)
	if sequenceSet(0, slices.Compact(uids)) != want {
		f.t.Errorf("known is %q, want %q", got, want)
	}
}

// TestADeletionKnowsWhatIsPutIntoTheFolder: the user puts a message into a folder and
// deletes that. What they put there goes with it, wherever the server says that it is, or
// a pass finds it; what came by another hand does not.
func TestADeletionKnowsWhatIsPutIntoTheFolder(t *testing.T) {
	for _, kind := range []mail.OpKind{mail.OpMove, mail.OpCopy} {
		for name, c := range map[string]struct {
			uid  mail.UID // that the server tells
			wait bool     // the folder is deleted before it is sent
			seen []Fetched
			want string
		}{
			"told":                              {uid: 11, want: "10:11"},
			"told, and found":                   {uid: 11, seen: []Fetched{msg(11, 2)}, want: "10:11"},
			"told, after other mail came":       {uid: 12, want: "10,12"},
			"told, with other mail found":       {uid: 12, seen: []Fetched{msg(11, 5), msg(12, 2)}, want: "10,12"},
			"found":                             {seen: []Fetched{msg(11, 2)}, want: "10:11"},
			"found with other mail":             {seen: []Fetched{msg(11, 5), msg(12, 2)}, want: "10,12"},
			"sent later, told":                  {uid: 12, wait: true, want: "10,12"},
			"sent later, found with other mail": {wait: true, seen: []Fetched{msg(11, 5), msg(12, 2)}, want: "10,12"},
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				f, inbox, work := twoFolders(t)
				f.apply(inStep(work.ID, 1, 11, msg(10, 9)))
				id := f.id(inbox, 2)
				op := f.queue(mail.Op{Kind: kind, Targets: []mail.MessageID{id}, Mailbox: work.ID})
				del := func() { f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID}) }
				if c.wait {
					del()
				}
				f.must(f.StartOp(f.ctx(), op.ID))
				d := Done{ID: id, UID: c.uid}
				if c.uid != 0 {
					d.UIDValidity = 1
				}
				f.must(f.FinishOp(f.ctx(), op.ID, []Done{d}))
				if !c.wait {
					del()
				}
				if w := f.ready(); c.uid == 0 && len(w) != 0 {
					t.Errorf("the folder does not wait for what is put into it: %+v", w)
				}
				if c.seen != nil {
					f.apply(Delta{Mailbox: work.ID, Added: c.seen})
				}
				f.known(c.want)
			})
		}
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

// TestADeletionKnowsWhatCouldBeSeen: all that is indexed but what is flagged \Deleted,
// also what is on its way out, and what is older than all that is indexed yet.
func TestADeletionKnowsWhatCouldBeSeen(t *testing.T) {
	f, inbox, work := twoFolders(t)
	d := inStep(work.ID, 1, 30, msg(12, 9), msg(13, 10), msg(14, 11, mail.FlagDeleted), msg(20, 12))
	d.Cursor.BackfillBelow = 12
	f.apply(d)
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(work, 20)}, Mailbox: inbox.ID})
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(30, 13)}})
	f.known("1:13,20")
}

// TestWhatMovedElsewhereAndCameBackIsNotKnown: what we put into a folder is known there
// under the UID that it got; another machine may bring it there once more.
func TestWhatMovedElsewhereAndCameBackIsNotKnown(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, done(id)))
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.apply(Delta{Mailbox: inbox.ID, Added: []Fetched{msg(4, 2)}})
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{4}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(1, 2)}})
	f.known("")
}

// TestWhatWasFoundBeforeTheAnswerIsKnown: a move is cut off, and a pass finds that it
// was done.
func TestWhatWasFoundBeforeTheAnswerIsKnown(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(7, 2)}})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, done(id)))
	f.known("7")
}

// TestWhatIsTakenOutOfAFolderKeepsIt: the user deletes a folder and, before that is sent,
// takes back a move into it from before. The message is not deleted with the folder.
func TestWhatIsTakenOutOfAFolderKeepsIt(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: 1, UIDValidity: 1}}))
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.known("1")
	if _, err := f.Undo(f.ctx(), op.ID); err != nil {
		t.Fatal(err)
	}
	w := f.ready()
	if len(w) != 2 || w[0].Op.Kind != mail.OpFolderDelete || w[0].Known != "" {
		t.Errorf("to be sent: %+v", w)
	}
}

// TestAFolderIsNotHeldForEver: what the server said that it put there, and that nobody
// finds, is waited for two minutes.
func TestAFolderIsNotHeldForEver(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, done(id)))
	if w, next, err := f.ReadyOps(f.ctx(), acc, f.clock.now()); err != nil || len(w) != 0 || !next.Equal(f.clock.now().Add(strayGrace)) {
		t.Errorf("to be sent: %+v, next at %v, %v", w, next, err)
	}
	f.clock.pass(strayGrace)
	f.known("")
}

func TestSequenceSet(t *testing.T) {
	for want, c := range map[string]struct {
		below mail.UID
		uids  []mail.UID
	}{
		"":                        {},
		"1":                       {uids: []mail.UID{1}},
		"1:3,5,7:8":               {uids: []mail.UID{1, 2, 3, 5, 7, 8}},
		"1:9":                     {below: 10},
		"1:10,12":                 {10, []mail.UID{4, 10, 12}},
		"2,4294967294:4294967295": {1, []mail.UID{2, math.MaxUint32 - 1, math.MaxUint32}},
	} {
		if got := sequenceSet(c.below, c.uids); got != want {
			t.Errorf("got %q, want %q", got, want)
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
	if w := f.ready(); len(w) != 1 || w[0].Op.Kind != mail.OpFolderDelete || w[0].Known != "" {
		t.Errorf("to be deleted: %+v", w)
	}
}
