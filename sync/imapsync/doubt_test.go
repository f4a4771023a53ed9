package imapsync

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

const noNotify = "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE LIST-EXTENDED LIST-STATUS] ready\n"

// lists is an answer to askAll: these folders, all empty. One with a "-" before it
// is listed, and its STATUS is refused.
func lists(names ...string) string {
	var b strings.Builder
	b.WriteString(askAll)
	for _, n := range names {
		name, refused := strings.CutPrefix(n, "-")
		b.WriteString("S: * LIST () \"/\" " + name + "\n")
		if !refused {
			b.WriteString("S: * STATUS " + name + " (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\n")
		}
	}
	return b.String() + "S: ? OK done\n"
}

// asks is how Heron asks for one folder.
func asks(name, answer string) string {
	return `C: ? STATUS "` + name + `" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)` + "\n" + answer
}

// TestAFolderIsNotGoneBecauseItIsNotListed: a server whose sessions list for a
// while what was so before leaves a folder out and lists it again. Nothing is told;
// it is when the folder is really gone.
func TestAFolderIsNotGoneBecauseItIsNotListed(t *testing.T) {
	t.Parallel()
	four := []string{"INBOX", "Lists", "Plans", "Work"}
	transcript := noNotify + lists(four...) + toInbox + idleTill +
		poll + lists("INBOX", "Lists", "Plans") + asks("Work", "S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: ? OK done\n") + idleTill +
		poll + lists(four...) + idleTill +
		poll + lists("INBOX", "Lists", "Plans") + asks("Work", "S: ? NO [NONEXISTENT] no such mailbox\n") +
		"C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(2*time.Minute + 30*time.Second)
		synctest.Wait()
		if got := told(t.T, t.store); len(got) != 0 {
			t.Errorf("told %q", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := told(t.T, t.store); !slices.Equal(got, []string{"Work is gone"}) {
			t.Errorf("told %q", got)
		}
	})
}

// TestAFolderIsNotThereBecauseItIsListed: the same server lists a folder that was
// deleted.
func TestAFolderIsNotThereBecauseItIsListed(t *testing.T) {
	t.Parallel()
	refused := asks("Old", "S: ? NO [NONEXISTENT] no such mailbox\n")
	transcript := noNotify + lists("INBOX", "Work") + toInbox + idleTill +
		poll + lists("INBOX", "-Old", "Work") + refused + idleTill + // it is asked again soon
		poll + lists("INBOX", "-Old", "Work") + refused + idleTill +
		poll + lists("INBOX", "New", "Work") +
		"C: ? IDLE\nS: + go\nC: <anything>\n"
	inBubble(t, plays(transcript), nil, func(t *bubble) {
		time.Sleep(2*time.Minute + 30*time.Second)
		synctest.Wait()
		if got := told(t.T, t.store); !slices.Equal(got, []string{"New is there"}) {
			t.Errorf("told %q", got)
		}
	})
}

// TestAFirstListingIsDoubtedToo: a session that lists what was so before may be a new
// one, as behind a kill: a folder that was just made, or renamed, is not gone, nor is
// its old name a new folder.
func TestAFirstListingIsDoubtedToo(t *testing.T) {
	t.Parallel()
	there := asks("Work", "S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: ? OK done\n")
	for name, s := range map[string]struct {
		second string
		want   []string
	}{
		"left out":                 {lists("INBOX", "Plans", "Lists") + there, nil},
		"under its old name":       {lists("INBOX", "Plans", "Lists", "-Job") + isGone("Job") + there, nil},
		"gone":                     {lists("INBOX", "Plans", "Lists") + isGone("Work"), []string{"Work is gone"}},
		"renamed":                  {lists("INBOX", "Plans", "Lists", "Job") + isGone("Work"), []string{"Work is called Job"}},
		"gone, and one is refused": {lists("INBOX", "Plans", "Lists", "-Job") + isGone("Job") + isGone("Work") + "C: ? SELECT \"Job\"\nS: ? NO [NONEXISTENT] no such mailbox\n", []string{"Job is there", "Work is gone"}},
		"the same in another case": {lists("INBOX", "Plans", "Lists", "WORK") + there, []string{"Work is called WORK"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, noNotify+lists("INBOX", "Plans", "Lists", "Work"), noNotify+s.second)
			o.mustPass()
			o.mustPass()
			if got := told(o.T, o.store); !slices.Equal(got, s.want) {
				t.Errorf("told %q, want %q", got, s.want)
			}
		})
	}
}

// told is what was told of folders, behind the first listing.
func told(t *testing.T, s *store.Store) []string {
	t.Helper()
	cs, err := s.Changes(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range cs {
		if c.Meta().Origin == mail.Backfill {
			continue
		}
		switch c := c.(type) {
		case mail.MailboxGone:
			out = append(out, c.Folder.Path+" is gone")
		case mail.MailboxAdded:
			out = append(out, c.Folder.Path+" is there")
		case mail.MailboxRenamed:
			out = append(out, c.From+" is called "+c.Folder.Path)
		}
	}
	return out
}

// TestATwinInAnotherCaseIsAFolderOfItsOwn: two folders whose names differ only in case
// are known. A listing leaves one of them out, and its STATUS says that it is there.
func TestATwinInAnotherCaseIsAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	there := asks("Work", "S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: ? OK done\n")
	o := against(t, noNotify+lists("INBOX", "Plans", "Lists", "Work", "work"), noNotify+lists("INBOX", "Plans", "Lists", "work")+there)
	o.mustPass()
	o.mustPass()
	if got := told(o.T, o.store); len(got) != 0 {
		t.Errorf("told %q", got)
	}
}

// TestASessionWhoseListingsStayWrong: it leaves a folder out again and again that is
// there, and so may know nothing of new ones. Another session is asked; not again and
// again, where all leave it out.
func TestASessionWhoseListingsStayWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hides       func(connection, listing int) bool
		connections int
	}{
		"one session":   {func(connection, listing int) bool { return connection == 1 && listing > 1 }, 2},
		"for a moment":  {func(_, listing int) bool { return listing == 2 || listing == 3 }, 1},
		"each one":      {func(_, listing int) bool { return listing > 1 }, 6}, // ever more rarely
		"a new one too": {func(connection, listing int) bool { return connection > 1 || listing > 1 }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fallsOver{caps: "IDLE", hides: c.hides}
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(3 * time.Hour)
				if n := len(t.dialled()); n != c.connections {
					t.Errorf("there were %d connections", n)
				}
				if ps, err := t.store.Problems(t.Context()); err != nil || len(ps) > 0 || t.state().State != mail.StateOnline {
					t.Errorf("problems %+v, %v, it is %+v", ps, err, t.state())
				}
				t.box("Work")
				if got := told(t.T, t.store); len(got) > 0 {
					t.Errorf("told %q", got)
				}
			})
		})
	}
}
