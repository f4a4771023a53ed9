package store

import "github.com/heronmail/heron/sync/mail"

// Undone is what became of an action that was taken back.
type Undone struct {
	mail.Op // that now stands for the one that was to be taken back
	// Parts are all ops that stand for what was taken back: those that were cancelled,
	// and the inverses of the others.
	Parts []mail.Op
	// Queued are those of them that a server has to be sent, in their order.
	Queued []mail.OpID
	// Passed is what could not be taken back with the rest.
	Passed []PassedOver
}

// PassedOver is something that could not be taken back.
type PassedOver struct {
	Op    mail.OpID // that did it
	Why   mail.PassReason
	Count int // messages; folders for PassMail and PassFound
}

// pass notes that one thing more is passed over.
func (u *Undone) pass(op mail.OpID, why mail.PassReason, n int) {
	for i := range u.Passed {
		if p := &u.Passed[i]; p.Op == op && p.Why == why {
			p.Count += n
			return
		}
	}
	u.Passed = append(u.Passed, PassedOver{op, why, n})
}

// queued notes an inverse that has to be sent; none for id 0.
func (u *Undone) queued(inv mail.Op) {
	if inv.ID != 0 {
		u.Queued = append(u.Queued, inv.ID)
		u.Parts = append(u.Parts, inv)
	}
}

// passDeleted notes what the action of an op deleted for good, and the server knows.
func (t *tx) passDeleted(id mail.OpID, u *Undone) error {
	type deleted struct {
		id mail.OpID
		n  int
	}
	ds, err := list(t, func(r scanner) (d deleted, err error) {
		err = r.Scan(&d.id, &d.n)
		return d, err
	}, `SELECT o.id, (SELECT count(*) FROM op_targets g WHERE g.op = o.id AND (g.agreed OR NOT g.done)) FROM ops o JOIN ops x ON x.id = ?1
		WHERE (o.id = x.id OR `+ofAction+`) AND o.inverse = 0 AND o.kind = 'delete' AND (o.state IN ('sending', 'done') OR o.state = 'waiting' AND o.tries > 0)
		ORDER BY o.id`, int64(id))
	for _, d := range ds {
		u.pass(d.id, mail.PassDeleted, d.n)
	}
	return err
}
