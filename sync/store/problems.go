package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// newsFor is how long news are told of.
const newsFor = 24 * time.Hour

// RaiseProblem keeps a problem until it is cleared, and news for a day. One of the
// same code and account is replaced, and keeps its Since; nothing happens when it is
// the same. News are told each time, and the newest counts. A zero Since is now.
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
		is := old[0]
		if !p.News && !is.News && is.Class == p.Class && maps.Equal(is.Args, p.Args) {
			return nil
		}
		if !is.News {
			p.Since, p.News = is.Since, false // it lasts, whatever else happens of it
		}
	}
	args, err := json.Marshal(p.Args)
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT OR REPLACE INTO problems (account, code, class, args, since, news) VALUES (?, ?, ?, ?, ?, ?)`,
		string(p.Account), string(p.Code), string(p.Class), string(args), nanos(p.Since), p.News); err != nil {
		return err
	}
	return t.emit(p.Account, mail.Here, mail.ProblemRaised{Problem: p})
}

// ClearProblem ends an account's problems of the given codes; account "" is
// Heron as a whole. Without codes it ends all of the account's. News stay.
func (s *Store) ClearProblem(ctx context.Context, account mail.AccountID, codes ...mail.Code) error {
	return s.clear(ctx, account, func(p mail.Problem) bool {
		return len(codes) == 0 || slices.Contains(codes, p.Code)
	})
}

// ClearClass ends an account's problems of the given classes; account "" is
// Heron as a whole. News stay.
func (s *Store) ClearClass(ctx context.Context, account mail.AccountID, classes ...mail.Class) error {
	return s.clear(ctx, account, func(p mail.Problem) bool { return slices.Contains(classes, p.Class) })
}

func (s *Store) clear(ctx context.Context, account mail.AccountID, which func(mail.Problem) bool) error {
	_, err := s.write(ctx, "clear a problem", func(t *tx) error {
		ps, err := list(t, scanProblem, selectProblem+`WHERE account = ? AND NOT news`, string(account))
		if err != nil {
			return err
		}
		return t.end(slices.DeleteFunc(ps, func(p mail.Problem) bool { return !which(p) }))
	})
	return err
}

// end ends problems, and tells.
func (t *tx) end(ps []mail.Problem) error {
	for _, p := range ps {
		if _, err := t.exec(`DELETE FROM problems WHERE account = ? AND code = ?`, string(p.Account), string(p.Code)); err != nil {
			return err
		}
		if err := t.emit(p.Account, mail.Here, mail.ProblemCleared{Code: p.Code}); err != nil {
			return err
		}
	}
	return nil
}

// DismissNews ends the news that a user has read: of an account, of all for "", and
// of a code, of every one for "". It returns them. Problems that last stay.
func (s *Store) DismissNews(ctx context.Context, account mail.AccountID, code mail.Code) ([]mail.Problem, error) {
	var ps []mail.Problem
	_, err := s.write(ctx, "dismiss news", func(t *tx) error {
		var err error
		ps, err = list(t, scanProblem, selectProblem+`WHERE news AND since > ?1 AND (account = ?2 OR ?2 = '') AND (code = ?3 OR ?3 = '')
			ORDER BY since, account, code`, nanos(t.now.Add(-newsFor)), string(account), string(code))
		if err != nil {
			return err
		}
		return t.end(ps)
	})
	return ps, err
}

// EndNews ends the news of an account that are a day old. To look costs next to
// nothing.
func (s *Store) EndNews(ctx context.Context, account mail.AccountID) error {
	const old = selectProblem + `WHERE news AND since <= ? AND account = ?`
	args := []any{nanos(s.now().Add(-newsFor)), string(account)}
	ps, err := query(ctx, s.read, scanProblem, old, args...)
	if err != nil || len(ps) == 0 {
		return fault(s.path(), "read problems", err)
	}
	_, err = s.write(ctx, "end news", func(t *tx) error {
		ps, err := list(t, scanProblem, old, args...)
		if err != nil {
			return err
		}
		return t.end(ps)
	})
	return err
}

// Problems returns all problems that are not cleared, the oldest first; no news that
// are a day old.
func (s *Store) Problems(ctx context.Context) ([]mail.Problem, error) {
	ps, err := query(ctx, s.read, scanProblem, selectProblem+`WHERE NOT news OR since > ? ORDER BY since, account, code`,
		nanos(s.now().Add(-newsFor)))
	return ps, fault(s.path(), "read problems", err)
}

const selectProblem = `SELECT account, code, class, args, since, news FROM problems `

func scanProblem(r scanner) (p mail.Problem, err error) {
	var args []byte
	var since int64
	if err := r.Scan(&p.Account, &p.Code, &p.Class, &args, &since, &p.News); err != nil {
		return p, err
	}
	p.Since = fromNanos(since)
	return p, json.Unmarshal(args, &p.Args)
}
