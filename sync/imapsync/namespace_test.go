package imapsync

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// TestOthersFolders: a group's folders are there and do no harm: none of them
// is the user's Trash, their mail is counted in no number of the account, and
// what the user did not subscribe to is neither asked for nor kept.
func TestOthersFolders(t *testing.T) {
	t.Parallel()
	const greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE] ready\n" +
		"C: N1 NAMESPACE\nC: A1 LIST \"\" \"*\"\nC: A2 LSUB \"\" \"*\"\n" +
		"S: * NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\"))\nS: N1 OK done\n" +
		"S: * LIST () \".\" INBOX\nS: * LIST () \".\" INBOX.Papierkorb\nS: * LIST (\\Trash) \".\" user.ann.Trash\n" +
		"S: * LIST () \".\" team\nS: * LIST () \".\" Drafts\nS: A1 OK done\n"
	const ask = "C: A3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\nC: A4 STATUS \"INBOX.Papierkorb\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"
	const answer = "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: A3 OK done\n" +
		"S: * STATUS INBOX.Papierkorb (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: A4 OK done\n"
	o := against(t,
		greeting+"S: * LSUB () \".\" team\nS: A2 OK done\n"+
			ask+"C: A5 STATUS \"team\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"+answer+
			"S: * STATUS team (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 7 UNSEEN 1)\nS: A5 OK done\n"+
			"C: A6 SELECT \"team\"\nC: A7 FETCH 1:* "+items+"\n"+selected("A6", 1, 2)+messages(1, 1)+"S: A7 OK done\n",
		// She has had enough of it.
		greeting+"S: A2 OK done\n"+ask+answer,
	)
	if r := o.mustPass(); r.New != 1 || r.Folders != 3 {
		t.Errorf("first pass: %+v", r)
	}
	for path, want := range map[string]mail.Mailbox{
		"INBOX/Papierkorb": {Role: mail.RoleTrash},
		"user/ann/Trash":   {Role: mail.RoleShared},
		"Drafts":           {Role: mail.RoleShared},
		"team":             {Role: mail.RoleShared, Counts: mail.Counts{Total: 1, Unread: 1}},
	} {
		if b := o.box(path); b.Role != want.Role || b.Counts != want.Counts {
			t.Errorf("%s: role %q, %+v", path, b.Role, b.Counts)
		}
	}
	changes, err := o.store.Changes(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c, ok := c.(mail.CountsChanged); ok && c.AccountUnread != 0 {
			t.Errorf("the account has %d unread", c.AccountUnread)
		}
	}
	if r := o.mustPass(); r.Folders != 2 || o.box("team").Counts != (mail.Counts{}) {
		t.Errorf("unsubscribed: %+v, %+v", r, o.box("team"))
	}
}

// TestXList: Google's server of before SPECIAL-USE. What it calls the inbox in
// the user's language cannot be selected, and is the inbox.
func TestXList(t *testing.T) {
	t.Parallel()
	o := against(t, "S: * PREAUTH [CAPABILITY IMAP4rev1 XLIST] ready\n"+
		"C: X1 XLIST \"\" \"*\"\nC: A1 LIST \"\" \"*\"\nC: A2 LSUB \"\" \"*\"\n"+
		"S: * XLIST (\\HasNoChildren \\Inbox) \"/\" \"Posteingang\"\nS: * XLIST (\\HasNoChildren \\AllMail) \"/\" \"[Gmail]/Alle Nachrichten\"\n"+
		"S: * XLIST (\\HasNoChildren \\Trash) \"/\" \"[Gmail]/M&APw-ll\"\nS: X1 OK done\n"+
		"S: * LIST () \"/\" INBOX\nS: * LIST () \"/\" \"[Gmail]/Alle Nachrichten\"\nS: * LIST () \"/\" \"[Gmail]/M&APw-ll\"\nS: A1 OK done\nS: A2 OK done\n"+
		"C: A3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\nC: A4 STATUS \"[Gmail]/M&APw-ll\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"+
		"S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: A3 OK done\n"+
		"S: * STATUS \"[Gmail]/M&APw-ll\" (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: A4 OK done\n")
	o.mustPass()
	for path, role := range map[string]mail.Role{
		"INBOX": mail.RoleInbox, "[Gmail]/Alle Nachrichten": mail.RoleAll, "[Gmail]/Müll": mail.RoleTrash,
	} {
		if b := o.box(path); b.Role != role {
			t.Errorf("%s: role %q", path, b.Role)
		}
	}
}

// TestHostileFolderNames: names that would be paths, commands or tricks are
// names: nothing is written under them, and each can be opened and told apart.
func TestHostileFolderNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4_000)
	// As LIST writes it, and as it is.
	names := [][2]string{
		{"../../x", "../../x"},
		{"/etc/x", "/etc/x"},
		{"&AAA-5", "\x005"},
		{"a&AA0ACg-b", "a\r\nb"},
		{"&IC4-cod.exe", "\u202ecod.exe"},
		{"Work", "Work"},
		{"work", "work"},
		{"WORK", "WORK"},
		{"R&D", "R&D"},
		{"&AA", "&AA"},
		{long, long},
	}
	const status = "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"
	var list, ask, answer, look, seen strings.Builder
	for i, n := range names {
		tag := string(rune('B' + i))
		fmt.Fprintf(&list, "S: * LIST () \"|\" \"%s\"\n", n[0])
		fmt.Fprintf(&ask, "C: %s1 STATUS \"%s\" %s\n", tag, n[0], status)
		fmt.Fprintf(&answer, "S: * STATUS \"%s\" (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 7 UNSEEN 1)\nS: %s1 OK done\n", n[0], tag)
		fmt.Fprintf(&look, "C: %s2 SELECT \"%s\"\nC: %s3 FETCH 1:* %s\n", tag, n[0], tag, items)
		seen.WriteString(selected(tag+"2", 1, 2) + messages(1, 1) + "S: " + tag + "3 OK done\n")
	}
	o := against(t, bare+"S: * LIST () \"|\" INBOX\n"+list.String()+"S: A1 OK done\nS: A2 OK done\n"+
		"C: A3 STATUS \"INBOX\" "+status+"\n"+ask.String()+
		"S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)\nS: A3 OK done\n"+answer.String()+look.String()+seen.String())
	if r := o.mustPass(); r.New != len(names) || r.Folders != len(names)+1 {
		t.Errorf("%+v", r)
	}
	boxes, err := o.store.Mailboxes(t.Context(), "odd")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]mail.Mailbox{}
	for _, b := range boxes {
		have[b.Name] = b
	}
	for _, n := range names {
		b, ok := have[n[1]]
		if !ok {
			t.Errorf("%.20q is not known", n[1])
			continue
		}
		if again, err := o.store.MailboxByPath(t.Context(), "odd", b.Path()); err != nil || again.ID != b.ID {
			t.Errorf("%.20q is found as %.20q, %v", n[1], again.Name, err)
		}
		page, err := o.store.Messages(t.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: 10})
		if err != nil || len(page.Messages) != 1 {
			t.Errorf("%.20q holds %d messages, %v", n[1], len(page.Messages), err)
		}
	}
	err = filepath.WalkDir(o.dir, func(path string, _ os.DirEntry, err error) error {
		if name := filepath.Base(path); strings.HasPrefix(name, "x") || strings.Contains(name, "cod") {
			t.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(o.dir, "..", "..", "x")); err == nil {
		t.Error("a folder's name became a path")
	}
}

// TestHome: where the user's own folders are, as it is shown.
func TestHome(t *testing.T) {
	t.Parallel()
	own := func(name, delimiter string) wire.Prefix { return wire.Prefix{Name: name, Delimiter: delimiter} }
	group := wire.Prefix{Name: "shared.", Delimiter: ".", Whose: wire.Shared}
	for want, c := range map[string][]wire.Prefix{
		"true ":              {group, own("", "/"), own("#mh/", "/")},
		"true INBOX/":        {own("INBOX.", "."), group},
		"true Mail/Own\\/s/": {own("Mail.Own/s.", ".")},
		"false ":             {group},
	} {
		home, known := (&places{namespaces: c}).home()
		if got := fmt.Sprint(known, " ", home); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
	for _, ns := range []wire.Prefix{own("~", ""), own("mail/x", "/"), own("/", "/")} {
		if home, known := (&places{namespaces: []wire.Prefix{ns}}).home(); known {
			t.Errorf("%+v: %q", ns, home)
		}
	}
}
