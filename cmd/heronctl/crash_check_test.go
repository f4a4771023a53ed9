//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
)

// has is what Heron has of the server.
func (k *killing) has(s *store.Store) mailtest.View {
	k.t.Helper()
	ctx := k.t.Context()
	boxes, err := s.Mailboxes(ctx, "work")
	if err != nil {
		k.t.Fatal(err)
	}
	out := mailtest.View{}
	for _, b := range boxes {
		in := map[mail.UID]mailtest.Seen{}
		for u, err := range s.UIDFlags(ctx, b.ID) {
			if err != nil {
				k.t.Fatal(err)
			}
			m, err := s.MessageAt(ctx, b.ID, u.UID)
			if err != nil {
				k.t.Fatal(err)
			}
			in[u.UID] = mailtest.Seen{ID: m.Envelope.HeaderID, Flags: u.Flags}
		}
		out[b.Name] = in
	}
	return out
}

// check compares the store with the server, and goes through all it ever told.
func (k *killing) check() {
	k.t.Helper()
	ctx := k.t.Context()
	s := k.open()
	defer func() { _ = s.Close() }()
	server := k.dove.View(k.t, 0)
	if wrong := k.has(s).Unlike(server); wrong != "" {
		k.t.Errorf("Heron and the server do not agree:\n%s", wrong)
	}
	count := server.Count()
	var its []string // messages of the ledger
	for n := range k.sent {
		id := fmt.Sprintf("lunch-%d@example.org", n)
		if agents(id) {
			its = append(its, id)
		} else if c := count[id]; c > 1 || c == 0 && !k.gone[id] {
			k.t.Errorf("message %s is there %d times", id, c)
		}
	}
	if wrong := k.ledger.folders(slices.Collect(maps.Keys(server))); wrong != "" {
		k.t.Errorf("the server has %s", wrong)
	}
	if wrong := k.ledger.unlike(server, its); wrong != "" {
		k.t.Errorf("the server has not what the agent accepted:\n%s", wrong)
	}
	k.t.Logf("killed %d times; %d messages came, the other client deleted %d; what the agent did: %v", k.lives, k.sent, len(k.gone), k.did)
	k.t.Logf("on its %d messages the agent accepted %d actions and refused %d; %d answers were lost",
		len(its), k.ledger.accepted, k.ledger.refused, k.ledger.lost)
	changes, err := s.Changes(ctx, 0, 1_000_000)
	if err != nil {
		k.t.Fatal(err)
	}
	added, alerted, mine := map[mail.MessageID]int{}, map[mail.MessageID]int{}, map[mail.MessageID]bool{}
	elsewhere := func(c mail.Change, ids []mail.MessageID) {
		if c.Meta().Origin != mail.Here && slices.ContainsFunc(ids, func(id mail.MessageID) bool { return mine[id] }) {
			k.t.Errorf("what was done here was told as done elsewhere: %s %+v", c.Kind(), c)
		}
	}
	folder := func(c mail.Change, f mail.FolderRef) {
		if c.Meta().Origin != mail.Here && strings.HasPrefix(f.Path, "Plan ") {
			k.t.Errorf("what was done here was told as done elsewhere: %s %+v", c.Kind(), c)
		}
	}
	for _, c := range changes {
		switch c := c.(type) {
		case mail.OpChanged:
			if c.Op.State == mail.OpFailed {
				k.t.Logf("given up: %+v", c.Op)
			}
		case mail.MessagesAdded:
			if c.Origin == mail.Here {
				continue // it is a copy, or shows again: an action was given up
			}
			if c.Folder.Path == copies {
				k.t.Errorf("a copy that was made here was told as made elsewhere: %+v", c)
			}
			for _, b := range c.Messages {
				added[b.ID]++
				var n int
				if _, err := fmt.Sscanf(b.Subject, "Lunch %d?", &n); err != nil {
					k.t.Fatal(err)
				}
				mine[b.ID] = n%2 == 0
			}
		case mail.AlertShown:
			for _, id := range c.IDs {
				alerted[id]++
			}
		case mail.FlagsChanged:
			if c.Origin != mail.Here && slices.ContainsFunc(slices.Concat(c.Added, c.Removed), herons) {
				k.t.Errorf("what was done here was told as done elsewhere: %+v", c)
			}
		case mail.MailboxAdded:
			folder(c, c.Folder)
		case mail.MailboxRenamed:
			folder(c, c.Folder)
		case mail.MailboxGone:
			folder(c, c.Folder)
		case mail.MessagesMoved:
			elsewhere(c, c.IDs)
		case mail.MessagesGone:
			elsewhere(c, c.IDs)
		}
	}
	for what, times := range map[string]map[mail.MessageID]int{"new": added, "an alert": alerted} {
		for id, n := range times {
			if n > 1 {
				k.t.Errorf("message %d was told as %s %d times", id, what, n)
			}
		}
	}
	if !k.proved() {
		k.t.Error("nothing was proved: the agent never lived long enough")
	}
}
