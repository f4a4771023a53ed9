package imapsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAnOpStaysOpenForWhatIsGone: of two messages that are marked one was taken
// away elsewhere. It may turn up in another folder, and if not, that is said: the
// op does not end as if all had been done.
func TestAnOpStaysOpenForWhatIsGone(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages(""), signedIn("", 1, 0, 1)+lookAtInbox(1)+"C: M1 UID STORE 2 +FLAGS.SILENT (\\Seen)\nC: M2 UID FETCH 2 (UID)\n"+
		"S: M1 OK done\nS: * 1 FETCH (UID 2)\nS: M2 OK done\n")
	o.mustPass()
	ids := o.inboxIDs()
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagSeen)})
	if err != nil {
		t.Fatal(err)
	}
	o.mustPass()
	ops, err := o.store.Ops(t.Context(), "odd")
	if err != nil || len(ops) != 1 || ops[0].ID != op.ID || ops[0].State != mail.OpWaiting || !slices.Equal(ops[0].Targets, ids[1:]) {
		t.Errorf("waiting: %+v, %v", ops, err)
	}
	if m := o.list("INBOX")[0]; m.Pending || m.Unread() {
		t.Errorf("the other: %+v", m)
	}
}

// TestFlagsAreSentOnCondition: what another machine changed meanwhile is looked
// at again, and only what is missing is sent.
func TestFlagsAreSentOnCondition(t *testing.T) {
	t.Parallel()
	status := "S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 2 HIGHESTMODSEQ 50)\nS: A1 OK done\n"
	open := func(tag string) string {
		return "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 3] hm\nS: * OK [HIGHESTMODSEQ 50] hm\nS: " + tag + " OK done\n"
	}
	first := rich + status + "C: A2 SELECT \"INBOX\" (CONDSTORE)\nC: A3 FETCH 1:* " + richItems + "\n" + open("A2") +
		messages(1, 2) + "S: A3 OK done\n" + peek("1:2")
	send := rich + status + "C: A4 SELECT \"INBOX\" (CONDSTORE)\n" + open("A4") +
		"C: A5 UID STORE 1:2 (UNCHANGEDSINCE 50) +FLAGS.SILENT (\\Seen)\n"
	look := "C: A6 UID FETCH %s (UID FLAGS)\n%sS: A6 OK done\n"
	one := "S: * 1 FETCH (UID 1 MODSEQ (51))\n"
	const taken = "one was taken away"
	for name, rest := range map[string]string{
		"nobody did": "S: * 1 FETCH (UID 1 MODSEQ (51))\nS: * 2 FETCH (UID 2 MODSEQ (51))\nS: A5 OK done\n",
		"another flag": one + "S: A5 OK [MODIFIED 2] one failed\n" + fmt.Sprintf(look, "2", "S: * 2 FETCH (UID 2 FLAGS (\\Flagged))\n") +
			"C: A7 UID STORE 2 +FLAGS.SILENT (\\Seen)\nS: A7 OK done\n",
		"the same flag": one + "S: A5 NO [MODIFIED 2] one failed\n" + fmt.Sprintf(look, "2", "S: * 2 FETCH (UID 2 FLAGS (\\Seen))\n"),
		"it is not known": "S: A5 BAD what\n" + fmt.Sprintf(look, "1:2", flagsOf(1, 2)) +
			"C: A7 UID STORE 1:2 +FLAGS.SILENT (\\Seen)\nS: A7 OK done\n",
		"of one nothing is said": one + "S: A5 OK done\n" + fmt.Sprintf(look, "2", "S: * 2 FETCH (UID 2 FLAGS (\\Seen))\n"),
		taken:                    one + "S: A5 OK done\n" + fmt.Sprintf(look, "2", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, first, send+rest)
			o.mustPass()
			ids := o.inboxIDs()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagSeen)})
			if err != nil {
				t.Fatal(err)
			}
			o.mustPass()
			want, left := mail.OpDone, 0
			if name == taken { // the delta waits until it is known where to
				want, left = mail.OpWaiting, 1
			}
			op, err = o.store.Op(t.Context(), op.ID)
			if err != nil || op.State != want {
				t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
			}
			pending := slices.DeleteFunc(o.list("INBOX"), func(m mail.Message) bool { return !m.Pending })
			if len(pending) != left || left > 0 && pending[0].Location.UID != 2 {
				t.Errorf("pending: %+v", pending)
			}
			if n := o.inbox().Counts.Unread; n != 0 {
				t.Errorf("%d unread", n)
			}
		})
	}
}

// TestFlagsWithoutModSeqs: a message that another machine took away while its flags
// were on their way is found out by asking what is there; the delta waits for it.
func TestFlagsWithoutModSeqs(t *testing.T) {
	t.Parallel()
	const (
		send = "C: F1 UID STORE 1:2 +FLAGS.SILENT (\\Seen)\nC: F2 UID FETCH 1:2 (UID)\n"
		one  = "S: * 1 FETCH (UID 1)\n"
		two  = "S: * 2 FETCH (UID 2)\n"
		ok   = "S: F2 OK done\n"
		look = "C: F3 UID FETCH 1:2 (UID FLAGS)\n"
		next = "S: F3 OK done\nC: F4 NOOP\nS: <close>\n" // it begins to look for what went
	)
	for name, c := range map[string]struct {
		answer string
		gone   bool
	}{
		"both are there":            {"S: F1 OK done\n" + one + two + ok, false},
		"all of it at once":         {one + two + "S: F1 OK done\n" + ok, false},
		"one was taken away":        {"S: F1 OK done\n" + one + ok, true},
		"one is told of as it was":  {"S: F1 OK done\n" + one + two + "S: * 2 EXPUNGE\n" + ok + look + flagsOf(1, 1) + next, true},
		"it is another that went":   {"S: F1 OK done\n" + one + two + "S: * 3 EXPUNGE\n" + ok + look + flagsOf(1, 2) + next, false},
		"it was taken away at once": {"S: * 2 EXPUNGE\nS: F1 OK done\n" + one + ok + look + flagsOf(1, 1) + next, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages(""), unchanged("")+send+c.answer)
			o.mustPass()
			ids := o.inboxIDs()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagSeen)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.pass(); (err != nil) != strings.HasSuffix(c.answer, next) {
				t.Fatal(err)
			}
			want := mail.OpDone
			if c.gone {
				want = mail.OpWaiting
			}
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != want {
				t.Errorf("the op is %s (%s), %v, want %s", op.State, op.Fault, err, want)
			}
			for _, m := range o.list("INBOX") {
				if m.Unread() || m.Pending != (c.gone && m.Location.UID == 2) {
					t.Errorf("message %d: %v, pending %v", m.Location.UID, m.Flags, m.Pending)
				}
			}
		})
	}
}
