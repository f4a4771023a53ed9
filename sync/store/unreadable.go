package store

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// A message whose data could not be read may be readable later: the server was busy, or
// is mended. It is asked for again when it has been unreadable for twice as long as the
// last time, within these bounds.
const (
	askAgainFirst = 15 * time.Minute
	// askLethalFirst is for one over which connections end.
	askLethalFirst = 24 * time.Hour
	askAgainMost   = 32 * 24 * time.Hour
)

// Unreadable is a message whose data could not be read.
type Unreadable struct {
	Mailbox mail.MailboxID
	UID     mail.UID
	Old     bool // it was there before Heron first looked: it alerts nothing when it comes
}

func scanUnreadable(r scanner) (u Unreadable, err error) {
	err = r.Scan(&u.Mailbox, &u.UID, &u.Old)
	return u, err
}

const selectUnreadable = `SELECT u.mailbox, u.uid, u.old FROM uncertain u JOIN mailboxes b ON b.id = u.mailbox
	JOIN accounts a ON a.id = b.account WHERE a.name = ? AND b.gone = 0 AND u.since > 0 `

// Unreadable returns the messages of an account whose data could not be read, by mailbox
// and UID.
func (s *Store) Unreadable(ctx context.Context, account mail.AccountID) ([]Unreadable, error) {
	us, err := query(ctx, s.read, scanUnreadable, selectUnreadable+`ORDER BY u.mailbox, u.uid`, string(account))
	return us, fault(s.path(), "read what is unreadable", err)
}

// AskAgain returns at most limit of an account's Unreadable whose time it is to be asked
// for again, those first that have waited longest.
func (s *Store) AskAgain(ctx context.Context, account mail.AccountID, limit int) ([]Unreadable, error) {
	us, err := query(ctx, s.read, scanUnreadable, selectUnreadable+`AND u.again <= ? ORDER BY u.again, u.mailbox, u.uid LIMIT ?`,
		string(account), nanos(s.now()), limit)
	return us, fault(s.path(), "read what is unreadable", err)
}

// AskedAgain notes that a message is asked for again, and when it will be next. It comes
// before the question: one over which the connection ends, or Heron, is not asked for
// over and over.
func (s *Store) AskedAgain(ctx context.Context, u Unreadable) error {
	_, err := s.write(ctx, "ask for a message again", func(t *tx) error {
		_, err := t.exec(`UPDATE uncertain SET again = ?1 + min(max(?1 - since, ?2), ?3) WHERE mailbox = ?4 AND uid = ?5 AND since > 0`,
			nanos(t.now), int64(askAgainFirst), int64(askAgainMost), int64(u.Mailbox), int64(u.UID))
		return err
	})
	return err
}

// doubt notes the UIDs of a delta whose data could not be read.
func (a *applier) doubt(d boxDelta, old bool) error {
	wait := askAgainFirst
	if d.Lethal {
		wait = askLethalFirst
	}
	for _, uid := range d.Uncertain {
		if _, err := a.exec(`INSERT OR IGNORE INTO uncertain (mailbox, uid, since, again, old) VALUES (?, ?, ?, ?, ?)`,
			int64(d.box.ID), int64(uid), nanos(a.now), nanos(a.now.Add(wait)), old); err != nil {
			return err
		}
	}
	return nil
}
