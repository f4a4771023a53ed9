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
		return "C: K" + n + " UID STORE " + n + " +FLAGS.SILENT (\\Flagged)\nC: L" + n + " UID FETCH " + n + " (UID)\n" +
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
		ids := t.ids("INBOX")
		t.flag(ids[1:])
		t.flag(ids[:1])
		time.Sleep(time.Minute)
		synctest.Wait()
		if ops, err := t.store.Ops(t.Context(), "a"); err != nil || len(ops) > 0 {
			t.Errorf("waiting: %+v, %v", ops, err)
		}
	})
}

// TestALimitThatStaysIsSaid: a mailbox takes no more keywords, which is the very example
// of RFC 5530 for LIMIT. Waiting does not help: it is asked ever more rarely, the user
// hears of it soon, it is given up, and what the user did then is done.
func TestALimitThatStaysIsSaid(t *testing.T) {
	const full = "At most 32 flags in one mailbox supported"
	f := &fallsOver{over: []string{"UID STORE"}, says: "NO [LIMIT] " + full}
	f.falls(true)
	inBubble(t, f.dial, nil, func(t *bubble) {
		time.Sleep(time.Minute)
		inbox := t.ids("INBOX")
		op := t.flag(inbox)
		later, err := t.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpCopy, Targets: inbox, Mailbox: t.box("Work").ID})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if told := t.told(); told != nil {
			t.Errorf("after %d tries the user is told of %+v", f.fallen(), told)
		}
		time.Sleep(time.Minute)
		if p := t.told()[mail.CodePutOff]; p["host"] != "mail.example" || p["command"] != "UID STORE" || p["text"] != full {
			t.Errorf("after %d tries the user is told of %+v", f.fallen(), t.told())
		}
		if t.opState(op) != mail.OpWaiting || t.opState(later.ID) != mail.OpWaiting {
			t.Errorf("the actions are %s and %s", t.opState(op), t.opState(later.ID))
		}
		time.Sleep(15 * time.Minute)
		told := t.told()
		if _, waits := told[mail.CodePutOff]; waits || told[mail.CodeRefusedCommand]["text"] != full {
			t.Errorf("when it is given up the user is told of %+v", told)
		}
		if n := f.fallen(); n != opPatience+1 || t.opState(op) != mail.OpFailed || t.opState(later.ID) != mail.OpDone {
			t.Errorf("after %d tries the actions are %s and %s", n, t.opState(op), t.opState(later.ID))
		}
	})
}

// TestAServerThatIsBusyForHours: it asks for patience with an action, which waits ever
// longer. The user hears of it, and no more once it is done; after a day it is given up.
func TestAServerThatIsBusyForHours(t *testing.T) {
	for name, over := range map[string]bool{"and is well again": true, "and stays so": false} {
		t.Run(name, func(t *testing.T) {
			f := &fallsOver{over: []string{"UID STORE"}, says: "NO [UNAVAILABLE] Busy"}
			f.falls(true)
			inBubble(t, f.dial, func(c *Config) { c.PollInterval = time.Hour }, func(t *bubble) {
				time.Sleep(time.Minute)
				op := t.flag(t.ids("INBOX"))
				time.Sleep(12 * time.Hour)
				if n := f.fallen(); n > 20 || t.opState(op) != mail.OpWaiting || t.told()[mail.CodePutOff]["text"] != "Busy" {
					t.Errorf("after %d tries it is %s, and the user told of %+v", n, t.opState(op), t.told())
				}
				if over {
					f.falls(false)
					time.Sleep(opLatest)
					if told := t.told(); told != nil || t.opState(op) != mail.OpDone {
						t.Errorf("when the server is well it is %s, and the user told of %+v", t.opState(op), told)
					}
					return
				}
				time.Sleep(13 * time.Hour)
				told := t.told()
				if _, waits := told[mail.CodePutOff]; waits || told[mail.CodeRefusedCommand]["text"] != "Busy" || t.opState(op) != mail.OpFailed {
					t.Errorf("after a day it is %s, and the user told of %+v", t.opState(op), told)
				}
			})
		})
	}
}

// told is what the user is told of, nil if there is nothing.
func (b *bubble) told() map[mail.Code]mail.Args {
	b.Helper()
	synctest.Wait()
	ps, err := b.store.Problems(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	var out map[mail.Code]mail.Args
	for _, p := range ps {
		if out == nil {
			out = map[mail.Code]mail.Args{}
		}
		out[p.Code] = p.Args
	}
	return out
}
