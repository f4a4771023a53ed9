package host

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/secret"
)

const delivered = "From: Jo <jo@example.org>\r\nTo: me@example.org\r\nSubject: Hello\r\n" +
	"Message-ID: <1@example.org>\r\nDate: Sun, 01 Mar 2026 12:00:00 +0000\r\n\r\nGood morning\r\n"

// A window's day at an agent with a real server, all of it over the socket.
func TestOverTheSocket(t *testing.T) {
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	agent := run(t, options(t, t.TempDir(), control.HolderAgent, secret.NewMemory()))
	c, err := control.Dial(t.Context(), agent.o.Dirs.SocketPath())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if h := c.Holder(); h.Holder != control.HolderAgent || h.Build != "test" {
		t.Errorf("hello %+v", h)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	a := dc.Account(0, mail.TLS)
	draft := api.Draft{
		Address: a.Address, Protocol: mail.IMAP, Host: a.Endpoint.Host, Port: a.Endpoint.Port, Security: mail.TLS,
		User: a.Auth.User, CAFile: a.Endpoint.Trust.CAFile, Password: "wrong",
	}
	if err := c.Check(ctx, draft, nil); code(err) != mail.CodeSignInRefused {
		t.Errorf("a wrong password: %v", err)
	}
	draft.Password = dc.Password(0)
	var last api.Step
	added, err := c.AddAccount(ctx, draft, func(s api.Step) { last = s })
	if err != nil || added.Address != a.Address {
		t.Fatalf("added %+v, %v", added, err)
	}
	if last.Name != api.StepFolders || last.State != api.StepOK || len(last.Folders) == 0 {
		t.Errorf("last step %+v", last)
	}
	// The first pass, so that what is delivered is new.
	if reports, err := c.Sync(ctx, added.ID); err != nil || len(reports) != 1 || reports[0].Problem != nil {
		t.Fatalf("sync %+v, %v", reports, err)
	}
	window := read(t, c, api.EventsQuery{Since: api.FromNow, UI: true})
	window.until(api.KindSnapshot)
	dc.Deliver(t, 0, "INBOX", []byte(delivered))
	e := window.until("message.added")
	if len(e.Messages) != 1 || e.Messages[0].Subject != "Hello" || e.Folder != "INBOX" || e.Origin != mail.Elsewhere {
		t.Fatalf("event %+v", e)
	}
	id := e.Messages[0].ID

	page, err := c.Messages(ctx, api.PageQuery{Limit: 10})
	if err != nil || page.Total != 1 || page.Unread != 1 || page.Messages[0].ID != id || page.Messages[0].Folder != "INBOX" {
		t.Fatalf("page %+v, %v", page, err)
	}
	if m, err := c.MessageAt(ctx, added.ID, "inbox", e.UIDs[0]); err != nil || m.ID != id {
		t.Errorf("by its UID: %+v, %v", m, err)
	}
	if body, err := c.Body(ctx, id); err != nil || body.Text != "Good morning" || body.Message.Subject != "Hello" {
		t.Errorf("body %+v, %v", body, err)
	}
	if raw, err := c.Raw(ctx, id); err != nil {
		t.Error(err)
	} else if b, err := io.ReadAll(raw); errors.Join(err, raw.Close()) != nil || string(b) != delivered {
		t.Errorf("raw %q, %v", b, err)
	}
	if err := c.SetWatched(ctx, added.ID, "Nowhere", true); code(err) != mail.CodeNoFolder {
		t.Errorf("watch: %v", err)
	}
	done, err := c.Do(ctx, api.Action{Kind: mail.ActFlags, IDs: []mail.MessageID{id}, Add: mail.Flags{mail.FlagSeen}})
	if err != nil || done.Op == 0 {
		t.Fatalf("do %+v, %v", done, err)
	}
	if op, err := c.WaitOp(ctx, done.Op); err != nil || op.State != mail.OpDone {
		t.Errorf("op %+v, %v", op, err)
	}
	s, err := c.Status(ctx)
	if err != nil || s.Unread != 0 || !s.Running || s.Accounts[0].State != mail.StateOnline {
		t.Errorf("status %+v, %v", s, err)
	}
	if lines, err := c.Activity(ctx, e.Time.Add(-1), 10); err != nil || len(lines) == 0 {
		t.Errorf("activity %+v, %v", lines, err)
	}
	if _, err := c.RemoveAccount(ctx, added.ID, false); err != nil {
		t.Error(err)
	}
	if as, err := c.Accounts(ctx); err != nil || len(as) != 0 {
		t.Errorf("accounts %+v, %v", as, err)
	}
}
