package store

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
)

// RemoveAccount forgets an account: its folders, messages, bodies, actions,
// problems, alerts, and what the log tells of it.
func (s *Store) RemoveAccount(ctx context.Context, account mail.AccountID) error {
	_, err := s.write(ctx, "forget an account", func(t *tx) error {
		var id int64
		ok, err := t.row(`SELECT id FROM accounts WHERE name = ?`, []any{string(account)}, &id)
		if err != nil {
			return err
		}
		if ok {
			if err := s.forget(t, id); err != nil {
				return err
			}
		}
		for _, q := range []string{
			`DELETE FROM problems WHERE account = ?`,
			`DELETE FROM alerts WHERE account = ?`,
			`DELETE FROM changes WHERE account = ?`,
		} {
			if _, err := t.exec(q, string(account)); err != nil {
				return err
			}
		}
		if !ok {
			return nil
		}
		return t.emit(account, mail.Here, mail.AccountState{Removed: true})
	})
	return err
}

// forget deletes what belongs to an account's row, and its body files after
// the commit.
func (s *Store) forget(t *tx, id int64) error {
	bodies, err := list(t, scanID[mail.MessageID], `SELECT id FROM messages WHERE account = ? AND body IS NOT NULL`, id)
	if err != nil {
		return err
	}
	s.removeAfter(t, bodies)
	for _, q := range []string{
		`DELETE FROM texts WHERE rowid IN (SELECT id FROM messages WHERE account = ?)`,
		`DELETE FROM alert_messages WHERE message IN (SELECT id FROM messages WHERE account = ?)`,
		`DELETE FROM accounts WHERE id = ?`, // with all that refers to it
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	// The index only notes what is deleted: its words go when it is written anew.
	_, err = t.exec(`INSERT INTO texts (texts) VALUES ('optimize')`)
	return err
}

// SetState notes how an account stands with its server, so that it can be told
// without an engine. st's Since is not used. Nothing happens when it stood so
// before.
func (s *Store) SetState(ctx context.Context, account mail.AccountID, st AccountState) error {
	_, err := s.write(ctx, "note a state", func(t *tx) error {
		id, err := t.account(account)
		if err != nil {
			return err
		}
		res, err := t.exec(`UPDATE accounts SET since = CASE WHEN state = ?1 THEN since ELSE ?4 END,
			state = ?1, told_by = ?2, told_why = ?6, next_try = ?3
			WHERE id = ?5 AND (state <> ?1 OR told_by <> ?2 OR told_why <> ?6 OR next_try <> ?3)`,
			string(st.State), string(st.ToldBy), nanos(st.NextTry), nanos(t.now), id, string(st.ToldWhy))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return t.emit(account, mail.Here, mail.AccountState{State: st.State, ToldBy: st.ToldBy, ToldWhy: st.ToldWhy, NextTry: st.NextTry.UTC()})
	})
	return err
}

// States returns how every account that was ever heard of stood last.
func (s *Store) States(ctx context.Context) (map[mail.AccountID]AccountState, error) {
	type named struct {
		id mail.AccountID
		AccountState
	}
	rows, err := query(ctx, s.read, func(r scanner) (n named, err error) {
		var next, since int64
		err = r.Scan(&n.id, &n.State, &n.ToldBy, &n.ToldWhy, &next, &since)
		n.NextTry, n.Since = fromNanos(next), fromNanos(since)
		return n, err
	}, `SELECT name, state, told_by, told_why, next_try, since FROM accounts WHERE state <> ''`)
	if err != nil {
		return nil, fault(s.path(), "read states", err)
	}
	out := make(map[mail.AccountID]AccountState, len(rows))
	for _, r := range rows {
		out[r.id] = r.AccountState
	}
	return out, nil
}

// Unread returns how much unread mail an account has in folders that count: a
// message that is in several of them once, if the server says by a name that it
// is one. An unknown account has none.
func (s *Store) Unread(ctx context.Context, account mail.AccountID) (int, error) {
	n, err := query(ctx, s.read, scanID[int64], selectUnread+`WHERE a.name = ?`, string(account))
	if err != nil {
		return 0, fault(s.path(), "count unread mail", err)
	}
	if len(n) == 0 {
		return 0, nil
	}
	return int(n[0]), nil
}
