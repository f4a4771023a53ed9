package imapsync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestWhatTheServerSays: a server tells on each connection that the mailbox is nearly
// full, and once, while nothing else happens, that it goes down. The user is told of
// both, of each once, and for a day and as long as they are said.
func TestWhatTheServerSays(t *testing.T) {
	const full, down = "S: * OK [ALERT] Mailbox is 95%\x07 full\n", "S: * OK [ALERT] Going down at five\n"
	list := polled + lists("INBOX")
	transcript := list + full + "S: <wait>\n" + down + "S: <wait>\n" + closes +
		"---\n" + list + full + "S: <wait>\n" + closes +
		"---\n" + list + "C: <anything>\n"
	var script *mailtest.Script
	inBubble(t, playsAs(transcript, &script), func(c *Config) { c.PollInterval = 48 * time.Hour }, func(t *bubble) {
		told := func(want ...string) {
			t.Helper()
			t.dialled()
			ps, err := t.store.Problems(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, p := range ps {
				if p.Code == mail.CodeServerSays && p.Args["host"] == "mail.example" {
					texts = strings.Split(p.Args["text"], "\n")
				}
			}
			if !slices.Equal(texts, want) {
				t.Errorf("the user is told %q, want %q", texts, want)
			}
		}
		rev, err := t.store.Revision(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		told("Mailbox is 95% full")
		script.Continue()
		time.Sleep(time.Minute)
		told("Going down at five", "Mailbox is 95% full")
		script.Continue()
		time.Sleep(25 * time.Hour)
		told("Going down at five", "Mailbox is 95% full") // the second connection says one of them again
		cs, err := t.store.Changes(t.Context(), rev, 1000)
		if err != nil {
			t.Fatal(err)
		}
		times := 0
		for _, c := range cs {
			if c, ok := c.(mail.ProblemRaised); ok && c.Problem.Code == mail.CodeServerSays {
				times++
			}
		}
		if times != 2 {
			t.Errorf("told %d times", times)
		}
		script.Continue()
		time.Sleep(time.Minute)
		told()
	})
}
