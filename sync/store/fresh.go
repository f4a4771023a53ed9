package store

import (
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// run is a row of new messages whose ids follow each other and whose full text
// is still to be written.
type run struct {
	first mail.MessageID
	added []Fetched
}

// rowsAtOnce are how many messages one statement stores, most first: few sizes,
// as every statement is kept prepared.
func rowsAtOnce() []int { return []int{32, 8, 1} }

// insertFresh stores the messages of a delta all together, if it is sure that
// each is new: ok is false, and nothing was done, if any may be known. It is
// what a first sync takes nearly always. ids count up from first.
// awaited says that something of our own doing may be among them.
func (a *applier) insertFresh(d boxDelta, awaited bool) (first mail.MessageID, ok bool, err error) {
	if awaited {
		return 0, false, nil
	}
	if ok, err := a.allFresh(d); !ok {
		return 0, false, err
	}
	// The largest id that was ever given (AUTOINCREMENT): none comes twice.
	if _, err := a.row(`SELECT seq FROM sqlite_sequence WHERE name = 'messages'`, nil, &first); err != nil {
		return 0, false, err
	}
	first++
	rest, id := d.Added, first
	var args []any
	for _, n := range rowsAtOnce() {
		for ; len(rest) >= n; rest = rest[n:] {
			args = args[:0]
			for i := range rest[:n] {
				if args, err = appendRow(append(args, int64(id)), d.box, &rest[i]); err != nil {
					return 0, false, err
				}
				id++
			}
			if _, err := a.exec(insertRows(n), args...); err != nil {
				return 0, false, err
			}
		}
	}
	a.unworded = append(a.unworded, run{first, d.Added})
	return first, true, nil
}

// allFresh reports whether no message of a delta can be known: nothing is in
// limbo, and the mailbox has none between the first UID and the last.
func (a *applier) allFresh(d boxDelta) (bool, error) {
	if a.strays || len(d.Added) == 0 {
		return false, nil
	}
	for i := range d.Added[1:] {
		if d.Added[i].UID >= d.Added[i+1].UID {
			return false, nil
		}
	}
	var one int
	known, err := a.row(`SELECT 1 FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? LIMIT 1`,
		[]any{int64(d.box.ID), int64(d.Added[0].UID), int64(d.Added[len(d.Added)-1].UID)}, &one)
	return !known && err == nil, err
}

// insertRows stores n messages with their ids.
func insertRows(n int) string {
	const row = ",(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
	return `INSERT INTO messages (id, ` + rowColumns + `) VALUES ` + strings.Repeat(row, n)[1:]
}

// wordRuns writes the full text of what insertFresh stored. It comes after all
// other rows of a batch: a statement that writes several rows makes SQLite put
// the index down as it is so far, in a segment of its own.
func (a *applier) wordRuns() error {
	for _, r := range a.unworded {
		for i := range r.added {
			if err := a.index(r.first+mail.MessageID(i), &r.added[i]); err != nil {
				return err
			}
		}
	}
	a.unworded = nil
	return nil
}
