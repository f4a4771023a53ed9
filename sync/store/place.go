package store

import (
	"math"
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// view is what shows of a message: the server's word with every action that
// waits laid over it.
type view struct {
	flags flagSet
	in    mail.MailboxID // 0: nowhere
}

// layer is an action that lies over a message.
type layer struct {
	kind mail.OpKind
	to   mail.MailboxID
	delta
}

func scanLayer(r scanner) (l layer, err error) {
	var add, del string
	err = r.Scan(&l.kind, &l.to, &add, &del)
	l.delta = delta{packFlags(splitFlags(add)), packFlags(splitFlags(del))}
	return l, err
}

// over lays the action over v.
func (l layer) over(v view) view {
	switch l.kind {
	case mail.OpFlags:
		v.flags = v.flags.with(l.delta)
	case mail.OpMove:
		v.in = l.to
	case mail.OpDelete:
		v.in = 0
	default: // the others show elsewhere, or when the server shows them
	}
	return v
}

// overlay returns what shows of a message that has the given flags on the
// server and is in a mailbox, 0 for none: every action that waits is laid over
// it, in order.
func (t *tx) overlay(id mail.MessageID, server flagSet, in mail.MailboxID, pending int) (view, error) {
	v := view{server, in}
	if pending == 0 {
		return v, nil
	}
	return t.laidBefore(math.MaxInt64, id, v)
}

// laidBefore lays the actions over v that wait on a message and are older than op.
func (t *tx) laidBefore(op mail.OpID, id mail.MessageID, v view) (view, error) {
	ls, err := list(t, scanLayer, `SELECT iif(t.twin <> 0 AND o.kind = 'move', 'delete', o.kind), o.mailbox, t.added, t.removed FROM op_targets t JOIN ops o ON o.id = t.op
		WHERE t.message = ? AND NOT t.done AND o.state IN ('waiting', 'sending') AND o.id < ? ORDER BY o.id`, int64(id), int64(op))
	for _, l := range ls {
		v = l.over(v)
	}
	return v, err
}

// target is a message of an op, where it is now.
type target struct {
	located
	account mail.AccountID
	box     mail.MailboxID // where the server has it; 0: nowhere
	expect  mail.MailboxID // where the server was told to put it; 0: nowhere
	reset   bool
}

func scanTarget(r scanner) (t target, err error) {
	err = r.Scan(&t.id, &t.uid, &t.in, &t.flags.server.bits, &t.flags.server.words,
		&t.flags.shown.bits, &t.flags.shown.words, &t.pending, &t.account, &t.box, &t.expect, &t.reset)
	return t, err
}

const selectTarget = `SELECT m.id, m.uid, coalesce(m.shown_in, 0), m.server, m.server_keywords, m.shown, m.shown_keywords, m.pending,
	a.name, coalesce(m.mailbox, 0), coalesce(m.expect, 0), m.reset FROM messages m JOIN accounts a ON a.id = m.account `

// target finds a message; false when it is not known any more.
func (t *tx) target(id mail.MessageID) (target, bool, error) {
	found, err := list(t, scanTarget, selectTarget+`WHERE m.id = ?`, int64(id))
	if err != nil || len(found) == 0 {
		return target{}, false, err
	}
	return found[0], true, nil
}

// base is where the message is when no action waits.
func (r *target) base() mail.MailboxID {
	if r.box != 0 {
		return r.box
	}
	return r.expect
}

// notes gathers what becomes of messages by what was done here.
type notes struct {
	flags groups[flagDelta]
	moved groups[route]
	gone  groups[mail.MailboxID]
	back  groups[mail.MailboxID]
}

// show gives a message new flags of the server and a new view, counts them and
// notes what shows.
func (t *tx) show(r target, server flagSet, v view, m mail.ModSeq, n *notes) error {
	if _, err := t.exec(`UPDATE messages SET server = ?, server_keywords = ?, shown = ?, shown_keywords = ?,
		shown_in = nullif(?, 0), modseq = max(modseq, ?) WHERE id = ?`,
		server.bits, server.words, v.flags.bits, v.flags.words, int64(v.in), modSeq(m), int64(r.id)); err != nil {
		return err
	}
	if r.box != 0 {
		b, err := t.box(r.box)
		if err != nil {
			return err
		}
		b.carryFlags(r.flags.server, server)
		b.know(r.flags.server, -1)
		b.know(server, 1)
	}
	if err := t.countShown(r.in, r.flags.shown, -1); err != nil {
		return err
	}
	if err := t.countShown(v.in, v.flags, 1); err != nil {
		return err
	}
	n.note(r, v)
	return nil
}

func (n *notes) note(r target, v view) {
	it := item{id: r.id}
	// What is flagged \Deleted shows nowhere.
	if !r.flags.shown.visible() {
		r.in = 0
	}
	if !v.flags.visible() {
		v.in = 0
	}
	if v.in == r.box {
		it.uid = r.uid
	}
	switch {
	case r.in == v.in:
	case v.in == 0:
		if r.in == r.box {
			it.uid = r.uid
		}
		n.gone.add(r.in, it)
	case r.in == 0:
		n.back.add(v.in, it)
	default:
		n.moved.add(route{r.in, v.in}, it)
	}
	if r.in == 0 || v.in == 0 {
		return
	}
	if d, ok := flagChange(v.in, r.flags.shown, v.flags); ok {
		n.flags.add(d, it)
	}
}

// tell tells what was noted, as done where the transaction's changes were.
func (t *tx) tell(account mail.AccountID, n *notes) error {
	err := n.gone.each(func(k mail.MailboxID, uids []mail.UID, ids []mail.MessageID) error {
		ref, err := t.ref(k)
		if err != nil {
			return err
		}
		return t.emit(account, t.origin, mail.MessagesGone{Folder: ref, UIDs: uids, IDs: ids})
	})
	if err != nil {
		return err
	}
	err = n.moved.each(func(k route, uids []mail.UID, ids []mail.MessageID) error {
		return t.tellMoved(account, t.origin, k, uids, ids)
	})
	if err != nil {
		return err
	}
	for _, k := range n.back.keys {
		for part := range slices.Chunk(n.back.items[k], perChange) {
			if err := t.tellBack(account, mail.Here, k, part); err != nil {
				return err
			}
		}
	}
	return t.tellFlags(&n.flags, t.origin)
}

func (t *tx) ref(id mail.MailboxID) (mail.FolderRef, error) {
	b, err := t.box(id)
	if err != nil {
		return mail.FolderRef{}, err
	}
	return b.ref(), nil
}

func (t *tx) tellMoved(account mail.AccountID, origin mail.Origin, k route, uids []mail.UID, ids []mail.MessageID) error {
	to, err := t.ref(k.to)
	if err != nil {
		return err
	}
	from, err := t.ref(k.from)
	if err != nil {
		return err
	}
	return t.emit(account, origin, mail.MessagesMoved{From: from, To: to, UIDs: uids, IDs: ids})
}

// tellBack tells of messages that show again, or came by our own doing.
func (t *tx) tellBack(account mail.AccountID, origin mail.Origin, box mail.MailboxID, items []item) error {
	ref, err := t.ref(box)
	if err != nil {
		return err
	}
	c := mail.MessagesAdded{Folder: ref}
	for _, it := range items {
		b, err := t.brief(it)
		if err != nil {
			return err
		}
		if b.Unread {
			c.Unread++
		}
		c.UIDs, c.Messages = append(c.UIDs, it.uid), append(c.Messages, b)
	}
	return t.emit(account, origin, c)
}

// brief is what a change tells of a message that is stored.
func (t *tx) brief(it item) (mail.Brief, error) {
	b := mail.Brief{ID: it.id, UID: it.uid}
	var sender string
	var shown flagSet
	if _, err := t.row(`SELECT sender, subject, shown, shown_keywords FROM messages WHERE id = ?`, []any{int64(it.id)},
		&sender, &b.Subject, &shown.bits, &shown.words); err != nil {
		return b, err
	}
	from, err := unpackAddresses(sender)
	if len(from) > 0 {
		b.From = from[0].String()
	}
	b.Unread = shown.unread()
	return b, err
}
