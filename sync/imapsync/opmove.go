package imapsync

import (
	"cmp"
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
	before, f, err := s.missingCopies(ctx, dest, g.messages)
	if f != nil || err != nil {
		return f, err
	}
	move := s.moves()
	if !move { // a message that was moved is not here
		if err := s.recall(ctx, w, g.messages); err != nil {
			return nil, err
		}
	}
	if f, err := s.enterToRemove(ctx, g, move); f != nil || err != nil {
		return f, err
	}
	if f, err := s.copyAnew(ctx, w, g, before); f != nil || err != nil {
		return f, err
	}
	for part := range slices.Chunk(g.messages, opBurst) {
		there, here := byCopied(part)
		if f, err := s.movePart(ctx, w, dest, here, move); f != nil || err != nil {
			return f, err
		}
		// A try before this one copied them, and the copies are there.
		if f, err := s.removePart(ctx, w, there); f != nil || err != nil {
			return f, err
		}
	}
	return nil, nil
}

// enterToRemove is enterGroup for messages that are to go from there: by MOVE, or
// flagged \Deleted.
func (s *session) enterToRemove(ctx context.Context, g group, move bool) (refusal *mail.Fault, err error) {
	if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
		return f, err
	}
	if move {
		return s.fixed(nil, nil), nil
	}
	return s.fixed(mail.NewFlags(mail.FlagDeleted), nil), nil
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
	if err != nil || f != nil && (!move || c.uids == nil) {
		return f, err
	}
	there, lost := c.part(part)
	if move {
		// MOVE may be done in part, and be refused then (RFC 6851 §3.3).
		return cmp.Or(f, s.notThere(lost)), s.w.cfg.Store.PartOp(ctx, w.Op.ID, doneOf(there, c), w.With...)
	}
	if err := s.noteCopies(ctx, w, there, c); err != nil {
		return nil, err
	}
	if f, err := s.removePart(ctx, w, there); f != nil || err != nil {
		return f, err
	}
	return s.notThere(lost), nil
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
	if f, err := s.flagDeleted(ctx, part); f != nil || err != nil {
		return f, err
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
		if f := s.notThere(lost); f != nil {
			return f, nil
		}
	}
	return nil, nil
}

// deleteMessages deletes messages of one mailbox for good.
func (s *session) deleteMessages(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error) {
	if f, err := s.enterToRemove(ctx, g, false); f != nil || err != nil {
		return f, err
	}
	for part := range slices.Chunk(g.messages, opBurst) {
		var p presence
		if f, err := s.flagDeleted(ctx, part, p.step(part)); f != nil || err != nil {
			return f, err
		}
		if p.went {
			if err := s.present(ctx, &p, part); err != nil {
				return nil, err
			}
		}
		there, lost := p.part(part)
		left, f, err := s.expunge(ctx, there)
		if f != nil || err != nil {
			return f, err
		}
		if err := s.w.cfg.Store.PartOp(ctx, w.Op.ID, doneOf(there, copied{left: left})); err != nil {
			return nil, err
		}
		if f := s.notThere(lost); f != nil {
			return f, nil
		}
	}
	return nil, nil
}

// flagDeleted flags messages of the open mailbox \Deleted; behind goes out with it.
func (s *session) flagDeleted(ctx context.Context, part []store.Target, behind ...step) (refusal *mail.Fault, err error) {
	const cmd = "UID STORE"
	set, _ := uidSet(part)
	err = s.play(ctx, append([]step{{
		acts: true, cmd: cmd + " " + set + ` +FLAGS.SILENT (\Deleted)`,
		end: func(st wire.Status) { refusal = refusalOf(st, cmd) },
	}}, behind...))
	return refusal, err
}

// expunge removes messages of the open mailbox for good that are flagged \Deleted.
// left says that the server cannot, or would not, expunge them alone: then they stay
// as they are, and are shown nowhere. A bare EXPUNGE is never sent: it would take what
// others flagged with it. One that asks for patience is asked again.
func (s *session) expunge(ctx context.Context, part []store.Target) (left bool, refusal *mail.Fault, err error) {
	const cmd = "UID EXPUNGE"
	if len(part) == 0 {
		return false, nil, nil
	}
	if !s.namesUIDs() {
		return true, nil, nil
	}
	set, _ := uidSet(part)
	st, err := s.command(ctx, cmd+" "+set)
	if err != nil || st.OK() {
		return false, nil, err
	}
	s.log.Warn("the server does not expunge", "mailbox", s.open.id, "code", st.Code)
	if f := st.Fault(cmd); f.Class == mail.ClassLimit {
		return false, f, nil
	}
	return true, nil, nil
}

// namesUIDs reports whether the server expunges single UIDs, and says those of copies
// (RFC 4315).
func (s *session) namesUIDs() bool {
	caps := s.conn.Caps()
	return caps.Has("UIDPLUS") || caps.Has("IMAP4REV2")
}

// copyCommand sends a COPY or MOVE of messages of the open mailbox, and asks which of
// them are there: before a MOVE, which takes them away, and after a COPY, unless the
// server names what it copied.
func (s *session) copyCommand(ctx context.Context, cmd string, part []store.Target, dest *mail.Mailbox) (c copied, refusal *mail.Fault, err error) {
	set, _ := uidSet(part)
	steps := []step{{
		acts: true, cmd: cmd + " " + set + " " + s.conn.Mailbox(dest.Name),
		// It comes untagged too (RFC 6851 §4.3; Exchange 2013 sends it so with COPY).
		each: func(r *wire.Response) bool { return r.Type == "OK" && c.read(r.Code(), len(part)) },
		code: func(code wire.Value) { c.read(code, len(part)) },
		end:  func(st wire.Status) { refusal = refusalOf(st, cmd) },
	}}
	move, names := cmd == "UID MOVE", s.namesUIDs()
	switch {
	case move:
		steps = append([]step{c.step(part)}, steps...)
	case !names:
		steps = append(steps, c.step(part))
	}
	if err := s.play(ctx, steps); err != nil {
		return c, nil, err
	}
	switch {
	case refusal != nil:
		s.pollNow() // what the server has now, and what not, is looked at
	case c.uids != nil:
	case !move && (names || c.went):
		err = s.present(ctx, &c.presence, part)
	case c.went:
		c.seen = nil // it moved what it told of, or another did
	}
	return c, refusal, err
}

// command sends one command that answers nothing but how it ended.
func (s *session) command(ctx context.Context, cmd string) (st wire.Status, err error) {
	err = s.play(ctx, []step{{acts: true, cmd: cmd, end: func(got wire.Status) { st = got }}})
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
