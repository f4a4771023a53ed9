package host

import (
	"errors"
	"testing"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/secret"
	"github.com/heronmail/heron/sync/store"
)

// withoutServer is a backend over an account that nothing is sent for, with an inbox
// of three messages, the second of them flagged \Deleted, and a folder Work.
func withoutServer(t *testing.T) *backend {
	t.Helper()
	h, err := Open(t.Context(), options(t, t.TempDir(), control.HolderCtl, secret.NewMemory()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	draft := api.Draft{
		ID: "a", Address: "a@example.org", Protocol: mail.IMAP, Host: "mail.example.org", Port: 993, Security: mail.TLS, User: "a",
	}
	if err := h.settings.SaveAccount(draft.Account()); err != nil {
		t.Fatal(err)
	}
	apply := func(b store.Batch) {
		t.Helper()
		if _, err := h.store.Apply(t.Context(), "a", b); err != nil {
			t.Fatal(err)
		}
	}
	apply(store.Batch{Listing: &store.Listing{Mailboxes: []store.ListedMailbox{
		{Name: "INBOX", Delimiter: "/", Role: mail.RoleInbox, Selectable: true, Subscribed: true},
		{Name: "Work", Delimiter: "/", Selectable: true, Subscribed: true},
	}}})
	boxes, err := h.store.Mailboxes(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	apply(store.Batch{Deltas: []store.Delta{{
		Mailbox: boxes[0].ID, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: 4, Messages: 3},
		Added: []store.Fetched{{UID: 1, Size: 1}, {UID: 2, Size: 1, Flags: mail.NewFlags(mail.FlagDeleted)}, {UID: 3, Size: 1}},
	}}})
	return h.backend
}

// TestWhatTheListDoesNotShowHasNoUID: a message that is flagged \Deleted on its server
// is in no list, and cannot be named by its UID either.
func TestWhatTheListDoesNotShowHasNoUID(t *testing.T) {
	b := withoutServer(t)
	for uid, want := range map[mail.UID]mail.Code{1: "", 2: mail.CodeNoMessage, 3: "", 4: mail.CodeNoMessage} {
		m, err := b.MessageAt(t.Context(), "a", "INBOX", uid)
		if code(err) != want || err == nil && m.UID != uid {
			t.Errorf("UID %d: %+v, %v", uid, m, err)
		}
	}
}

// TestADeletionNamesItsFolder: while it waits, when it is taken back, and in the stream
// when it is done.
func TestADeletionNamesItsFolder(t *testing.T) {
	b := withoutServer(t)
	ctx := t.Context()
	remove := func() mail.OpID {
		t.Helper()
		res, err := b.DoFolder(ctx, "a", api.FolderAction{Kind: mail.FolderDelete, Path: "Work"})
		if err != nil {
			t.Fatal(err)
		}
		return res.Op
	}
	remove()
	if ops, err := b.Ops(ctx, "a"); err != nil || len(ops) != 1 || ops[0].Folder != "Work" {
		t.Errorf("it waits: %+v, %v", ops, err)
	}
	if u, err := b.Undo(ctx, 0); err != nil || u.Folder != "Work" {
		t.Errorf("taken back: %+v, %v", u, err)
	}
	id := remove()
	if err := b.store.StartOp(ctx, id); err != nil {
		t.Fatal(err)
	}
	if err := b.store.FinishOp(ctx, id, nil); err != nil {
		t.Fatal(err)
	}
	if op, err := b.WaitOp(ctx, id); err != nil || op.Folder != "Work" {
		t.Errorf("done: %+v, %v", op, err)
	}
	enough := errors.New("enough was read")
	err := b.Events(ctx, api.EventsQuery{Since: 0}, func(e api.Event) error {
		if e.Op == nil {
			return nil
		}
		if e.Op.Folder != "Work" {
			t.Errorf("told %s: %+v", e.Op.State, e.Op)
		}
		if e.Op.State == mail.OpDone {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Errorf("the stream ended: %v", err)
	}
}
