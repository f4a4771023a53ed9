package store

import (
	"slices"
	"strconv"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// whyNot is why an action cannot be undone, "" when that is not what err says.
func whyNot(err error) mail.PassReason {
	if code(err) != mail.CodeNotUndoable {
		return ""
	}
	return mail.PassReason(mail.FaultOf(err).Args["reason"])
}

// did has the server do an op on what it is on.
func (f *fixture) did(op mail.Op) mail.Op {
	f.t.Helper()
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets...)))
	return op
}

// scene is a store of two folders.
type scene struct {
	*fixture
	inbox, work mail.Mailbox
}

// TestUndoTakesNothingElseBack: the last thing that the user did cannot be taken back.
// That is said, with what was done before it, which stays until the user names it.
func TestUndoTakesNothingElseBack(t *testing.T) {
	for name, c := range map[string]struct {
		want mail.PassReason
		last func(scene) mail.OpID
	}{
		"a deletion for good": {mail.PassDeleted, func(s scene) mail.OpID {
			return s.did(s.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{s.id(s.inbox, 2)}})).ID
		}},
		"a deletion that may have reached the server": {mail.PassDeleted, func(s scene) mail.OpID {
			op := s.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{s.id(s.inbox, 2)}})
			s.must(s.StartOp(s.ctx(), op.ID))
			return op.ID
		}},
		"the deletion of a folder": {mail.PassFolderDeleted, func(s scene) mail.OpID {
			return s.did(s.queue(mail.Op{Account: acc, Kind: mail.OpFolderDelete, Mailbox: s.work.ID})).ID
		}},
		"a folder that has mail in it by now": {mail.PassMail, func(s scene) mail.OpID {
			op := s.did(s.queue(mail.Op{Account: acc, Kind: mail.OpFolderCreate, Name: "New"}))
			s.apply(inStep(s.folders("INBOX", "Work", "New")["New"].ID, 1, 2, msg(1, 40)))
			return op.ID
		}},
		"a move out of a folder that is no more": {mail.PassFolder, func(s scene) mail.OpID {
			s.apply(inStep(s.work.ID, 1, 2, msg(1, 40)))
			id := s.id(s.work, 1)
			op := s.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: s.inbox.ID})
			s.must(s.FinishOp(s.ctx(), op.ID, []Done{{ID: id, UID: 4, UIDValidity: 1}}))
			s.folders("INBOX")
			return op.ID
		}},
		"a mark on what is gone": {mail.PassGone, func(s scene) mail.OpID {
			op := s.did(s.mark([]mail.MessageID{s.id(s.inbox, 2)}, seen, nil))
			s.apply(Delta{Mailbox: s.inbox.ID, Gone: []mail.UID{2}})
			return op.ID
		}},
		"what was refused": {mail.PassRefused, func(s scene) mail.OpID {
			op := s.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{s.id(s.inbox, 2)}})
			s.must(s.FailOp(s.ctx(), op.ID, &mail.Fault{Code: mail.CodeRefusedCommand}))
			return op.ID
		}},
		"a copy of which the server has not said where it is": {mail.PassCopy, func(s scene) mail.OpID {
			return s.did(s.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{s.id(s.inbox, 2)}, Mailbox: s.work.ID})).ID
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			before := f.did(f.mark([]mail.MessageID{f.id(inbox, 1)}, seen, nil))
			last := c.last(scene{f, inbox, work})
			rev := f.head()
			got, err := f.Undo(f.ctx(), 0)
			if whyNot(err) != c.want || f.head() != rev || len(f.ready()) > 1 || f.at(inbox, 1).Unread() {
				t.Errorf("got %+v, %v because %q", got, err, whyNot(err))
			}
			args := mail.FaultOf(err).Args
			if args["op"] != strconv.Itoa(int(last)) || args["last"] == "" || args["before"] != strconv.Itoa(int(before.ID)) || args["what"] != "action flags" {
				t.Errorf("it is said of the last action: %v", args)
			}
			if got, err := f.Undo(f.ctx(), before.ID); err != nil || got.Inverse != before.ID || !f.at(inbox, 1).Unread() {
				t.Errorf("the one before, when it is named: %+v, %v", got, err)
			}
			if _, err := f.Undo(f.ctx(), 0); whyNot(err) != c.want || mail.FaultOf(err).Args["before"] != "" {
				t.Errorf("when nothing else is left: %v", err)
			}
		})
	}
}

// TestUndoGoesOnBehindAnActionThatItTookBackInPart: of what was done at once some was
// deleted for good. The rest comes back, and then what was done before it.
func TestUndoGoesOnBehindAnActionThatItTookBackInPart(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	before := f.did(f.mark([]mail.MessageID{f.id(inbox, 1)}, seen, nil))
	first := f.did(f.mark([]mail.MessageID{f.id(inbox, 3)}, seen, nil))
	deleted := f.did(f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{f.id(inbox, 2)}, Action: first.ID}))
	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	if want := []PassedOver{{deleted.ID, mail.PassDeleted, 1}}; got.Inverse != first.ID || !slices.Equal(got.Passed, want) {
		t.Errorf("first: %+v", got)
	}
	got, err = f.Undo(f.ctx(), 0)
	f.must(err)
	if got.Inverse != before.ID || got.Passed != nil {
		t.Errorf("then: %+v", got)
	}
}

// TestUndoOfACopyThatWasJustMade: the server has named the place of a copy, and no pass
// has seen it yet. It is deleted there, and when a pass sees it first it is no news.
func TestUndoOfACopyThatWasJustMade(t *testing.T) {
	for name, seenFirst := range map[string]bool{"and sent": false, "and seen before that": true} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			f.did(f.mark([]mail.MessageID{f.id(inbox, 1)}, seen, nil))
			id := f.id(inbox, 2)
			made := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			f.must(f.StartOp(f.ctx(), made.ID))
			f.must(f.FinishOp(f.ctx(), made.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))

			got, err := f.Undo(f.ctx(), 0)
			f.must(err)
			if got.Inverse != made.ID || got.Kind != mail.OpDelete || len(got.Targets) != 1 || got.Targets[0] == id || got.Passed != nil {
				t.Fatalf("taken back: %+v", got)
			}
			f.counts("Work", 0, 0)
			w := f.ready()
			if len(w) != 1 || len(w[0].Messages) != 1 || w[0].Messages[0].Location != (mail.Location{Mailbox: work.ID, UIDValidity: 1, UID: 10}) {
				t.Fatalf("to be sent: %+v", w)
			}
			if seenFirst {
				wantKinds(t, f.apply(inStep(work.ID, 1, 11, msg(10, 2))))
				f.counts("Work", 0, 0)
			}
			f.must(f.StartOp(f.ctx(), got.ID))
			f.must(f.FinishOp(f.ctx(), got.ID, done(got.Targets...)))
			wantKinds(t, f.apply(inStep(work.ID, 1, 11)))
			f.counts("Work", 0, 0)
			f.counts("INBOX", 3, 2)
		})
	}
}

// TestUndoKeepsTheLastCopy: what was copied is deleted for good since, here or elsewhere,
// or is about to be. To take the copy back would take away all there is.
func TestUndoKeepsTheLastCopy(t *testing.T) {
	for name, deleted := range map[string]func(scene, mail.MessageID){
		"deleted here": func(s scene, id mail.MessageID) {
			s.did(s.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}}))
		},
		"to be deleted": func(s scene, id mail.MessageID) {
			s.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
		},
		"deleted elsewhere": func(s scene, _ mail.MessageID) { s.apply(Delta{Mailbox: s.inbox.ID, Gone: []mail.UID{2}}) },
		"flagged Deleted, elsewhere": func(s scene, _ mail.MessageID) {
			s.apply(Delta{Mailbox: s.inbox.ID, Flags: []FlagUpdate{{UID: 2, Flags: mail.NewFlags(mail.FlagDeleted)}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			id := f.id(inbox, 2)
			made := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: work.ID})
			f.must(f.StartOp(f.ctx(), made.ID))
			f.must(f.FinishOp(f.ctx(), made.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))
			f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
			deleted(scene{f, inbox, work}, id)
			if got, err := f.Undo(f.ctx(), made.ID); whyNot(err) != mail.PassLast {
				t.Errorf("taken back: %+v, %v", got, err)
			}
			f.counts("Work", 1, 1)
		})
	}
}

// TestUndoOfACopyWaitsForWhatWasCopied: another machine takes it away after the copy was
// taken back here, and before that is sent. It may only have been moved, which is waited
// for; when it has turned up nowhere, the copy is all there is.
func TestUndoOfACopyWaitsForWhatWasCopied(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	made := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), made.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))
	f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
	_, err := f.Undo(f.ctx(), made.ID)
	f.must(err)
	original := func(when string, want mail.Location) {
		t.Helper()
		if w := f.ready(); len(w) != 1 || !w[0].TakesCopiesBack() || w[0].Messages[0].Original != want {
			t.Errorf("%s, what is to be sent: %+v", when, w)
		}
	}
	original("before", mail.Location{Mailbox: inbox.ID, UIDValidity: 1, UID: 2})
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	if w, next, err := f.ReadyOps(f.ctx(), acc, f.clock.now()); err != nil || len(w) != 0 || !next.Equal(f.clock.now().Add(strayGrace)) {
		t.Errorf("to be sent: %+v, next at %v, %v", w, next, err)
	}
	f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(11, 2)}})
	original("moved", mail.Location{Mailbox: work.ID, UIDValidity: 1, UID: 11})
	f.apply(Delta{Mailbox: work.ID, Gone: []mail.UID{11}})
	f.clock.pass(strayGrace)
	original("deleted", mail.Location{})
}

// TestUndoOfACopyThatCannotBeDeleted: the server refuses to delete it again. It is there,
// and can be read and found as any other.
func TestUndoOfACopyThatCannotBeDeleted(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	made := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.FinishOp(f.ctx(), made.ID, []Done{{ID: id, UID: 10, UIDValidity: 1}}))
	got, err := f.Undo(f.ctx(), 0)
	f.must(err)
	f.must(f.FailOp(f.ctx(), got.ID, &mail.Fault{Code: mail.CodeRefusedCommand}))
	f.counts("Work", 1, 1)
	if m := f.at(work, 10); m.Envelope.Subject != "Subject 2" || m.Pending {
		t.Errorf("the copy is %+v", m)
	}
	page, err := f.Search(f.ctx(), SearchQuery{Text: `"Subject 2"`, Limit: 10})
	if err != nil || page.Total != 2 {
		t.Errorf("found: %+v, %v", page, err)
	}
}

// TestUndoOfACopyWaitsUntilItIsKnown: the server has not named its place, or under
// numbers that hold no more. A pass finds it, and then it is taken back.
func TestUndoOfACopyWaitsUntilItIsKnown(t *testing.T) {
	for name, d := range map[string]Done{"without COPYUID": {}, "of another UIDVALIDITY": {UID: 10, UIDValidity: 7}, "another's UID": {UID: 1, UIDValidity: 1}} {
		t.Run(name, func(t *testing.T) {
			f, inbox, work := twoFolders(t)
			f.apply(inStep(work.ID, 1, 2, msg(1, 40)))
			d.ID = f.id(inbox, 2)
			made := f.queue(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{d.ID}, Mailbox: work.ID})
			f.must(f.FinishOp(f.ctx(), made.ID, []Done{d}))
			if got, err := f.Undo(f.ctx(), 0); whyNot(err) != mail.PassCopy {
				t.Fatalf("before: %+v, %v", got, err)
			}
			f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
			got, err := f.Undo(f.ctx(), 0)
			f.must(err)
			w := f.ready()
			if got.Inverse != made.ID || len(w) != 1 || len(w[0].Messages) != 1 || w[0].Messages[0].Location.UID != 10 {
				t.Errorf("then: %+v; to be sent: %+v", got, w)
			}
			f.counts("Work", 1, 1)
		})
	}
}
