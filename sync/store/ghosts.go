package store

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// findGhosts takes away messages that were put into a mailbox from here, under
// the UID that the server gave them, and were gone again before the mailbox was
// next brought in step. Their UIDs are among those that this delta covers for
// the first time, and it does not bring them. It comes before anything is put in,
// as they may be found again in another mailbox of the batch.
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
			if d.Server == nil {
				d.box.carry(r.flags.server, -1)
			}
		}
	}
	return nil
}
