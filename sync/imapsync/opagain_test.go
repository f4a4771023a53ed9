package imapsync

import (
	"fmt"
	"strings"
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

// The server's words where a copy or a move of message 1 into All Mail is cut off.
const (
	copyToAll    = "C: M1 UID COPY 1 \"All\"\n"
	copiedToAll  = copyToAll + "S: M1 OK done\nC: M4 UID FETCH 1 (UID)\nS: * 1 FETCH (UID 1)\nS: M4 OK done\n"
	moveToAll    = "C: M0 UID FETCH 1 (UID)\nC: M1 UID MOVE 1 \"All\"\nS: * 1 FETCH (UID 1)\nS: M0 OK done\n"
	cutNow       = "S: <close>\n"
	openAll      = "C: Q1 EXAMINE \"All\"\nS: * 8 EXISTS\nS: * OK [UIDVALIDITY 5] hm\nS: Q1 OK done\n"
	byMessageID  = "C: Q2 UID SEARCH LARGER 99 SMALLER 101 HEADER Message-ID \"<1@example.org>\"\n"
	toInboxAgain = "C: Q3 SELECT \"INBOX\"\n"
	originalGoes = "C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: M2 OK done\nC: M3 UID EXPUNGE 1\nS: M3 OK done\n"
)

// notFlagged is a search that leaves out what is flagged \Deleted.
func notFlagged(search string) string { return strings.TrimSuffix(search, "\n") + " UNDELETED\n" }

// cutOff is what is sent of a copy or a move before the connection is cut, and on the
// next one.
type cutOff struct {
	kind  mail.OpKind
	caps  string
	send  string
	left  int // messages in INBOX when it is connected again
	again string
	here  int // and in the end
}

// play does it; what is fetched of the messages goes through others.
func (c cutOff) play(t *testing.T, others *strings.Replacer) {
	t.Helper()
	first := "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
	o := against(t, others.Replace(withAll(c.caps, 2, first)), others.Replace(withAll(c.caps, 2, lookAtInbox(2)))+c.send+cutNow,
		others.Replace(withAll(c.caps, c.left, lookAtInbox(c.left)))+c.again)
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
}

// TestCutOffWhereNobodyLooks: what was copied or moved into a folder that is not
// indexed, and cut off before its answer, is looked for there: by its Message-ID and
// size. What is found is not made again, and what is not is.
func TestCutOffWhereNobodyLooks(t *testing.T) {
	t.Parallel()
	yes, no, in := openAll+byMessageID+"S: * SEARCH 8\nS: Q2 OK done\n", openAll+byMessageID+"S: * SEARCH\nS: Q2 OK done\n", toInboxAgain+selected("Q3", 2, 3)
	sure := strings.NewReplacer(byMessageID, notFlagged(byMessageID)) // before the original goes
	for name, c := range map[string]cutOff{
		"a copy that was made":     {mail.OpCopy, "UIDPLUS", copyToAll, 2, yes + in, 2},
		"a copy that was not":      {mail.OpCopy, "UIDPLUS", copyToAll, 2, no + in + copiedToAll, 2},
		"a folder nobody can open": {mail.OpCopy, "UIDPLUS", copyToAll, 2, "C: Q1 EXAMINE \"All\"\nS: Q1 NO not now\n" + in + copiedToAll, 2},
		"moved by copy, made":      {mail.OpMove, "UIDPLUS", copyToAll, 2, sure.Replace(yes) + in + originalGoes, 1},
		"moved by copy, not made":  {mail.OpMove, "UIDPLUS", copyToAll, 2, sure.Replace(no) + in + copiedToAll + originalGoes, 1},
		"moved, and still here":    {mail.OpMove, "MOVE", moveToAll, 2, moveToAll + "S: M1 OK done\n", 1},
		"moved, and gone":          {mail.OpMove, "MOVE", moveToAll, 1, yes, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.play(t, strings.NewReplacer())
		})
	}
}

// TestCutOffAndNamedByTheServer: EMAILID is surer than Message-ID, which is asked for
// where the server does not search for the other.
func TestCutOffAndNamedByTheServer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"found":   "S: * SEARCH 8\nS: Q4 OK done\n",
		"refused": "S: Q4 BAD what?\n" + notFlagged(byMessageID) + "S: * SEARCH 8\nS: Q2 OK done\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cutOff{mail.OpMove, "UIDPLUS OBJECTID", copyToAll, 2, openAll + "C: Q4 UID SEARCH EMAILID M-1 UNDELETED\n" + answer + toInboxAgain + selected("Q3", 2, 3) + originalGoes, 1}
			c.play(t, strings.NewReplacer("INTERNALDATE)", "INTERNALDATE EMAILID)", "(UID 1 ", "(UID 1 EMAILID (M-1) "))
		})
	}
}

// TestCutOffAndNothingNamesIt: a message without Message-ID is known by its size, its
// subject and the seconds in which it was written and received. That is not enough to
// take the original away: where it is moved by copying, it is copied again.
func TestCutOffAndNothingNamesIt(t *testing.T) {
	t.Parallel()
	like := strings.Replace(data(1), "\"<1@example.org>\"", "NIL", 1)
	another := strings.Replace(like, "15:04:05 +0000\" ENVELOPE", "15:04:06 +0000\" ENVELOPE", 1)
	search := openAll + "C: Q2 UID SEARCH LARGER 99 SMALLER 101 SINCE 1-Jan-2006 BEFORE 4-Jan-2006\nS: * SEARCH 7 8\nS: Q2 OK done\n" +
		"C: Q4 UID FETCH 7:8 (UID RFC822.SIZE INTERNALDATE ENVELOPE)\nS: * 7 FETCH (UID 7 " + another + ")\n"
	yes, no := search+"S: * 8 FETCH (UID 8 "+like+")\nS: Q4 OK done\n", search+"S: Q4 OK done\n"
	in := toInboxAgain + selected("Q3", 2, 3)
	for name, c := range map[string]cutOff{
		"a copy that was made": {mail.OpCopy, "UIDPLUS", copyToAll, 2, yes + in, 2},
		"a copy that was not":  {mail.OpCopy, "UIDPLUS", copyToAll, 2, no + in + copiedToAll, 2},
		"moved by copy":        {mail.OpMove, "UIDPLUS", copyToAll, 2, openAll + in + copiedToAll + originalGoes, 1},
		"moved, and gone":      {mail.OpMove, "MOVE", moveToAll, 1, yes, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.play(t, strings.NewReplacer("\"<1@example.org>\"", "NIL"))
		})
	}
}

// TestADeletionThatWasCutOffIsDone: the server expunged a message, and could not say
// so. When it has turned up nowhere for two minutes it is gone, as it was wanted.
func TestADeletionThatWasCutOffIsDone(t *testing.T) {
	t.Parallel()
	caps := "UIDPLUS"
	o := against(t, twoMessages(caps),
		unchanged(caps)+"C: M1 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nC: M2 UID FETCH 1 (UID)\nS: M1 OK done\nS: * 1 FETCH (UID 1)\nS: M2 OK done\n"+
			"C: M3 UID EXPUNGE 1\nS: <close>\n",
		signedIn(caps, 1, 0, 1)+lookAtInbox(1))
	o.mustPass()
	// The store's clock is behind: what goes is gone for long at once.
	o.again(store.Options{Now: func() time.Time { return time.Now().Add(-3 * time.Minute) }})
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpDelete, Targets: o.inboxIDs()[1:]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.pass(); err == nil {
		t.Fatal("nothing was cut")
	}
	o.mustPass()
	o.isDone(op.ID)
}

// TestAnActionIsDoneAlthoughNobodyNotedItsEnd: Heron is killed when all that the server
// did is noted, and before the end of the action is.
func TestAnActionIsDoneAlthoughNobodyNotedItsEnd(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages(""), strings.Replace(unchanged(""), "(UID 1 FLAGS ())", "(UID 1 FLAGS (\\Seen))", 1))
	o.mustPass()
	id := o.inboxIDs()[1]
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{id}, Add: mail.NewFlags(mail.FlagSeen)})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.store.StartOp(t.Context(), op.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.store.PartOp(t.Context(), op.ID, []store.Done{{ID: id}}); err != nil {
		t.Fatal(err)
	}
	o.again(store.Options{})
	o.mustPass()
	o.isDone(op.ID)
	if _, err := o.store.Undo(t.Context(), op.ID); err != nil {
		t.Errorf("it cannot be taken back: %v", err)
	}
}

// again opens the store anew.
func (o *odd) again(opts store.Options) {
	o.Helper()
	if err := o.store.Close(); err != nil {
		o.Fatal(err)
	}
	var err error
	if o.store, err = store.Open(o.Context(), o.dir, opts); err != nil {
		o.Fatal(err)
	}
	o.cfg.Store = o.store
}

// isDone checks that an op is done, and that there is nothing to be said.
func (o *odd) isDone(id mail.OpID) {
	o.Helper()
	if op, err := o.store.Op(o.Context(), id); err != nil || op.State != mail.OpDone {
		o.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
	}
	if ps, err := o.store.Problems(o.Context()); err != nil || len(ps) > 0 {
		o.Errorf("the problems are %+v, %v", ps, err)
	}
}

// TestCutOffAndTheFolderIsBusy: a copy that was cut off cannot be looked for while the
// folder is in use. It waits until it can be, and is not made twice.
func TestCutOffAndTheFolderIsBusy(t *testing.T) {
	t.Parallel()
	first := "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
	o := against(t, withAll("UIDPLUS", 2, first), withAll("UIDPLUS", 2, lookAtInbox(2))+copyToAll+cutNow,
		withAll("UIDPLUS", 2, lookAtInbox(2))+"C: Q1 EXAMINE \"All\"\nS: Q1 NO [INUSE] locked\n"+
			"C: Q5 EXAMINE \"INBOX\"\n"+selected("Q5", 2, 3))
	o.mustPass()
	all := o.box("All")
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{o.list("INBOX")[1].ID}, Mailbox: all.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.pass(); err == nil {
		t.Fatal("it was not cut off")
	}
	o.mustPass()
	if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpSending || !op.NextTry.After(time.Now()) {
		t.Errorf("the op is %s (%s) until %v, %v", op.State, op.Fault, op.NextTry, err)
	}
}
