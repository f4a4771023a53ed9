package imapsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// The servers below have INBOX with messages 1 and 2, and Work. Each part of a
// transcript is a connection: it begins with a look at both.

const twoStatus = "C: A3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\nC: A4 STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"

// signedIn is a connection that shows caps and how many messages both folders
// have, and the UIDNEXT of Work.
func signedIn(caps string, inbox, work, workNext int) string {
	return "S: * PREAUTH [CAPABILITY IMAP4rev1 " + caps + "] ready\n" +
		"C: A1 LIST \"\" \"*\"\nC: A2 LSUB \"\" \"*\"\n" +
		"S: * LIST () \"/\" INBOX\nS: * LIST () \"/\" Work\nS: A1 OK done\nS: A2 OK done\n" + twoStatus +
		fmt.Sprintf("S: * STATUS INBOX (MESSAGES %d UIDNEXT 3 UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n", inbox, inbox) +
		fmt.Sprintf("S: * STATUS Work (MESSAGES %d UIDNEXT %d UIDVALIDITY 9 UNSEEN %d)\nS: A4 OK done\n", work, workNext, work)
}

// twoMessages is the first look.
func twoMessages(caps string) string {
	return signedIn(caps, 2, 0, 1) +
		"C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
}

// unchanged is a later look that finds nothing new; INBOX is open after it.
func unchanged(caps string) string {
	return signedIn(caps, 2, 0, 1) + lookAtInbox(2)
}

// lookAtInbox compares the flags of the first n messages.
func lookAtInbox(n int) string {
	return "C: A5 SELECT \"INBOX\"\nC: A6 UID FETCH 1:2 (UID FLAGS)\nC: A7 UID FETCH 3:* " + items + "\n" +
		selected("A5", n, 3) + flagsOf(3-n, 2) + "S: A6 OK done\nS: A7 OK done\n"
}

// copyInWork is a look at Work, into which message 1 has come under UID 1.
func copyInWork() string {
	return "C: W1 SELECT \"Work\"\nC: W2 UID FETCH 1:* " + peeking() + "\n" +
		"S: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: * OK [UIDNEXT 2] hm\nS: W1 OK done\n" +
		"S: * 1 FETCH (UID 1 " + data(1) + ")\nS: W2 OK done\n"
}

// askWork asks Work for the copy of message 1, which has UID 1, and goes back to INBOX.
func askWork(found string) string {
	return onlyAskWork(found) + "C: Q3 SELECT \"INBOX\"\n" + selected("Q3", 2, 3)
}

func onlyAskWork(found string) string {
	return "C: Q1 EXAMINE \"Work\"\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: Q1 OK done\n" +
		"C: Q2 UID SEARCH UID 1 UNDELETED\nS: * SEARCH" + found + "\nS: Q2 OK done\n"
}

// story is what becomes of moving message 1 from INBOX to Work.
type story struct {
	name  string
	caps  string
	parts []string // the connections after the first look
	state mail.OpState
	here  string // where message 1 shows at the end
	uid   mail.UID
}

// TestNothingIsDestroyedWhateverTheServerSays moves a message on servers that
// refuse, or go away, at each step of it.
func TestNothingIsDestroyedWhateverTheServerSays(t *testing.T) {
	t.Parallel()
	const (
		cp    = "C: M1 UID COPY 1 \"Work\"\n"
		st    = "C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\n"
		ex    = "C: M3 UID EXPUNGE 1\n"
		mv    = "C: M0 UID FETCH 1 (UID)\nC: M1 UID MOVE 1 \"Work\"\nS: * 1 FETCH (UID 1)\nS: M0 OK done\n"
		cut   = "S: <close>\n"
		copOK = "S: M1 OK [COPYUID 9 1 1] done\n"
	)
	for _, s := range []story{
		{"MOVE refused", "MOVE UIDPLUS", []string{unchanged("MOVE UIDPLUS") + mv + "S: M1 NO [OVERQUOTA] full\n"}, mail.OpFailed, "INBOX", 1},
		{"MOVE, COPYUID untagged", "MOVE UIDPLUS", []string{unchanged("MOVE UIDPLUS") + mv + "S: * OK [COPYUID 9 1 1] moved\nS: M1 OK done\n"}, mail.OpDone, "Work", 1},
		{"MOVE, COPYUID of nonsense", "MOVE", []string{unchanged("MOVE") + mv + "S: M1 OK [COPYUID 9 1:4000000000 *] done\n"}, mail.OpDone, "Work", 0},
		{"COPY refused", "UIDPLUS", []string{unchanged("UIDPLUS") + cp + "S: M1 NO [OVERQUOTA] full\n"}, mail.OpFailed, "INBOX", 1},
		{"COPY is not known", "UIDPLUS", []string{unchanged("UIDPLUS") + cp + "S: M1 BAD what\n"}, mail.OpFailed, "INBOX", 1},
		{"STORE refused", "UIDPLUS", []string{unchanged("UIDPLUS") + cp + copOK + st + "S: M2 NO [NOPERM] no\n"}, mail.OpFailed, "INBOX", 1},
		{"EXPUNGE refused", "UIDPLUS", []string{unchanged("UIDPLUS") + cp + copOK + st + "S: M2 OK done\n" + ex + "S: M3 NO no\n"}, mail.OpDone, "Work", 1},
		{"neither", "", []string{unchanged("") + cp + "C: M0 UID FETCH 1 (UID)\nS: M1 OK done\nS: * 1 FETCH (UID 1)\nS: M0 OK done\n" + st + "S: M2 OK done\n"}, mail.OpDone, "Work", 0},
		{
			"cut before COPY was done", "UIDPLUS", []string{
				unchanged("UIDPLUS") + cp + cut,
				unchanged("UIDPLUS") + cp + copOK + st + "S: M2 OK done\n" + ex + "S: M3 OK done\n",
			}, mail.OpDone, "Work", 1,
		},
		{
			"cut when COPY was done", "UIDPLUS", []string{
				unchanged("UIDPLUS") + cp + cut,
				signedIn("UIDPLUS", 2, 1, 2) + copyInWork() + lookAtInbox(2) + askWork(" 1") + st + "S: M2 OK done\n" + ex + "S: M3 OK done\n",
			}, mail.OpDone, "Work", 1,
		},
		{
			"cut when COPY was told", "UIDPLUS", []string{
				unchanged("UIDPLUS") + cp + copOK + st + cut,
				signedIn("UIDPLUS", 2, 1, 2) + copyInWork() + lookAtInbox(2) + askWork(" 1") + st + "S: M2 OK done\n" + ex + "S: M3 OK done\n",
			}, mail.OpDone, "Work", 1,
		},
		{
			"cut when it was expunged", "UIDPLUS", []string{
				unchanged("UIDPLUS") + cp + copOK + st + "S: M2 OK done\n" + ex + cut,
				signedIn("UIDPLUS", 1, 1, 2) + copyInWork() + lookAtInbox(1),
			}, mail.OpDone, "Work", 1,
		},
		{
			"cut before MOVE was done", "MOVE", []string{
				unchanged("MOVE") + mv + cut,
				unchanged("MOVE") + mv + "S: M1 OK done\n",
			}, mail.OpDone, "Work", 0,
		},
		{
			"cut when MOVE was done", "MOVE", []string{
				unchanged("MOVE") + mv + cut,
				signedIn("MOVE", 1, 1, 2) + copyInWork() + lookAtInbox(1),
			}, mail.OpDone, "Work", 1,
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.play(t)
		})
	}
}

func (s story) play(t *testing.T) {
	t.Helper()
	o := against(t, append([]string{twoMessages(s.caps)}, s.parts...)...)
	o.mustPass()
	id := o.list("INBOX")[1].ID // the older one
	work, err := o.store.MailboxByPath(t.Context(), "odd", "Work")
	if err != nil {
		t.Fatal(err)
	}
	rev, err := o.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range s.parts {
		_, err := o.pass()
		if cut := strings.HasSuffix(part, "S: <close>\n"); cut != (err != nil) {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != s.state {
		t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
	}
	var found []string
	for _, path := range []string{"INBOX", "Work"} {
		for _, m := range o.list(path) {
			if m.Envelope.HeaderID == "1@example.org" {
				found = append(found, path)
				if m.ID != id || m.Location.UID != s.uid || m.Pending {
					t.Errorf("it is %+v, want id %d and UID %d", m, id, s.uid)
				}
			}
		}
	}
	if !slices.Equal(found, []string{s.here}) {
		t.Errorf("it shows in %q, want %s", found, s.here)
	}
	ps, err := o.store.Problems(t.Context())
	refused := slices.ContainsFunc(ps, func(p mail.Problem) bool { return p.Code == mail.CodeRefusedCommand && p.Args["text"] != "" })
	if err != nil || refused != (s.state == mail.OpFailed) {
		t.Errorf("problems: %+v, %v", ps, err)
	}
	o.nothingElsewhere(rev)
}

// TestACopyThatWasCutOffIsMadeOnce: a copy that the server made, and could not
// say so, is found by the next pass. It is ours, and not made again.
func TestACopyThatWasCutOffIsMadeOnce(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages("UIDPLUS"),
		unchanged("UIDPLUS")+"C: M1 UID COPY 1 \"Work\"\nS: <close>\n",
		signedIn("UIDPLUS", 2, 1, 2)+copyInWork()+lookAtInbox(2))
	o.mustPass()
	work, err := o.store.MailboxByPath(t.Context(), "odd", "Work")
	if err != nil {
		t.Fatal(err)
	}
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{o.list("INBOX")[1].ID}, Mailbox: work.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.pass(); err == nil {
		t.Fatal("the connection was not cut")
	}
	o.mustPass()
	if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
		t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
	}
	if n := len(o.list("Work")); n != 1 {
		t.Errorf("%d copies show", n)
	}
	if inv, err := o.store.Undo(t.Context(), op.ID); err != nil || inv.Kind != mail.OpDelete || len(inv.Targets) != 1 {
		t.Errorf("undone: %+v, %v", inv, err)
	}
}

func (o *odd) list(path string) []mail.Message {
	o.Helper()
	b, err := o.store.MailboxByPath(o.Context(), "odd", path)
	if err != nil {
		o.Fatal(err)
	}
	page, err := o.store.Messages(o.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: 100})
	if err != nil {
		o.Fatal(err)
	}
	return page.Messages
}

// inboxIDs are those of the messages that the inbox shows, the newest first.
func (o *odd) inboxIDs() []mail.MessageID {
	o.Helper()
	var ids []mail.MessageID
	for _, m := range o.list("INBOX") {
		ids = append(ids, m.ID)
	}
	return ids
}

// TestWhatWasNotCopiedStays: two messages are moved by COPY, and the server says
// that it copied one of them. The other is not taken away.
func TestWhatWasNotCopiedStays(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages("UIDPLUS"),
		unchanged("UIDPLUS")+"C: M1 UID COPY 1:2 \"Work\"\nS: M1 OK [COPYUID 9 1 1] done\n"+
			"C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: M2 OK done\nC: M3 UID EXPUNGE 1\nS: M3 OK done\n",
		signedIn("UIDPLUS", 1, 1, 2)+copyInWork()+lookAtInbox(1)+
			"C: M1 UID COPY 2 \"Work\"\nS: M1 OK [COPYUID 9 2 2] done\n"+
			"C: M2 UID STORE 2 +FLAGS.SILENT (\\Deleted)\nS: M2 OK done\nC: M3 UID EXPUNGE 2\nS: M3 OK done\n")
	o.mustPass()
	ids := o.inboxIDs()
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: o.box("Work").ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []mail.OpState{mail.OpWaiting, mail.OpDone} {
		o.mustPass()
		if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != want {
			t.Errorf("the op is %s, want %s, %v", op.State, want, err)
		}
		if n := len(o.list("Work")); n != 2 {
			t.Errorf("Work shows %d messages", n)
		}
		<-time.After(time.Until(op.NextTry))
	}
}

// TestAMoveThatIsRefusedInPart: a server moves one of two messages, says so, and then
// NO. What it moved was moved here; the other is shown where it is, and that is said.
func TestAMoveThatIsRefusedInPart(t *testing.T) {
	t.Parallel()
	const caps = "MOVE UIDPLUS"
	o := against(t, twoMessages(caps),
		unchanged(caps)+"C: M0 UID FETCH 1:2 (UID)\nC: M1 UID MOVE 1:2 \"Work\"\nS: * 1 FETCH (UID 1)\nS: * 2 FETCH (UID 2)\nS: M0 OK done\n"+
			"S: * OK [COPYUID 9 1 1] moved\nS: * 1 EXPUNGE\nS: M1 NO [OVERQUOTA] full\nC: N1 NOOP\nS: <close>\n",
		signedIn(caps, 1, 1, 2)+copyInWork()+lookAtInbox(1))
	o.mustPass()
	ids := o.inboxIDs()
	rev, err := o.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: o.box("Work").ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.pass(); err == nil {
		t.Fatal("it was not cut off")
	}
	shows := func() {
		t.Helper()
		if in, work := o.inboxIDs(), o.list("Work"); !slices.Equal(in, ids[:1]) || len(work) != 1 || work[0].ID != ids[1] || work[0].Location.UID != 1 {
			t.Errorf("the inbox shows %v, Work %+v", in, work)
		}
	}
	shows()
	o.mustPass()
	shows()
	if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpFailed {
		t.Errorf("the op is %s, %v", op.State, err)
	}
	if ps, err := o.store.Problems(t.Context()); err != nil || len(ps) != 1 || ps[0].Code != mail.CodeRefusedCommand {
		t.Errorf("the problems are %+v, %v", ps, err)
	}
	o.nothingElsewhere(rev)
}

// nothingElsewhere checks that nothing since a revision is told as another's.
func (o *odd) nothingElsewhere(since mail.Revision) {
	o.Helper()
	cs, err := o.store.Changes(o.Context(), since, 1000)
	if err != nil {
		o.Fatal(err)
	}
	for _, c := range cs {
		if _, counts := c.(mail.CountsChanged); !counts && c.Meta().Origin != mail.Here {
			o.Errorf("told as %s: %+v", c.Meta().Origin, c)
		}
	}
}

// TestAMoveFollowsAFolderThatWasRenamed: another machine gives a folder another name
// when mail is moved into it, or puts it away. A server that says so again and again,
// and lists the folder, is not asked for ever.
func TestAMoveFollowsAFolderThatWasRenamed(t *testing.T) {
	t.Parallel()
	move := func(to, answer string) string {
		return "C: M0 UID FETCH 1 (UID)\nC: M1 UID MOVE 1 \"" + to + "\"\nS: * 1 FETCH (UID 1)\nS: M0 OK done\n" + answer
	}
	notThere := unchanged("MOVE UIDPLUS") + move("Work", "S: M1 NO [TRYCREATE] no such folder\n")
	deleted := strings.NewReplacer("S: * LIST () \"/\" Work\n", "", "C: A4 STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n", "",
		"S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 9 UNSEEN 0)\nS: A4 OK done\n", "", "ready", "[MOVE UIDPLUS] ready")
	renamed := strings.NewReplacer("Work", "Job", "[CAPABILITY IMAP4rev1 ]", "[CAPABILITY IMAP4rev1 MOVE UIDPLUS]")
	for name, c := range map[string]struct {
		parts []string
		here  string
		code  mail.Code // of the problem, if there is one
	}{
		"renamed":                    {[]string{notThere, listedTwice(renamed) + move("Job", "S: M1 OK [COPYUID 9 1 1] done\n")}, "Job", ""},
		"deleted":                    {[]string{notThere, listedTwice(deleted)}, "INBOX", mail.CodeGone},
		"it says so again and again": {slices.Repeat([]string{notThere}, opPatience+1), "INBOX", mail.CodeRefusedCommand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, append([]string{twoMessages("MOVE UIDPLUS")}, c.parts...)...)
			o.mustPass()
			id := o.list("INBOX")[1].ID
			op := o.enqueue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: o.box("Work").ID})
			for i := range c.parts {
				if i > 0 {
					if o.state(op) != mail.OpWaiting {
						t.Fatalf("after connection %d it is %s", i, o.state(op))
					}
					if err := o.store.RetryOp(t.Context(), op, time.Time{}, nil); err != nil {
						t.Fatal(err)
					}
				}
				o.mustPass()
			}
			if !slices.ContainsFunc(o.list(c.here), func(m mail.Message) bool { return m.ID == id && !m.Pending }) {
				t.Errorf("it is not in %s", c.here)
			}
			ps, err := o.store.Problems(t.Context())
			if err != nil || len(ps) > 1 || (c.code == "") != (len(ps) == 0) || len(ps) == 1 && ps[0].Code != c.code {
				t.Errorf("problems: %+v, %v", ps, err)
			}
		})
	}
}

// TestAnExpungeThatIsPutOffIsNotDone: a server asks for patience in place of expunging
// what the user deletes for good. It is asked again later: the message is still there.
func TestAnExpungeThatIsPutOffIsNotDone(t *testing.T) {
	t.Parallel()
	for _, no := range []string{"[UNAVAILABLE] try again later", "Request is throttled. Suggested Backoff Time: 6000 milliseconds"} {
		t.Run(no, func(t *testing.T) {
			t.Parallel()
			flag := unchanged("UIDPLUS") +
				"C: M1 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nC: M2 UID FETCH 1 (UID)\nS: M1 OK done\nS: * 1 FETCH (UID 1)\nS: M2 OK done\n" +
				"C: M3 UID EXPUNGE 1\n"
			o := against(t, twoMessages("UIDPLUS"), flag+"S: M3 NO "+no+"\n", flag+"S: M3 OK done\n")
			o.mustPass()
			o.waitsAndEnds(o.enqueue(mail.Op{Kind: mail.OpDelete, Targets: o.inboxIDs()[1:]}))
		})
	}
}
