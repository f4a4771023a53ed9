package imapsync

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// TestWhatIsPutOffIsSentWhenItsTimeComes: a server that asks for half a minute
// gets it, and not the whole time until the next poll.
func TestWhatIsPutOffIsSentWhenItsTimeComes(t *testing.T) {
	mark := func(n, answer string) string {
		return "C: K" + n + " UID STORE 1 +FLAGS.SILENT (\\Seen)\nC: L" + n + " UID FETCH 1 (UID)\n" +
			"S: K" + n + " " + answer + "\nS: * 1 FETCH (UID 1)\nS: L" + n + " OK done\n"
	}
	transcript := twoMessages("IDLE") + idleTill + mark("1", "NO [THROTTLED] not now") + idleTill +
		mark("2", "OK done") + "C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), func(c *Config) { c.PollInterval = time.Hour }, func(t *bubble) {
		synctest.Wait()
		inbox, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		page, err := t.store.Messages(t.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{inbox.ID}, Limit: 2})
		if err != nil || len(page.Messages) != 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		op, err := t.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{page.Messages[1].ID}, Add: mail.NewFlags(mail.FlagSeen)})
		if err != nil {
			t.Fatal(err)
		}
		t.w.OpsQueued()
		for _, later := range []struct {
			after time.Duration
			state mail.OpState
		}{{opLater - time.Second, mail.OpWaiting}, {2 * time.Second, mail.OpDone}} {
			time.Sleep(later.after)
			synctest.Wait()
			if op, err = t.store.Op(t.Context(), op.ID); err != nil || op.State != later.state {
				t.Errorf("after %v more it is %s, %v", later.after, op.State, err)
			}
		}
	})
}

// TestNewMailComesBetweenManyActions: while a long queue is sent, mail comes. It is
// looked at before the rest of the queue is sent.
func TestNewMailComesBetweenManyActions(t *testing.T) {
	mark := func(n string) string {
		return "C: K" + n + " UID STORE " + n + " +FLAGS.SILENT (\\Seen)\nC: L" + n + " UID FETCH " + n + " (UID)\n" +
			"S: <pause 1s>\nS: K" + n + " OK done\nS: * " + n + " FETCH (UID " + n + ")\nS: L" + n + " OK done\n"
	}
	news := "S: * 3 EXISTS\n"
	transcript := twoMessages("IDLE") + idleTill + news + mark("1") +
		asks("INBOX", "S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 2)\nS: ? OK done\n") +
		"C: N1 SELECT \"INBOX\"\nC: N2 UID FETCH 3:* " + peeking() + "\n" +
		selected("N1", 3, 4) + messages(3, 3) + "S: N2 OK done\n" +
		mark("2") + "C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), func(c *Config) { c.PollInterval = time.Hour }, func(t *bubble) {
		synctest.Wait()
		inbox, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		page, err := t.store.Messages(t.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{inbox.ID}, Limit: 2})
		if err != nil || len(page.Messages) != 2 {
			t.Fatalf("%+v, %v", page, err)
		}
		for i := range page.Messages {
			op := mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{page.Messages[1-i].ID}, Add: mail.NewFlags(mail.FlagSeen)}
			if _, err := t.store.Enqueue(t.Context(), op); err != nil {
				t.Fatal(err)
			}
		}
		t.w.OpsQueued()
		time.Sleep(time.Minute)
		synctest.Wait()
		if ops, err := t.store.Ops(t.Context(), "a"); err != nil || len(ops) > 0 {
			t.Errorf("waiting: %+v, %v", ops, err)
		}
	})
}
