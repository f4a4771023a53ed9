package store

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/heronmail/heron/sync/mail"
)

// twin is where else an account has a message: the other side of a copy, or of
// a move of which only one side was seen.
type twin struct {
	id   mail.MessageID
	box  mail.MailboxID // 0: it is to be matched again
	uid  mail.UID
	sort int64
	like stray // what it looks like
}

func scanTwin(r scanner) (w twin, err error) {
	err = r.Scan(&w.id, &w.box, &w.uid, &w.sort,
		&w.like.size, &w.like.received, &w.like.date, &w.like.headerID, &w.like.emailID, &w.like.subject)
	return w, err
}

// selectTwins asks an account for what it received at some times: COPY and MOVE
// keep it (RFC 3501 §6.4.7), and there are indexes by it already, which are used
// whatever SQLite thinks of them. It takes what shows in some mailbox, what does
// not as an action that waits has deleted it, or as it is to be matched again, and
// what is flagged \Deleted: what shows no more was known all the same.
const (
	twinColumns = `SELECT m.id, coalesce(m.mailbox, 0), m.uid, m.sort, m.size, m.received, m.date, m.header_id, m.email_id, m.subject `
	atTimes     = ` m.sort IN (SELECT value FROM json_each(?1)) AND (m.mailbox IS NOT NULL OR m.reset) `
	selectTwins = twinColumns + `FROM mailboxes b CROSS JOIN messages m INDEXED BY messages_list
		ON m.shown_in = b.id AND (m.shown & 16) = 0 AND` + atTimes + `WHERE b.account = ?2 AND b.gone = 0
	UNION ALL ` + twinColumns + `FROM messages m INDEXED BY messages_list
		WHERE m.shown_in IS NULL AND (m.shown & 16) = 0 AND m.account = ?2 AND` + atTimes + `
	UNION ALL ` + twinColumns + `FROM messages m INDEXED BY messages_hidden
		WHERE m.account = ?2 AND (m.shown & 16) <> 0 AND m.mailbox IS NOT NULL AND` + atTimes + `ORDER BY 1`
)

// times are those at which messages were received, as selectTwins wants them.
func times(added []Fetched) string {
	list := []byte{'['}
	for i := range added {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, sortKey(&added[i]), 10)
	}
	return string(append(list, ']'))
}

// twins are messages of an account by when they were received.
type twins map[int64][]twin

func byTime(found []twin) twins {
	ts := twins{}
	for _, w := range found {
		ts[w.sort] = append(ts[w.sort], w)
	}
	return ts
}

// original is the message that f, which is in mailbox in under an id, is most
// surely a copy of, of equals the oldest; 0: it is none.
func (ts twins) original(in mail.MailboxID, id mail.MessageID, f *Fetched) mail.MessageID {
	var of mail.MessageID
	top := 0
	for _, w := range ts[sortKey(f)] {
		if n := w.like.likeness(in, f); n > top && w.id < id {
			of, top = w.id, n
		}
	}
	return of
}

// twins looks for what is added to b in all mailboxes of its account.
func (t *tx) twins(b *box, added []Fetched) (twins, error) {
	found, err := list(t, scanTwin, selectTwins, times(added), b.account)
	return byTime(found), err
}

// copies are the messages of an account that look like one of them, which is among
// them if it is on the server; none if there is no such message.
func copies(ctx context.Context, tx *sql.Tx, id mail.MessageID) ([]mail.MessageID, error) {
	accounts, err := query(ctx, tx, scanID[int64], `SELECT account FROM messages WHERE id = ?`, int64(id))
	if err != nil || len(accounts) == 0 {
		return nil, err
	}
	one, err := query(ctx, tx, scanTwin, twinColumns+`FROM messages m WHERE m.id = ?`, int64(id))
	if err != nil || len(one) == 0 {
		return nil, err
	}
	like := one[0].like
	f := Fetched{
		Size: like.size, EmailID: like.emailID, Received: fromSeconds(like.received),
		Envelope: mail.Envelope{HeaderID: like.headerID, Subject: like.subject, Date: fromSeconds(like.date)},
	}
	found, err := query(ctx, tx, scanTwin, selectTwins, times([]Fetched{f}), accounts[0])
	var out []mail.MessageID
	for _, w := range found {
		if w.like.likeness(0, &f) > 0 {
			out = append(out, w.id)
		}
	}
	return out, err
}

// Twins returns where, in other mailboxes of the account, the store has what a
// delta adds to a mailbox, by EMAILID, else by Message-ID, size and date: each was
// copied, or was moved and is there no more. It writes nothing.
func (s *Store) Twins(ctx context.Context, account mail.AccountID, d Delta) ([]mail.Location, error) {
	if len(d.Added) == 0 {
		return nil, nil
	}
	ids, err := query(ctx, s.read, scanID[int64], `SELECT id FROM accounts WHERE name = ?`, string(account))
	if err != nil || len(ids) == 0 {
		return nil, fault(s.path(), "look for copies", err)
	}
	found, err := query(ctx, s.read, scanTwin, selectTwins, times(d.Added), ids[0])
	if err != nil {
		return nil, fault(s.path(), "look for copies", err)
	}
	ts := byTime(found)
	var out []mail.Location
	for i := range d.Added {
		f := &d.Added[i]
		for _, w := range ts[sortKey(f)] {
			if w.box != 0 && w.box != d.Mailbox && w.like.likeness(d.Mailbox, f) > 0 {
				out = append(out, mail.Location{Mailbox: w.box, UID: w.uid})
			}
		}
	}
	return out, nil
}
