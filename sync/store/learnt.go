package store

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
)

// KeepLearnt keeps what was learnt of the server of an account, in a form of the
// caller's, for the next process.
func (s *Store) KeepLearnt(ctx context.Context, account mail.AccountID, what string) error {
	_, err := s.write(ctx, "note what was learnt of a server", func(t *tx) error {
		id, err := t.account(account)
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE accounts SET learnt = ?1 WHERE id = ?2 AND learnt <> ?1`, what, id)
		return err
	})
	return err
}

// Learnt returns what KeepLearnt kept last, "" if nothing.
func (s *Store) Learnt(ctx context.Context, account mail.AccountID) (string, error) {
	found, err := query(ctx, s.read, func(r scanner) (what string, err error) {
		err = r.Scan(&what)
		return what, err
	}, `SELECT learnt FROM accounts WHERE name = ?`, string(account))
	if err != nil || len(found) == 0 {
		return "", fault(s.path(), "read what was learnt of a server", err)
	}
	return found[0], nil
}
