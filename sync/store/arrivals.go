package store

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// arriveFor is how long a copy that the server made may take to show, if it did not
// say as which UID.
const arriveFor = time.Hour

// arrival is a message that an op of ours put, or may have put, into a mailbox
// and that was not seen there yet.
type arrival struct {
	op      mail.OpID
	kind    mail.OpKind
	message mail.MessageID // that was copied
	placed  bool           // it is still where it was
	uid     mail.UID       // 0: not told
	like    stray          // what it looks like
}

func scanArrival(r scanner) (a arrival, err error) {
	err = r.Scan(&a.op, &a.kind, &a.message, &a.placed, &a.uid,
		&a.like.size, &a.like.received, &a.like.date, &a.like.headerID, &a.like.emailID, &a.like.subject)
	return a, err
}

// arrivals lists what may arrive in a mailbox by our own doing: for long after only
// what is known by its UID, or what nobody has looked for since.
func (t *tx) arrivals(b *box) ([]arrival, error) {
	return list(t, scanArrival, `SELECT o.id, iif(o.state = 'failed', 'copy', o.kind), t.message, m.mailbox IS NOT NULL, iif(t.uidvalidity = ?2, t.uid, 0),
		m.size, m.received, m.date, m.header_id, m.email_id, m.subject
		FROM ops o JOIN op_targets t ON t.op = o.id JOIN messages m ON m.id = t.message
		WHERE o.mailbox = ?1 AND o.kind IN ('move', 'copy') AND t.twin = 0 AND (
			(o.state = 'sending' OR o.state = 'waiting' AND t.copied) AND NOT t.done AND NOT EXISTS ( -- it is not sent on by a later one
				SELECT 1 FROM op_targets t2 JOIN ops o2 ON o2.id = t2.op
				WHERE t2.message = t.message AND NOT t2.done AND o2.id > o.id AND o2.kind = 'move' AND o2.state = 'sending')
			OR (o.state = 'failed' AND t.copied OR o.state = 'done' AND o.kind = 'copy' AND t.agreed) AND t.copy = 0
				AND (t.uid <> 0 AND t.uidvalidity = ?2 OR o.ended > ?3 OR o.ended >= ?4)
			OR o.state = 'sending' AND o.kind = 'copy' AND t.agreed AND t.copy = 0)
		ORDER BY o.id, t.pos`, int64(b.ID), int64(b.Cursor.UIDValidity), nanos(t.now.Add(-arriveFor)), nanos(b.LastSync))
}

// arrives finds the arrival that f is; alike says that it may be one only for being like
// it in all that is known. It is taken out of the list, so that each is found once.
func arrives(as *[]arrival, b *box, f *Fetched, alike bool) (arrival, bool) {
	best, top := -1, 0
	for i := range *as {
		a := &(*as)[i]
		n := 0
		switch {
		case a.uid != 0:
			if a.uid == f.UID {
				n = 100
			}
		case alike || named(f):
			n = a.like.likeness(b.ID, f)
			if a.like.emailID != "" && f.EmailID != "" && a.like.emailID != f.EmailID {
				n = 0
			}
		}
		if n > top {
			best, top = i, n
		}
	}
	if best < 0 {
		return arrival{}, false
	}
	a := (*as)[best]
	*as = append((*as)[:best], (*as)[best+1:]...)
	return a, true
}

// named reports whether anything names a message, so that another is not taken for it.
func named(f *Fetched) bool { return f.EmailID != "" || f.Envelope.HeaderID != "" }

// arrive takes a message that our own doing brought. A copy is a message of its
// own; what a move that was cut off left behind is noted with the op, which goes
// on from there, and is not shown: the message itself is already.
func (a *applier) arrive(d boxDelta, ar arrival, f *Fetched) (mail.MessageID, error) {
	b := d.box
	if ar.kind == mail.OpMove {
		if _, err := a.exec(`UPDATE op_targets SET copied = 1, uid = ?, uidvalidity = ? WHERE op = ? AND message = ?`,
			int64(f.UID), int64(d.validity()), int64(ar.op), int64(ar.message)); err != nil {
			return 0, err
		}
		_, err := a.exec(`INSERT OR IGNORE INTO uncertain (mailbox, uid) VALUES (?, ?)`, int64(b.ID), int64(f.UID))
		return 0, err
	}
	id, ok, err := a.insert(b, f)
	if err != nil || !ok {
		return 0, err
	}
	if err := a.welcome(d, f); err != nil {
		return 0, err
	}
	_, err = a.exec(`UPDATE op_targets SET copied = 1, copy = ?, uid = ?, uidvalidity = ? WHERE op = ? AND message = ?`,
		int64(id), int64(f.UID), int64(d.validity()), int64(ar.op), int64(ar.message))
	return id, err
}

// putOurs stores f if it came by our own doing. The item has no id when it is
// not to be told.
func (a *applier) putOurs(d boxDelta, ours *[]arrival, f *Fetched) (item, bool, error) {
	if _, known, err := a.at(d.box, f.UID); err != nil || known {
		return item{}, false, err
	}
	alike := !named(f)
	if alike && a.strays { // it is as likely to be one that was moved
		_, stray, err := a.findStray(d.box, f)
		if err != nil {
			return item{}, false, err
		}
		alike = !stray
	}
	ar, ok := arrives(ours, d.box, f, alike)
	if !ok || ar.kind == mail.OpMove && (!ar.placed || !a.halves || !packFlags(f.Flags).visible()) {
		// It left where it was, and is found among the strays; or the server does
		// nothing by halves, and this is a copy that another machine made; or it is about
		// to go, and no half of anything.
		return item{}, false, nil
	}
	id, err := a.arrive(d, ar, f)
	return item{id, f.UID}, true, err
}
