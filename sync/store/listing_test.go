package store

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

func TestRenamesKeepIDs(t *testing.T) {
	box := func(name, old string) ListedMailbox {
		return ListedMailbox{Name: name, Delimiter: "/", Selectable: true, OldName: old}
	}
	for _, c := range []struct {
		name  string
		was   []string
		now   []ListedMailbox
		same  map[string]string // new name: old name with the same id
		kinds []string
	}{
		{
			"one folder",
			[]string{"INBOX", "A"},
			[]ListedMailbox{box("INBOX", ""), box("B", "A")},
			map[string]string{"INBOX": "INBOX", "B": "A"},
			[]string{"elsewhere folder.renamed"},
		},
		{
			"a folder and what is in it",
			[]string{"A", "A/x", "A/x/y", "Az"},
			[]ListedMailbox{box("B", "A"), box("B/x", ""), box("B/x/y", ""), box("Az", "")},
			map[string]string{"B": "A", "B/x": "A/x", "B/x/y": "A/x/y", "Az": "Az"},
			[]string{"elsewhere folder.renamed", "elsewhere folder.renamed", "elsewhere folder.renamed"},
		},
		{
			"two that swap names",
			[]string{"A", "B"},
			[]ListedMailbox{box("A", "B"), box("B", "A")},
			map[string]string{"A": "B", "B": "A"},
			[]string{"elsewhere folder.renamed", "elsewhere folder.renamed"},
		},
		{
			"renamed, and a new one under the old name",
			[]string{"A"},
			[]ListedMailbox{box("A", ""), box("B", "A")},
			map[string]string{"B": "A"},
			[]string{"elsewhere folder.renamed", "elsewhere folder.added"},
		},
		{
			"an old name that is long known",
			[]string{"A", "B"},
			[]ListedMailbox{box("A", ""), box("B", "A")},
			map[string]string{"A": "A", "B": "B"},
			nil,
		},
		{
			"an old name nobody had",
			[]string{"A"},
			[]ListedMailbox{box("A", ""), box("B", "C")},
			map[string]string{"A": "A"},
			[]string{"elsewhere folder.added"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t)
			before := f.folders(c.was...)
			cs := f.list(Listing{Mailboxes: c.now})
			wantKinds(t, cs, c.kinds...)
			after := f.boxes()
			if len(after) != len(c.now) {
				t.Errorf("got %d folders, want %d", len(after), len(c.now))
			}
			for now, was := range c.same {
				if after[now].ID != before[was].ID {
					t.Errorf("%s is %d, %s was %d", now, after[now].ID, was, before[was].ID)
				}
			}
		})
	}
}

func TestRenameTellsBothPathsAndKeepsMail(t *testing.T) {
	f := open(t)
	f.list(Listing{Mailboxes: []ListedMailbox{{Name: "Work.Old", Delimiter: "."}}})
	b := f.boxes()["Work.Old"]
	f.apply(inStep(b.ID, 1, 3, fetched(1, 2)...))
	cs := f.list(Listing{Mailboxes: []ListedMailbox{{Name: "Work.New/2", Delimiter: ".", OldName: "Work.Old"}}})
	c := find[mail.MailboxRenamed](t, cs)
	if c.From != "Work/Old" || c.Folder.Path != `Work/New\/2` {
		t.Errorf("got %+v", c)
	}
	f.counts("Work.New/2", 2, 2)
}

func TestAFolderGoesWithItsMail(t *testing.T) {
	f, inbox, work := twoFolders(t)
	f.apply(inStep(work.ID, 1, 3, msg(1, 11), msg(2, 12)))
	ids := []mail.MessageID{f.id(work, 1), f.id(work, 2)}
	cs := f.list(Listing{Mailboxes: []ListedMailbox{{Name: "INBOX", Delimiter: "/", Selectable: true}}})
	wantKinds(t, cs, "elsewhere message.gone", "elsewhere folder.gone")
	if c := find[mail.MessagesGone](t, cs); !slices.Equal(c.IDs, ids) || c.Folder.Path != "Work" {
		t.Errorf("got %+v", c)
	}
	if _, err := f.Mailbox(f.ctx(), work.ID); code(err) != mail.CodeNoFolder {
		t.Errorf("the folder: %v", err)
	}
	if _, err := f.MailboxByPath(f.ctx(), acc, "Work"); code(err) != mail.CodeNoFolder {
		t.Errorf("the path: %v", err)
	}
	// Its mail was moved out before it was deleted.
	cs = f.apply(inStep(inbox.ID, 1, 6, msg(5, 12)))
	wantKinds(t, cs, "elsewhere message.moved")
	if c := find[mail.MessagesMoved](t, cs); c.From.Path != "Work" || c.IDs[0] != ids[1] {
		t.Errorf("got %+v", c)
	}
	// A folder that comes back is the same.
	if again := f.folders("INBOX", "Work")["Work"]; again.ID != work.ID || again.Cursor.UIDNext != 0 || again.Counts.Total != 0 {
		t.Errorf("back again: got %+v", again)
	}
	f.apply(inStep(work.ID, 1, 3, msg(1, 11)))
	if f.id(work, 1) != ids[0] {
		t.Error("its mail has other ids")
	}
}

func TestAFolderThatGoesIntoAnother(t *testing.T) {
	f, _, work := twoFolders(t)
	f.apply(inStep(work.ID, 1, 2, msg(1, 11)))
	id := f.id(work, 1)
	// No OLDNAME: to us one folder went and another came, with the same mail.
	bs := f.folders("INBOX", "Projects")
	cs := f.apply(inStep(bs["Projects"].ID, 1, 2, msg(1, 11)))
	wantKinds(t, cs, "elsewhere message.moved")
	if f.id(bs["Projects"], 1) != id {
		t.Error("the id changed")
	}
}

func TestListingAgainTellsNothing(t *testing.T) {
	f := open(t)
	f.folders("INBOX", "A", "B")
	rev := f.head()
	f.folders("INBOX", "A", "B")
	if f.head() != rev {
		t.Errorf("got %q", kinds(f.since(rev)))
	}
}

func TestMailboxesAreSorted(t *testing.T) {
	f := open(t)
	f.list(Listing{Mailboxes: []ListedMailbox{
		{Name: "zoo"},
		{Name: "Trash", Role: mail.RoleTrash},
		{Name: "Bin"},
		{Name: "apples"},
		{Name: "InBox"},
		{Name: "Sent", Role: mail.RoleSent},
	}})
	ms, err := f.Mailboxes(f.ctx(), acc)
	f.must(err)
	var got []string
	for _, m := range ms {
		got = append(got, m.Name)
	}
	if want := []string{"INBOX", "Sent", "Trash", "apples", "Bin", "zoo"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if m, err := f.MailboxByPath(f.ctx(), acc, "inbox"); err != nil || m.Name != "INBOX" {
		t.Errorf("inbox by path: %+v, %v", m, err)
	}
}

func TestOnlyCountedRolesAddToTheAccount(t *testing.T) {
	f := open(t)
	f.list(Listing{Mailboxes: []ListedMailbox{{Name: "INBOX"}, {Name: "Spam", Role: mail.RoleJunk}}})
	bs := f.boxes()
	cs := f.apply(inStep(bs["INBOX"].ID, 1, 2, msg(1, 1)), inStep(bs["Spam"].ID, 1, 3, msg(1, 2), msg(2, 3)))
	for _, c := range cs {
		if c, ok := c.(mail.CountsChanged); ok && c.AccountUnread != 1 {
			t.Errorf("%s: the account has %d unread", c.Folder.Path, c.AccountUnread)
		}
	}
	// A folder that is junk no more counts, though its numbers are the same.
	cs = f.list(Listing{Mailboxes: []ListedMailbox{{Name: "INBOX"}, {Name: "Spam"}}})
	if c := find[mail.CountsChanged](t, cs); c.AccountUnread != 3 {
		t.Errorf("got %+v", c)
	}
}

func TestWatchedIsKept(t *testing.T) {
	f := open(t)
	b := f.folders("INBOX", "A")["A"]
	f.must(f.SetWatched(f.ctx(), b.ID, true))
	f.folders("INBOX", "A")
	if !f.boxes()["A"].Watched {
		t.Error("forgotten")
	}
	if err := f.SetWatched(f.ctx(), 4711, true); code(err) != mail.CodeNoFolder {
		t.Errorf("an unknown folder: %v", err)
	}
}
