package store

import (
	"database/sql"
	"fmt"

	"github.com/heronmail/heron/sync/mail"
)

// box is a mailbox within a write transaction. It is loaded once, changed in
// memory, and written back at the end.
type box struct {
	mail.Mailbox
	account   int64
	gone      int64
	resetting bool

	hasServer bool
	server    mail.Counts // what STATUS told, carried on with what came in since
	known     mail.Counts // the rows, as the server has them
	shown     mail.Counts // the visible rows, with pending actions laid over

	uncertain bool // it may have UIDs whose data could not be read

	dirty bool
	tell  bool // CountsChanged even if the numbers are the same
}

// complete reports whether every message of the mailbox is indexed.
func (b *box) complete() bool { return b.Cursor.UIDNext > 0 && b.Cursor.BackfillBelow <= 1 }

// counts are the numbers to show. While rows are missing they are what the
// server says of all its messages, corrected by what is shown otherwise of
// those that are known.
func (b *box) counts() mail.Counts {
	if b.complete() || !b.hasServer {
		return b.shown
	}
	return mail.Counts{
		Total:  max(0, b.server.Total-b.known.Total+b.shown.Total),
		Unread: max(0, b.server.Unread-b.known.Unread+b.shown.Unread),
	}
}

// add counts a row in (n 1) or out (n -1).
func (b *box) add(r rowFlags, n int) {
	b.dirty = true
	b.known.Total += n
	if r.server.unseen() {
		b.known.Unread += n
	}
	if r.shown.visible() {
		b.shown.Total += n
	}
	if r.shown.unread() {
		b.shown.Unread += n
	}
}

// carry keeps the server's numbers true between two STATUS: the server has n
// more messages like f.
func (b *box) carry(f flagSet, n int) {
	b.server.Total = max(0, b.server.Total+n)
	if f.unseen() {
		b.server.Unread = max(0, b.server.Unread+n)
	}
}

// carryFlags keeps the server's numbers true when the flags of a message that it
// counted already change.
func (b *box) carryFlags(was, is flagSet) {
	switch {
	case was.unseen() && !is.unseen():
		b.server.Unread = max(0, b.server.Unread-1)
	case !was.unseen() && is.unseen():
		b.server.Unread++
	}
}

// rowFlags are both sets of flags of a message.
type rowFlags struct{ server, shown flagSet }

func (b *box) ref() mail.FolderRef {
	return mail.FolderRef{ID: b.ID, Path: b.Path(), Role: b.Role}
}

const boxColumns = `b.id, a.name, b.name, b.delimiter, b.role, b.selectable, b.subscribed, b.watched,
	b.total, b.unread, b.uidvalidity, b.uidnext, b.modseq, b.messages, b.unseen, b.backfill_below, b.last_sync`

// scanMailbox reads boxColumns, and what follows them into more.
func scanMailbox(r scanner, more ...any) (m mail.Mailbox, err error) {
	var synced int64
	var modseq int64
	dest := append([]any{
		&m.ID, &m.Account, &m.Name, &m.Delimiter, &m.Role, &m.Selectable, &m.Subscribed, &m.Watched,
		&m.Counts.Total, &m.Counts.Unread, &m.Cursor.UIDValidity, &m.Cursor.UIDNext, &modseq,
		&m.Cursor.Messages, &m.Cursor.Unseen, &m.Cursor.BackfillBelow, &synced,
	}, more...)
	err = r.Scan(dest...)
	m.LastSync = fromNanos(synced)
	m.Cursor.HighestModSeq = mail.ModSeq(modseq)
	return m, err
}

const selectBox = `SELECT ` + boxColumns + `, b.account, b.gone, b.resetting, b.has_server,
	b.server_total, b.server_unread, b.known_total, b.known_unread, b.shown_total, b.shown_unread
	FROM mailboxes b JOIN accounts a ON a.id = b.account `

func scanBox(r scanner) (*box, error) {
	var b box
	var err error
	b.Mailbox, err = scanMailbox(r, &b.account, &b.gone, &b.resetting, &b.hasServer,
		&b.server.Total, &b.server.Unread, &b.known.Total, &b.known.Unread, &b.shown.Total, &b.shown.Unread)
	return &b, err
}

// box returns the transaction's copy of a mailbox, also of one that is gone.
// Fault no-such-folder.
func (t *tx) box(id mail.MailboxID) (*box, error) {
	if b := t.boxes[id]; b != nil {
		return b, nil
	}
	found, err := list(t, scanBox, selectBox+`WHERE b.id = ?`, int64(id))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, noFolder(fmt.Sprintf("id:%d", id))
	}
	return t.adopt(found[0]), nil
}

// adopt makes b the transaction's copy unless there is one.
func (t *tx) adopt(b *box) *box {
	if have := t.boxes[b.ID]; have != nil {
		return have
	}
	t.boxes[b.ID] = b
	t.touched = append(t.touched, b.ID)
	return b
}

// saveBoxes writes back what changed and tells of new numbers.
func (t *tx) saveBoxes() error {
	var tell []*box
	for _, id := range t.touched {
		b := t.boxes[id]
		if !b.dirty {
			continue
		}
		before := b.Counts
		b.Counts = b.counts()
		if err := t.saveBox(b); err != nil {
			return err
		}
		if b.gone == 0 && (b.tell || b.Counts != before) {
			tell = append(tell, b)
		}
	}
	unread := map[int64]int{}
	for _, b := range tell {
		n, ok := unread[b.account]
		if !ok {
			var sum sql.NullInt64
			if _, err := t.row(`SELECT sum(unread) FROM mailboxes WHERE account = ? AND gone = 0 AND counted`,
				[]any{b.account}, &sum); err != nil {
				return err
			}
			n = int(sum.Int64)
			unread[b.account] = n
		}
		if err := t.emit(b.Account, t.origin, mail.CountsChanged{
			Folder: b.ref(), Counts: b.Counts, AccountUnread: n,
		}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) saveBox(b *box) error {
	c := b.Cursor
	_, err := t.exec(`UPDATE mailboxes SET gone = ?, name = ?, delimiter = ?, role = ?, counted = ?,
		selectable = ?, subscribed = ?, watched = ?, resetting = ?,
		uidvalidity = ?, uidnext = ?, modseq = ?, messages = ?, unseen = ?, backfill_below = ?,
		has_server = ?, server_total = ?, server_unread = ?, known_total = ?, known_unread = ?,
		shown_total = ?, shown_unread = ?, total = ?, unread = ?, last_sync = ? WHERE id = ?`,
		b.gone, b.Name, b.Delimiter, string(b.Role), b.Role.Counted(),
		b.Selectable, b.Subscribed, b.Watched, b.resetting,
		int64(c.UIDValidity), int64(c.UIDNext), modSeq(c.HighestModSeq), c.Messages, c.Unseen, int64(c.BackfillBelow),
		b.hasServer, b.server.Total, b.server.Unread, b.known.Total, b.known.Unread,
		b.shown.Total, b.shown.Unread, b.Counts.Total, b.Counts.Unread, nanos(b.LastSync), int64(b.ID))
	return err
}

// modSeq is a mod-sequence as SQLite keeps it.
func modSeq(m mail.ModSeq) int64 { return int64(m) }
