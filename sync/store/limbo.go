package store

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// limboFor is how long a message that is gone may turn up elsewhere and still
// be known.
const limboFor = 7 * 24 * time.Hour

// awaited is a message in limbo that is still to turn up, however late somebody looks:
// it waits for its mailbox, was moved by us, shows, or the user did something to it.
const awaited = `(reset OR expect IS NOT NULL OR shown_in IS NOT NULL OR pending > 0)`

// stray is a message without a location, a candidate for one that was added.
type stray struct {
	id       mail.MessageID
	from     mail.MailboxID
	expect   mail.MailboxID // where the server was told to put it; 0: nowhere
	in       mail.MailboxID // where it shows all the same; 0: nowhere
	reset    bool
	flags    rowFlags
	pending  int
	size     int64
	received int64
	date     int64
	headerID string
	emailID  string
	subject  string
}

func scanStray(r scanner) (s stray, err error) {
	err = r.Scan(&s.id, &s.from, &s.expect, &s.in, &s.reset, &s.flags.server.bits, &s.flags.server.words,
		&s.flags.shown.bits, &s.flags.shown.words, &s.pending,
		&s.size, &s.received, &s.date, &s.headerID, &s.emailID, &s.subject)
	return s, err
}

const selectStray = `SELECT id, lost_from, coalesce(expect, 0), coalesce(shown_in, 0), reset, server, server_keywords, shown, shown_keywords, pending,
	size, received, date, header_id, email_id, subject FROM messages `

// anyStray reports whether the account has messages in limbo at all.
func (t *tx) anyStray(account int64) (bool, error) {
	var one int
	return t.row(`SELECT 1 FROM messages WHERE account = ? AND mailbox IS NULL LIMIT 1`, []any{account}, &one)
}

// findStray returns the message in limbo that f is, if there is one. Each is
// found once, as it leaves limbo then.
func (t *tx) findStray(b *box, f *Fetched) (stray, bool, error) {
	oldest := nanos(t.now.Add(-limboFor))
	if f.EmailID != "" {
		found, err := list(t, scanStray, selectStray+`WHERE account = ? AND email_id = ? AND email_id <> ''
			AND mailbox IS NULL AND (lost >= ? OR `+awaited+`) ORDER BY id`, b.account, f.EmailID, oldest)
		if err != nil {
			return stray{}, false, err
		}
		if s, ok := best(found, b, f); ok {
			return s, true, nil
		}
	}
	found, err := list(t, scanStray, selectStray+`WHERE account = ? AND header_id = ? AND size = ?
		AND mailbox IS NULL AND (lost >= ? OR `+awaited+`) ORDER BY id`, b.account, f.Envelope.HeaderID, f.Size, oldest)
	if err != nil {
		return stray{}, false, err
	}
	s, ok := best(found, b, f)
	return s, ok, nil
}

// best picks the candidate that f is most surely. Among equals the oldest id
// wins: messages are matched in the order in which they came.
func best(found []stray, b *box, f *Fetched) (stray, bool) {
	var winner stray
	top := 0
	for _, s := range found {
		if n := s.likeness(b.ID, f); n > top {
			winner, top = s, n
		}
	}
	return winner, top > 0
}

// likeness says how surely s is f, which is in mailbox in; 0: it is not.
func (s stray) likeness(in mail.MailboxID, f *Fetched) int {
	if s.reset && s.from != in {
		return 0 // it waits for its own mailbox: this one is a copy
	}
	if s.reset && s.flags.server.visible() && !packFlags(f.Flags).visible() {
		return 0 // what moving left behind may be there as well
	}
	var n int
	switch {
	case s.emailID != "" && f.EmailID != "":
		if s.emailID != f.EmailID {
			return 0
		}
		n = 8
	case s.size != f.Size || s.headerID != f.Envelope.HeaderID:
		return 0
	case s.headerID == "":
		// Nothing names it: all else must agree.
		if s.received == 0 || s.received != seconds(f.Received) || s.date != seconds(f.Envelope.Date) ||
			s.subject != f.Envelope.Subject {
			return 0
		}
		n = 2
	case s.received != 0 && s.received == seconds(f.Received):
		n = 4
	case s.date == seconds(f.Envelope.Date):
		n = 2
	default:
		return 0
	}
	if s.reset {
		n += 16
	}
	if s.expect == in {
		n += 32
	}
	if s.received == seconds(f.Received) {
		n++
	}
	return n
}

// lost is a message that went in this batch and has not turned up again.
type lost struct {
	id  mail.MessageID
	uid mail.UID
	box *box
}

// lose takes the location of one message, and returns where it shows all the
// same: where an action that waits will put it, or nowhere.
func (t *tx) lose(b *box, r located) (mail.MailboxID, error) {
	v, err := t.overlay(r.id, r.flags.server, 0, r.pending)
	if err != nil {
		return 0, err
	}
	if _, err := t.exec(`UPDATE messages SET mailbox = NULL, uid = 0, modseq = 0, lost = ?, lost_from = ?, reset = 0,
		shown_in = nullif(?, 0) WHERE id = ?`, nanos(t.now), int64(b.ID), int64(v.in), int64(r.id)); err != nil {
		return 0, err
	}
	b.know(r.flags.server, -1)
	if err := t.countShown(r.in, r.flags.shown, -1); err != nil {
		return 0, err
	}
	return v.in, t.countShown(v.in, r.flags.shown, 1)
}

// loseAll takes the location of every message of a mailbox.
func (t *tx) loseAll(b *box, reset bool) error {
	pending, err := list(t, scanLocated, selectLocated+`WHERE mailbox = ? AND pending > 0`, int64(b.ID))
	if err != nil {
		return err
	}
	for _, r := range pending {
		if _, err := t.lose(b, r); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE messages SET reset = ? WHERE id = ?`, reset, int64(r.id)); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE messages SET mailbox = NULL, uid = 0, modseq = 0, lost = ?, lost_from = ?, reset = ?,
		shown_in = NULL WHERE mailbox = ?`, nanos(t.now), int64(b.ID), reset, int64(b.ID)); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM uncertain WHERE mailbox = ?`, int64(b.ID)); err != nil {
		return err
	}
	b.known, b.shown, b.dirty = mail.Counts{}, mail.Counts{}, true
	// What an action puts here, or put here, is not of the server's yet.
	rest, err := list(t, scanLocated, selectLocated+`WHERE shown_in = ?`, int64(b.ID))
	for _, r := range rest {
		b.show(r.flags.shown, 1)
	}
	return err
}

// located is a message at its place in a mailbox.
type located struct {
	id      mail.MessageID
	uid     mail.UID
	in      mail.MailboxID // where it shows; 0: nowhere
	flags   rowFlags
	pending int
}

const selectLocated = `SELECT id, uid, coalesce(shown_in, 0), server, server_keywords, shown, shown_keywords, pending FROM messages `

func scanLocated(r scanner) (l located, err error) {
	err = r.Scan(&l.id, &l.uid, &l.in, &l.flags.server.bits, &l.flags.server.words,
		&l.flags.shown.bits, &l.flags.shown.words, &l.pending)
	return l, err
}

// at returns the message with a UID.
func (t *tx) at(b *box, uid mail.UID) (located, bool, error) {
	found, err := list(t, scanLocated, selectLocated+`WHERE mailbox = ? AND uid = ?`, int64(b.ID), int64(uid))
	if err != nil || len(found) == 0 {
		return located{}, false, err
	}
	return found[0], true, nil
}
