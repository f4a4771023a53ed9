package imapsync

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestADeletionSparesOnlyWhatWasMovedElsewhere: of two messages that are deleted for
// good one was moved by another program since, which wants it. It is kept, and said;
// the other is deleted all the same.
func TestADeletionSparesOnlyWhatWasMovedElsewhere(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages("UIDPLUS"), signedIn("UIDPLUS", 1, 1, 2)+copyInWork()+lookAtInbox(1)+
		"C: M1 UID STORE 2 +FLAGS.SILENT (\\Deleted)\nS: M1 OK done\nC: M2 UID EXPUNGE 2\nS: M2 OK done\n")
	o.mustPass()
	ids := o.inboxIDs()
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpDelete, Targets: ids})
	if err != nil {
		t.Fatal(err)
	}
	o.mustPass()
	if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
		t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
	}
	if kept := o.list("Work"); len(o.list("INBOX")) != 0 || len(kept) != 1 || kept[0].ID != ids[1] || kept[0].Pending {
		t.Errorf("in Work is %+v", kept)
	}
	ps, err := o.store.Problems(t.Context())
	if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeMovedElsewhere {
		t.Errorf("the problems are %+v, %v", ps, err)
	}
}
