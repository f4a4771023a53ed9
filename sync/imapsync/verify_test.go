package imapsync

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestAServerThatForgetsToTell: two messages were read on another machine, the
// mod-sequence is a new one, and CHANGEDSINCE tells of one of them. STATUS says that
// none is unread: all flags are asked for. Where one flag is not told at all, and the
// numbers stay unlike, that is done once.
func TestAServerThatForgetsToTell(t *testing.T) {
	t.Parallel()
	status := func(unseen, modseq int) string {
		return rich + fmt.Sprintf("S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN %d HIGHESTMODSEQ %d)\nS: A1 OK done\n", unseen, modseq)
	}
	opens := func(tag string, modseq int) string {
		return fmt.Sprintf("S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 3] hm\nS: * OK [HIGHESTMODSEQ %d] hm\nS: %s OK done\n", modseq, tag)
	}
	const read = "S: * %d FETCH (UID %d FLAGS (\\Seen) MODSEQ (60))\n"
	first := status(2, 50) + "C: A2 SELECT \"INBOX\" (CONDSTORE)\nC: A3 FETCH 1:* " + richItems + "\n" + opens("A2", 50) +
		messages(1, 2) + "S: A3 OK done\n" + peek("1:2")
	some := "C: A4 SELECT \"INBOX\" (CONDSTORE)\nC: A5 UID FETCH 1:2 (UID FLAGS) (CHANGEDSINCE 50)\nC: A6 UID FETCH 3:* " + richItems + "\n" +
		opens("A4", 60) + fmt.Sprintf(read, 1, 1) + "S: A5 OK done\nS: A6 OK done\n"
	all := "C: B1 SELECT \"INBOX\" (CONDSTORE)\nC: B2 UID SEARCH RETURN (ALL) UID 1:2\nC: B3 UID FETCH 1:2 (UID FLAGS)\nC: B4 UID FETCH 3:* " + richItems + "\n" +
		opens("B1", 60) + "S: * ESEARCH (TAG \"B2\") UID ALL 1:2\nS: B2 OK done\n"
	both := fmt.Sprintf(read, 1, 1) + fmt.Sprintf(read, 2, 2) + "S: B3 OK done\nS: B4 OK done\n"
	for name, c := range map[string]struct {
		parts  []string
		unread int
	}{
		"forgotten": {[]string{first, status(0, 60) + some + all + both, status(0, 60)}, 0},
		"never told": {[]string{
			first, status(0, 60) + some + all + strings.Replace(both, "UID 2 FLAGS (\\Seen)", "UID 2 FLAGS ()", 1), status(0, 60),
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, c.parts...)
			w := New(o.cfg)
			for range c.parts {
				if _, err := w.Pass(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.script.Err(); err != nil {
				t.Fatal(err)
			}
			if n := o.inbox().Counts.Unread; n != c.unread {
				t.Errorf("%d unread, want %d", n, c.unread)
			}
		})
	}
}

// TestAFlagOfWhichNoNumberTells: message 2 was flagged on another machine, and the
// mod-sequence stays as it is. When nobody waits for it the server is asked what is
// flagged, and then for all flags; that is done once a day.
func TestAFlagOfWhichNoNumberTells(t *testing.T) {
	const noop = "C: ? NOOP\nS: ? OK done\n"
	list := "C: ? LIST \"\" \"*\" RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ))\n" +
		"S: * LIST (\\Subscribed) \"/\" INBOX\nS: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 2 HIGHESTMODSEQ 50)\nS: ? OK done\n"
	hello, _, _ := strings.Cut(rich, "C: A1")
	opened := "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 3] hm\nS: * OK [HIGHESTMODSEQ 50] hm\nS: ? OK done\n"
	search := func(key, found string) string {
		return "C: ? UID SEARCH RETURN (ALL) " + key + "\nS: * ESEARCH UID" + found + "\nS: ? OK done\n"
	}
	transcript := hello + list +
		"C: ? SELECT \"INBOX\" (CONDSTORE)\n" + opened + "C: ? FETCH 1:* " + richItems + "\n" + messages(1, 2) + "S: ? OK done\n" + peek("1:2") +
		noop + list + "C: ? EXAMINE \"INBOX\"\n" + opened + search("ANSWERED", "") + search("FLAGGED", " ALL 2") +
		"C: ? SELECT \"INBOX\" (CONDSTORE)\n" + opened + "C: ? UID SEARCH RETURN (ALL) UID 1:2\nS: * ESEARCH UID ALL 1:2\nS: ? OK done\n" +
		"C: ? UID FETCH 1:2 (UID FLAGS)\nS: * 1 FETCH (UID 1 FLAGS ())\nS: * 2 FETCH (UID 2 FLAGS (\\Flagged))\nS: ? OK done\n" +
		"C: ? UID FETCH 3:* " + richItems + "\nS: ? OK done\n" +
		strings.Repeat(noop+list, 3) + "C: <anything>\n"
	inBubble(t, plays(transcript), func(c *Config) { c.PollInterval = 20 * time.Minute }, func(t *bubble) {
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		flagged := 0
		for _, id := range t.ids("INBOX") {
			if m := t.message(id); m.Flags.Has(mail.FlagFlagged) && m.Location.UID == 2 {
				flagged++
			}
		}
		if flagged != 1 {
			t.Errorf("%d messages are flagged", flagged)
		}
	})
}
