package imapsync

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Whoever moves a message wants it, so that a deletion from before that does not go
// with it. What counts is where it all ends: a move is a part of a deletion if what
// waits behind it deletes the message, or the folder that it goes into.

// pushAway sends a move or a deletion for good, but not of what is to be spared: that is
// kept where it is.
func (s *session) pushAway(ctx context.Context, w *store.OpWork, f send) error {
	var kept []mail.MessageID
	rest := make([]store.Target, 0, len(w.Messages))
	for i := range w.Messages {
		if m := &w.Messages[i]; s.spares(&w.Op, m) {
			kept = append(kept, m.ID)
		} else {
			rest = append(rest, *m)
		}
	}
	if len(kept) > 0 {
		why := &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}
		if err := s.w.cfg.Store.SpareOp(ctx, w.Op.ID, kept, why, w.With...); err != nil || len(rest) == 0 {
			return err
		}
		w.Messages = rest
	}
	_, err := s.pushMessages(ctx, w, f)
	return err
}

// spares reports whether a message that is to be deleted in the end was moved elsewhere
// since. What was moved to the trash, where it is to end, is as it was wanted.
func (s *session) spares(op *mail.Op, m *store.Target) bool {
	at := m.Location.Mailbox
	switch {
	case m.Location.UID == 0, m.Source == 0, at == m.Source:
		return false
	case at == op.Mailbox && op.Tries > 0:
		return false // most likely by us: that was not told
	case m.Ends == 0:
		return true
	}
	return at != m.Ends && s.isTrash(m.Ends)
}

// isTrash reports whether what is moved into a mailbox is deleted by it: the server or
// its name says so.
func (s *session) isTrash(id mail.MailboxID) bool {
	box := s.boxes[id]
	if box == nil || box.Role != mail.RoleNone {
		return box != nil && box.Role == mail.RoleTrash
	}
	for _, b := range s.boxes {
		if b.Role == mail.RoleTrash {
			return false
		}
	}
	// It was made for what is deleted, and was not listed since.
	list := []listed{{ListData: wire.ListData{Name: box.Name, Delimiter: box.Delimiter}}}
	assignRoles(list)
	return list[0].role == mail.RoleTrash
}
