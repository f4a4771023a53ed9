package imapsync

import (
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAMarkOnGmailIsOursUnderEachLabel: on Gmail folders are labels, and a message has
// its flags under all of them. What we mark under one is sent once, and what comes of it
// under the other is ours.
func TestAMarkOnGmailIsOursUnderEachLabel(t *testing.T) {
	t.Parallel()
	const caps = "X-GM-EXT-1 MOVE UIDPLUS"
	gmail := strings.NewReplacer("INTERNALDATE)", "INTERNALDATE X-GM-MSGID)", "INTERNALDATE BODY.PEEK", "INTERNALDATE X-GM-MSGID BODY.PEEK",
		"FLAGS () RFC822", "X-GM-MSGID 1278455344230334865 FLAGS () RFC822", "MESSAGES 1 UIDNEXT 3", "MESSAGES 1 UIDNEXT 2")
	work := func(tag string) string {
		return "S: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: * OK [UIDNEXT 2] hm\nS: " + tag + " OK [READ-WRITE] done\n"
	}
	first := signedIn(caps, 1, 1, 2) +
		"C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 1, 2) + messages(1, 1) + "S: A6 OK done\n" +
		"C: W1 SELECT \"Work\"\nC: W2 FETCH 1:* " + items + "\n" + work("W1") + messages(1, 1) + "S: W2 OK done\n" +
		"C: P0 SELECT \"INBOX\"\n" + selected("P0", 1, 2) + peek("1")
	look := func(unseen, flags string) string {
		flags = "S: * 1 FETCH (UID 1 FLAGS (" + flags + "))\n"
		return strings.ReplaceAll(signedIn(caps, 1, 1, 2), "UNSEEN 1", "UNSEEN "+unseen) +
			"C: W3 SELECT \"Work\"\nC: W4 UID FETCH 1:1 (UID FLAGS)\nC: W5 UID FETCH 2:* " + items + "\n" +
			work("W3") + flags + "S: W4 OK done\nS: W5 OK done\n" +
			"C: A5 SELECT \"INBOX\"\nC: A6 UID FETCH 1:1 (UID FLAGS)\nC: A7 UID FETCH 2:* " + items + "\n" +
			selected("A5", 1, 2) + flags + "S: A6 OK done\nS: A7 OK done\n"
	}
	mark := "C: M1 UID STORE 1 +FLAGS.SILENT (\\Seen)\nC: M2 UID FETCH 1 (UID)\nS: M1 OK done\nS: * 1 FETCH (UID 1)\nS: M2 OK done\n"
	o := against(t, gmail.Replace(first), gmail.Replace(look("1", "")+mark), gmail.Replace(look("0", "\\Seen")))
	o.mustPass()
	rev, err := o.store.Revision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: o.inboxIDs(), Add: mail.NewFlags(mail.FlagSeen)})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := o.store.Unread(t.Context(), "a"); err != nil || n != 0 {
		t.Errorf("the one message is marked read, and %d are unread, %v", n, err)
	}
	o.mustPass()
	o.isDone(op.ID)
	o.mustPass()
	o.nothingElsewhere(rev)
}
