package imapsync

import (
	"context"
	"fmt"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// againMost is how many messages that could not be read are asked for again at the end
// of a whole pass.
const againMost = 20

// askAgain asks for messages again whose data could not be read, when their time has
// come (store.AskAgain): one alone, after all else is in step, so that no other answer
// hangs on it. After one over which the connection ended none is asked for a while.
func (s *session) askAgain(ctx context.Context) error {
	if time.Since(s.w.fellAgain) < fullInterval {
		return nil
	}
	due, err := s.w.cfg.Store.AskAgain(ctx, s.w.cfg.Account.ID, againMost)
	if err != nil {
		return err
	}
	for _, u := range due {
		if err := s.w.cfg.Store.AskedAgain(ctx, u); err != nil {
			return err
		}
		box := s.boxes[u.Mailbox]
		if box == nil || !box.Kept() || s.w.falls.leavesOut(box.Name) {
			continue
		}
		busy, err := s.readAgain(ctx, box, u)
		if err != nil {
			s.noteFellAgain(ctx)
			return err
		}
		if busy {
			return nil
		}
	}
	return nil
}

// readAgain asks for one message, and keeps it if it can be read now. busy says that the
// server has no time.
func (s *session) readAgain(ctx context.Context, box *mail.Mailbox, u store.Unreadable) (busy bool, err error) {
	if err := s.enter(ctx, box); err != nil {
		if s.conn.Err() == nil {
			s.log.Info("an unreadable message cannot be asked for again", "mailbox", box.ID, "code", mail.FaultOf(err).Code)
			return true, ctx.Err() // a pass sees why
		}
		return false, err
	}
	t := &target{box: box}
	var said wire.Status
	if err := s.play(ctx, []step{{
		cmd:  fmt.Sprintf("UID FETCH %d %s", u.UID, s.messageItems()),
		each: t.noteOld,
		end:  func(st wire.Status) { said = st },
	}}); err != nil {
		return false, err
	}
	if f := said.Fault("UID FETCH"); f != nil {
		return f.Class == mail.ClassLimit && !said.Busy(), ctx.Err() // it is as it was
	}
	d := store.Delta{Mailbox: box.ID, Added: sorted(t.added, u.UID, u.UID), Backfill: u.Old}
	if len(d.Added) == 0 {
		return false, nil
	}
	s.log.Info("a message can be read that could not", "mailbox", box.ID, "uid", u.UID)
	return false, s.write(ctx, []store.Delta{d}, []*target{t})
}

// noteFellAgain notes that the connection ended over such a message, so that it is not
// asked for the next at once, and not waited for long.
func (s *session) noteFellAgain(ctx context.Context) {
	if ctx.Err() == nil && s.conn.Err() != nil && !s.w.wasDropped() {
		s.w.fellAgain = time.Now()
		s.w.setNarrowed()
	}
}
