package imapsync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// polled is a server that tells of nothing unasked; adopted is a first look at its
// Work, which has a message.
const polled = "S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS] ready\n"

func adopted() string {
	return all(1) + strings.Replace(fetchWork(1), "UID FETCH", "FETCH", 1)
}

// refusing is the folder that the user is told of as refused, and the server's words.
func (b *bubble) refusing() (folder, text string) {
	b.Helper()
	synctest.Wait()
	ps, err := b.store.Problems(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range ps {
		if p.Code == mail.CodeFolderRefused && p.Account == "a" {
			return p.Args["folder"], p.Args["text"]
		}
	}
	return "", ""
}

// total is how many messages Work shows.
func (b *bubble) total() int {
	b.Helper()
	synctest.Wait()
	box, err := b.store.MailboxByPath(b.Context(), "a", "Work")
	if err != nil {
		b.Fatal(err)
	}
	return box.Counts.Total
}

// TestRefusedFlagsAreTold: a server that does not tell the flags of one folder. What
// is new and gone in it comes all the same, and the user is told of it when it stays
// so, until the server is well again.
func TestRefusedFlagsAreTold(t *testing.T) {
	// selectWork opens Work, in which messages from to n are.
	selectWork := func(from, n int) string {
		return fmt.Sprintf("C: ? SELECT \"Work\"\nS: * %d EXISTS\nS: * OK [UIDVALIDITY 8] hm\nS: * OK [UIDNEXT %d] hm\nS: ? OK done\n", n-from+1, n+1)
	}
	fetch := func(uid, n int) string {
		var b strings.Builder
		fmt.Fprintf(&b, "C: ? UID FETCH %d:* (...\n", uid)
		for i := uid; i <= n; i++ {
			fmt.Fprintf(&b, "S: * 1 FETCH (UID %d FLAGS (\\Seen) RFC822.SIZE 9 INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" ENVELOPE (NIL \"m%d\"%s \"<%d@x>\"))\n", i, i, strings.Repeat(" NIL", 7), i)
		}
		return b.String() + "S: ? OK done\n"
	}
	list := func(from, n int) string {
		return strings.Replace(all(n), fmt.Sprintf("Work (MESSAGES %d", n), fmt.Sprintf("Work (MESSAGES %d", n-from+1), 1)
	}
	// refused is a poll that finds messages from to n; known are those before it.
	refused := func(from, n, known, time int) string {
		no := fmt.Sprintf("C: ? UID FETCH 1:%d (UID FLAGS)\nS: ? NO Index is broken [12:%02d]\n", known, time)
		there := strings.Trim(fmt.Sprint([]int{1, 2}[from-1:known]), "[]")
		search := fmt.Sprintf("C: ? UID SEARCH UID 1:%d\nS: * SEARCH %s", known, there)
		return list(from, n) + selectWork(from, n) + no + fetch(known+1, n) +
			selectWork(from, n) + search + "\nS: ? OK done\n" + fetch(known+1, n)
	}
	transcript := polled + adopted() +
		poll + refused(1, 2, 1, 1) + // one is new
		poll + refused(1, 2, 2, 2) +
		poll + refused(2, 2, 2, 3) + // the first is gone
		poll + refused(2, 2, 2, 4) +
		poll + list(2, 2) + selectWork(2, 2) + "C: ? UID FETCH 1:2 (UID FLAGS)\nS: * 1 FETCH (UID 2 FLAGS ())\nS: ? OK done\n" + fetch(3, 2) +
		poll + list(2, 2) + "C: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(2*time.Minute + 30*time.Second)
		if folder, _ := t.refusing(); folder != "" || t.total() != 2 {
			t.Errorf("after two refusals: told of %q, %d messages", folder, t.total())
		}
		time.Sleep(time.Minute)
		if folder, text := t.refusing(); folder != "Work" || text != "Index is broken [12:01]" || t.total() != 1 {
			t.Errorf("after three: told of %q, %q, %d messages", folder, text, t.total())
		}
		time.Sleep(time.Minute)
		if folder, text := t.refusing(); folder != "Work" || text != "Index is broken [12:01]" {
			t.Errorf("after four: told of %q, %q", folder, text)
		}
		time.Sleep(time.Minute)
		if folder, _ := t.refusing(); folder != "" {
			t.Errorf("the server is well again, and the user told of %q", folder)
		}
		box, err := t.store.MailboxByPath(t.Context(), "a", "Work")
		if err != nil || box.Counts != (mail.Counts{Total: 1, Unread: 1}) {
			t.Errorf("%+v, %v", box.Counts, err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

// TestFolderThatCannotBeOpenedIsTold: whether SELECT is refused or STATUS is. The
// problem is over when the folder is to be had again, and when it is gone.
func TestFolderThatCannotBeOpenedIsTold(t *testing.T) {
	const (
		inbox   = "S: * LIST () \"/\" INBOX\nS: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\n"
		deleted = askAll + inbox + "S: ? OK done\n"
		status  = askAll + inbox + "S: * LIST () \"/\" Work\nS: ? OK done\n" +
			"C: ? STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\nS: ? NO [SERVERBUG] Internal error occurred\n"
	)
	// What is pipelined behind a SELECT that fails is refused too.
	sel := all(2) + "C: X1 SELECT \"Work\"\nC: X2 UID FETCH 1:1 (UID FLAGS)\nC: X3 UID FETCH 2:* (...\n" +
		"S: X1 NO [SERVERBUG] Internal error occurred\nS: X2 BAD no mailbox\nS: X3 BAD no mailbox\n"
	for name, c := range map[string]struct{ refused, again, over string }{
		"SELECT, well again": {poll + sel, sel, all(2) + fetchWork(2)},
		"SELECT, deleted":    {poll + sel, sel, deleted + deleted + asks("Work", "S: ? NO [NONEXISTENT] none\n")},
		"STATUS, well again": {poll + status, poll + status, poll + all(2) + fetchWork(2)},
	} {
		t.Run(name, func(t *testing.T) {
			transcript := polled + adopted() +
				c.refused + // after a minute
				another(c.again, 1) + // soon, as it may be gone
				another(c.again, 2) + another(c.again, 3) +
				c.over + "C: <anything>\n"
			inBubble(t, plays(transcript), nil, func(t *bubble) {
				time.Sleep(90 * time.Second)
				if folder, _ := t.refusing(); folder != "" {
					t.Errorf("after two refusals: told of %q", folder)
				}
				time.Sleep(2 * time.Minute)
				if folder, text := t.refusing(); folder != "Work" || text != "Internal error occurred" {
					t.Errorf("after four: told of %q, %q", folder, text)
				}
				time.Sleep(time.Minute)
				if folder, _ := t.refusing(); folder != "" {
					t.Errorf("it is over, and the user told of %q", folder)
				}
			})
		})
	}
}

// TestRefusalOfAProcessBefore: what was told of a folder stays while the folder is
// refused still, and goes when another is refused in its place.
func TestRefusalOfAProcessBefore(t *testing.T) {
	const refused = "C: X1 SELECT \"Work\"\nC: X2 FETCH 1:* (...\nS: X1 NO broken\nS: X2 BAD no mailbox\n"
	for folder, still := range map[string]bool{"Work": true, "Lists": false} {
		t.Run(folder, func(t *testing.T) {
			before := func(c *Config) {
				err := c.Store.RaiseProblem(context.WithoutCancel(t.Context()), mail.Problem{
					Account: "a", Code: mail.CodeFolderRefused, Class: mail.ClassProtocol, Args: mail.Args{"folder": folder, "text": "broken"},
				})
				if err != nil {
					t.Error(err)
				}
			}
			inBubble(t, plays(polled+all(1)+refused+all(0)+"C: <anything>\n"), before, func(t *bubble) {
				time.Sleep(time.Second)
				if told, _ := t.refusing(); (told == folder) != still {
					t.Errorf("told of %q", told)
				}
				time.Sleep(time.Minute)
				if told, _ := t.refusing(); told != "" {
					t.Errorf("it is over, and the user told of %q", told)
				}
			})
		})
	}
}

// TestAPassSaysWhatItCouldNotRead: who asks for one pass, with no agent that would see
// the folder refused again and again, is told by the report.
func TestAPassSaysWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	const refused = "S: W1 NO [SERVERBUG] Internal error occurred\nS: W2 BAD no mailbox\n"
	asks, _, _ := strings.Cut(copyInWork(), "S: ")
	o := against(t, twoMessages(""), signedIn("", 2, 1, 2)+asks+refused+lookAtInbox(2), signedIn("", 2, 1, 2)+copyInWork()+lookAtInbox(2))
	o.mustPass()
	if r := o.mustPass(); !slices.Equal(r.NotRead, []string{"Work"}) {
		t.Errorf("not read: %q", r.NotRead)
	}
	if r := o.mustPass(); len(r.NotRead) != 0 {
		t.Errorf("it was read now, and the report says %q", r.NotRead)
	}
}

// another is a part of a transcript with tags of its own.
func another(part string, n int) string {
	return strings.ReplaceAll(part, ": X", fmt.Sprintf(": X%d", n))
}

// TestAFolderThatCannotBeOpenedIsNotSaidToBeGone: the server lists a folder and refuses
// to open it. Who marks a message in it is told why that cannot be; that the folder is
// gone, only if the server says so.
func TestAFolderThatCannotBeOpenedIsNotSaidToBeGone(t *testing.T) {
	t.Parallel()
	for no, want := range map[string]mail.Code{
		"[NOPERM] Permission denied":    mail.CodeRefusedCommand,
		"[SERVERBUG] Internal error":    mail.CodeRefusedCommand,
		"[NONEXISTENT] No such mailbox": mail.CodeGone,
		"Mailbox does not exist, or so": mail.CodeGone,
	} {
		t.Run(no, func(t *testing.T) {
			t.Parallel()
			there := signedIn("", 2, 1, 2)
			look := "C: W1 SELECT \"Work\"\nC: W2 UID FETCH 1:1 (UID FLAGS)\nC: W3 UID FETCH 2:* " + items + "\n" +
				"S: W1 NO " + no + "\nS: W2 BAD no mailbox\nS: W3 BAD no mailbox\n"
			refused := there + look + lookAtInbox(2) + "C: F1 SELECT \"Work\"\nS: F1 NO " + no + "\n"
			came := there + copyInWork() + lookAtInbox(2)
			o := against(t, append([]string{twoMessages(""), came}, slices.Repeat([]string{refused}, opPatience+1)...)...)
			o.mustPass()
			o.mustPass()
			op := o.enqueue(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{o.list("Work")[0].ID}, Add: mail.NewFlags(mail.FlagSeen)})
			for range opPatience {
				o.mustPass()
				if err := o.store.RetryOp(t.Context(), op, time.Time{}, nil); err != nil {
					t.Fatal(err)
				}
			}
			o.mustPass()
			ps, err := o.store.Problems(t.Context())
			if err != nil || len(ps) != 1 || ps[0].Code != want || want == mail.CodeGone && ps[0].Args["what"] != "folder" {
				t.Errorf("problems: %+v, %v", ps, err)
			}
		})
	}
}
