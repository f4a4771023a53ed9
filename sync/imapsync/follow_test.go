package imapsync

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestAnActionFollowsAMoveByCopyAndExpunge: the user flags message 1, and the server is
// busy. Meanwhile a program without MOVE puts it into Work: it copies it and expunges
// the original. What waits is done to the message where it is then. If both steps are
// seen by one pass the message has moved, and nothing is told of what was done to do
// that. If a pass comes between, the copy is a message of its own until the original
// goes: then that has moved to where the copy was, which is no more.
func TestAnActionFollowsAMoveByCopyAndExpunge(t *testing.T) {
	const hello = "S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS] ready\n"
	n := 0
	has := func(inbox, work int) string {
		return askAll + fmt.Sprintf("S: * LIST () \"/\" INBOX\nS: * STATUS INBOX (MESSAGES %d UIDNEXT 3 UIDVALIDITY 7 UNSEEN %d)\n", inbox, inbox) +
			fmt.Sprintf("S: * LIST () \"/\" Work\nS: * STATUS Work (MESSAGES %d UIDNEXT %d UIDVALIDITY 9 UNSEEN %d)\nS: ? OK done\n", work, work+1, work)
	}
	// tag gives commands that are sent together tags of their own.
	tag := func(part string) string { n++; return another(part, n) }
	opensWork := "S: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: * OK [UIDNEXT 2] hm\nS: X1 OK done\n"
	store := func() string {
		return tag("C: X1 UID STORE 1 +FLAGS.SILENT (\\Flagged)\nC: X2 UID FETCH 1 (UID)\n")
	}
	busy := store() + fmt.Sprintf("S: X%d1 NO [UNAVAILABLE] Busy. Suggested Backoff Time: 150 seconds\nS: X%d2 OK done\n", n, n)
	first := hello + has(2, 0) + tag("C: X1 SELECT \"INBOX\"\nC: X2 FETCH 1:* "+items+"\n"+selected("X1", 2, 3)+messages(1, 2)+"S: X2 OK done\n") + peek("1:2") + busy
	finds := "C: X1 SELECT \"Work\"\nC: X2 UID FETCH 1:* " + peeking() + "\n"
	found := opensWork + "S: * 1 FETCH (UID 1 " + data(1) + ")\nS: X2 OK done\n"
	looks := "C: X5 SELECT \"INBOX\"\nC: X6 UID FETCH 1:2 (UID FLAGS)\nC: X7 UID FETCH 3:* " + items + "\n"
	looked := selected("X5", 1, 3) + "S: * 1 FETCH (UID 2 FLAGS ())\nS: X6 OK done\nS: X7 OK done\n"
	isThere := "C: X5 SELECT \"INBOX\"\nC: X6 UID SEARCH UID 1:2\nC: X7 UID FETCH 3:* " + items + "\n" +
		selected("X5", 2, 3) + "S: * SEARCH 1 2\nS: X6 OK done\nS: X7 OK done\n"
	for name, c := range map[string]struct {
		polls string // those of the first two minutes
		told  []string
	}{
		"within one pass": {
			poll + has(1, 1) + tag(finds+looks+found+looked) + poll + has(1, 1),
			[]string{"message.moved"},
		},
		"a pass between": {
			poll + has(2, 1) + tag(finds+found+isThere) + poll + has(1, 1) + tag(looks+looked),
			[]string{"message.added", "message.gone", "message.moved"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			done := tag("C: X1 SELECT \"Work\"\n"+opensWork) + store() +
				fmt.Sprintf("S: X%d1 OK done\nS: * 1 FETCH (UID 1)\nS: X%d2 OK done\n", n, n)
			inBubble(t, plays(first+c.polls+done+"C: <anything>\n"), nil, func(t *bubble) {
				t.dialled()
				ids := t.ids("INBOX")
				id := ids[slices.IndexFunc(ids, func(id mail.MessageID) bool { return t.message(id).Location.UID == 1 })]
				op, err := t.store.Enqueue(t.Context(), mail.Op{
					Account: "a", Kind: mail.OpFlags, Targets: []mail.MessageID{id}, Add: mail.NewFlags(mail.FlagFlagged),
				})
				if err != nil {
					t.Fatal(err)
				}
				rev, err := t.store.Revision(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.w.OpsQueued()
				time.Sleep(140 * time.Second)
				synctest.Wait()
				cs, err := t.store.Changes(t.Context(), rev, 1000)
				if err != nil {
					t.Fatal(err)
				}
				var told []string
				for _, c := range cs {
					switch c.(type) {
					case mail.MessagesAdded, mail.MessagesGone, mail.MessagesMoved:
						told = append(told, c.Kind())
					}
				}
				if !slices.Equal(told, c.told) {
					t.Errorf("told %q, want %q", told, c.told)
				}
				if m := t.message(id); m.Location.Mailbox != t.box("Work").ID || !m.Pending {
					t.Errorf("message 1 is %+v", m)
				}
				time.Sleep(30 * time.Second)
				synctest.Wait()
				if op, err = t.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
					t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
				}
				if t.box("INBOX").Counts.Total != 1 || t.box("Work").Counts.Total != 1 {
					t.Errorf("INBOX has %+v, Work %+v", t.box("INBOX").Counts, t.box("Work").Counts)
				}
			})
		})
	}
}

func (b *bubble) message(id mail.MessageID) mail.Message {
	b.Helper()
	m, err := b.store.Message(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return m
}
