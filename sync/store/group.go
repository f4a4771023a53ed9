package store

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// perChange bounds the messages that one change tells of.
const perChange = 1000

// item is a message in a change; uid 0 when it has none.
type item struct {
	id  mail.MessageID
	uid mail.UID
}

// groups collects items under keys and keeps the order of the keys.
type groups[K comparable] struct {
	keys  []K
	items map[K][]item
}

func (g *groups[K]) add(k K, it item) {
	if g.items == nil {
		g.items = map[K][]item{}
	}
	if _, ok := g.items[k]; !ok {
		g.keys = append(g.keys, k)
	}
	g.items[k] = append(g.items[k], it)
}

// each calls f with the items of every key, at most perChange at once.
func (g *groups[K]) each(f func(k K, uids []mail.UID, ids []mail.MessageID) error) error {
	for _, k := range g.keys {
		for part := range slices.Chunk(g.items[k], perChange) {
			var uids []mail.UID
			ids := make([]mail.MessageID, len(part))
			for i, it := range part {
				ids[i] = it.id
				if it.uid != 0 {
					uids = append(uids, it.uid)
				}
			}
			if err := f(k, uids, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// route is where messages moved from and to.
type route struct{ from, to mail.MailboxID }

// flagDelta is the same change of shown flags on messages of a mailbox.
type flagDelta struct {
	box            mail.MailboxID
	added, removed string // joined
}

// flagChange says what became of a message's shown flags; false for nothing.
func flagChange(b mail.MailboxID, was, is flagSet) (flagDelta, bool) {
	if was == is {
		return flagDelta{}, false
	}
	added, removed := was.flags().Delta(is.flags())
	return flagDelta{b, joinFlags(added), joinFlags(removed)}, true
}

// noteFlags notes new flags of a message that shows in a mailbox; its UID is
// told where it is the server's there too.
func (a *applier) noteFlags(in, server mail.MailboxID, it item, was, is flagSet) {
	if in == 0 {
		return
	}
	if in != server {
		it.uid = 0
	}
	if d, ok := flagChange(in, was, is); ok {
		a.flagged.add(d, it)
	}
}

// tellFlags tells of groups of changed flags.
func (t *tx) tellFlags(g *groups[flagDelta], origin mail.Origin) error {
	return g.each(func(k flagDelta, uids []mail.UID, ids []mail.MessageID) error {
		var ref mail.FolderRef
		account := mail.AccountID("")
		if b := t.boxes[k.box]; b != nil {
			ref, account = b.ref(), b.Account
		}
		return t.emit(account, origin, mail.FlagsChanged{
			Folder: ref, UIDs: uids, IDs: ids, Added: splitFlags(k.added), Removed: splitFlags(k.removed),
		})
	})
}

// tellAll writes the changes of a batch: what went, moved, came and changed.
func (a *applier) tellAll() error {
	var gone groups[mail.MailboxID]
	for _, id := range a.order {
		if l, ok := a.lost[id]; ok {
			gone.add(l.box.ID, item{l.id, l.uid})
		}
	}
	err := gone.each(func(k mail.MailboxID, uids []mail.UID, ids []mail.MessageID) error {
		return a.emit(a.name, a.origin, mail.MessagesGone{Folder: a.boxes[k].ref(), UIDs: uids, IDs: ids})
	})
	if err != nil {
		return err
	}
	err = a.moved.each(func(k route, uids []mail.UID, ids []mail.MessageID) error {
		return a.tellMoved(a.name, a.origin, k, uids, ids)
	})
	if err != nil {
		return err
	}
	for _, c := range a.added {
		for c := range splitAdded(c) {
			if err := a.emit(a.name, c.Origin, c); err != nil {
				return err
			}
		}
	}
	for _, m := range a.mine {
		for part := range slices.Chunk(m.items, perChange) {
			if err := a.tellBack(a.name, mail.Here, m.box, part); err != nil {
				return err
			}
		}
	}
	if err := a.tellFlags(&a.flagged, a.origin); err != nil {
		return err
	}
	for _, b := range a.vanish {
		ours, err := a.goneAlong(b)
		if err != nil {
			return err
		}
		by := a.origin
		if ours {
			by = mail.Here
		}
		if err := a.emit(a.name, by, mail.MailboxGone{Folder: b.ref()}); err != nil {
			return err
		}
	}
	return nil
}

// splitAdded parts a change so that none is larger than perChange.
func splitAdded(c mail.MessagesAdded) func(yield func(mail.MessagesAdded) bool) {
	return func(yield func(mail.MessagesAdded) bool) {
		if len(c.UIDs) <= perChange || c.Messages == nil {
			yield(c)
			return
		}
		for i := 0; i < len(c.UIDs); i += perChange {
			end := min(i+perChange, len(c.UIDs))
			part := c
			part.UIDs, part.Messages, part.Unread = c.UIDs[i:end], c.Messages[i:end], 0
			for _, m := range part.Messages {
				if m.Unread {
					part.Unread++
				}
			}
			if !yield(part) {
				return
			}
		}
	}
}
