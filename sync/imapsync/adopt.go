package imapsync

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// fromStatus reports whether STATUS told all there is to ask, as of a mailbox
// that is empty, or large and left to backfill: then nothing is asked.
func (t *target) fromStatus() bool {
	st := t.status
	if t.how != adopt || t.tail > 0 && st.Messages > 0 || !t.hasStatus || st.UIDNext == 0 || st.UIDValidity == 0 || st.Messages < 0 {
		return false
	}
	t.forget()
	t.opened, t.exists = true, st.Messages
	t.sel = wire.SelectData{UIDValidity: st.UIDValidity, UIDNext: st.UIDNext, HighestModSeq: st.HighestModSeq}
	return true
}

// settleAdopt ends the first look into a mailbox: a cursor to start from, and
// its newest messages if they were asked for. The rest is backfill.
func (s *session) settleAdopt(t *target) (*store.Delta, bool, error) {
	if t.tooMuch {
		t.tail /= 2
		return nil, false, nil
	}
	next := t.sel.UIDNext
	if next == 0 {
		next = t.status.UIDNext
	}
	if next == 0 {
		// A server that tells UIDNEXT nowhere: the UIDs tell it.
		if !t.askUIDs || !t.knew && t.exists > 0 {
			t.askUIDs = true
			return nil, false, nil
		}
		next = 1
		if n := len(t.alive); n > 0 {
			next = t.alive[n-1].Hi + 1
		}
	}
	d := &store.Delta{
		Mailbox: t.box.ID, SetCursor: true, Backfill: true,
		Reset: t.box.Cursor.UIDNext != 0,
		Added: sorted(t.added, 1, next-1), // above it is new mail, and is told as such
	}
	d.Uncertain = slices.DeleteFunc(s.quarantine(t.box.ID, t.bad, 1), func(u mail.UID) bool { return u >= next })
	c := mail.Cursor{
		UIDValidity: t.sel.UIDValidity, UIDNext: next, HighestModSeq: t.sel.HighestModSeq,
		Messages: t.exists, BackfillBelow: 1,
	}
	if t.exists > 0 {
		switch {
		case t.tail == 0, t.refusedNew != nil:
			c.BackfillBelow = next
		case t.tail < t.status.Messages:
			c.BackfillBelow = next
			if len(d.Added) > 0 {
				c.BackfillBelow = d.Added[0].UID
			}
		}
	}
	t.tell(d, &c)
	return d, true, nil
}

// small is how many messages of a mailbox that is adopted are fetched at once:
// all when they are few and not in doubt, else none.
func (s *session) small(id mail.MailboxID, messages int) int {
	if messages <= adoptAtOnce && s.w.most(share{id, true}) == 0 {
		return messages
	}
	return 0
}
