package imapsync

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestMovedIntoTheInbox: what another machine moves into the inbox is told as
// moved, and nothing as new or gone, although only the inbox was told of.
func TestMovedIntoTheInbox(t *testing.T) {
	t.Parallel()
	for _, c := range []cell{
		{"QRESYNC", "NOTIFY", "MOVE"},
		{"QRESYNC", "IDLE", "MOVE"},
		{"CONDSTORE", "IDLE", "MOVE"},
		{"flags", "IDLE", "MOVE"},
	} {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: c.capability()})
			r := newRig(t, dc, 0, func(c *Config) { c.PollInterval = time.Hour })
			r.deliver("INBOX", "was there")
			uid := r.deliver("Archive", "comes back")
			r.deliver("Archive", "stays")
			r.settled()
			id := idOf(r, "Archive", "comes back")
			c := r.other("Archive")
			if _, err := c.Move(imap.UIDSetNum(uid), "INBOX").Wait(); err != nil {
				t.Fatal(err)
			}
			got := awaits[mail.MessagesMoved](r)
			if got.From.Path != "Archive" || got.To.Path != "INBOX" || !slices.Equal(got.IDs, []mail.MessageID{id}) || got.Origin != mail.Elsewhere {
				t.Errorf("told %+v", got)
			}
			r.deliver("INBOX", "is new")
			if got := awaits[mail.MessagesAdded](r); len(got.Messages) != 1 || got.Messages[0].Subject != "is new" || got.Messages[0].CopyOf != 0 {
				t.Errorf("told %+v", got)
			}
			r.sync()
			if moved, added, gone := len(only[mail.MessagesMoved](r)), len(only[mail.MessagesAdded](r)), len(only[mail.MessagesGone](r)); moved != 1 || added != 1 || gone != 0 {
				t.Errorf("told %d moved, %d new, %d gone", moved, added, gone)
			}
			for path, want := range map[string][]string{"INBOX": {"comes back", "is new", "was there"}, "Archive": {"stays"}} {
				if got := r.subjects(path); !slices.Equal(got, want) {
					t.Errorf("in %s: %q", path, got)
				}
			}
		})
	}
}

// TestCopiedIntoTheInbox: a client without MOVE copies first. Until it expunges
// the original the copy is a message of its own, and it is told what it is.
func TestCopiedIntoTheInbox(t *testing.T) {
	t.Parallel()
	for _, tell := range []string{"NOTIFY", "IDLE"} {
		t.Run(tell, func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: cell{"QRESYNC", tell, "MOVE"}.capability()})
			r := newRig(t, dc, 0, func(c *Config) { c.PollInterval = time.Hour })
			uid := r.deliver("Archive", "comes back")
			r.deliver("Archive", "stays")
			r.settled()
			id := idOf(r, "Archive", "comes back")
			c := r.other("Archive")
			if _, err := c.Copy(imap.UIDSetNum(uid), "INBOX").Wait(); err != nil {
				t.Fatal(err)
			}
			got := awaits[mail.MessagesAdded](r)
			if got.Folder.Path != "INBOX" || len(got.Messages) != 1 || got.Messages[0].CopyOf != id || got.Messages[0].ID == id {
				t.Errorf("told %+v", got)
			}
			if n := len(only[mail.MessagesMoved](r)) + len(only[mail.MessagesGone](r)); n != 0 {
				t.Errorf("%d messages were told to be moved or gone", n)
			}
			r.mark()
			r.flag(c, imap.FlagDeleted, uid)
			if err := c.UIDExpunge(imap.UIDSetNum(uid)).Close(); err != nil {
				t.Fatal(err)
			}
			// Dovecot may list a folder for a moment as it was.
			for limit := time.Now().Add(patience); len(r.subjects("Archive")) != 1 && time.Now().Before(limit); {
				r.sync()
			}
			if got := only[mail.MessagesAdded](r); len(got) != 0 {
				t.Errorf("told %+v", got)
			}
			if got := r.subjects("INBOX"); !slices.Equal(got, []string{"comes back"}) {
				t.Errorf("in the inbox: %q", got)
			}
			if got := r.subjects("Archive"); !slices.Equal(got, []string{"stays"}) {
				t.Errorf("in Archive: %q", got)
			}
		})
	}
}

// TestWhereItCameFromIsAskedAgain: message 5 goes from Work to the inbox after
// Work was looked at, and before the inbox is. Where it still is, it was copied;
// and a Work that cannot be had holds nothing up.
func TestWhereItCameFromIsAskedAgain(t *testing.T) {
	t.Parallel()
	const (
		selectWork = "S: * %d EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: * OK [UIDNEXT 2] hm\nS: %s OK done\n"
		done       = "S: T2 OK done\nS: T3 OK done\n"
	)
	five := "S: * 1 FETCH (UID %d " + data(5) + ")\n"
	look := func(inbox, unseen int) string {
		return bare + "S: * LIST () \"/\" INBOX\nS: * LIST () \"/\" Work\nS: A1 OK done\nS: A2 OK done\n" + twoStatus +
			fmt.Sprintf("S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n", inbox, inbox+1, inbox) +
			fmt.Sprintf("S: * STATUS Work (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 9 UNSEEN %d)\nS: A4 OK done\n", unseen)
	}
	first := look(2, 1) + "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" +
		"C: W1 SELECT \"Work\"\nC: W2 FETCH 1:* " + items + "\n" + fmt.Sprintf(selectWork, 1, "W1") + fmt.Sprintf(five, 1) + "S: W2 OK done\n" +
		"C: I1 SELECT \"INBOX\"\n" + selected("I1", 2, 3) + peek("1:2")
	askInbox := "C: A5 SELECT \"INBOX\"\nC: A6 UID FETCH 1:2 (UID FLAGS)\nC: A7 UID FETCH 3:* " + peeking() + "\n"
	inbox := selected("A5", 3, 4) + flagsOf(1, 2) + "S: A6 OK done\n" + fmt.Sprintf(five, 3) + "S: A7 OK done\n"
	second := look(3, 0) + "C: W1 SELECT \"Work\"\nC: W2 UID FETCH 1:1 (UID FLAGS)\nC: W3 UID FETCH 2:* " + items + "\n" + askInbox +
		fmt.Sprintf(selectWork, 1, "W1") + flagsOf(1, 1) + "S: W2 OK done\nS: W3 OK done\n" + inbox +
		"C: T1 SELECT \"Work\"\nC: T2 UID FETCH 1:1 (UID FLAGS)\nC: T3 UID FETCH 2:* " + items + "\n"
	for name, c := range map[string]struct{ answer, want string }{
		"it has left":     {fmt.Sprintf(selectWork, 0, "T1") + done, "moved"},
		"it is in both":   {fmt.Sprintf(selectWork, 1, "T1") + flagsOf(1, 1) + done, "copied"},
		"Work is no more": {"S: T1 NO [NONEXISTENT] gone\nS: T2 BAD no mailbox\nS: T3 BAD no mailbox\n", "copied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, first, second+c.answer)
			o.mustPass()
			rev, err := o.store.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			o.mustPass()
			cs, err := o.store.Changes(t.Context(), rev, 1000)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, c := range cs {
				switch c := c.(type) {
				case mail.MessagesMoved:
					told = append(told, "moved")
				case mail.MessagesAdded:
					if len(c.Messages) == 1 && c.Messages[0].CopyOf != 0 {
						told = append(told, "copied")
					} else {
						told = append(told, "new")
					}
				case mail.MessagesGone:
					told = append(told, "gone")
				}
			}
			if !slices.Equal(told, []string{c.want}) {
				t.Errorf("told %q, want %s", told, c.want)
			}
		})
	}
}
