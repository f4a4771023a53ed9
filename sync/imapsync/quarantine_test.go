package imapsync

import (
	"slices"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// unread checks which messages of the inbox the user is told of as unreadable.
func (o *odd) unread(want string) {
	o.Helper()
	ps, err := o.store.Problems(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	got := ""
	for _, p := range ps {
		if p.Code == mail.CodeUnreadable && p.Account == "odd" && p.Args["folder"] == "INBOX" {
			got = p.Args["uid"]
		}
	}
	if got != want {
		o.Errorf("named are %q, want %q", got, want)
	}
}

// TestOneBadMessage: what cannot be read of one does not hold up the others. It is
// named for as long as it is there.
func TestOneBadMessage(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"malformed": "ENVELOPE (\"broken",
		"too long":  "ENVELOPE (\"" + strings.Repeat("x", 5<<20) + "\"))",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t,
				bare+onlyInbox+statusOf+
					"S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 3)\nS: A3 OK done\n"+
					"C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* "+items+"\n"+selected("A4", 3, 4)+
					messages(1, 1)+"S: * 2 FETCH (UID 2 FLAGS (\\Seen) "+bad+"\n"+messages(3, 3)+"S: A5 OK done\n"+peek("1,3"),
				bare+onlyInbox+statusOf+
					"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 2)\nS: A3 OK done\n"+
					"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:3 (UID FLAGS)\nC: A8 UID FETCH 4:* "+items+"\n"+
					selected("A6", 2, 4)+"S: * 1 FETCH (UID 1 FLAGS ())\nS: * 2 FETCH (UID 3 FLAGS ())\nS: A7 OK done\nS: A8 OK done\n",
			)
			if r := o.mustPass(); r.New != 2 || len(o.list("INBOX")) != 2 {
				t.Errorf("%d messages, %+v", len(o.list("INBOX")), r)
			}
			if !slices.Equal(o.uids(), []mail.UID{1, 2, 3}) {
				t.Errorf("known are %v", o.uids())
			}
			o.unread("2")
			o.mustPass()
			o.unread("")
		})
	}
}
