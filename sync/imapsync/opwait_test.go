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
