package store

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mail"
)

// insert stores a new message and its full text; false when the mailbox has
// one with that UID.
func (t *tx) insert(b *box, f *Fetched) (mail.MessageID, bool, error) {
	args, err := appendRow([]any{b.account, int64(b.ID)}, nil, f)
	if err != nil {
		return 0, false, err
	}
	res, err := t.exec(insertRow, args...)
	if err != nil {
		return 0, false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, false, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, false, err
	}
	return mail.MessageID(id), true, t.index(mail.MessageID(id), f)
}

// rowColumns are those of a message that is new.
const rowColumns = `account, mailbox, shown_in, id, uid, modseq, server, server_keywords, shown, shown_keywords,
	sort, size, received, date, header_id, in_reply_to, email_id, subject, sender, recipients, copies, preview`

// insertInto stores rows of one mailbox: ?1 is its account, ?2 itself, the others are
// those of appendRow. What is the same in two columns is one value: each costs.
const (
	insertInto = `INSERT INTO messages (` + rowColumns + `) SELECT ?1, ?2, ?2, column1, column2, column3, column4, column5, column4, column5,
	column6, column7, column8, column9, column10, column11, column12, column13, column14, column15, column16, column17 FROM (VALUES `
	rowOfValues = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertRow   = insertInto + rowOfValues + `) WHERE true ON CONFLICT (mailbox, uid) DO NOTHING`
)

// insertRows stores n messages that are new.
func insertRows(n int) string {
	return insertInto + strings.Repeat(rowOfValues+`,`, n-1) + rowOfValues + `)`
}

// appendRow appends the values of a row; id nil lets SQLite give one.
func appendRow(args []any, id any, f *Fetched) ([]any, error) {
	e := &f.Envelope
	from, err := packAddresses(e.From)
	if err != nil {
		return nil, err
	}
	to, err := packAddresses(e.To)
	if err != nil {
		return nil, err
	}
	cc, err := packAddresses(e.Cc)
	if err != nil {
		return nil, err
	}
	flags := packFlags(f.Flags)
	return append(args, id, int64(f.UID), modSeq(f.ModSeq), flags.bits, flags.words,
		sortKey(f), f.Size, seconds(f.Received), seconds(e.Date),
		e.HeaderID, e.InReplyTo, f.EmailID, e.Subject, from, to, cc, f.Preview), nil
}

// index writes the full text of a message's header.
func (t *tx) index(id mail.MessageID, f *Fetched) error {
	_, err := t.exec(insertText, appendText(nil, id, f)...)
	return err
}

const insertText = `INSERT INTO texts (rowid, subject, sender, recipients, body) VALUES (?, ?, ?, ?, ?)`

// appendText appends the values of insertText.
func appendText(args []any, id mail.MessageID, f *Fetched) []any {
	return append(args, int64(id), f.Envelope.Subject, words(f.Envelope.From), words(f.Envelope.To, f.Envelope.Cc), f.Preview)
}

// findUncertain learns whether the mailbox has UIDs whose data could not be read.
func (t *tx) findUncertain(b *box) error {
	var one int
	var err error
	b.uncertain, err = t.row(`SELECT 1 FROM uncertain WHERE mailbox = ? LIMIT 1`, []any{int64(b.ID)}, &one)
	return err
}

// certain forgets that the data of a UID could not be read.
func (t *tx) certain(b *box, uid mail.UID) error {
	if !b.uncertain {
		return nil
	}
	_, err := t.exec(`DELETE FROM uncertain WHERE mailbox = ? AND uid = ?`, int64(b.ID), int64(uid))
	return err
}

// sortKey orders lists: when the server received a message, else its date.
func sortKey(f *Fetched) int64 {
	if f.Received.IsZero() {
		return seconds(f.Envelope.Date)
	}
	return seconds(f.Received)
}

// packAddresses is the JSON of addresses, "" for none. Most need no escaping,
// and the general way takes several times as long.
func packAddresses(as []mail.Address) (string, error) {
	if len(as) == 0 {
		return "", nil
	}
	var b strings.Builder
	sep := byte('[')
	for _, a := range as {
		if !unescaped(a.Name) || !unescaped(a.Addr) {
			text, err := json.Marshal(as)
			return string(text), err
		}
		b.WriteByte(sep)
		sep = ','
		b.WriteString(`{"name":"`)
		b.WriteString(a.Name)
		b.WriteString(`","addr":"`)
		b.WriteString(a.Addr)
		b.WriteString(`"}`)
	}
	b.WriteByte(']')
	return b.String(), nil
}

// unescaped reports whether s stands in JSON as it is (RFC 8259 §7).
func unescaped(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.ValidString(s)
}

func unpackAddresses(text string) (as []mail.Address, err error) {
	if text == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &as)
	return as, err
}

// words are the names and addresses to be found in the full text.
func words(lists ...[]mail.Address) string {
	n := 0
	for _, as := range lists {
		for _, a := range as {
			n += len(a.Name) + len(a.Addr) + 2
		}
	}
	var b strings.Builder
	b.Grow(n)
	for _, as := range lists {
		for _, a := range as {
			b.WriteString(a.Name)
			b.WriteByte(' ')
			b.WriteString(a.Addr)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// messageColumns are a message as the user sees it, serverColumns as the server
// has it: they differ in where it is.
const (
	messageColumns = `m.id, a.name, m.shown_in, b.uidvalidity, iif(m.mailbox = m.shown_in, m.uid, 0), ` + messageRest
	fromMessages   = ` FROM messages m JOIN accounts a ON a.id = m.account LEFT JOIN mailboxes b ON b.id = m.shown_in `
	serverColumns  = `m.id, a.name, m.mailbox, b.uidvalidity, m.uid, ` + messageRest
	fromServer     = ` FROM messages m JOIN accounts a ON a.id = m.account LEFT JOIN mailboxes b ON b.id = m.mailbox `
	messageRest    = `m.shown, m.shown_keywords, m.pending > 0,
	m.size, m.received, m.date, m.header_id, m.in_reply_to, m.email_id, m.subject, m.sender, m.recipients, m.copies, m.preview`
)

func scanMessage(r scanner) (m mail.Message, err error) {
	var flags flagSet
	var box, validity *int64
	var received, date int64
	var from, to, cc string
	err = r.Scan(&m.ID, &m.Account, &box, &validity, &m.Location.UID, &flags.bits, &flags.words, &m.Pending,
		&m.Size, &received, &date, &m.Envelope.HeaderID, &m.Envelope.InReplyTo, &m.EmailID,
		&m.Envelope.Subject, &from, &to, &cc, &m.Preview)
	if err != nil {
		return m, err
	}
	if box != nil && validity != nil {
		m.Location.Mailbox = mail.MailboxID(*box)
		m.Location.UIDValidity = mail.UIDValidity(*validity)
	}
	m.Flags = flags.flags()
	m.Received, m.Envelope.Date = fromSeconds(received), fromSeconds(date)
	if m.Envelope.From, err = unpackAddresses(from); err != nil {
		return m, err
	}
	if m.Envelope.To, err = unpackAddresses(to); err != nil {
		return m, err
	}
	m.Envelope.Cc, err = unpackAddresses(cc)
	return m, err
}
