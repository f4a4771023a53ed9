package imapsync

import (
	"context"
	"strconv"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Whoever moves a message wants it, so that a deletion from before that does not go
// with it. What counts is where it all ends: a move is a part of a deletion if what
// waits behind it deletes the message, or the folder that it goes into.

// A copy is taken back only while what was copied is there: else it is all there is.

// pushAway sends a move or a deletion for good, but not of what is to be spared: that is
// kept where it is.
func (s *session) pushAway(ctx context.Context, w *store.OpWork, f send) error {
	var moved, last []mail.MessageID
	rest := make([]store.Target, 0, len(w.Messages))
	for i := range w.Messages {
		switch m := &w.Messages[i]; {
		case s.spares(&w.Op, m):
			moved = append(moved, m.ID)
		case w.TakesCopiesBack() && m.Location.UID != 0 && m.Original.UID == 0:
			last = append(last, m.ID)
		default:
			rest = append(rest, *m)
		}
	}
	if err := s.spare(ctx, w, moved, &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}); err != nil {
		return err
	}
	if err := s.spare(ctx, w, last, lastCopy(&w.Op)); err != nil {
		return err
	}
	if len(rest) == 0 && len(w.Messages) > 0 {
		return nil
	}
	w.Messages = rest
	if w.TakesCopiesBack() {
		if refusal, err := s.originalsThere(ctx, rest); err != nil {
			return err
		} else if refusal != nil {
			return s.endRefused(ctx, w, refusal)
		}
	}
	_, err := s.pushMessages(ctx, w, f)
	return err
}

// spare has the store take an op off messages that are to be kept, and say why.
func (s *session) spare(ctx context.Context, w *store.OpWork, kept []mail.MessageID, why *mail.Fault) error {
	if len(kept) == 0 {
		return nil
	}
	return s.w.cfg.Store.SpareOp(ctx, w.Op.ID, kept, why, w.With...)
}

// lastCopy says that copies are not taken back, as what was copied is no more.
func lastCopy(op *mail.Op) *mail.Fault {
	return &mail.Fault{Code: mail.CodeNotUndoable, Class: mail.ClassConflict, Args: mail.Args{
		"op": strconv.FormatInt(int64(op.Inverse), 10), "reason": string(mail.PassLast),
	}}
}

// originalsThere asks the server whether what was copied is still there, before the
// copies are taken back: another machine may have deleted it since the last pass. If
// it did, the next pass finds out, and the op goes on from there.
func (s *session) originalsThere(ctx context.Context, copies []store.Target) (refusal *mail.Fault, err error) {
	var originals []store.Target
	for i := range copies {
		if m := copies[i]; m.Original.UID != 0 {
			m.Location = m.Original
			originals = append(originals, m)
		}
	}
	for _, g := range byMailbox(originals) {
		if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
			return f, err
		}
		c := flagStore{session: s}
		have, err := c.flagsOf(ctx, g.messages)
		if err != nil {
			return nil, err
		}
		for _, m := range g.messages {
			if fs, ok := have[m.Location.UID]; !ok || fs.Has(mail.FlagDeleted) {
				return s.notThere(g.messages), nil
			}
		}
	}
	return nil, nil
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
