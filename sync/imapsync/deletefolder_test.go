package imapsync

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// workHasOne is a first look at the inbox, and at Work with its one message.
func workHasOne() string {
	return signedIn("UIDPLUS", 2, 1, 2) +
		"C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" +
		"C: W1 SELECT \"Work\"\nC: W2 FETCH 1:* " + items + "\n" + openWork("W1", "[UIDVALIDITY 9]", "[UIDNEXT 2]") +
		"S: * 1 FETCH (UID 1 " + data(9) + ")\nS: W2 OK done\nC: A7 SELECT \"INBOX\"\n" + selected("A7", 2, 3) + peek("1:2")
}

// openWork is the answer that opens Work with one message in it.
func openWork(tag string, codes ...string) string {
	var b strings.Builder
	b.WriteString("S: * 1 EXISTS\n")
	for _, c := range codes {
		b.WriteString("S: * OK " + c + " hm\n")
	}
	return b.String() + "S: " + tag + " OK done\n"
}

// TestAFolderIsDeletedAsItWasSeen: Work has message 1, which the user saw when they
// deleted the folder. It is deleted if that is all that is in it, beside what is flagged
// \Deleted; how many messages there are says nothing.
func TestAFolderIsDeletedAsItWasSeen(t *testing.T) {
	t.Parallel()
	const (
		ask      = "C: X1 EXAMINE \"Work\"\nC: X3 UID SEARCH UID 1:* UNDELETED\nC: X2 SELECT \"INBOX\"\n"
		validity = "[UIDVALIDITY 9]"
		next     = "[UIDNEXT 2]"
		deleted  = "C: D1 DELETE \"Work\"\nS: D1 OK done\nC: D2 UNSUBSCRIBE \"Work\"\nS: D2 OK done\n"
	)
	inbox := selected("X2", 2, 3)
	found := func(uids string, codes ...string) string {
		return ask + openWork("X1", codes...) + "S: * SEARCH" + uids + "\nS: X3 OK done\n" + inbox
	}
	for name, c := range map[string]struct {
		script string
		code   mail.Code // "": it is deleted
	}{
		"as it was":                  {found(" 1", validity, next) + deleted, ""},
		"emptied":                    {found("", validity, next) + deleted, ""},
		"one came":                   {found(" 1 2", validity, "[UIDNEXT 3]"), mail.CodeFolderChanged},
		"one came and one went":      {found(" 2", validity, "[UIDNEXT 3]"), mail.CodeFolderChanged},
		"made anew":                  {found(" 1", "[UIDVALIDITY 10]", next), mail.CodeFolderChanged},
		"made anew, and empty":       {found("", "[UIDVALIDITY 10]", next) + deleted, ""},
		"no UIDNEXT":                 {found(" 1", validity) + deleted, ""},
		"no UIDVALIDITY":             {found(" 1", next), mail.CodeRefusedCommand},
		"not to be opened":           {ask + "S: X1 NO not now\nS: X3 BAD what\n" + inbox, mail.CodeRefusedCommand},
		"what is in it is not said":  {strings.Replace(found(" 1", validity, next), "S: * SEARCH 1\n", "", 1), mail.CodeRefusedCommand},
		"what is in it is a mystery": {strings.Replace(found(" 1", validity, next), "S: X3 OK", "S: X3 NO", 1), mail.CodeRefusedCommand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, workHasOne(), signedIn("UIDPLUS", 2, 1, 2)+lookAtWork()+lookAtInbox(2)+c.script)
			o.mustPass()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFolderDelete, Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			o.mustPass()
			want := mail.OpDone
			if c.code != "" {
				want = mail.OpFailed
				o.box("Work") // it shows again
			}
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != want || op.Fault != string(c.code) {
				t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
			}
		})
	}
}

// lookAtWork compares the flags of its one message.
func lookAtWork() string {
	return "C: V1 SELECT \"Work\"\nC: V2 UID FETCH 1:1 (UID FLAGS)\nC: V3 UID FETCH 2:* " + items + "\n" +
		openWork("V1", "[UIDVALIDITY 9]", "[UIDNEXT 2]") + "S: * 1 FETCH (UID 1 FLAGS ())\nS: V2 OK done\nS: V3 OK done\n"
}

// TestAFolderThatCannotBeReadIsKept: a server has no STATUS of two folders. The one
// that it lists as a folder of mail may be full of it, and is kept; the other one only
// holds folders.
func TestAFolderThatCannotBeReadIsKept(t *testing.T) {
	const (
		list = askAll + "S: * LIST () \"/\" INBOX\nS: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\n" +
			"S: * LIST (\\Noselect) \"/\" Level\nS: * LIST () \"/\" Work\nS: ? OK done\n"
		status  = "C: ? STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\nS: ? NO [SERVERBUG] Internal error occurred\n"
		examine = "C: X1 EXAMINE \"Work\"\nC: X2 UID SEARCH UID 1:* UNDELETED\nC: X3 SELECT \"INBOX\"\n" +
			"S: X1 NO [SERVERBUG] Internal error occurred\nS: X2 BAD none is selected\n" +
			"S: * 0 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 1] hm\nS: X3 OK done\n"
		deletes = "C: ? DELETE \"Level\"\nS: ? OK done\nC: ? UNSUBSCRIBE \"Level\"\nS: ? OK done\n"
	)
	transcript := polled + adopted() + poll + list + status + poll + list + status + examine + deletes + "C: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(90 * time.Second)
		synctest.Wait()
		var ops []mail.OpID
		for _, name := range []string{"Work", "Level"} {
			box, err := t.store.MailboxByPath(t.Context(), "a", name)
			if err != nil || box.Selectable {
				t.Fatalf("%+v, %v", box, err)
			}
			op, err := t.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFolderDelete, Mailbox: box.ID})
			if err != nil {
				t.Fatal(err)
			}
			ops = append(ops, op.ID)
		}
		t.w.OpsQueued()
		time.Sleep(time.Second)
		synctest.Wait()
		for i, want := range []mail.OpState{mail.OpFailed, mail.OpDone} {
			if op, err := t.store.Op(t.Context(), ops[i]); err != nil || op.State != want {
				t.Errorf("op %d is %s (%s), %v", i, op.State, op.Fault, err)
			}
		}
	})
}

// TestAFolderThatWasEmptiedIsDeleted: on a server that cannot expunge single messages
// the user moves all mail out of a folder and deletes it. What moving left there,
// flagged deleted, is hidden, and no reason to keep it.
func TestAFolderThatWasEmptiedIsDeleted(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 2, Capability: "IMAP4rev1 IDLE LIST-EXTENDED SPECIAL-USE"})
	for user, name := range []string{"one after the other", "at once"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dc, user)
			if err := dc.Client(t, user).Create("Work", nil).Wait(); err != nil {
				t.Fatal(err)
			}
			r.deliver("Work", "a")
			r.deliver("Work", "b")
			r.settled()
			work := r.box("Work").ID
			if out := r.do(r.moving("Archive", idOf(r, "Work", "a"), idOf(r, "Work", "b"))); user == 0 {
				r.ended(out.ID, mail.OpDone)
				r.sync()
			}
			r.ended(r.do(mail.Op{Kind: mail.OpFolderDelete, Mailbox: work}).ID, mail.OpDone)
			r.agree("Archive", "a", "b")
		})
	}
}
