package engine

import (
	"net"
	"strconv"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestPlaced: which path a folder gets for which a person typed one.
func TestPlaced(t *testing.T) {
	boxes := []mail.Mailbox{
		{Name: "INBOX", Delimiter: ".", Role: mail.RoleInbox},
		{Name: "INBOX.Lists", Delimiter: "."},
		{Name: "shared.team.Trash", Delimiter: ".", Role: mail.RoleShared},
	}
	for _, c := range []struct{ home, typed, want string }{
		{"", "Work", "Work"},
		{"INBOX/", "Work", "INBOX/Work"},
		{"INBOX/", `v1\/2`, `INBOX/v1\/2`},
		{"INBOX/", "Lists/Go", "INBOX/Lists/Go"},
		{"INBOX/", "INBOX/Work", "INBOX/Work"},
		{"INBOX/", "Inbox/Work", "INBOX/Work"},
		{"INBOX/", "inbox", "inbox"},
		{"INBOX/", "INBOXES", "INBOX/INBOXES"},
		{"INBOX/", "shared/team/New", "shared/team/New"},
		{"Mail/", "Work", "Mail/Work"},
		{"Mail/", "Mail/Work", "Mail/Work"},
		{"Mail/", "INBOX/Work", "INBOX/Work"},
	} {
		if got := placed(boxes, c.home, c.typed); got != c.want {
			t.Errorf("%q within %q: %q, want %q", c.typed, c.home, got, c.want)
		}
	}
}

// TestHomeIsWhatTheServerSays: it is guessed only where the server has not said.
func TestHomeIsWhatTheServerSays(t *testing.T) {
	a := newActor(t, ".", "INBOX", "INBOX.Sent is sent")
	create := func(path string) string {
		t.Helper()
		done, err := a.DoFolder(t.Context(), a.id, FolderAction{Kind: mail.FolderCreate, Path: path})
		a.must(err)
		return done.Path + ": " + a.words(done.Ops)
	}
	if got := create("One"); got != "INBOX/One: folder.create as INBOX.One" {
		t.Errorf("guessed: %s", got)
	}
	a.must(a.store.SetHome(t.Context(), a.id, ""))
	if got := create("Two"); got != "Two: folder.create as Two" {
		t.Errorf("at the top level: %s", got)
	}
	a.must(a.store.SetHome(t.Context(), a.id, "INBOX/"))
	if got := create("Three"); got != "INBOX/Three: folder.create as INBOX.Three" {
		t.Errorf("below the inbox: %s", got)
	}
	_, err := a.DoFolder(t.Context(), a.id, FolderAction{Kind: mail.FolderCreate, Path: "Three"})
	if code(err) != mail.CodeFolderExists {
		t.Errorf("once more: %v", err)
	}
	done, err := a.DoFolder(t.Context(), a.id, FolderAction{Kind: mail.FolderRename, Path: "INBOX/Three", To: "Four"})
	if a.must(err); done.Path != "INBOX/Four" || a.words(done.Ops) != "folder.rename as INBOX.Four to INBOX/Four" {
		t.Errorf("renamed: %+v", done)
	}
	done, err = a.DoFolder(t.Context(), a.id, FolderAction{Kind: mail.FolderRename, Path: "INBOX/Four", To: "Four"})
	if a.must(err); len(done.Ops) != 0 {
		t.Errorf("renamed to what it is called: %+v", done)
	}
}

// TestFoldersBelowTheInbox: Courier has every folder of a user below the inbox, and
// refuses others. With none there yet, a new one is made where it is let.
func TestFoldersBelowTheInbox(t *testing.T) {
	const look = "S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS CHILDREN NAMESPACE] Courier-IMAP ready.\n" +
		"C: A1 NAMESPACE\nC: A2 LIST \"\" \"*\"\nC: A3 LSUB \"\" \"*\"\n" +
		"S: * NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\")(\"shared.\" \".\"))\nS: A1 OK NAMESPACE completed.\n" +
		"S: * LIST (\\Unmarked \\HasNoChildren) \".\" \"INBOX\"\nS: A2 OK LIST completed\nS: A3 OK LSUB completed\n" +
		"C: A4 STATUS \"INBOX\" (...\nS: * STATUS \"INBOX\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: A4 OK STATUS Completed.\n"
	script := mailtest.NewScript(t, look+"C: <close>\n---\n"+look+
		"C: B1 CREATE \"INBOX.Work.Plans\"\nS: B1 OK \"INBOX.Work.Plans\" created.\n"+
		"C: B2 SUBSCRIBE \"INBOX.Work.Plans\"\nS: B2 OK SUBSCRIBE completed.\nC: <anything>\n")
	host, port, err := net.SplitHostPort(script.Listen())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, nil)
	r.run()
	a, err := r.Add(t.Context(), mail.Account{
		Address: "me@example.org", Policy: mail.Policy{AllowPlaintext: true},
		Endpoint: mail.Endpoint{Protocol: mail.IMAP, Host: host, Port: n, Security: mail.Plain},
	}, "secret", nil)
	r.must(err)
	mailtest.Await(t, "the inbox is in step", func() bool {
		s, err := r.Status(t.Context())
		return err == nil && !s.Accounts[0].LastSync.IsZero()
	})
	done, err := r.DoFolder(t.Context(), a.ID, FolderAction{Kind: mail.FolderCreate, Path: "Work/Plans"})
	r.must(err)
	if len(done.Ops) != 1 || done.Path != "INBOX/Work/Plans" {
		t.Fatalf("%+v", done)
	}
	op, err := r.WaitOp(t.Context(), done.Ops[0].ID)
	if err != nil || op.State != mail.OpDone {
		t.Errorf("%+v, %v", op, err)
	}
	r.stop() // before its server
}
