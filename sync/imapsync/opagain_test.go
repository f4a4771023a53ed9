package imapsync

import (
	"fmt"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// withAll is a connection to a server that has INBOX with n messages, and All Mail,
// which is not indexed; a look at INBOX begins it.
func withAll(caps string, n int, look string) string {
	return "S: * PREAUTH [CAPABILITY IMAP4rev1 " + caps + "] ready\n" +
		"C: A1 LIST \"\" \"*\"\nC: A2 LSUB \"\" \"*\"\n" +
		"S: * LIST () \"/\" INBOX\nS: * LIST (\\All) \"/\" All\nS: A1 OK done\nS: A2 OK done\n" + statusOf +
		fmt.Sprintf("S: * STATUS INBOX (MESSAGES %d UIDNEXT 3 UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n", n, n) + look
}

// TestCutOffWhereNobodyLooks: what was copied or moved into a folder that is not
// indexed, and cut off before its answer, is looked for there: by its Message-ID and
// size. What is found is not made again, and what is not is.
func TestCutOffWhereNobodyLooks(t *testing.T) {
	t.Parallel()
	const (
		cp   = "C: M1 UID COPY 1 \"All\"\n"
		cut  = "S: <close>\n"
		ask  = "C: Q1 EXAMINE \"All\"\nS: * 8 EXISTS\nS: * OK [UIDVALIDITY 5] hm\nS: Q1 OK done\nC: Q2 UID SEARCH LARGER 99 SMALLER 101 HEADER Message-ID \"<1@example.org>\"\n"
		yes  = ask + "S: * SEARCH 8\nS: Q2 OK done\n"
		no   = ask + "S: * SEARCH\nS: Q2 OK done\n"
		back = "C: Q3 SELECT \"INBOX\"\n"
		gone = "C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: M2 OK done\nC: M3 UID EXPUNGE 1\nS: M3 OK done\n"
	)
	in := back + selected("Q3", 2, 3)
	first := "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
	for name, c := range map[string]struct {
		kind  mail.OpKind
		caps  string
		send  string
		left  int // messages in INBOX when it is connected again
		again string
		here  int // and in the end
	}{
		"a copy that was made":     {mail.OpCopy, "UIDPLUS", cp, 2, yes + in, 2},
		"a copy that was not":      {mail.OpCopy, "UIDPLUS", cp, 2, no + in + cp + "S: M1 OK done\n", 2},
		"a folder nobody can open": {mail.OpCopy, "UIDPLUS", cp, 2, "C: Q1 EXAMINE \"All\"\nS: Q1 NO not now\n" + in + cp + "S: M1 OK done\n", 2},
		"moved by copy, made":      {mail.OpMove, "UIDPLUS", cp, 2, yes + in + gone, 1},
		"moved by copy, not made":  {mail.OpMove, "UIDPLUS", cp, 2, no + in + cp + "S: M1 OK done\n" + gone, 1},
		"moved, and still here":    {mail.OpMove, "MOVE", "C: M1 UID MOVE 1 \"All\"\n", 2, "C: M1 UID MOVE 1 \"All\"\nS: M1 OK done\n", 1},
		"moved, and gone":          {mail.OpMove, "MOVE", "C: M1 UID MOVE 1 \"All\"\n", 1, yes, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, withAll(c.caps, 2, first), withAll(c.caps, 2, lookAtInbox(2))+c.send+cut,
				withAll(c.caps, c.left, lookAtInbox(c.left))+c.again)
			// What is gone is waited for, for two minutes: the store's clock is late.
			if err := o.store.Close(); err != nil {
				t.Fatal(err)
			}
			var err error
			o.store, err = store.Open(t.Context(), o.dir, store.Options{Now: func() time.Time { return time.Now().Add(-time.Hour) }})
			if err != nil {
				t.Fatal(err)
			}
			o.cfg.Store = o.store
			o.mustPass()
			all, err := o.store.MailboxByPath(t.Context(), "odd", "All")
			if err != nil || all.Kept() {
				t.Fatalf("%+v, %v", all, err)
			}
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: c.kind, Targets: []mail.MessageID{o.list("INBOX")[1].ID}, Mailbox: all.ID})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.pass(); err == nil {
				t.Fatal("it was not cut off")
			}
			o.mustPass()
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
				t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
			}
			if got := len(o.list("INBOX")); got != c.here {
				t.Errorf("%d messages show in INBOX, want %d", got, c.here)
			}
		})
	}
}
