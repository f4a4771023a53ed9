package store

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAStoreOfTheFirstSchemaOpensWithAllThatIsInIt: mail, what waits, what was told
// and what was alerted; it goes on from there, and what there was is kept aside.
func TestAStoreOfTheFirstSchemaOpensWithAllThatIsInIt(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata", "schema1.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, dbName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	raw(t, dir, string(text))
	f := openAt(t, dir, &clock{t: day})
	if _, err := os.Stat(f.path() + ".v1.bak"); err != nil {
		t.Errorf("no copy of what there was: %v", err)
	}

	bs := f.boxes()
	inbox, old := bs["INBOX"], bs["Büro/Alt"]
	if len(bs) != 2 || inbox.Role != mail.RoleInbox || !inbox.Watched || inbox.Cursor.UIDValidity != 7 || inbox.Cursor.UIDNext != 5 {
		t.Fatalf("folders: %+v", bs)
	}
	f.counts("INBOX", 3, 2)
	f.counts("Büro/Alt", 1, 0)
	one, two, three := f.at(inbox, 1), f.at(inbox, 2), f.at(inbox, 4)
	if one.ID != 1 || one.Envelope.Subject != "Subject 1" || one.Envelope.From[0].Addr != "s1@example.org" || one.Preview != "Hello one" || !one.Unread() {
		t.Errorf("message 1: %+v", one)
	}
	if !two.Pending || !two.Flags.Equal(mail.NewFlags("seen", "work")) || !three.Flags.Equal(flagged) {
		t.Errorf("messages 2 and 3: %+v, %+v", two, three)
	}
	if uids, err := f.UIDs(f.ctx(), inbox.ID); err != nil || !slices.Contains(uids, 3) {
		t.Errorf("what could not be read is not known any more: %v, %v", uids, err)
	}
	if us, err := f.AskAgain(f.ctx(), acc, 5); err != nil || len(us) != 1 || us[0] != (Unreadable{inbox.ID, 3, true}) {
		t.Errorf("nor is it asked for again: %+v, %v", us, err)
	}
	if p, err := f.Search(f.ctx(), SearchQuery{Text: "koln", Limit: 5}); err != nil || len(p.Messages) != 1 || p.Messages[0].ID != 3 {
		t.Errorf("search: %+v, %v", p, err)
	}

	w := f.ready()
	if len(w) != 1 || w[0].Op.ID != 2 || !w[0].Messages[0].Add.Equal(seen) || w[0].Messages[0].Location.UID != 2 {
		t.Fatalf("to be sent: %+v", w)
	}
	f.must(f.StartOp(f.ctx(), 2))
	f.must(f.FinishOp(f.ctx(), 2, done(2)))
	f.state(1, mail.OpDone)
	if cs := f.since(0); len(cs) < 3 || find[mail.MessagesAdded](t, cs).Messages[0].Subject != "Subject 1" ||
		find[mail.FlagsChanged](t, cs).Rev != 3 {
		t.Errorf("changes: %+v", cs)
	}
	ps, err := f.Problems(f.ctx())
	if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeConnectionLost || ps[0].Args["host"] != "imap.example.org" {
		t.Errorf("problems: %+v, %v", ps, err)
	}
	as, err := f.Alerts(f.ctx())
	if err != nil || len(as) != 1 || as[0].Handle != "42" || !slices.Equal(as[0].Messages, []mail.MessageID{1}) {
		t.Errorf("alerts: %+v, %v", as, err)
	}
	if rev, err := f.AlertCursor(f.ctx()); err != nil || rev != 3 {
		t.Errorf("alerted up to %d, %v", rev, err)
	}

	// A message that was on its way when it was last open is still the same.
	f.apply(Delta{Mailbox: old.ID, Added: []Fetched{msg(2, 4, "seen")}})
	if id := f.id(old, 2); id != 4 {
		t.Errorf("the moved message is %d now", id)
	}
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{1}, Mailbox: old.ID})
	f.counts("INBOX", 2, 1)
	f.counts("Büro/Alt", 3, 1)
	f = f.again()
	f.counts("Büro/Alt", 3, 1)
}
