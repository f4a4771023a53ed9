package store

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// findGhosts takes away messages that were put into a mailbox from here, under
// the UID that the server gave them, and were gone again before the mailbox was
// next brought in step. Their UIDs are among those that this delta covers for
// the first time, and it does not bring them.
func (a *applier) findGhosts(d boxDelta) error {
	was, is := d.box.Cursor, d.Cursor
	if d.Reset || was.UIDValidity != 0 && was.UIDValidity != is.UIDValidity {
		return nil // nothing here has a UID of the new kind but what was added
	}
	type span struct{ lo, hi mail.UID } // [lo, hi)
	covered := []span{{max(is.BackfillBelow, 1), is.UIDNext}}
	if was.UIDNext != 0 {
		covered = []span{{was.UIDNext, is.UIDNext}, {max(is.BackfillBelow, 1), was.BackfillBelow}}
	}
	for _, c := range covered {
		if c.lo >= c.hi {
			continue
		}
		var have int
		if _, err := a.row(`SELECT count(*) FROM messages WHERE mailbox = ? AND uid >= ? AND uid < ?`,
			[]any{int64(d.box.ID), int64(c.lo), int64(c.hi)}, &have); err != nil {
			return err
		}
		if have <= d.bringsIn(c.lo, c.hi) {
			continue
		}
		rows, err := list(a.tx, scanLocated, selectLocated+`WHERE mailbox = ? AND uid >= ? AND uid < ?`,
			int64(d.box.ID), int64(c.lo), int64(c.hi))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if slices.ContainsFunc(d.Added, func(f Fetched) bool { return f.UID == r.uid }) {
				continue
			}
			if err := a.takeAway(d.box, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// bringsIn is how many messages with UIDs in [lo, hi) a delta brings.
func (d *Delta) bringsIn(lo, hi mail.UID) int {
	n := 0
	for i := range d.Added {
		if u := d.Added[i].UID; u >= lo && u < hi {
			n++
		}
	}
	return n
}
