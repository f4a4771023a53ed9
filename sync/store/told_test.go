package store

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAnActionThatEndsSaysOnWhatItWasDone: on the way it tells what is left; at its
// end what was done, or what was not where it was given up or taken back.
func TestAnActionThatEndsSaysOnWhatItWasDone(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*fixture, mail.OpID, []mail.MessageID) error
		want func(ids []mail.MessageID) []mail.MessageID
	}{
		"done at once": {
			func(f *fixture, op mail.OpID, ids []mail.MessageID) error {
				return f.FinishOp(f.ctx(), op, done(ids...))
			},
			func(ids []mail.MessageID) []mail.MessageID { return ids },
		},
		"done bit by bit": {
			func(f *fixture, op mail.OpID, ids []mail.MessageID) error {
				f.must(f.PartOp(f.ctx(), op, done(ids[:2]...)))
				f.must(f.PartOp(f.ctx(), op, done(ids[2])))
				return f.FinishOp(f.ctx(), op, nil)
			},
			func(ids []mail.MessageID) []mail.MessageID { return ids },
		},
		"done on some, as others were gone": {
			func(f *fixture, op mail.OpID, ids []mail.MessageID) error {
				return f.FinishOp(f.ctx(), op, done(ids[1]))
			},
			func(ids []mail.MessageID) []mail.MessageID { return ids[1:2] },
		},
		"given up half way": {
			func(f *fixture, op mail.OpID, ids []mail.MessageID) error {
				f.must(f.PartOp(f.ctx(), op, done(ids[0])))
				return f.FailOp(f.ctx(), op, offline)
			},
			func(ids []mail.MessageID) []mail.MessageID { return ids[1:] },
		},
		"taken back": {
			func(f *fixture, op mail.OpID, _ []mail.MessageID) error {
				_, err := f.Undo(f.ctx(), op)
				return err
			},
			func(ids []mail.MessageID) []mail.MessageID { return ids },
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, inbox, _ := twoFolders(t)
			ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2), f.id(inbox, 3)}
			op := f.queue(mail.Op{Kind: mail.OpDelete, Targets: ids})
			rev := f.head()
			f.must(c.end(f, op.ID, ids))
			var last mail.Op
			for _, ch := range f.since(rev) {
				if ch, ok := ch.(mail.OpChanged); ok && ch.Op.ID == op.ID {
					last = ch.Op
				}
			}
			if want := c.want(ids); last.State.Open() || !slices.Equal(last.Targets, want) {
				t.Errorf("told last: %s %v, want %v", last.State, last.Targets, want)
			}
		})
	}
}

// TestTheNameOfADeletedFolderIsKnown: of one whose deletion waits, and of one that is
// no more.
func TestTheNameOfADeletedFolderIsKnown(t *testing.T) {
	f, _, work := twoFolders(t)
	named := func(what string) {
		t.Helper()
		if path, err := f.PathOf(f.ctx(), work.ID); path != "Work" || err != nil {
			t.Errorf("%s: %q, %v", what, path, err)
		}
	}
	op := f.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
	named("it waits")
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, nil))
	named("it is gone")
	if _, err := f.Mailbox(f.ctx(), work.ID); code(err) != mail.CodeNoFolder {
		t.Errorf("as a folder: %v", err)
	}
	if _, err := f.PathOf(f.ctx(), 1<<40); code(err) != mail.CodeNoFolder {
		t.Errorf("an unknown one: %v", err)
	}
}
