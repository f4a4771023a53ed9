package store

import "github.com/heronmail/heron/sync/mail"

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
	args := []any{d.box.account, int64(d.box.ID)}
	for _, n := range rowsAtOnce() {
		if len(rest) < n {
			continue
		}
		err := a.direct(insertRows(n), func(exec func([]any) error) error {
			for ; len(rest) >= n; rest = rest[n:] {
				args = args[:2]
				for i := range rest[:n] {
					var err error
					if args, err = appendRow(args, int64(id), &rest[i]); err != nil {
						return err
					}
					id++
				}
				if err := exec(args); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, false, err
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

// wordRuns writes the full text of what insertFresh stored. It comes after all
// other rows of a batch: a statement that writes several rows makes SQLite put
// the index down as it is so far, in a segment of its own.
func (a *applier) wordRuns() error {
	if len(a.unworded) == 0 {
		return nil
	}
	err := a.direct(insertText, func(exec func([]any) error) error {
		var args []any
		for _, r := range a.unworded {
			for i := range r.added {
				args = appendText(args[:0], r.first+mail.MessageID(i), &r.added[i])
				if err := exec(args); err != nil {
					return err
				}
			}
		}
		return nil
	})
	a.unworded = nil
	return err
}
