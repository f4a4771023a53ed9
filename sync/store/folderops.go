package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// ofFolder reports whether ops of a kind act on a folder itself.
func ofFolder(k mail.OpKind) bool {
	switch k {
	case mail.OpFolderCreate, mail.OpFolderRename, mail.OpFolderDelete, mail.OpFolderSubscribe, mail.OpFolderUnsubscribe:
		return true
	default:
		return false
	}
}

// maxName bounds a mailbox's name, in bytes.
const maxName = 1000

// checkName refuses what no server takes as a mailbox's name.
func checkName(name string) error {
	if name == "" || len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return usage("%q cannot be the name of a folder", name)
	}
	return nil
}

// queueFolderOp queues an op on a folder and lays it over what the server has.
func (t *tx) queueFolderOp(op *mail.Op) error {
	op.Targets = nil
	var b *box
	var err error
	if op.Kind == mail.OpFolderCreate {
		b, err = t.planBox(op)
	} else {
		b, err = t.actOn(op)
	}
	if err != nil {
		return err
	}
	if b == nil {
		return nil // it is as it should be
	}
	if cancelled, err := t.cancelFolder(op, b); cancelled || err != nil {
		return err
	}
	if err := t.insertOp(op); err != nil {
		return err
	}
	switch op.Kind {
	case mail.OpFolderDelete:
		err = t.noteKnown(op, b)
	case mail.OpFolderRename:
		_, err = t.exec(`UPDATE ops SET old_name = ? WHERE id = ?`, b.shownName, int64(op.ID))
	default:
	}
	if err != nil {
		return err
	}
	if err := t.refold(b.account, op.Account, mail.Here); err != nil {
		return err
	}
	return t.emit(op.Account, mail.Here, mail.OpChanged{Op: *op})
}

// cancelFolder takes the newest action on a folder back that nobody but us has heard of,
// if a new one only takes it back: made and deleted, with nothing put into it;
// subscribed and not; renamed, and back to what the server calls it.
func (t *tx) cancelFolder(op *mail.Op, b *box) (bool, error) {
	open, err := list(t, scanOp, selectOp+`WHERE o.account = ? AND o.state IN ('waiting', 'sending')
		AND (o.mailbox = ? OR o.kind GLOB 'folder.*') ORDER BY o.id DESC LIMIT 2`, b.account, int64(b.ID))
	if err != nil || len(open) == 0 {
		return false, err
	}
	w := open[0]
	before := len(open) > 1 && ofFolder(open[1].Kind) && (open[1].Mailbox == b.ID || op.Kind == mail.OpFolderRename)
	if w.Mailbox != b.ID || w.State != mail.OpWaiting || w.Tries > 0 || before {
		return false, nil
	}
	undoes := false
	switch op.Kind {
	case mail.OpFolderDelete:
		undoes = w.Kind == mail.OpFolderCreate && b.planned
	case mail.OpFolderSubscribe:
		undoes = w.Kind == mail.OpFolderUnsubscribe && b.Subscribed
	case mail.OpFolderUnsubscribe:
		undoes = w.Kind == mail.OpFolderSubscribe && !b.Subscribed
	case mail.OpFolderRename:
		undoes = w.Kind == mail.OpFolderRename && b.Name == op.Name
	default:
	}
	if undoes {
		_, err = t.cancel(w)
	}
	return undoes, err
}

// actOn finds the folder of an op that does not make one; nil when nothing has
// to be done.
func (t *tx) actOn(op *mail.Op) (*box, error) {
	b, err := t.box(op.Mailbox)
	if err != nil {
		return nil, err
	}
	if b.gone != 0 || b.hidden {
		return nil, noFolder(b.path())
	}
	op.Account = b.Account
	switch op.Kind {
	case mail.OpFolderRename, mail.OpFolderDelete:
		// RFC 3501 §6.3.4, §6.3.5: it cannot be deleted, and to rename it moves
		// its mail.
		if b.Name == "INBOX" {
			return nil, usage("the inbox stays as it is")
		}
	default:
	}
	switch {
	case op.Kind == mail.OpFolderRename && op.Name == b.shownName,
		op.Kind == mail.OpFolderSubscribe && b.subscribed(),
		op.Kind == mail.OpFolderUnsubscribe && !b.subscribed():
		return nil, nil
	case op.Kind == mail.OpFolderRename:
		return b, t.free(b.account, op.Name)
	}
	return b, nil
}

// free reports as a fault that a name is taken.
func (t *tx) free(account int64, name string) error {
	var one int
	taken, err := t.row(`SELECT 1 FROM mailboxes WHERE account = ? AND gone = 0 AND NOT hidden AND shown_name = ?`,
		[]any{account, name}, &one)
	if err == nil && (taken || strings.EqualFold(name, "INBOX")) {
		err = &mail.Fault{Code: mail.CodeFolderExists, Class: mail.ClassLocal, Args: mail.Args{"folder": name}}
	}
	return err
}

// planBox makes the row of a mailbox that the server is to make. Nothing is in it,
// so that it is in step: an account is never less fresh for it.
func (t *tx) planBox(op *mail.Op) (*box, error) {
	account, err := t.account(op.Account)
	if err != nil {
		return nil, err
	}
	if err := t.free(account, op.Name); err != nil {
		return nil, err
	}
	var delimiter string
	if _, err := t.row(`SELECT delimiter FROM mailboxes WHERE account = ? AND gone = 0 AND NOT planned ORDER BY name <> 'INBOX' LIMIT 1`,
		[]any{account}, &delimiter); err != nil {
		return nil, err
	}
	res, err := t.exec(`INSERT INTO mailboxes (account, name, shown_name, delimiter, role, counted, selectable, subscribed, watched, planned, last_sync)
		VALUES (?, ?, ?, ?, '', 1, 1, 1, 0, 1, ?)`, account, op.Name, op.Name, delimiter, nanos(t.now))
	if err != nil {
		return nil, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return nil, err
	}
	op.Mailbox = mail.MailboxID(id)
	b, err := t.box(op.Mailbox)
	if err != nil {
		return nil, err
	}
	return b, t.emit(op.Account, mail.Here, mail.MailboxAdded{Folder: b.ref()})
}

// unplan takes back a mailbox that the server does not have, with what was to
// go into it.
func (t *tx) unplan(b *box, f *mail.Fault) error {
	if err := t.failInto(b, f); err != nil {
		return err
	}
	ref := b.ref()
	b.gone, b.planned, b.dirty = nanos(t.now), false, true
	return t.emit(b.Account, mail.Here, mail.MailboxGone{Folder: ref})
}

// finishFolderOp applies an op that the server did to what the server has.
func (t *tx) finishFolderOp(op *mail.Op) error {
	b, err := t.box(op.Mailbox)
	if err != nil || b.gone != 0 {
		return err
	}
	b.dirty = true
	switch op.Kind {
	case mail.OpFolderCreate:
		if !b.planned {
			// It was listed before the answer came; as a mere level, it may be, in
			// which another machine had made a folder.
			b.Selectable = true
			return nil
		}
		var other int64
		if taken, err := t.row(`SELECT id FROM mailboxes WHERE account = ? AND name = ? AND gone = 0 AND planned = 0`,
			[]any{b.account, b.Name}, &other); err != nil || taken {
			if err == nil {
				err = t.unplan(b, &mail.Fault{Code: mail.CodeFolderExists, Class: mail.ClassConflict, Args: mail.Args{"folder": b.path()}})
			}
			return err
		}
		b.planned = false
	case mail.OpFolderRename:
		return t.renamed(b, op.Name)
	case mail.OpFolderDelete:
		a := &applier{tx: t, name: b.Account, account: b.account, origin: mail.Here, lost: map[mail.MessageID]lost{}}
		if err := a.vanishBox(b); err != nil {
			return err
		}
		return a.tellAll()
	case mail.OpFolderSubscribe:
		b.Subscribed = true
	case mail.OpFolderUnsubscribe:
		b.Subscribed = false
	default:
	}
	return nil
}

// AskedNames returns the names that mailboxes of an account may have on the server by
// now, as we asked for them and do not know the answer.
func (s *Store) AskedNames(ctx context.Context, account mail.AccountID) (map[mail.MailboxID]string, error) {
	type rename struct {
		id   mail.MailboxID
		name string
	}
	out := map[mail.MailboxID]string{}
	renames, err := query(ctx, s.read, func(r scanner) (a rename, err error) {
		err = r.Scan(&a.id, &a.name)
		return a, err
	}, `SELECT o.mailbox, o.name FROM ops o JOIN accounts a ON a.id = o.account
		WHERE o.state = 'sending' AND o.kind = 'folder.rename' AND a.name = ? ORDER BY o.id`, string(account))
	if err != nil {
		return nil, fault(s.path(), "list names that were asked for", err)
	}
	for _, a := range renames {
		out[a.id] = a.name
	}
	return out, nil
}

// renamed gives a mailbox and those inside it their new names.
func (t *tx) renamed(b *box, name string) error {
	boxes, err := t.boxesOf(b.account)
	if err != nil {
		return err
	}
	old := b.Name
	for _, x := range boxes {
		next, ok := renamedTo(x.Name, old, name, b.Delimiter)
		if !ok || x.planned {
			continue
		}
		x.Name, x.dirty = next, true
		if _, err := t.exec(`UPDATE mailboxes SET name = ? WHERE id = ?`, next, int64(x.ID)); err != nil {
			return fmt.Errorf("rename: %w", err)
		}
	}
	return nil
}

// renamedTo is what a mailbox is called after old was renamed to name; false
// when that did not concern it.
func renamedTo(have, old, name, delimiter string) (string, bool) {
	if have == old {
		return name, true
	}
	if rest, ok := strings.CutPrefix(have, old+delimiter); ok && delimiter != "" {
		return name + delimiter + rest, true
	}
	return "", false
}

// boxesOf loads the mailboxes of an account that are not gone.
func (t *tx) boxesOf(account int64) ([]*box, error) {
	bs, err := list(t, scanBox, selectBox+`WHERE b.account = ? AND b.gone = 0 ORDER BY b.id`, account)
	if err != nil {
		return nil, err
	}
	out := bs[:0]
	for _, b := range bs {
		if b = t.adopt(b); b.gone == 0 {
			out = append(out, b)
		}
	}
	return out, nil
}

// folded is what shows of a mailbox.
type folded struct {
	name   string
	hidden bool
	wanted sql.NullBool
}

// refold lays every action on folders that waits over an account's mailboxes,
// in order, and tells what shows otherwise by it.
func (t *tx) refold(account int64, name mail.AccountID, origin mail.Origin) error {
	boxes, err := t.boxesOf(account)
	if err != nil {
		return err
	}
	ops, err := list(t, scanOp, selectOp+`WHERE o.account = ? AND o.state IN ('waiting', 'sending') AND o.kind GLOB 'folder.*'
		ORDER BY o.id`, account)
	if err != nil {
		return err
	}
	shown := make(map[mail.MailboxID]*folded, len(boxes))
	for _, b := range boxes {
		if !b.planned {
			shown[b.ID] = &folded{name: b.Name}
		}
	}
	for _, op := range ops {
		if op.Kind == mail.OpFolderCreate && shown[op.Mailbox] == nil {
			// What came before concerns another folder of that name.
			shown[op.Mailbox] = &folded{name: op.Name}
		}
		if x := shown[op.Mailbox]; x != nil {
			t.fold(op, x, shown)
		}
	}
	for _, b := range boxes {
		f := shown[b.ID]
		if f == nil {
			continue // its op ends in this transaction
		}
		if err := t.showBox(b, *f, name, origin); err != nil {
			return err
		}
	}
	return nil
}

// fold lays one op over x and, as a new name concerns folders inside it too,
// over the others.
func (t *tx) fold(op mail.Op, x *folded, shown map[mail.MailboxID]*folded) {
	switch op.Kind {
	case mail.OpFolderRename:
		old, delimiter := x.name, t.boxes[op.Mailbox].Delimiter
		for _, y := range shown {
			if next, ok := renamedTo(y.name, old, op.Name, delimiter); ok {
				y.name = next
			}
		}
	case mail.OpFolderDelete:
		x.hidden = true
	case mail.OpFolderSubscribe, mail.OpFolderUnsubscribe:
		x.wanted = sql.NullBool{Bool: op.Kind == mail.OpFolderSubscribe, Valid: true}
	default:
	}
}

// showBox gives a mailbox what is to show of it, and tells what is new.
func (t *tx) showBox(b *box, f folded, account mail.AccountID, origin mail.Origin) error {
	from, was := b.path(), b.hidden
	if f.name == b.shownName && f.hidden == was && f.wanted == b.wanted {
		return nil
	}
	renamed, subscribed := f.name != b.shownName, b.subscribed()
	b.shownName, b.hidden, b.wanted, b.dirty = f.name, f.hidden, f.wanted, true
	b.tell = b.tell || f.hidden != was // the account's number changes with it
	switch {
	case f.hidden && !was:
		return t.emit(account, origin, mail.MailboxGone{Folder: mail.FolderRef{ID: b.ID, Path: from, Role: b.Role}})
	case !f.hidden && was:
		return t.emit(account, origin, mail.MailboxAdded{Folder: b.ref()})
	case f.hidden:
		return nil
	}
	if renamed {
		if err := t.emit(account, origin, mail.MailboxRenamed{Folder: b.ref(), From: from}); err != nil {
			return err
		}
	}
	if b.subscribed() != subscribed {
		return t.emit(account, origin, mail.MailboxSubscribed{Folder: b.ref(), Subscribed: b.subscribed()})
	}
	return nil
}

// subscribed is whether a mailbox shows as subscribed.
func (b *box) subscribed() bool {
	if b.wanted.Valid {
		return b.wanted.Bool
	}
	return b.Subscribed
}
