package imapsync

import (
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestAMoveBesideAnExpungeIsOurs: another machine takes one of two messages away while we
// move both, and the server does not say which it moved. What a pass finds where we wanted
// it is of our doing.
func TestAMoveBesideAnExpungeIsOurs(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages("MOVE"),
		unchanged("MOVE")+"C: M1 UID FETCH 1:2 (UID)\nC: M2 UID MOVE 1:2 \"Work\"\nS: * 1 FETCH (UID 1)\nS: * 2 FETCH (UID 2)\nS: * 2 EXPUNGE\nS: M1 OK done\nS: * 1 EXPUNGE\nS: M2 OK done\n"+
			"C: N1 NOOP\nS: <close>\n",
		signedIn("MOVE", 0, 1, 2)+copyInWork()+
			"C: A5 SELECT \"INBOX\"\nC: A6 UID FETCH 1:2 (UID FLAGS)\nC: A7 UID FETCH 3:* "+items+"\n"+selected("A5", 0, 3)+"S: A6 OK done\nS: A7 OK done\n",
	)
	o.mustPass()
	work := o.box("Work")
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: o.inboxIDs(), Mailbox: work.ID})
	if err != nil {
		t.Fatal(err)
	}
	rev, err := o.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.pass(); err == nil {
		t.Fatal("the connection did not end")
	}
	if err := o.store.RetryOp(t.Context(), op.ID, time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	o.mustPass()
	cs, err := o.store.Changes(t.Context(), rev, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if c.Meta().Origin != mail.Here {
			t.Errorf("told as %s: %s %+v", c.Meta().Origin, c.Kind(), c)
		}
	}
	if ms := o.list("Work"); len(ms) != 2 || ms[0].Location.UID+ms[1].Location.UID != 1 {
		t.Errorf("in Work are %+v", ms) // the other one shows there until it is given up
	}
	ops, err := o.store.Ops(t.Context(), "odd")
	if err != nil || len(ops) != 1 || len(ops[0].Targets) != 1 {
		t.Errorf("open are %+v, %v", ops, err)
	}
}
