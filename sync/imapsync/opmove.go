package imapsync

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// moveMessages moves messages out of one mailbox: by MOVE (RFC 6851), else by
// copying them and, only when the server has said that the copies are there,
// flagging the originals \Deleted and expunging these UIDs alone.
func (s *session) moveMessages(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error) {
	dest := s.boxes[w.Op.Mailbox]
	if dest == nil {
		return goneFault("folder", nil), nil
	}
	if g.box == dest.ID {
		// Another program has moved them there, or we did and did not hear of it.
		return nil, s.w.cfg.Store.PartOp(ctx, w.Op.ID, doneOf(g.messages, copied{}), w.With...)
	}
	move := s.moves()
	if !move { // a message that was moved is not here
		if err := s.recall(ctx, w, g.messages); err != nil {
			return nil, err
		}
	}
	if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
		return f, err
	}
	for part := range slices.Chunk(g.messages, opBurst) {
		there, here := byCopied(part)
		if f, err := s.movePart(ctx, w, dest, here, move); f != nil || err != nil {
			return f, err
		}
		// A try before this one copied them, and was cut off then.
		if f, err := s.removePart(ctx, w, there); f != nil || err != nil {
			return f, err
		}
	}
	return nil, nil
}

// moves reports whether the server moves in one step (RFC 6851).
func (s *session) moves() bool {
	caps := s.conn.Caps()
	return caps.Has("MOVE") || caps.Has("IMAP4REV2")
}

func (s *session) movePart(ctx context.Context, w *store.OpWork, dest *mail.Mailbox, part []store.Target, move bool) (*mail.Fault, error) {
	if len(part) == 0 {
		return nil, nil
	}
	cmd := "UID COPY"
	if move {
		cmd = "UID MOVE"
	}
	c, f, err := s.copyCommand(ctx, cmd, part, dest)
	if f != nil || err != nil {
		return f, err
	}
	if move {
		return nil, s.w.cfg.Store.PartOp(ctx, w.Op.ID, doneOf(part, c), w.With...)
	}
	there, lost := c.part(part)
	if err := s.noteCopies(ctx, w, there, c); err != nil {
		return nil, err
	}
	if f, err := s.removePart(ctx, w, there); f != nil || err != nil {
		return f, err
	}
	return s.notCopied(lost), nil
}

// notCopied says that messages were not there to be copied, although the server
// agreed: their originals, should there be any, stay, and a pass finds out.
func (s *session) notCopied(lost []store.Target) *mail.Fault {
	if len(lost) == 0 {
		return nil
	}
	s.pollNow()
	f := goneFault("message", nil)
	f.RetryAfter = pollGap
	return f
}

// noteCopies has it known that copies are there, also after a crash.
func (s *session) noteCopies(ctx context.Context, w *store.OpWork, part []store.Target, c copied) error {
	if err := s.w.cfg.Store.NoteCopies(ctx, w.Op.ID, doneOf(part, c)); err != nil {
		return err
	}
	made := make(map[mail.MessageID]bool, len(part))
	for i := range part {
		m := &part[i]
		m.Arrived, m.ArrivedUnder = c.uids[m.Location.UID], c.validity
		made[m.ID] = true
	}
	for i := range w.Messages {
		w.Messages[i].Copied = w.Messages[i].Copied || made[w.Messages[i].ID]
	}
	return nil
}

// removePart takes the originals of messages away that were copied.
func (s *session) removePart(ctx context.Context, w *store.OpWork, part []store.Target) (*mail.Fault, error) {
	if len(part) == 0 {
		return nil, nil
	}
	left, f, err := s.expunge(ctx, part)
	if f != nil || err != nil {
		return f, err
	}
	return nil, s.w.cfg.Store.PartOp(ctx, w.Op.ID, arrivedOf(part, left), w.With...)
}

// byCopied parts messages that the server copied already from those that it has
// yet to copy.
func byCopied(part []store.Target) (there, here []store.Target) {
	for _, m := range part {
		if m.Copied {
			there = append(there, m)
		} else {
			here = append(here, m)
		}
	}
	return there, here
}

// copyMessages copies messages of one mailbox.
func (s *session) copyMessages(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error) {
	dest := s.boxes[w.Op.Mailbox]
	if dest == nil {
		return goneFault("folder", nil), nil
	}
	if err := s.recall(ctx, w, g.messages); err != nil {
		return nil, err
	}
	if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
		return f, err
	}
	for part := range slices.Chunk(g.messages, opBurst) {
		// A try before this one copied some, and was cut off then.
		there, here := byCopied(part)
		var c copied
		if len(here) > 0 {
			var f *mail.Fault
			var err error
			if c, f, err = s.copyCommand(ctx, "UID COPY", here, dest); f != nil || err != nil {
				return f, err
			}
		}
		made, lost := c.part(here)
		if err := s.w.cfg.Store.PartOp(ctx, w.Op.ID, append(doneOf(made, c), arrivedOf(there, false)...)); err != nil {
			return nil, err
		}
		if f := s.notCopied(lost); f != nil {
			return f, nil
		}
	}
	return nil, nil
}

// pushDelete sends a deletion for good. What was moved elsewhere since is kept: who
// moved it wants it.
func (s *session) pushDelete(ctx context.Context, w *store.OpWork) error {
	var kept []mail.MessageID
	rest := make([]store.Target, 0, len(w.Messages))
	for _, m := range w.Messages {
		if m.Location.UID != 0 && m.Source != 0 && m.Source != m.Location.Mailbox {
			kept = append(kept, m.ID)
		} else {
			rest = append(rest, m)
		}
	}
	if len(kept) > 0 {
		f := &mail.Fault{Code: mail.CodeMovedElsewhere, Class: mail.ClassConflict}
		if len(rest) == 0 {
			return s.w.cfg.Store.FailOp(ctx, w.Op.ID, f, w.With...)
		}
		if err := s.w.cfg.Store.SpareOp(ctx, w.Op.ID, kept, f); err != nil {
			return err
		}
		w.Messages = rest
	}
	_, err := s.pushMessages(ctx, w, s.deleteMessages)
	return err
}

// deleteMessages deletes messages of one mailbox for good.
func (s *session) deleteMessages(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error) {
	if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
		return f, err
	}
	for part := range slices.Chunk(g.messages, opBurst) {
		left, f, err := s.expunge(ctx, part)
		if f != nil || err != nil {
			return f, err
		}
		if err := s.w.cfg.Store.PartOp(ctx, w.Op.ID, doneOf(part, copied{left: left})); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// expunge removes messages of the open mailbox for good. left says that the
// server cannot, or would not, expunge them alone: then they stay, flagged
// \Deleted, and are shown nowhere. A bare EXPUNGE is never sent: it would take
// what others flagged with it.
func (s *session) expunge(ctx context.Context, part []store.Target) (left bool, refusal *mail.Fault, err error) {
	set, _ := uidSet(part)
	st, err := s.command(ctx, "UID STORE "+set+` +FLAGS.SILENT (\Deleted)`, nil)
	if err != nil {
		return false, nil, err
	}
	if f := st.Fault("UID STORE"); f != nil {
		return false, asRefused(f), nil
	}
	if caps := s.conn.Caps(); !caps.Has("UIDPLUS") && !caps.Has("IMAP4REV2") {
		return true, nil, nil
	}
	if st, err = s.command(ctx, "UID EXPUNGE "+set, nil); err != nil {
		return false, nil, err
	}
	if !st.OK() {
		s.log.Warn("the server does not expunge", "mailbox", s.open.id, "code", st.Code)
	}
	return !st.OK(), nil, nil
}

// asRefused is the fault of a command on messages: what the server says is not
// there is no reason to try again, as the messages and folders were there just
// now, and may not be on the next try.
func asRefused(f *mail.Fault) *mail.Fault {
	if f.Class == mail.ClassConflict {
		return refused(f.Args["command"], f.Args["text"])
	}
	return f
}

// copyCommand sends a COPY or MOVE of messages of the open mailbox.
func (s *session) copyCommand(ctx context.Context, cmd string, part []store.Target, dest *mail.Mailbox) (copied, *mail.Fault, error) {
	var c copied
	set, _ := uidSet(part)
	st, err := s.command(ctx, cmd+" "+set+" "+s.conn.Mailbox(dest.Name), func(code wire.Value) { c.read(code, len(part)) })
	if err != nil {
		return c, nil, err
	}
	if f := st.Fault(cmd); f != nil {
		s.pollNow() // what the server has now, and what not, is looked at
		return c, asRefused(f), nil
	}
	return c, nil, nil
}

// command sends one command; code is given every response code that comes with
// it, tagged or not (RFC 6851 §4.3; Exchange 2013 sends COPYUID so too).
func (s *session) command(ctx context.Context, cmd string, code func(wire.Value)) (wire.Status, error) {
	var st wire.Status
	err := s.play(ctx, []step{{
		cmd: cmd,
		each: func(r *wire.Response) bool {
			if r.Type != "OK" || r.CodeName() != "COPYUID" || code == nil {
				return false
			}
			code(r.Code())
			return true
		},
		code: code,
		end:  func(got wire.Status) { st = got },
	}})
	return st, err
}

// arrivedOf are messages whose copies were made before, as far as is known where.
func arrivedOf(part []store.Target, left bool) []store.Done {
	done := make([]store.Done, 0, len(part))
	for _, m := range part {
		done = append(done, store.Done{ID: m.ID, UID: m.Arrived, UIDValidity: m.ArrivedUnder, Left: left})
	}
	return done
}

func doneOf(part []store.Target, c copied) []store.Done {
	done := make([]store.Done, 0, len(part))
	for _, m := range part {
		done = append(done, store.Done{ID: m.ID, UID: c.uids[m.Location.UID], UIDValidity: c.validity, Left: c.left})
	}
	return done
}
