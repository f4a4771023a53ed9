package imapsync

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestMostFoldersGone: a list that lost most of what is known is asked for
// again, and one without an inbox is no list.
func TestMostFoldersGone(t *testing.T) {
	t.Parallel()
	all := rich + "S: * LIST () \"/\" A\nS: * LIST () \"/\" B\nS: * LIST () \"/\" C\n" + statuses("INBOX", "A", "B", "C")
	ask := "C: B1 LIST \"\" \"*\" RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ))\n"
	noInbox := strings.TrimSuffix(rich, "S: * LIST (\\Subscribed) \"/\" INBOX\n")
	o := against(t, all,
		rich+statuses("INBOX")+ask+"S: * LIST (\\Subscribed) \"/\" INBOX\nS: * LIST () \"/\" A\nS: * LIST () \"/\" B\nS: * LIST () \"/\" C\n"+
			strings.ReplaceAll(statuses("INBOX", "A", "B", "C"), "A1 OK", "B1 OK"),
		noInbox+"S: A1 OK done\nC: A3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)\nS: A3 NO none\n"+
			ask+"S: B1 OK done\nC: B3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)\nS: B3 NO none\n",
	)
	o.mustPass()
	o.mustPass()
	if _, err := o.pass(); mail.FaultOf(err) == nil || mail.FaultOf(err).Code != mail.CodeBadAnswer {
		t.Errorf("a list of nothing: %v", err)
	}
	boxes, err := o.store.Mailboxes(t.Context(), "odd")
	if err != nil || len(boxes) != 4 {
		t.Errorf("%d folders are left, %v", len(boxes), err)
	}
}

// TestOneOfTwoFoldersGone: an account with little to lose is asked twice too.
func TestOneOfTwoFoldersGone(t *testing.T) {
	t.Parallel()
	both := rich + "S: * LIST () \"/\" A\n" + statuses("INBOX", "A")
	ask := "C: B1 LIST \"\" \"*\" RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ))\n"
	noInbox := strings.TrimSuffix(rich, "S: * LIST (\\Subscribed) \"/\" INBOX\n")
	refused := func(tag string) string {
		return "C: " + tag + " STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)\nS: " + tag + " NO none\n"
	}
	second := "S: * LIST (\\Subscribed) \"/\" INBOX\n" + strings.ReplaceAll(statuses("INBOX"), "A1 OK", "B1 OK")
	o := against(t, both,
		noInbox+"S: A1 OK done\n"+refused("A3")+ask+"S: B1 OK done\n"+refused("B3"),
		rich+statuses("INBOX")+ask+second+
			"C: ? STATUS \"A\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)\nS: ? NO none\n",
	)
	count := func() int {
		t.Helper()
		boxes, err := o.store.Mailboxes(t.Context(), "odd")
		if err != nil {
			t.Fatal(err)
		}
		return len(boxes)
	}
	o.mustPass()
	if _, err := o.pass(); mail.FaultOf(err) == nil || mail.FaultOf(err).Code != mail.CodeBadAnswer || count() != 2 {
		t.Errorf("a list of nothing: %v, %d folders are left", err, count())
	}
	if o.mustPass(); count() != 1 {
		t.Errorf("said twice, and %d folders are left", count())
	}
}

// statuses are the STATUS answers of empty mailboxes, and the end of a LIST.
func statuses(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "S: * STATUS %s (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0 HIGHESTMODSEQ 1)\n", n)
	}
	return b.String() + "S: A1 OK done\n"
}
