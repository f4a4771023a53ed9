package imapsync

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// plays makes connections to a server that plays a transcript.
func plays(transcript string) dialer { return playsAs(transcript, new(*mailtest.Script)) }

// playsAs is plays, and keeps the script where the test can get at it.
func playsAs(transcript string, script **mailtest.Script) dialer {
	return func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		if *script == nil {
			*script = mailtest.NewScript(t, transcript)
		}
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return (*script).NewConn(), nil }
		return wire.Dial(ctx, o)
	}
}

const (
	set      = "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange))"
	setFew   = "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge FlagChange))"
	askAll   = `C: ? LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))` + "\n"
	hello    = "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE NOTIFY LIST-EXTENDED LIST-STATUS] ready\n"
	idleTill = "C: ? IDLE\nS: + go\nC: DONE\nS: ? OK done\n"
	toInbox  = `
	C: ? SELECT "INBOX"
	S: * 0 EXISTS
	S: * OK [UIDVALIDITY 7] hm
	S: * OK [UIDNEXT 1] hm
	S: ? OK done
`
)

// all is an answer to askAll: an empty inbox, and n messages in Work.
func all(n int) string {
	return askAll + fmt.Sprintf(`
	S: * LIST () "/" INBOX
	S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)
	S: * LIST () "/" Work
	S: * STATUS Work (MESSAGES %d UIDNEXT %d UIDVALIDITY 8 UNSEEN 0)
	S: ? OK done
`, n, n+1)
}

// fetchWork is how message n of Work is fetched, and the flags of those before.
func fetchWork(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "C: ? SELECT \"Work\"\nS: * %d EXISTS\nS: * OK [UIDVALIDITY 8] hm\nS: * OK [UIDNEXT %d] hm\nS: ? OK done\n", n, n+1)
	if n > 1 {
		fmt.Fprintf(&b, "C: ? UID FETCH 1:%d (UID FLAGS)\n", n-1)
		for i := 1; i < n; i++ {
			fmt.Fprintf(&b, "S: * %d FETCH (UID %d FLAGS (\\Seen))\n", i, i)
		}
		b.WriteString("S: ? OK done\n")
	}
	fmt.Fprintf(&b, "C: ? UID FETCH %d:* (...\n", n)
	fmt.Fprintf(&b, "S: * %d FETCH (UID %d FLAGS (\\Seen) RFC822.SIZE 9 INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" ENVELOPE (NIL \"m%d\" %s NIL \"<%d@x>\"))\n", n, n, n, strings.Repeat("NIL ", 6)[:23], n)
	b.WriteString("S: ? OK done\n")
	return b.String()
}

const poll = "C: ? NOOP\nS: ? OK done\n"

// TestBrokenPromise: a server that agrees to NOTIFY and tells nothing loses it
// after two polls in a row that found what it should have told.
func TestBrokenPromise(t *testing.T) {
	transcript := hello +
		"C: ? " + set + "\nS: ? OK done\n" + all(0) + toInbox + idleTill +
		poll + all(1) + fetchWork(1) + toInbox + idleTill +
		poll + all(1) + idleTill + // nothing happened: it proves nothing
		poll + all(2) + "C: ? NOTIFY NONE\nS: ? OK done\n" + fetchWork(2) + toInbox +
		"C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(2*time.Minute + 30*time.Second)
		synctest.Wait()
		if st := t.state(); st.ToldBy != mail.ToldByNotify || st.ToldWhy != mail.ToldBest {
			t.Errorf("before the second time: %+v", st)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := t.state(); st.ToldBy != mail.ToldByIdle || st.ToldWhy != mail.ToldBroken {
			t.Errorf("after the second time: %+v", st)
		}
		box, err := t.store.MailboxByPath(t.Context(), "a", "Work")
		if err != nil || box.Counts.Total != 2 {
			t.Errorf("%+v, %v", box, err)
		}
	})
}

// TestKeptPromise: a server that tells is polled once in a quarter of an hour,
// and what it tells of is asked for alone. Its silence says that nothing
// changed, as far as it is known to live.
func TestKeptPromise(t *testing.T) {
	told := "C: ? IDLE\nS: + go\nS: * STATUS Work (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 8 UNSEEN 0)\nC: DONE\nS: ? OK done\n" + poll + all(1)
	transcript := hello +
		"C: ? " + set + "\nS: ? OK done\n" + all(0) + toInbox + told + fetchWork(1) + toInbox + idleTill +
		poll + all(1) + // a minute after the first: it was not proven then
		idleTill + strings.Replace(idleTill, "go\n", "go\nS: <wait>\nS: * OK Still here\n", 1) + poll + all(1) + "C: <anything>\n"
	var began time.Time
	script := new(*mailtest.Script)
	inBubble(t, playsAs(transcript, script), nil, func(t *bubble) {
		began = time.Now()
		synctest.Wait()
		time.Sleep(time.Second)
		box, err := t.store.MailboxByPath(t.Context(), "a", "Work")
		if err != nil || box.Counts.Total != 1 || time.Since(began) > time.Second {
			t.Errorf("%+v, %v", box, err)
		}
		inStep := func() time.Duration { return t.w.LastSync(box).Sub(began).Round(time.Second) }
		time.Sleep(12 * time.Minute)
		synctest.Wait()
		if since := inStep(); since < 9*time.Minute || since > 10*time.Minute {
			t.Errorf("after the renewal of IDLE it is in step as of %v", since)
		}
		(*script).Continue()
		synctest.Wait()
		if since := inStep(); since != 12*time.Minute+time.Second {
			t.Errorf("after a sign of life it is in step as of %v", since)
		}
		time.Sleep(4*time.Minute + 5*time.Second)
		synctest.Wait()
		if st := t.state(); st.ToldBy != mail.ToldByNotify {
			t.Errorf("%+v", st)
		}
	})
}

// TestQuietPromise: where nothing happens NOTIFY cannot be seen to work. It is
// checked ever more rarely, and once a minute again when a poll found what was
// not told.
func TestQuietPromise(t *testing.T) {
	quiet := poll + all(0) + idleTill
	transcript := hello + "C: ? " + set + "\nS: ? OK done\n" + all(0) + toInbox + idleTill +
		quiet + quiet + quiet + // after 1, 3 and 7 minutes
		poll + all(1) + fetchWork(1) + toInbox + idleTill + // 15
		poll + all(2) + "C: ? NOTIFY NONE\nS: ? OK done\n" + fetchWork(2) + toInbox + // 16
		"C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		began := time.Now()
		for _, c := range []struct {
			after time.Duration
			have  int
			by    mail.ToldBy
		}{
			{14*time.Minute + 50*time.Second, 0, mail.ToldByNotify},
			{15*time.Minute + 10*time.Second, 1, mail.ToldByNotify},
			{16*time.Minute + 20*time.Second, 2, mail.ToldByIdle},
		} {
			time.Sleep(c.after - time.Since(began))
			synctest.Wait()
			box, err := t.store.MailboxByPath(t.Context(), "a", "Work")
			if st := t.state(); err != nil || box.Counts.Total != c.have || st.ToldBy != c.by {
				t.Errorf("after %v: %+v, %+v, %v", c.after, box.Counts, st, err)
			}
		}
	})
}

// TestIdleBreaksItsPromise: IDLE that says nothing of new mail is lost too.
func TestIdleBreaksItsPromise(t *testing.T) {
	inbox := func(n int) string {
		return askAll + fmt.Sprintf("S: * LIST () \"/\" INBOX\nS: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN 0)\nS: ? OK done\n", n, n+1)
	}
	fetch := func(n int) string {
		return strings.ReplaceAll(strings.ReplaceAll(fetchWork(n), "Work", "INBOX"), "VALIDITY 8", "VALIDITY 7")
	}
	transcript := strings.Replace(hello, "NOTIFY ", "", 1) + inbox(0) + toInbox + idleTill +
		poll + inbox(1) + fetch(1) + idleTill + poll + inbox(2) + fetch(2) + "C: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		synctest.Wait()
		if st := t.state(); st.ToldBy != mail.ToldByIdle || st.ToldWhy != mail.ToldNotOffered {
			t.Errorf("at first: %+v", st)
		}
		time.Sleep(2*time.Minute + 10*time.Second)
		synctest.Wait()
		if st := t.state(); st.ToldBy != mail.ToldByPoll || st.ToldWhy != mail.ToldBroken {
			t.Errorf("after the second time: %+v", st)
		}
	})
}

// TestRefusedNotify: what a server does not know of NOTIFY is left out, and
// then NOTIFY is.
func TestRefusedNotify(t *testing.T) {
	for name, c := range map[string]struct {
		transcript string
		by         mail.ToldBy
		why        mail.ToldWhy
	}{
		"fewer events": {
			"C: ? " + set + "\nS: ? NO [BADEVENT (MessageNew MessageExpunge FlagChange)] no\n" + all(0) +
				"C: ? " + setFew + "\nS: ? OK done\n" + toInbox, mail.ToldByNotify, mail.ToldBest,
		},
		"none": {"C: ? " + set + "\nS: ? BAD what\n" + all(0) + toInbox, mail.ToldByIdle, mail.ToldRefused},
		"neither": {
			"C: ? " + set + "\nS: ? NO [BADEVENT (MessageNew)] no\n" + all(0) + "C: ? " + setFew + "\nS: ? NO no\n" + toInbox,
			mail.ToldByIdle, mail.ToldRefused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, plays(hello+c.transcript+"C: ? IDLE\nS: + go\nC: <anything>\n"), nil, func(t *bubble) {
				time.Sleep(10 * time.Second)
				synctest.Wait()
				if st := t.state(); st.State != mail.StateOnline || st.ToldBy != c.by || st.ToldWhy != c.why {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

// TestNotifyOverflows: a server that has too much to tell ends NOTIFY; it is
// asked again, and all folders are looked at.
func TestNotifyOverflows(t *testing.T) {
	transcript := hello + "C: ? " + set + "\nS: ? OK done\n" + all(0) + toInbox +
		"C: ? IDLE\nS: + go\nS: * OK [NOTIFICATIONOVERFLOW] too much\nC: DONE\nS: ? OK done\n" +
		"C: ? " + set + "\nS: ? OK done\n" + idleTill + poll + all(1) + fetchWork(1) + toInbox + "C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		box, err := t.store.MailboxByPath(t.Context(), "a", "Work")
		if st := t.state(); err != nil || box.Counts.Total != 1 || st.ToldBy != mail.ToldByNotify {
			t.Errorf("%+v, %+v, %v", st, box, err)
		}
	})
}

// TestNewMailBesideAPass: a message that comes to the inbox while another
// folder has all of them looked at is had with its first words.
func TestNewMailBesideAPass(t *testing.T) {
	transcript := hello +
		"C: ? " + set + "\nS: ? OK done\n" + all(0) + toInbox +
		"C: ? IDLE\nS: + go\nS: * STATUS Work (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 8 UNSEEN 0)\nC: DONE\nS: ? OK done\n" +
		"C: ? NOOP\nS: * 1 EXISTS\nS: ? OK done\n" + all(1) + fetchWork(1) + // whose STATUS of the inbox is from before
		`
	C: ? SELECT "INBOX"
	S: * 1 EXISTS
	S: * OK [UIDVALIDITY 7] hm
	S: * OK [UIDNEXT 2] hm
	S: ? OK done
	C: ? UID FETCH 1:* (... BODY.PEEK[TEXT]<0.4096>)
	S: * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 9 INTERNALDATE "01-Jan-2026 00:00:00 +0000" ENVELOPE (NIL "new" ` + strings.Repeat("NIL ", 6) + `NIL "<new@x>") BODY[HEADER.FIELDS (CONTENT-TYPE CONTENT-TRANSFER-ENCODING MIME-VERSION)] "" BODY[TEXT]<0> "first words")
	S: ? OK done
	C: ? IDLE
	S: + go
	C: <anything>
`
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(10 * time.Second)
		synctest.Wait()
		box, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
		if err != nil {
			t.Error(err)
		}
		p, err := t.store.Messages(t.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{box.ID}, Limit: 10})
		if err != nil || len(p.Messages) != 1 || p.Messages[0].Preview != "first words" {
			t.Errorf("%+v, %v", p.Messages, err)
		}
	})
}
