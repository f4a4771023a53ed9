package imapsync

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestAFolderIsDeletedWithWhatWePutIntoIt: the user moves or copies a message into
// Work, which holds one, and deletes Work. What they put there goes with it, whether it
// is there already or not. If another machine meanwhile puts a message there that nobody
// has seen, and takes the old one out, so that there are as many, Work is kept.
func TestAFolderIsDeletedWithWhatWePutIntoIt(t *testing.T) {
	t.Parallel()
	type cell struct {
		kind mail.OpKind
		own  string
		came bool
	}
	var cells []cell
	for _, kind := range []mail.OpKind{mail.OpMove, mail.OpCopy} {
		for _, own := range []string{movedTold, movedUntold, toBeMoved} {
			cells = append(cells, cell{kind, own, false}, cell{kind, own, true})
		}
	}
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(cells), Capability: allCaps})
	for user, c := range cells {
		t.Run(fmt.Sprintf("%s %s, unseen %v", c.kind, c.own, c.came), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dc, user)
			if err := dc.Client(t, user).Create("Work", nil).Wait(); err != nil {
				t.Fatal(err)
			}
			old := r.deliver("Work", "old")
			uid := r.deliver("INBOX", "put there")
			r.settled()
			work := r.box("Work").ID
			op := mail.Op{Kind: c.kind, Targets: []mail.MessageID{idOf(r, "INBOX", "put there")}, Mailbox: work}
			if c.own == movedTold {
				r.done(op)
				r.stop()
			} else {
				r.stop()
				op = r.do(op)
			}
			if c.own == movedUntold {
				r.doneUntold(op, "INBOX", "Work", uid)
			}
			del := r.do(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work})
			if c.came {
				cl := r.other("Work")
				r.flag(cl, imap.FlagDeleted, old)
				if err := cl.UIDExpunge(imap.UIDSetNum(old)).Close(); err != nil {
					t.Fatal(err)
				}
				r.deliver("Work", "never seen")
			}
			r.start()
			if !c.came {
				r.ended(del.ID, mail.OpDone)
				return
			}
			r.ended(del.ID, mail.OpFailed)
			r.sync()
			r.agree("Work", "never seen", "put there")
			if ps, err := r.store.Problems(t.Context()); err != nil || len(ps) != 1 || ps[0].Code != mail.CodeFolderChanged {
				t.Errorf("the problems are %+v, %v", ps, err)
			}
		})
	}
}
