package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

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

// RaiseProblem keeps a problem until it is cleared. One of the same code and
// account is replaced, and keeps its Since; nothing happens when it is the
// same. A zero Since is now.
func (s *Store) RaiseProblem(ctx context.Context, p mail.Problem) error {
	_, err := s.write(ctx, "note a problem", func(t *tx) error { return t.raise(p) })
	return err
}

func (t *tx) raise(p mail.Problem) error {
	if p.Since.IsZero() {
		p.Since = t.now
	}
	p.Since = p.Since.UTC()
	old, err := list(t, scanProblem, selectProblem+`WHERE account = ? AND code = ?`, string(p.Account), string(p.Code))
	if err != nil {
		return err
	}
	if len(old) > 0 {
		if old[0].Class == p.Class && maps.Equal(old[0].Args, p.Args) {
			return nil
		}
		p.Since = old[0].Since
	}
	args, err := json.Marshal(p.Args)
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO problems (account, code, class, args, since) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account, code) DO UPDATE SET class = excluded.class, args = excluded.args`,
		string(p.Account), string(p.Code), string(p.Class), string(args), nanos(p.Since)); err != nil {
		return err
	}
	return t.emit(p.Account, mail.Here, mail.ProblemRaised{Problem: p})
}

// ClearProblem ends an account's problems of the given codes; account "" is
// Heron as a whole. Without codes it ends all of the account's.
func (s *Store) ClearProblem(ctx context.Context, account mail.AccountID, codes ...mail.Code) error {
	return s.clear(ctx, account, func(p mail.Problem) bool {
		return len(codes) == 0 || slices.Contains(codes, p.Code)
	})
}

// ClearClass ends an account's problems of the given classes; account "" is
// Heron as a whole.
func (s *Store) ClearClass(ctx context.Context, account mail.AccountID, classes ...mail.Class) error {
	return s.clear(ctx, account, func(p mail.Problem) bool { return slices.Contains(classes, p.Class) })
}

func (s *Store) clear(ctx context.Context, account mail.AccountID, which func(mail.Problem) bool) error {
	_, err := s.write(ctx, "clear a problem", func(t *tx) error {
		ps, err := list(t, scanProblem, selectProblem+`WHERE account = ?`, string(account))
		if err != nil {
			return err
		}
		for _, p := range ps {
			if !which(p) {
				continue
			}
			if _, err := t.exec(`DELETE FROM problems WHERE account = ? AND code = ?`, string(account), string(p.Code)); err != nil {
				return err
			}
			if err := t.emit(account, mail.Here, mail.ProblemCleared{Code: p.Code}); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// Problems returns all problems that are not cleared, the oldest first.
func (s *Store) Problems(ctx context.Context) ([]mail.Problem, error) {
	ps, err := query(ctx, s.read, scanProblem, selectProblem+`ORDER BY since, account, code`)
	return ps, fault(s.path(), "read problems", err)
}

const selectProblem = `SELECT account, code, class, args, since FROM problems `

func scanProblem(r scanner) (p mail.Problem, err error) {
	var args []byte
	var since int64
	if err := r.Scan(&p.Account, &p.Code, &p.Class, &args, &since); err != nil {
		return p, err
	}
	p.Since = fromNanos(since)
	return p, json.Unmarshal(args, &p.Args)
}
