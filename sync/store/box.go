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

	// Name and Subscribed are the server's; these are what shows.
	shownName string
	wanted    sql.NullBool // Subscribed, if it was asked for
	hidden    bool         // it is to be deleted
	planned   bool         // the server does not have it yet

	hasServer bool
	server    mail.Counts // what STATUS told, carried on with what came in since
	known     mail.Counts // the rows, as the server has them
	shown     mail.Counts // the visible rows, with pending actions laid over

	uncertain bool // it may have UIDs whose data could not be read

	dirty bool
	tell  bool // CountsChanged even if the numbers are the same
}

// complete reports whether every message of the mailbox is indexed.
func (b *box) complete() bool { return complete(b.Cursor) }

func complete(c mail.Cursor) bool { return c.UIDNext > 0 && c.BackfillBelow <= 1 }

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

// know counts a row that the server has here in (n 1) or out (n -1).
func (b *box) know(server flagSet, n int) {
	b.dirty = true
	b.known.Total += n
	if server.unseen() {
		b.known.Unread += n
	}
}

// show counts a row that shows here in (n 1) or out (n -1).
func (b *box) show(shown flagSet, n int) {
	b.dirty = true
	if shown.visible() {
		b.shown.Total += n
	}
	if shown.unread() {
		b.shown.Unread += n
	}
}

// countShown is show of the mailbox with an id; 0 is nowhere.
func (t *tx) countShown(id mail.MailboxID, shown flagSet, n int) error {
	if id == 0 {
		return nil
	}
	b, err := t.box(id)
	if err == nil {
		b.show(shown, n)
	}
	return err
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
	return mail.FolderRef{ID: b.ID, Path: b.path(), Role: b.Role}
}

// path is the path that the user sees.
func (b *box) path() string { return mail.DisplayPath(b.shownName, b.Delimiter) }

// boxColumns are a mailbox as the server has it, shownColumns as the user sees it.
const (
	boxColumns   = `b.id, a.name, b.name, b.delimiter, b.role, b.selectable, b.subscribed, b.watched,` + boxNumbers
	shownColumns = `b.id, a.name, b.shown_name, b.delimiter, b.role, b.selectable, coalesce(b.wanted, b.subscribed), b.watched,` + boxNumbers
	boxNumbers   = ` b.total, b.unread, b.uidvalidity, b.uidnext, b.modseq, b.messages, b.unseen, b.backfill_below, b.last_sync`
)

// scanMailbox reads boxColumns or shownColumns, and what follows them into more.
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

const selectBox = `SELECT ` + boxColumns + `, b.account, b.gone, b.resetting, b.shown_name, b.wanted, b.hidden, b.planned, b.has_server,
	b.server_total, b.server_unread, b.known_total, b.known_unread, b.shown_total, b.shown_unread
	FROM mailboxes b JOIN accounts a ON a.id = b.account `

func scanBox(r scanner) (*box, error) {
	var b box
	var err error
	b.Mailbox, err = scanMailbox(r, &b.account, &b.gone, &b.resetting, &b.shownName, &b.wanted, &b.hidden, &b.planned, &b.hasServer,
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
		if b.gone == 0 && !b.hidden && (b.tell || b.Counts != before) {
			tell = append(tell, b)
		}
	}
	unread := map[int64]int{}
	for _, b := range tell {
		n, ok := unread[b.account]
		if !ok {
			if _, err := t.row(selectUnread+`WHERE a.id = ?`, []any{b.account}, &n); err != nil {
				return err
			}
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

// selectUnread sums up an account's unread mail: that of the folders that count,
// a message that is in several of them once, if the server names it in each.
const selectUnread = `SELECT max(0,
	(SELECT coalesce(sum(b.unread), 0) FROM mailboxes b WHERE b.account = a.id AND b.gone = 0 AND NOT b.hidden AND b.counted) -
	(SELECT coalesce(sum(c.n - 1), 0) FROM copies c WHERE c.account = a.id AND c.n > 1)) FROM accounts a `

// countCopy counts a new unread row of a message that the server names. What
// becomes of it later is counted by triggers.
func (t *tx) countCopy(b *box, emailID string) error {
	_, err := t.exec(`INSERT INTO copies SELECT ?, ?, 1 FROM mailboxes WHERE id = ? AND counted AND NOT hidden AND gone = 0
		ON CONFLICT DO UPDATE SET n = n + 1`, b.account, emailID, int64(b.ID))
	return err
}

func (t *tx) saveBox(b *box) error {
	c := b.Cursor
	_, err := t.exec(`UPDATE mailboxes SET gone = ?, name = ?, delimiter = ?, role = ?, counted = ?,
		selectable = ?, subscribed = ?, watched = ?, resetting = ?, shown_name = ?, wanted = ?, hidden = ?, planned = ?,
		uidvalidity = ?, uidnext = ?, modseq = ?, messages = ?, unseen = ?, backfill_below = ?,
		has_server = ?, server_total = ?, server_unread = ?, known_total = ?, known_unread = ?,
		shown_total = ?, shown_unread = ?, total = ?, unread = ?, last_sync = ? WHERE id = ?`,
		b.gone, b.Name, b.Delimiter, string(b.Role), b.Role.Counted(),
		b.Selectable, b.Subscribed, b.Watched, b.resetting, b.shownName, b.wanted, b.hidden, b.planned,
		int64(c.UIDValidity), int64(c.UIDNext), modSeq(c.HighestModSeq), c.Messages, c.Unseen, int64(c.BackfillBelow),
		b.hasServer, b.server.Total, b.server.Unread, b.known.Total, b.known.Unread,
		b.shown.Total, b.shown.Unread, b.Counts.Total, b.Counts.Unread, nanos(b.LastSync), int64(b.ID))
	return err
}

// modSeq is a mod-sequence as SQLite keeps it.
func modSeq(m mail.ModSeq) int64 { return int64(m) }
