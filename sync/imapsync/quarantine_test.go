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

// later lets the store's clock be ahead by d from now on.
func (o *odd) later(d time.Duration) {
	o.Helper()
	if err := o.store.Close(); err != nil {
		o.Fatal(err)
	}
	var err error
	o.store, err = store.Open(o.Context(), o.dir, store.Options{Now: func() time.Time { return time.Now().Add(d) }})
	if err != nil {
		o.Fatal(err)
	}
	o.cfg.Store = o.store
}

// TestWhatCouldNotBeReadIsAskedAgain: of a new message the server can say nothing, for a
// while. It is asked for again, alone, a quarter of an hour later, and then when twice the
// time has gone. It comes as new, and the user hears no more of it.
func TestWhatCouldNotBeReadIsAskedAgain(t *testing.T) {
	t.Parallel()
	look := listsInbox(2) + "C: L1 SELECT \"INBOX\"\nC: L2 UID FETCH 1:2 (UID FLAGS)\nC: L3 UID FETCH 3:* " + items + "\n" +
		selected("L1", 2, 3) + flagsOf(1, 2) + "S: L2 OK done\nS: L3 OK done\n"
	comes := func(tag, items string) string {
		return fmt.Sprintf("C: %[1]s1 SELECT \"INBOX\"\nC: %[1]s2 UID FETCH 1:1 (UID FLAGS)\nC: %[1]s3 UID FETCH 2:* %[2]s\n", tag, items) +
			selected(tag+"1", 2, 3) + flagsOf(1, 1) + fmt.Sprintf("S: %[1]s2 OK done\nS: %[1]s3 NO [SERVERBUG] it hurts\n", tag)
	}
	again := look + "C: ? UID FETCH 2 " + items + "\n"
	o := against(t, first(1),
		listsInbox(2)+comes("B", peeking())+comes("C", items),
		look,
		again+"S: ? NO [SERVERBUG] it hurts\n",
		look,
		again+"S: * 2 FETCH (UID 2 FLAGS () ENVELOPE (\"broken\nS: ? OK done\n",
		again+messages(2, 2)+"S: ? OK done\n",
		look,
	)
	for range 3 {
		o.mustPass()
	}
	o.unread("2")
	for _, minutes := range []int{16, 20, 35, 72} {
		o.later(time.Duration(minutes) * time.Minute)
		o.mustPass()
	}
	o.unread("")
	cs, err := o.store.Changes(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	news := 0
	for _, c := range cs {
		if c, ok := c.(mail.MessagesAdded); ok && c.Meta().Origin == mail.Elsewhere {
			news += len(c.Messages)
		}
	}
	if in := o.inbox(); news != 1 || in.Counts.Total != 2 || in.Cursor.Messages != 2 {
		t.Errorf("%d messages are told as new, and the inbox is %+v", news, in)
	}
	o.mustPass()
}

// TestWhatCouldNotBeReadIsGoneWithItsFolder: nor is the user told of it any more.
func TestWhatCouldNotBeReadIsGoneWithItsFolder(t *testing.T) {
	t.Parallel()
	deleted := strings.NewReplacer("S: * LIST () \"/\" Work\n", "", "C: A4 STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n", "",
		"S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 9 UNSEEN 0)\nS: A4 OK done\n", "")
	o := against(t,
		signedIn("", 2, 1, 2)+"C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* "+items+"\n"+selected("A5", 2, 3)+messages(1, 2)+"S: A6 OK done\n"+
			"C: W1 SELECT \"Work\"\nC: W2 FETCH 1:* "+items+"\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: * OK [UIDNEXT 2] hm\nS: W1 OK done\n"+
			"S: * 1 FETCH (UID 1 FLAGS () ENVELOPE (\"broken\nS: W2 OK done\nC: I1 SELECT \"INBOX\"\n"+selected("I1", 2, 3)+peek("1:2"),
		listedTwice(deleted))
	o.mustPass()
	if ps, err := o.store.Problems(t.Context()); err != nil || len(ps) != 1 || ps[0].Code != mail.CodeUnreadable || ps[0].Args["folder"] != "Work" {
		t.Fatalf("problems: %+v, %v", ps, err)
	}
	o.mustPass()
	if ps, err := o.store.Problems(t.Context()); err != nil || len(ps) != 0 {
		t.Errorf("problems: %+v, %v", ps, err)
	}
}
