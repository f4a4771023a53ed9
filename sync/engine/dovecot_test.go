package engine

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
)

const delivered = "From: Jo <jo@example.org>\r\nTo: me@example.org\r\nSubject: Hello\r\n" +
	"Message-ID: <1@example.org>\r\nDate: Sun, 01 Mar 2026 12:00:00 +0000\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Grüße <b>aus</b> Köln</p>\r\n"

// The life of an account on a real server, from the first check to the last
// trace of it.
func TestAccountLife(t *testing.T) {
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, nil)
	r.run()
	ctx := t.Context()
	password := dc.Password(0)

	var steps []string
	a, err := r.Add(ctx, dc.Account(0, mail.TLS), password, func(s Step) {
		steps = append(steps, string(s.Name)+" "+string(s.State))
	})
	r.must(err)
	if want := "resolve running,resolve ok,connect running,connect ok,tls running,tls ok,sign-in running,sign-in ok," +
		"capabilities running,capabilities ok,folders running,folders ok"; strings.Join(steps, ",") != want {
		t.Errorf("steps %v", steps)
	}
	r.status("the account is online", func(s AccountStatus) bool { return s.State == mail.StateOnline })

	dc.Deliver(t, 0, "INBOX", []byte(delivered))
	r.status("the new message is counted", func(s AccountStatus) bool { return s.Unread == 1 })
	box, err := r.store.MailboxByPath(ctx, a.ID, "INBOX")
	r.must(err)
	page, err := r.store.Messages(ctx, store.MessageQuery{Mailboxes: []mail.MailboxID{box.ID}, Limit: 10})
	r.must(err)
	if len(page.Messages) != 1 {
		t.Fatalf("messages %+v", page)
	}
	id := page.Messages[0].ID

	body, err := r.Body(ctx, id)
	r.must(err)
	if body.Text.Text != "Grüße aus Köln" || body.Message.Preview != "Grüße aus Köln" {
		t.Errorf("body %+v", body)
	}
	raw, err := r.Raw(ctx, id)
	r.must(err)
	if got := readAll(t, raw); got != delivered {
		t.Errorf("raw %q", got)
	}

	ops, err := r.Do(ctx, Action{Kind: mail.ActFlags, IDs: []mail.MessageID{id}, Add: mail.Flags{mail.FlagSeen}})
	r.must(err)
	if s := r.status("shown at once", func(s AccountStatus) bool { return s.Unread == 0 }); len(ops) != 1 {
		t.Fatalf("ops %+v, %+v", ops, s)
	}
	op, err := r.WaitOp(ctx, ops[0].ID)
	if err != nil || op.State != mail.OpDone {
		t.Fatalf("op %+v, %v", op, err)
	}
	if flags := serverFlags(t, dc); !slices.Contains(flags, imap.FlagSeen) {
		t.Errorf("the server has flags %v", flags)
	}

	reports, err := r.Sync(ctx, "")
	if err != nil || len(reports) != 1 || reports[0].Err != nil || reports[0].Pass.Folders == 0 {
		t.Errorf("reports %+v, %v", reports, err)
	}
	r.must(r.Test(ctx, a.ID, nil))

	if found := r.files(password); len(found) != 0 {
		t.Errorf("the password is in %v", found)
	}

	_, err = r.Remove(ctx, a.ID, false)
	r.must(err)
	if _, err := r.secrets.Get(ctx, a.ID, a.Binding()); code(err) != mail.CodeSecretMissing {
		t.Errorf("the secret after the removal: %v", err)
	}
	if s, err := r.Status(ctx); err != nil || len(s.Accounts) != 0 {
		t.Errorf("status after the removal: %+v, %v", s, err)
	}
	if boxes, err := r.store.Mailboxes(ctx, a.ID); err != nil || len(boxes) != 0 {
		t.Errorf("folders after the removal: %+v, %v", boxes, err)
	}
	if left := r.files("Message-ID: <1@example.org>"); len(left) != 0 {
		t.Errorf("the message is still in %v", left)
	}
	if left, err := filepath.Glob(filepath.Join(r.dirs.Config, "accounts", "*")); err != nil || len(left) != 0 {
		t.Errorf("settings after the removal: %v, %v", left, err)
	}
}

func serverFlags(t *testing.T, dc *mailtest.Dovecot) []imap.Flag {
	t.Helper()
	c := dc.Client(t, 0)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	msgs, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{Flags: true}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatal(msgs, err)
	}
	return msgs[0].Flags
}

func TestWrongPassword(t *testing.T) {
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, nil)
	r.run()
	var last Step
	_, err := r.Add(t.Context(), dc.Account(0, mail.TLS), "wrong", func(s Step) { last = s })
	if code(err) != mail.CodeSignInRefused {
		t.Errorf("error %v", err)
	}
	if last.Name != imapsync.StepSignIn || last.State != imapsync.StepFailed || last.Fault == nil {
		t.Errorf("last step %+v", last)
	}
	if len(r.Accounts()) != 0 {
		t.Error("the account was kept")
	}
}

// With a locked keyring the account waits and says so; it asks for no mail
// password, and goes on by itself.
func TestKeyringLocked(t *testing.T) {
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, nil)
	a := dc.Account(0, mail.TLS)
	r.must(r.settings.SaveAccount(a))
	r.must(r.secrets.Set(t.Context(), a.ID, a.Binding(), dc.Password(0)))
	r.secrets.lock(errLocked)
	r.run()
	s := r.status("the lock is told", func(s AccountStatus) bool { return hasProblem(s.Problems, mail.CodeKeyringLocked) })
	if s.State == mail.StateNeedsSignIn {
		t.Error("the user is asked for a password")
	}
	r.secrets.lock(nil)
	r.must(r.Kick(t.Context(), imapsync.ReasonSecret))
	r.status("it goes on", func(s AccountStatus) bool {
		return s.State == mail.StateOnline && !hasProblem(s.Problems, mail.CodeKeyringLocked)
	})
}
