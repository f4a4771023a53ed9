package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/heronmail/heron/sync/mail"
)

const alertCursor = "alert_cursor"

// AlertCursor is the revision up to which changes were looked at for alerts.
func (s *Store) AlertCursor(ctx context.Context) (mail.Revision, error) {
	var rev mail.Revision
	err := s.read.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = ?`, alertCursor).Scan(&rev)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return rev, fault(s.path(), "read the alert cursor", err)
}

// RecordAlerts notes in one transaction that changes up to upTo were looked at
// for alerts and that these alerts are about to be shown, and returns those to
// show, with their ids. A message is alerted once for ever: one that was
// recorded before is taken out, and an alert without messages is left out.
// The cursor never goes back.
func (s *Store) RecordAlerts(ctx context.Context, upTo mail.Revision, alerts []Alert) ([]Alert, error) {
	var out []Alert
	_, err := s.write(ctx, "record alerts", func(t *tx) error {
		if _, err := t.exec(`INSERT INTO meta (key, value) VALUES (?, ?)
			ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)`, alertCursor, int64(upTo)); err != nil {
			return err
		}
		for _, a := range alerts {
			ok, err := t.record(&a)
			if err != nil {
				return err
			}
			if ok {
				out = append(out, a)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (t *tx) record(a *Alert) (bool, error) {
	var fresh []mail.MessageID
	for _, id := range a.Messages {
		var one int
		known, err := t.row(`SELECT 1 FROM alert_messages WHERE message = ?`, []any{int64(id)}, &one)
		if err != nil {
			return false, err
		}
		if !known {
			fresh = append(fresh, id)
		}
	}
	if len(fresh) == 0 {
		return false, nil
	}
	a.Messages, a.Shown = fresh, t.now.UTC()
	res, err := t.exec(`INSERT INTO alerts (account, mailbox, path, role, sender, subject, shown, handle)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, string(a.Account), int64(a.Folder.ID), a.Folder.Path, string(a.Folder.Role),
		a.From, a.Subject, nanos(a.Shown), a.Handle)
	if err != nil {
		return false, err
	}
	if a.ID, err = res.LastInsertId(); err != nil {
		return false, err
	}
	for _, id := range fresh {
		if _, err := t.exec(`INSERT OR IGNORE INTO alert_messages (message, alert) VALUES (?, ?)`, int64(id), a.ID); err != nil {
			return false, err
		}
	}
	return true, t.emit(a.Account, mail.Here, mail.AlertShown{
		IDs: fresh, Folder: a.Folder, Subject: a.Subject, From: a.From,
	})
}

// SetAlertHandle keeps the desktop's id of a notification, so that a later run
// can withdraw it.
func (s *Store) SetAlertHandle(ctx context.Context, id int64, handle string) error {
	_, err := s.write(ctx, "keep an alert's handle", func(t *tx) error {
		_, err := t.exec(`UPDATE alerts SET handle = ? WHERE id = ?`, handle, id)
		return err
	})
	return err
}

// Alerts returns the alerts that were recorded and not withdrawn, the oldest
// first.
func (s *Store) Alerts(ctx context.Context) ([]Alert, error) {
	var out []Alert
	err := s.view(ctx, "read alerts", func(tx *sql.Tx) error {
		var err error
		out, err = query(ctx, tx, scanAlert, selectAlert+`WHERE withdrawn = 0 ORDER BY id`)
		if err != nil {
			return err
		}
		for i := range out {
			out[i].Messages, err = query(ctx, tx, scanID[mail.MessageID], alertMessages, out[i].ID)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

const (
	selectAlert   = `SELECT id, account, mailbox, path, role, sender, subject, shown, handle FROM alerts `
	alertMessages = `SELECT message FROM alert_messages WHERE alert = ? ORDER BY message`
)

func scanAlert(r scanner) (a Alert, err error) {
	var shown int64
	err = r.Scan(&a.ID, &a.Account, &a.Folder.ID, &a.Folder.Path, &a.Folder.Role, &a.From, &a.Subject, &shown, &a.Handle)
	a.Shown = fromNanos(shown)
	return a, err
}

// Alerted reports whether an alert was ever recorded for a message, or for another
// one of its account that is a copy of it or of which it is one.
func (s *Store) Alerted(ctx context.Context, id mail.MessageID) (bool, error) {
	alerted := false
	err := s.view(ctx, "look for an alert", func(tx *sql.Tx) error {
		ids, err := copies(ctx, tx, id)
		for _, id := range append(ids, id) {
			found, qerr := query(ctx, tx, scanID[int64], `SELECT alert FROM alert_messages WHERE message = ?`, int64(id))
			alerted, err = alerted || len(found) > 0, errors.Join(err, qerr)
		}
		return err
	})
	return alerted, err
}

// WithdrawAlert notes that an alert is no longer wanted; reason is "read",
// "gone" or "acted". Nothing happens when it was withdrawn before.
func (s *Store) WithdrawAlert(ctx context.Context, id int64, reason string) error {
	_, err := s.write(ctx, "withdraw an alert", func(t *tx) error {
		found, err := list(t, scanAlert, selectAlert+`WHERE id = ? AND withdrawn = 0`, id)
		if err != nil || len(found) == 0 {
			return err
		}
		ids, err := list(t, scanID[mail.MessageID], alertMessages, id)
		if err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE alerts SET withdrawn = ? WHERE id = ?`, nanos(t.now), id); err != nil {
			return err
		}
		return t.emit(found[0].Account, mail.Here, mail.AlertWithdrawn{IDs: ids, Reason: reason})
	})
	return err
}
