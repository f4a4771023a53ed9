package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// queue queues an op that the store has to take.
func (f *fixture) queue(op mail.Op) mail.Op {
	f.t.Helper()
	op.Account = acc
	op, err := f.Enqueue(f.ctx(), op)
	f.must(err)
	if op.ID == 0 {
		f.t.Fatal("nothing was queued")
	}
	return op
}

func (f *fixture) state(id mail.OpID, want mail.OpState) {
	f.t.Helper()
	if op, err := f.Op(f.ctx(), id); err != nil || op.State != want {
		f.t.Errorf("op %d is %s, %v, want %s", id, op.State, err, want)
	}
}

func TestAMoveShowsAtOnceAndComesBackAsNothing(t *testing.T) {
	for name, d := range map[string]Done{"with COPYUID": {UID: 10, UIDValidity: 1}, "without": {}, "of another UIDVALIDITY": {UID: 10, UIDValidity: 2}} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			rev := f.head()
			op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			wantKinds(t, f.since(rev), "here message.moved", "here op")
			f.counts("INBOX", 2, 2)
			f.counts("Work", 1, 1)
			if m, err := f.Message(f.ctx(), id); err != nil || m.Location.Mailbox != work.ID || m.Location.UID != 0 || !m.Pending {
				t.Errorf("while it waits: %+v, %v", m, err)
			}
			if at, err := f.Place(f.ctx(), id); err != nil || at.Mailbox != inbox.ID || at.UID != 2 {
				t.Errorf("on the server: %+v, %v", at, err)
			}
			if _, err := f.MessageAt(f.ctx(), inbox.ID, 2); code(err) != mail.CodeNoMessage {
				t.Errorf("under its old UID: %v", err)
			}
			f = f.again()
			rev = f.head()
			f.must(f.StartOp(f.ctx(), op.ID))
			d.ID = id
			f.must(f.FinishOp(f.ctx(), op.ID, []Done{d}))
			f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
			wantKinds(t, f.since(rev), "here op", "here op")
			if f.id(work, 10) != id {
				t.Error("it has another id")
			}
			f.counts("INBOX", 2, 2)
			f.counts("Work", 1, 1)
		})
	}
}

func TestAMoveFollowsAMessageThatWasMovedElsewhere(t *testing.T) {
	f := open(t)
	bs := f.folders("INBOX", "Work", "Archive")
	inbox, work, archive := bs["INBOX"], bs["Work"], bs["Archive"]
	f.apply(inStep(inbox.ID, 1, 4, fetched(1, 3)...), inStep(work.ID, 1, 1), inStep(archive.ID, 1, 1))
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: archive.ID})
	rev := f.head()
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
	wantKinds(t, f.since(rev)) // it shows where it is to be
	f.counts("Archive", 1, 1)
	f.counts("Work", 0, 0)
	w := f.ready()
	if len(w) != 1 || w[0].Messages[0].Location.Mailbox != work.ID || w[0].Messages[0].Location.UID != 10 {
		t.Fatalf("to be sent: %+v", w)
	}
	f.must(f.FailOp(f.ctx(), op.ID, offline))
	f.counts("Archive", 0, 0)
	f.counts("Work", 1, 1)
}

func TestAMoveOfAMessageThatIsGoneEndsWithAProblem(t *testing.T) {
	f, inbox, work := twoFolders(t)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	if w := f.ready(); len(w) != 0 {
		t.Fatalf("it did not wait: %+v", w)
	}
	f.clock.pass(strayGrace)
	if w := f.ready(); len(w) != 1 || w[0].Messages[0].Location.UID != 0 {
		t.Fatalf("got %+v", w)
	}
	rev := f.head()
	f.must(f.FailOp(f.ctx(), op.ID, offline))
	wantKinds(t, f.since(rev), "here message.gone", "here problem.raised", "here op")
	f.counts("Work", 0, 0)
}

func TestADeletionRemembersWhereTheMessageWas(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	rev := f.head()
	op := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
	wantKinds(t, f.since(rev), "here message.gone", "here op")
	if _, err := f.Message(f.ctx(), id); code(err) != mail.CodeNoMessage {
		t.Errorf("a deleted message: %v", err)
	}
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
	w := f.ready()
	if len(w) != 1 || w[0].Messages[0].Source != inbox.ID || w[0].Messages[0].Location.Mailbox != work.ID {
		t.Fatalf("got %+v", w)
	}
	rev = f.head()
	f.must(f.FailOp(f.ctx(), op.ID, &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}))
	wantKinds(t, f.since(rev), "here message.added", "here problem.raised", "here op")
	f.counts("Work", 1, 1)
}

func TestOpsWaitForTheMatchAfterAReset(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.apply(Delta{Mailbox: inbox.ID, Reset: true})
	if w := f.ready(); len(w) != 0 {
		t.Fatalf("it did not wait: %+v", w)
	}
	f.counts("Work", 1, 1)
	f.apply(inStep(inbox.ID, 2, 104, msg(101, 1), msg(102, 2), msg(103, 3)))
	if w := f.ready(); len(w) != 1 || w[0].Messages[0].Location.UID != 102 || w[0].Messages[0].ID != id {
		t.Errorf("got %+v", w)
	}
	f.counts("INBOX", 2, 2)
}

func TestWhatWasMovedAndNeverFoundIsForgotten(t *testing.T) {
	f, inbox, work := twoFolders(t)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets...)))
	f.counts("Work", 1, 1)
	f.must(f.ForgetExpected(f.ctx(), acc, f.clock.now()))
	f.counts("Work", 1, 1)
	f.clock.pass(time.Minute)
	rev := f.head()
	f.must(f.ForgetExpected(f.ctx(), acc, f.clock.now()))
	wantKinds(t, f.since(rev), "elsewhere message.gone")
	f.counts("Work", 0, 0)
}

func TestWhatWasMovedAndGoneBeforeALookIsGone(t *testing.T) {
	f, inbox, work := twoFolders(t)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: op.Targets[0], UID: 10, UIDValidity: 1}}))
	f.counts("Work", 1, 1)
	wantKinds(t, f.apply(inStep(work.ID, 1, 12, msg(11, 9))), "elsewhere message.gone", "elsewhere message.added")
	f.counts("Work", 1, 1)
}

func TestAFolderThatGoesTakesBackWhatWasToGoIntoIt(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.folders("INBOX")
	f.state(op.ID, mail.OpFailed)
	f.counts("INBOX", 3, 3)
	if m := f.at(inbox, 2); m.ID != id || m.Pending {
		t.Errorf("got %+v", m)
	}
}

// TestWhatIsTakenBackIsNoNews: mail was moved into a folder, then deleted, and another
// machine deletes the folder before that is sent. What shows again is no new mail.
func TestWhatIsTakenBackIsNoNews(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
	f.counts("INBOX", 2, 2)
	rev := f.head()
	f.folders("INBOX")
	f.counts("INBOX", 3, 3)
	got := kinds(f.since(rev))
	if !slices.Contains(got, "here message.added") || slices.Contains(got, "elsewhere message.added") {
		t.Errorf("told %q", got)
	}
}

func TestAFolderIsNotDeletedBeforeItsMailIsMovedOut(t *testing.T) {
	f, inbox, work := twoFolders(t)
	f.apply(inStep(work.ID, 1, 11, msg(10, 9)))
	move := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(work, 10)}, Mailbox: inbox.ID})
	gone := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	f.must(f.RetryOp(f.ctx(), move.ID, f.clock.now().Add(time.Minute), offline))
	if w := f.ready(); len(w) != 0 {
		t.Fatalf("got %+v", w)
	}
	f.clock.pass(time.Minute)
	w := f.ready()
	if len(w) != 2 || w[1].Op.ID != gone.ID || w[1].Known != "10" {
		t.Errorf("got %+v", w)
	}
}

func TestFoldersShowAsTheyWillBe(t *testing.T) {
	f := open(t)
	bs := f.folders("INBOX", "A", "A/B")
	id := bs["A/B"].ID
	rev := f.head()
	rename := f.queue(mail.Op{Kind: mail.OpFolderRename, Mailbox: bs["A"].ID, Name: "Z"})
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "A"})
	wantKinds(t, f.since(rev), "here folder.renamed", "here folder.renamed", "here op", "here folder.added", "here op")
	if b := f.boxes()["Z/B"]; b.ID != id {
		t.Errorf("got %+v", f.boxes())
	}
	server, err := f.ServerMailboxes(f.ctx(), acc)
	f.must(err)
	if len(server) != 3 || server[2].Name != "A/B" {
		t.Errorf("on the server: %+v", server)
	}
	if _, err := f.Enqueue(f.ctx(), mail.Op{Account: acc, Kind: mail.OpFolderCreate, Name: "Z"}); code(err) != mail.CodeFolderExists {
		t.Errorf("a name that is taken: %v", err)
	}
	// The server lists what it has: that takes nothing back, and is no news.
	rev = f.head()
	f.folders("INBOX", "A", "A/B")
	wantKinds(t, f.since(rev))
	f.must(f.FinishOp(f.ctx(), rename.ID, nil))
	f.must(f.FinishOp(f.ctx(), made.ID, nil))
	f.folders("INBOX", "A", "Z", "Z/B")
	wantKinds(t, f.since(rev), "here op", "here op")
	undone, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if undone.Kind != mail.OpFolderDelete || undone.Inverse != made.ID {
		t.Errorf("got %+v", undone)
	}
}

// A folder that another machine makes before ours is made is the same one, with what
// is to go into it.
func TestAFolderThatBothMakeIsOne(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	move := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: made.Mailbox})
	rev := f.head()
	bs := f.folders("INBOX", "Work", "New")
	f.must(f.FinishOp(f.ctx(), made.ID, nil))
	wantKinds(t, f.since(rev), "here op")
	if len(f.boxes()) != 3 || bs["New"].ID != made.Mailbox {
		t.Errorf("folders: %+v", f.boxes())
	}
	f.state(move.ID, mail.OpWaiting)
	f.counts("New", 1, 1)
}

// Nothing is in a folder that was made just now: the account is as fresh as before.
func TestAFolderThatIsMadeIsInStep(t *testing.T) {
	f, _, _ := twoFolders(t)
	f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	if at := f.boxes()["New"].LastSync; at.IsZero() {
		t.Error("it was never in step")
	}
}

// TestALevelThatIsMadeAFolderTakesMail: another machine makes a folder inside ours
// first, so that ours is listed as a level that holds no mail; then ours is made, and
// what is put into it is not gone.
func TestALevelThatIsMadeAFolderTakesMail(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	id := f.id(inbox, 2)
	move := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: made.Mailbox})
	level := ListedMailbox{Name: "New", Delimiter: "/"}
	f.list(Listing{Mailboxes: []ListedMailbox{
		{Name: "INBOX", Delimiter: "/", Selectable: true},
		{Name: "Work", Delimiter: "/", Selectable: true},
		level,
		{Name: "New/Near", Delimiter: "/", Selectable: true},
	}})
	f.must(f.FinishOp(f.ctx(), made.ID, nil))
	rev := f.head()
	f.must(f.StartOp(f.ctx(), move.ID))
	f.must(f.FinishOp(f.ctx(), move.ID, done(id)))
	wantKinds(t, f.since(rev), "here op", "here op")
	f.counts("New", 1, 1)
}

func TestAFolderThatCannotBeMadeTakesItsMailBack(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	made := f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	move := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{f.id(inbox, 2)}, Mailbox: made.Mailbox})
	f.must(f.FailOp(f.ctx(), made.ID, offline))
	f.state(move.ID, mail.OpFailed)
	f.counts("INBOX", 3, 3)
	if _, ok := f.boxes()["New"]; ok {
		t.Error("the folder is still shown")
	}
}

func TestUndoFollowsTheOrderOfWhatWasDone(t *testing.T) {
	f, inbox, work := twoFolders(t)
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2)}
	first := f.mark(ids[:1], seen, nil)
	f.must(f.FinishOp(f.ctx(), first.ID, done(ids[:1]...)))
	second := f.mark(ids, mail.NewFlags("seen", "flagged"), nil)
	f.must(f.FinishOp(f.ctx(), second.ID, done(ids...)))
	third := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	if op, err := f.Undo(f.ctx(), 0); err != nil || op.ID != third.ID || op.State != mail.OpUndone {
		t.Fatalf("what was not sent: %+v, %v", op, err)
	}
	f.counts("INBOX", 3, 1)
	op, err := f.Undo(f.ctx(), 0)
	if err != nil || op.Inverse != second.ID {
		t.Fatalf("what was sent: %+v, %v", op, err)
	}
	// Only what it changed is changed back: message 1 was read before.
	if a, b := f.at(inbox, 1), f.at(inbox, 2); a.Unread() || !b.Unread() || a.Flags.Has("flagged") || b.Flags.Has("flagged") {
		t.Errorf("got %v and %v", a.Flags, b.Flags)
	}
	if op, err := f.Undo(f.ctx(), 0); err != nil || op.Inverse != first.ID {
		t.Fatalf("the next: %+v, %v", op, err)
	}
	if _, err := f.Undo(f.ctx(), 0); code(err) != mail.CodeNothingToUndo {
		t.Errorf("when nothing is left: %v", err)
	}
	gone := f.queue(mail.Op{Kind: mail.OpDelete, Targets: ids[:1]})
	f.must(f.StartOp(f.ctx(), gone.ID))
	if _, err := f.Undo(f.ctx(), gone.ID); whyNot(err) != mail.PassDeleted {
		t.Errorf("a deletion that was sent: %v", err)
	}
}

func TestACopyOfOursIsNotNews(t *testing.T) {
	for name, d := range map[string]Done{"with COPYUID": {UID: 10, UIDValidity: 1}, "without": {}} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			op := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			d.ID = id
			f.must(f.FinishOp(f.ctx(), op.ID, []Done{d}))
			wantKinds(t, f.apply(inStep(work.ID, 1, 12, msg(10, 2), msg(11, 2))), "elsewhere message.added", "here message.added")
			inv, err := f.Undo(f.ctx(), op.ID)
			if err != nil || inv.Kind != mail.OpDelete || len(inv.Targets) != 1 || inv.Targets[0] != f.id(work, 11)-1 {
				t.Errorf("undone: %+v, %v", inv, err)
			}
			f.counts("Work", 1, 1)
		})
	}
}

func TestWhatCancelsOutIsNotSent(t *testing.T) {
	f, inbox, work := twoFolders(t)
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2)}
	read := f.mark(ids, seen, nil)
	if op := f.mark(ids[:1], nil, seen); op.ID != 0 {
		t.Errorf("queued: %+v", op)
	}
	if w := f.ready(); len(w) != 1 || len(w[0].Messages) != 1 || w[0].Messages[0].ID != ids[1] {
		t.Errorf("to be sent: %+v", w)
	}
	f.mark(ids[1:], nil, seen)
	f.state(read.ID, mail.OpUndone)
	there := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	if op, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: inbox.ID}); err != nil || op.ID != 0 {
		t.Errorf("queued: %+v, %v", op, err)
	}
	f.state(there.ID, mail.OpUndone)
	f.counts("INBOX", 3, 3)
	if m := f.at(inbox, 1); m.Pending || !m.Unread() {
		t.Errorf("got %+v", m)
	}
	// What may have been sent is not forgotten.
	sent := f.mark(ids[:1], seen, nil)
	f.must(f.StartOp(f.ctx(), sent.ID))
	f.mark(ids[:1], nil, seen)
	if w := f.ready(); len(w) != 2 {
		t.Errorf("to be sent: %+v", w)
	}
}

// TestWhoTakesAnActionBackGetsWhatTheyWant: an action waits, and another machine does
// the same meanwhile, or something else. What takes it back here is sent all the same.
func TestWhoTakesAnActionBackGetsWhatTheyWant(t *testing.T) {
	t.Run("read here and elsewhere, then unread", func(t *testing.T) {
		f, inbox, _ := twoFolders(t)
		id := f.id(inbox, 2)
		f.mark([]mail.MessageID{id}, seen, nil)
		f.apply(Delta{Mailbox: inbox.ID, Flags: []FlagUpdate{{UID: 2, Flags: seen}}})
		unread := f.mark([]mail.MessageID{id}, nil, seen)
		if m := f.at(inbox, 2); !m.Unread() {
			t.Errorf("marked unread, it has %v", m.Flags)
		}
		if w := f.ready(); len(w) != 1 || w[0].Op.ID != unread.ID || !w[0].Messages[0].Remove.Equal(seen) {
			t.Errorf("sent is %+v", w)
		}
	})
	t.Run("moved here, and to another place elsewhere, then moved back", func(t *testing.T) {
		f, inbox, work := twoFolders(t)
		other := f.folders("INBOX", "Work", "Other")["Other"]
		f.apply(inStep(other.ID, 1, 1))
		id := f.id(inbox, 2)
		f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
		f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, inStep(other.ID, 1, 2, msg(1, 2)))
		back := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: inbox.ID})
		p, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: []mail.MailboxID{inbox.ID}, Limit: 10})
		if err != nil || !slices.ContainsFunc(p.Messages, func(m mail.Message) bool { return m.ID == id }) {
			t.Errorf("it is not among %+v, %v", p.Messages, err)
		}
		if w := f.ready(); len(w) != 1 || w[0].Op.ID != back.ID || w[0].Messages[0].Location.Mailbox != other.ID {
			t.Errorf("sent is %+v", w)
		}
	})
}
