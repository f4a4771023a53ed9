package store

import (
	"context"
	"encoding/json"

	"github.com/heronmail/heron/sync/mail"
)

// SetLabels keeps whether the mailboxes of an account are labels, as on Gmail: a message
// in several of them, by EmailID, is one. Its flags are the same in each, and what is put
// into the trash or called junk leaves all others.
func (s *Store) SetLabels(ctx context.Context, account mail.AccountID, labels bool) error {
	_, err := s.write(ctx, "note that folders are labels", func(t *tx) error {
		id, err := t.account(account)
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE accounts SET labels = ?1 WHERE id = ?2 AND labels <> ?1`, labels, id)
		return err
	})
	return err
}

// twinsOf are the rows that the same messages have under other labels, if an op does the
// same to those; and of several such rows among ts all but the first are made twins of
// that. The server does it by itself: twins are not sent, and nobody is told of them as
// targets of the op.
func (t *tx) twinsOf(op *mail.Op, ts []opTarget) ([]opTarget, error) {
	switch op.Kind {
	case mail.OpFlags:
	case mail.OpMove:
		if b, err := t.box(op.Mailbox); err != nil || b.Role != mail.RoleTrash && b.Role != mail.RoleJunk {
			return nil, err
		}
	default:
		return nil, nil
	}
	targets := make(map[mail.MessageID]*opTarget, len(ts))
	ids := make([]mail.MessageID, len(ts))
	for i := range ts {
		targets[ts[i].id], ids[i] = &ts[i], ts[i].id
	}
	of, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	// INTERNALDATE is the message's too, and there is an index by it.
	type pair struct{ of, twin mail.MessageID }
	found, err := list(t, func(r scanner) (p pair, err error) {
		err = r.Scan(&p.of, &p.twin)
		return p, err
	}, `SELECT p.id, m.id FROM json_each(?1) j JOIN messages p ON p.id = j.value
		JOIN accounts a ON a.id = p.account AND a.labels JOIN mailboxes b ON b.account = a.id AND b.gone = 0
		CROSS JOIN messages m INDEXED BY messages_list ON m.shown_in = b.id AND m.sort = p.sort AND (m.shown & 16) = 0
		WHERE p.email_id <> '' AND m.email_id = p.email_id AND m.id <> p.id AND m.mailbox IS NOT NULL
		ORDER BY j.key, m.id`, string(of))
	if err != nil {
		return nil, err
	}
	var twins []opTarget
	seen := map[mail.MessageID]bool{}
	for _, f := range found {
		of, other := targets[f.of], targets[f.twin]
		switch {
		case of.twin != 0 || seen[f.twin]:
			continue
		case other != nil:
			if other.delta == of.delta {
				other.twin = f.of
			}
			continue
		}
		seen[f.twin] = true
		r, ok, err := t.target(f.twin)
		if err != nil {
			return nil, err
		}
		v := view{r.flags.shown, r.in}
		if ok && (layer{op.Kind, op.Mailbox, of.delta}).over(v) != v {
			twins = append(twins, opTarget{target: r, delta: of.delta, twin: f.of})
		}
	}
	return twins, nil
}

// layKind is what an op does to a target: what moves a message to the trash takes its
// twins away.
func layKind(k mail.OpKind, twin mail.MessageID) mail.OpKind {
	if twin != 0 && k == mail.OpMove {
		return mail.OpDelete
	}
	return k
}

// liftOne takes an op off a message, and off its twins.
func (t *tx) liftOne(op mail.Op, id mail.MessageID, d *Done, n *notes) error {
	if err := t.liftRow(op, id, 0, d, n); err != nil {
		return err
	}
	twins, err := list(t, scanID[mail.MessageID], `SELECT message FROM op_targets
		WHERE twin = ? AND twin <> 0 AND op = ? AND NOT done`, int64(id), int64(op.ID))
	if err != nil {
		return err
	}
	switch {
	case d == nil:
	case d.passed && op.Kind == mail.OpMove:
		d = nil // it was not in the trash
	default:
		d = &Done{}
	}
	for _, twin := range twins {
		if err := t.liftRow(op, twin, id, d, n); err != nil {
			return err
		}
	}
	return nil
}

// apart parts the targets of an op from their twins. Flags of a message that is gone from
// under one label are sent under another.
func apart(kind mail.OpKind, rows []work) (targets, twins []work) {
	for _, r := range rows {
		if r.twin == 0 {
			targets = append(targets, r)
		} else {
			twins = append(twins, r)
		}
	}
	if kind != mail.OpFlags {
		return targets, twins
	}
	there := map[mail.MessageID]mail.Location{}
	for _, r := range twins {
		if r.Location.UID != 0 {
			there[r.twin] = r.Location
		}
	}
	for i := range targets {
		m := &targets[i]
		if at, ok := there[m.ID]; ok && m.Location.UID == 0 && !m.reset {
			m.Location = at
		}
	}
	return targets, twins
}
