package store

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
)

// SetHome keeps what the paths of the user's own folders begin with on the server
// of an account: "" where they are at the top level, else a path with "/" behind
// it ("INBOX/").
func (s *Store) SetHome(ctx context.Context, account mail.AccountID, home string) error {
	_, err := s.write(ctx, "note where folders are kept", func(t *tx) error {
		id, err := t.account(account)
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE accounts SET home = ?1 WHERE id = ?2 AND home IS NOT ?1`, home, id)
		return err
	})
	return err
}

// Home returns what SetHome kept last; known is false where it never did.
func (s *Store) Home(ctx context.Context, account mail.AccountID) (home string, known bool, err error) {
	homes, err := query(ctx, s.read, func(r scanner) (h string, err error) {
		err = r.Scan(&h)
		return h, err
	}, `SELECT home FROM accounts WHERE name = ? AND home IS NOT NULL`, string(account))
	if err != nil {
		return "", false, fault(s.path(), "read where folders are kept", err)
	}
	if len(homes) == 0 {
		return "", false, nil
	}
	return homes[0], true, nil
}
