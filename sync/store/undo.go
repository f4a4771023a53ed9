package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/heronmail/heron/sync/mail"
)

// Undo takes an op back, with the others of the same action, and returns the op that
// now stands for it, and what it had to pass over. One that was never tried is
// cancelled: it comes back in state undone. Of any other the inverse is queued, and
// comes back with the op's id as its Inverse:
//
//   - flags: what the op really changed of each message is changed back;
//   - move: each message goes back to the folder where it was; one inverse op a
//     folder is queued then, and the first comes back;
//   - copy: the copies are deleted for good;
//   - folder.create: the folder is deleted if it was not there before and is empty; rename, subscribe and
//     unsubscribe are reversed;
//   - of one that was refused, what was done of it before.
//
// Id 0 is the newest action, of whatever account, that was not undone; an inverse does
// not count. What was done before it is never undone in its place: the user has to name
// that. Of an action what can be undone is. Faults: not-undoable, with its reason, for
// an op that is not known, was refused or taken back already, whose messages are gone
// or whose copies are not known yet, and for a deletion for good or of a folder that
// was sent; nothing-to-undo.
func (s *Store) Undo(ctx context.Context, id mail.OpID) (Undone, error) {
	var out Undone
	_, err := s.keep(ctx, "undo an action", func(t *tx) error {
		t.origin = mail.Here
		var err error
		if id == 0 {
			err = t.undoNewest(&out)
		} else {
			err = t.undoWith(id, &out)
		}
		return err
	})
	if err != nil {
		return Undone{}, err
	}
	return out, nil
}

// undoable are ops o that can be undone as far as their rows tell, and were not.
const undoable = standing + ` AND (o.state = 'waiting' AND o.tries = 0
	OR o.state IN ('waiting', 'sending', 'done') AND o.kind NOT IN ('delete', 'folder.delete')
	OR o.state = 'failed' AND o.kind IN ('flags', 'move', 'copy')
		AND EXISTS (SELECT 1 FROM op_targets t WHERE t.op = o.id AND t.agreed))`

// standing are ops o of the user that were not undone; one that was refused stands.
const standing = `o.inverse = 0 AND o.state <> 'undone'
	AND NOT EXISTS (SELECT 1 FROM ops i WHERE i.inverse = o.id AND i.state IN ('waiting', 'sending', 'done'))`

// ofAction are the ops o of the same action as x.
const ofAction = `(o.action = iif(x.action = 0, x.id, x.action) OR o.id = x.action)`

// undoNewest undoes the newest action that stands. The rest of one that was undone as
// far as it could be is passed over. Faults not-undoable, with what can be named in its
// place, and nothing-to-undo.
func (t *tx) undoNewest(u *Undone) error {
	newest := mail.OpID(math.MaxInt64)
	for {
		found, err := t.row(`SELECT o.id FROM ops o WHERE o.id < ? AND `+standing+` ORDER BY o.id DESC LIMIT 1`,
			[]any{int64(newest)}, &newest)
		if err != nil {
			return err
		}
		if !found {
			return &mail.Fault{Code: mail.CodeNothingToUndo, Class: mail.ClassLocal}
		}
		why := t.undoWith(newest, u)
		if !stays(why) {
			return why
		}
		var one int
		inPart, err := t.row(`SELECT 1 FROM ops x JOIN ops o ON `+ofAction+` WHERE x.id = ? AND NOT (`+standing+`) LIMIT 1`,
			[]any{int64(newest)}, &one)
		if err != nil {
			return err
		}
		if !inPart {
			return t.nameOlder(newest, why)
		}
		*u = Undone{}
	}
}

// nameOlder says, with why the newest action cannot be undone, which one before it
// most likely can.
func (t *tx) nameOlder(newest mail.OpID, why error) error {
	f := *mail.FaultOf(why)
	f.Args = maps.Clone(f.Args)
	f.Args["last"] = "yes"
	var id int64
	var kind mail.OpKind
	found, err := t.row(`SELECT o.id, o.kind FROM ops x JOIN ops o ON o.id < x.id AND NOT `+ofAction+`
		WHERE x.id = ? AND `+undoable+` ORDER BY o.id DESC LIMIT 1`, []any{int64(newest)}, &id, &kind)
	if err != nil {
		return err
	}
	if found {
		f.Args["before"], f.Args["what"] = strconv.FormatInt(id, 10), "action "+string(kind)
	}
	return &f
}

// stays reports whether an error says that an op cannot be undone; nothing was
// written then.
func stays(err error) bool { return is(err, mail.CodeNotUndoable) }

func is(err error, code mail.Code) bool {
	var f *mail.Fault
	return errors.As(err, &f) && f.Code == code
}

// undoWith undoes an op and the others of its action, the last one first. What comes
// back, and why it could not be undone, is that op's unless only others could.
func (t *tx) undoWith(id mail.OpID, u *Undone) error {
	ids, err := list(t, scanID[mail.OpID], `SELECT o.id FROM ops o JOIN ops x ON x.id = ?1
		WHERE o.id = ?1 OR `+ofAction+` AND `+undoable+` ORDER BY o.id DESC`, int64(id))
	if err != nil {
		return err
	}
	why := notUndoable(id, "")
	for _, each := range ids {
		op, err := t.undoOne(each, u)
		switch {
		case err != nil && !stays(err):
			return err
		case err == nil && (each == id || why != nil):
			u.Op, why = op, nil
		case each == id && u.ID == 0:
			why = err
		}
	}
	if why != nil {
		return why
	}
	return t.passDeleted(id, u)
}

func (t *tx) undoOne(id mail.OpID, u *Undone) (mail.Op, error) {
	op, err := t.op(id)
	if err != nil {
		return mail.Op{}, err
	}
	switch {
	case op.State == mail.OpWaiting && op.Tries == 0:
		if op, err = t.cancel(op); err == nil {
			u.Parts = append(u.Parts, op)
		}
		return op, err
	case op.State == mail.OpUndone:
		return mail.Op{}, notUndoable(id, mail.PassUndone)
	case op.State == mail.OpFailed:
		var one int
		inPart, err := t.row(`SELECT 1 FROM op_targets WHERE op = ? AND agreed LIMIT 1`, []any{int64(id)}, &one)
		if err == nil && !inPart {
			err = notUndoable(id, mail.PassRefused)
		}
		if err != nil {
			return mail.Op{}, err
		}
	}
	return t.reverse(op, u)
}

// cancel takes back an op that nobody but us has heard of.
func (t *tx) cancel(op mail.Op) (mail.Op, error) {
	var out mail.Op
	err := t.change(op, func(t *tx, op *mail.Op) error {
		op.State = mail.OpUndone
		out = *op
		return t.takeBack(*op, nil)
	})
	return out, err
}

// reverse queues the inverse of an op that the server did, or may have done.
func (t *tx) reverse(op mail.Op, u *Undone) (mail.Op, error) {
	inv := mail.Op{Account: op.Account, Kind: op.Kind, State: mail.OpWaiting, Created: t.now.UTC(), Inverse: op.ID}
	switch op.Kind {
	case mail.OpFlags:
		inv.Add, inv.Remove = op.Remove, op.Add
		return t.reverseTargets(op, inv, u)
	case mail.OpMove:
		return t.reverseTargets(op, inv, u)
	case mail.OpCopy:
		return t.removeCopies(op, inv, u)
	case mail.OpFolderCreate:
		inv.Kind, inv.Mailbox = mail.OpFolderDelete, op.Mailbox
		found, err := t.found(op.ID)
		if err == nil && found {
			u.pass(op.ID, mail.PassFound, 1)
			err = notUndoable(op.ID, mail.PassFound)
		}
		if err != nil {
			return mail.Op{}, err
		}
		full, err := t.hasMail(op.Mailbox)
		if err == nil && full {
			u.pass(op.ID, mail.PassMail, 1)
			err = notUndoable(op.ID, mail.PassMail)
		}
		if err != nil {
			return mail.Op{}, err
		}
	case mail.OpFolderRename:
		inv.Mailbox = op.Mailbox
		if _, err := t.row(`SELECT old_name FROM ops WHERE id = ?`, []any{int64(op.ID)}, &inv.Name); err != nil {
			return mail.Op{}, err
		}
	case mail.OpFolderSubscribe:
		inv.Kind, inv.Mailbox = mail.OpFolderUnsubscribe, op.Mailbox
	case mail.OpFolderUnsubscribe:
		inv.Kind, inv.Mailbox = mail.OpFolderSubscribe, op.Mailbox
	case mail.OpFolderDelete:
		return mail.Op{}, notUndoable(op.ID, mail.PassFolderDeleted)
	default:
		return mail.Op{}, notUndoable(op.ID, mail.PassDeleted)
	}
	err := t.queueFolderOp(&inv)
	if is(err, mail.CodeNoFolder) || err == nil && inv.ID == 0 {
		err = notUndoable(op.ID, mail.PassGone)
	}
	u.queued(inv)
	return inv, err
}

func notUndoable(id mail.OpID, why mail.PassReason) error {
	return &mail.Fault{Code: mail.CodeNotUndoable, Class: mail.ClassLocal, Args: mail.Args{
		"op": strconv.FormatInt(int64(id), 10), "reason": string(why),
	}}
}

// hasMail reports whether a folder that is there has mail in it.
func (t *tx) hasMail(id mail.MailboxID) (bool, error) {
	b, err := t.box(id)
	return err == nil && b.gone == 0 && b.counts().Total > 0, err
}

// did is what an op did to a message.
type did struct {
	id       mail.MessageID
	source   mail.MailboxID
	add, del flagSet
	copy     mail.MessageID
}

func scanDid(r scanner) (d did, err error) {
	var add, del string
	err = r.Scan(&d.id, &d.source, &add, &del, &d.copy)
	d.add, d.del = packFlags(splitFlags(add)), packFlags(splitFlags(del))
	return d, err
}

// didTo lists what an op did, or may yet do, to its messages.
func (t *tx) didTo(id mail.OpID) ([]did, error) {
	return list(t, scanDid, `SELECT message, source, did_add, did_remove, copy FROM op_targets
		WHERE op = ? AND (agreed OR NOT done) AND twin = 0 ORDER BY pos`, int64(id))
}

// reverseTargets queues the inverse of an op on messages that are still there:
// of a move one for each folder that they came from.
func (t *tx) reverseTargets(op, inv mail.Op, u *Undone) (mail.Op, error) {
	ds, err := t.didTo(op.ID)
	if err != nil {
		return mail.Op{}, err
	}
	slices.SortStableFunc(ds, func(a, b did) int {
		if op.Kind != mail.OpMove {
			return 0
		}
		return cmp.Compare(a.source, b.source)
	})
	var first mail.Op
	var n int
	why := notUndoable(op.ID, mail.PassGone) // or none of its messages is as it left it
	for ; len(ds) > 0; ds = ds[n:] {
		n = len(ds)
		if op.Kind == mail.OpMove {
			inv.Mailbox = ds[0].source
			if n = slices.IndexFunc(ds, func(d did) bool { return d.source != ds[0].source }); n < 0 {
				n = len(ds)
			}
			_, err := t.destination(inv.Mailbox)
			if is(err, mail.CodeNoFolder) {
				u.pass(op.ID, mail.PassFolder, n)
				why = notUndoable(op.ID, mail.PassFolder)
				continue
			}
			if err != nil {
				return mail.Op{}, err
			}
		}
		one := inv
		if err := t.queueReverse(&one, ds[:n], u); err != nil {
			return mail.Op{}, err
		}
		u.queued(one)
		if first.ID == 0 {
			first = one
		}
	}
	if first.ID == 0 {
		return mail.Op{}, why
	}
	return first, nil
}

func (t *tx) queueReverse(inv *mail.Op, ds []did, u *Undone) error {
	var ts []opTarget
	for _, d := range ds {
		r, ok, err := t.target(d.id)
		if err != nil {
			return err
		}
		back := delta{add: d.del, del: d.add}
		deleted, err := t.deletedHere(r)
		if err != nil {
			return err
		}
		switch {
		case !ok || r.in == 0 && !r.reset || deleted:
			u.pass(inv.Inverse, mail.PassGone, 1)
		case inv.Kind == mail.OpFlags && r.flags.shown.with(back) == r.flags.shown,
			inv.Kind == mail.OpMove && r.in == inv.Mailbox: // it is so already
		default:
			ts = append(ts, opTarget{target: r, delta: back})
		}
	}
	return t.queue(inv, ts)
}

// deletedHere reports whether a message was deleted for good, and is still there only
// because the server cannot expunge it alone. Wherever it goes, it stays deleted.
func (t *tx) deletedHere(r target) (bool, error) {
	if r.flags.server.visible() {
		return false, nil
	}
	var one int
	return t.row(`SELECT 1 FROM op_targets g JOIN ops o ON o.id = g.op
		WHERE g.message = ? AND g.agreed AND o.kind = 'delete' LIMIT 1`, []any{int64(r.id)}, &one)
}
