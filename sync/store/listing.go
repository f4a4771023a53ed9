package store

import (
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// list applies a complete list of mailboxes: renames first, then what is gone,
// then what is new, so that no name is taken twice.
func (a *applier) list(ls []ListedMailbox) error {
	first, err := a.firstListing()
	if err != nil {
		return err
	}
	origin := a.origin
	if first {
		origin = mail.Backfill // it was so before Heron first looked
	}
	all, err := a.known()
	if err != nil {
		return err
	}
	var known, planned []*box
	for _, b := range all {
		if b.planned {
			planned = append(planned, b)
		} else {
			known = append(known, b)
		}
	}
	ls = distinct(ls)
	named := make(map[string]bool, len(ls))
	for _, l := range ls {
		named[l.Name] = true
	}
	renames := findRenames(ls, known, named)
	if err := a.rename(renames, known); err != nil {
		return err
	}
	if err := a.refold(a.account, a.name, origin); err != nil {
		return err
	}
	for _, b := range known {
		if !named[b.Name] {
			if err := a.vanishBox(b); err != nil {
				return err
			}
		}
	}
	byName := make(map[string]*box, len(known))
	for _, b := range known {
		if b.gone == 0 {
			byName[b.Name] = b
		}
	}
	for _, l := range ls {
		if b := byName[l.Name]; b != nil {
			was := b.subscribed()
			b.describe(l)
			if err := a.tellSubscribed(b, was, origin); err != nil {
				return err
			}
			continue
		}
		// One that we are about to make, or made without hearing of it.
		if i := slices.IndexFunc(planned, func(b *box) bool { return b.planned && b.Name == l.Name }); i >= 0 {
			planned[i].appear(l)
			continue
		}
		by := origin
		if by == mail.Elsewhere {
			ours, err := a.madeAlong(l)
			if err != nil {
				return err
			}
			if ours {
				by = mail.Here
			}
		}
		if err := a.addBox(l, by); err != nil {
			return err
		}
	}
	return a.refold(a.account, a.name, origin)
}

// tellSubscribed tells that the server shows a mailbox as subscribed, or does not any
// more. What comes of a folder that we make or rename is no news.
func (a *applier) tellSubscribed(b *box, was bool, origin mail.Origin) error {
	if b.hidden || b.subscribed() == was {
		return nil
	}
	ours, err := a.touched(func(name string) bool {
		return b.Name == name || b.Delimiter != "" && strings.HasPrefix(b.Name, name+b.Delimiter)
	})
	if err != nil || ours {
		return err
	}
	return a.emit(a.name, origin, mail.MailboxSubscribed{Folder: b.ref(), Subscribed: b.subscribed()})
}

// madeAlong reports whether a mailbox is a level above one that an op of ours made or
// renamed since somebody looked: servers make the levels that are missing with it (RFC
// 3501 §6.3.3, §6.3.5). So is what is left of a folder that we deleted and that others
// are in (§6.3.4).
func (a *applier) madeAlong(l ListedMailbox) (bool, error) {
	if l.Delimiter == "" {
		return false, nil
	}
	if !l.Selectable {
		if left, err := a.took(func(name string) bool { return name == l.Name }); left || err != nil {
			return left, err
		}
	}
	return a.touched(func(name string) bool { return strings.HasPrefix(name, l.Name+l.Delimiter) })
}

// touched reports whether one of the mailboxes that ops of ours made or renamed since
// somebody looked has such a name.
func (a *applier) touched(such func(name string) bool) (bool, error) {
	names, err := list(a.tx, func(r scanner) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, `SELECT b.name FROM ops o JOIN mailboxes b ON b.id = o.mailbox
		WHERE o.account = ?1 AND o.kind IN ('folder.create', 'folder.rename') AND b.gone = 0
		AND (o.state = 'sending' OR o.state = 'done' AND (o.ended > ?2 OR o.ended >= b.last_sync))`,
		a.account, nanos(a.now.Add(-arriveFor)))
	return slices.ContainsFunc(names, such), err
}

// goneAlong reports whether a mailbox that is gone was a level above one that an op of
// ours deleted or renamed since somebody looked: servers keep none that is empty.
func (a *applier) goneAlong(b *box) (bool, error) {
	if b.Selectable || b.Delimiter == "" {
		return false, nil
	}
	return a.took(func(name string) bool { return strings.HasPrefix(name, b.Name+b.Delimiter) })
}

// took reports whether one of the names that ops of ours took from mailboxes since
// somebody looked is such.
func (a *applier) took(such func(name string) bool) (bool, error) {
	names, err := list(a.tx, func(r scanner) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, `SELECT iif(o.kind = 'folder.rename', o.old_name, b.name) FROM ops o JOIN mailboxes b ON b.id = o.mailbox
		WHERE o.account = ?1 AND o.kind IN ('folder.delete', 'folder.rename')
		AND (o.state = 'sending' OR o.state = 'done' AND (o.ended > ?2
			OR o.ended >= (SELECT max(last_sync) FROM mailboxes WHERE account = ?1 AND gone = 0)))`,
		a.account, nanos(a.now.Add(-arriveFor)))
	return slices.ContainsFunc(names, such), err
}

// appear says that the server has a mailbox that was planned here.
func (b *box) appear(l ListedMailbox) {
	b.planned, b.dirty = false, true
	b.Cursor = mail.Cursor{UIDValidity: l.UIDValidity}
	b.describe(l)
}

// firstListing reports whether the account's folders were never listed before.
func (a *applier) firstListing() (bool, error) {
	res, err := a.exec(`UPDATE accounts SET listed = 1 WHERE id = ? AND listed = 0`, a.account)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// known loads the mailboxes of the account.
func (a *applier) known() ([]*box, error) {
	bs, err := list(a.tx, scanBox, selectBox+`WHERE b.account = ? AND b.gone = 0 ORDER BY b.id`, a.account)
	if err != nil {
		return nil, err
	}
	for i, b := range bs {
		bs[i] = a.adopt(b)
	}
	return bs, nil
}

// distinct normalizes INBOX, whose case means nothing (RFC 3501 §5.1), and
// drops doubles.
func distinct(ls []ListedMailbox) []ListedMailbox {
	seen := make(map[string]bool, len(ls))
	out := make([]ListedMailbox, 0, len(ls))
	for _, l := range ls {
		if strings.EqualFold(l.Name, "INBOX") {
			l.Name = "INBOX"
			if l.Role == mail.RoleNone {
				l.Role = mail.RoleInbox
			}
		}
		if !seen[l.Name] {
			seen[l.Name] = true
			out = append(out, l)
		}
	}
	return out
}

// findRenames returns old names by new ones. A folder inside a renamed one
// went with it (RFC 3501 §6.3.5), even when the server names only the parent.
func findRenames(ls []ListedMailbox, known []*box, named map[string]bool) map[string]string {
	have := make(map[string]bool, len(known))
	kind := make(map[string]mail.UIDValidity, len(known))
	for _, b := range known {
		have[b.Name], kind[b.Name] = true, b.Cursor.UIDValidity
	}
	// A name that stands for another mailbox now may have been taken over.
	anew := func(l ListedMailbox) bool {
		return l.UIDValidity != 0 && kind[l.Name] != 0 && l.UIDValidity != kind[l.Name]
	}
	told := map[string]string{} // of folders that were listed with their old name
	taken := map[string]bool{}
	for _, l := range ls {
		if l.OldName != "" && l.OldName != l.Name && have[l.OldName] && !taken[l.OldName] &&
			(!have[l.Name] || isOldName(ls, l.Name) || anew(l)) {
			told[l.Name] = l.OldName
			taken[l.OldName] = true
		}
	}
	renames := make(map[string]string, len(told))
	for to, from := range told {
		renames[to] = from
	}
	for _, l := range ls {
		if have[l.Name] || renames[l.Name] != "" || l.Delimiter == "" {
			continue
		}
		for i := len(l.Name); ; {
			if i = strings.LastIndex(l.Name[:i], l.Delimiter); i < 0 {
				break
			}
			parent := told[l.Name[:i]]
			old := parent + l.Name[i:]
			if parent != "" && have[old] && !named[old] && !taken[old] {
				renames[l.Name] = old
				taken[old] = true
				break
			}
		}
	}
	return renames
}

// isOldName reports whether a listed mailbox was called name before, as when
// two folders swap their names.
func isOldName(ls []ListedMailbox, name string) bool {
	for _, l := range ls {
		if l.OldName == name && l.Name != name {
			return true
		}
	}
	return false
}

func (a *applier) rename(renames map[string]string, known []*box) error {
	to := make(map[string]string, len(renames))
	for n, old := range renames {
		to[old] = n
	}
	var moved []*box
	for _, b := range known {
		if to[b.Name] == "" {
			continue
		}
		// Out of the way first: names may be swapped. Any name may be a folder's.
		if _, err := a.exec(`UPDATE mailboxes SET gone = 1 WHERE id = ?`, int64(b.ID)); err != nil {
			return err
		}
		moved = append(moved, b)
	}
	for _, b := range known {
		if to[b.Name] == "" && renames[b.Name] != "" {
			// Its name is taken over by another: it is gone.
			if err := a.vanishBox(b); err != nil {
				return err
			}
		}
	}
	for _, b := range moved {
		b.Name, b.dirty = to[b.Name], true
		if _, err := a.exec(`UPDATE mailboxes SET name = ?, gone = 0 WHERE id = ?`, b.Name, int64(b.ID)); err != nil {
			return err
		}
	}
	return nil
}

// vanishBox makes a mailbox gone, and its messages lost.
func (a *applier) vanishBox(b *box) error {
	if b.gone != 0 {
		return nil
	}
	rows, err := list(a.tx, scanLocated, selectLocated+`WHERE mailbox = ? ORDER BY uid`, int64(b.ID))
	if err != nil {
		return err
	}
	if err := a.loseAll(b, false); err != nil {
		return err
	}
	for _, r := range rows {
		if r.in != b.ID {
			continue // it showed elsewhere, or nowhere
		}
		a.remember(lost{r.id, r.uid, b})
	}
	// Messages that waited for this mailbox to be matched again wait no more.
	if err := a.endReset(b); err != nil {
		return err
	}
	expected, err := list(a.tx, scanTarget, selectTarget+`WHERE m.expect = ?`, int64(b.ID))
	if err != nil {
		return err
	}
	if err := a.unexpect(a.name, expected); err != nil {
		return err
	}
	told := b.hidden
	b.gone, b.resetting, b.hasServer, b.server, b.Cursor = nanos(a.now), false, false, mail.Counts{}, mail.Cursor{}
	b.hidden, b.planned = false, false
	if !told {
		a.vanish = append(a.vanish, b)
	}
	if _, err = a.exec(`UPDATE mailboxes SET gone = ? WHERE id = ?`, b.gone, int64(b.ID)); err != nil {
		return err
	}
	return a.failInto(b, &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "folder"}})
}

// addBox makes a mailbox. One of that name that was there not long ago is the
// same again.
func (a *applier) addBox(l ListedMailbox, origin mail.Origin) error {
	old, err := list(a.tx, scanBox, selectBox+`WHERE b.account = ? AND b.name = ? AND b.gone <> 0 ORDER BY b.gone DESC LIMIT 1`,
		a.account, l.Name)
	if err != nil {
		return err
	}
	var b *box
	if len(old) > 0 && a.boxes[old[0].ID] == nil {
		b = a.adopt(old[0])
		b.gone, b.shownName = 0, b.Name
	} else {
		res, err := a.exec(`INSERT INTO mailboxes (account, name, shown_name, delimiter, role, counted, selectable, subscribed, watched)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			a.account, l.Name, l.Name, l.Delimiter, string(l.Role), l.Role.Counted(), l.Selectable, l.Subscribed, l.Role == mail.RoleInbox)
		if err != nil {
			return err
		}
		id, err := res.LastInsertId()
		if err != nil {
			return err
		}
		if b, err = a.box(mail.MailboxID(id)); err != nil {
			return err
		}
	}
	b.Cursor, b.dirty = mail.Cursor{UIDValidity: l.UIDValidity}, true
	b.describe(l)
	return a.emit(a.name, origin, mail.MailboxAdded{Folder: b.ref()})
}

// describe takes over what a listing says of a mailbox.
func (b *box) describe(l ListedMailbox) {
	if b.Role.Counted() != l.Role.Counted() {
		b.tell = true // the account's number changes with it
	}
	if b.Delimiter != l.Delimiter || b.Role != l.Role || b.Selectable != l.Selectable || b.Subscribed != l.Subscribed {
		b.Delimiter, b.Role, b.Selectable, b.Subscribed = l.Delimiter, l.Role, l.Selectable, l.Subscribed
		b.dirty = true
	}
}
