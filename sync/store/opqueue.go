package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// strayGrace is how long an op waits for a message that is gone from its
// mailbox: another machine may have moved it, and its new place is not found
// yet.
const strayGrace = 2 * time.Minute

// readyMost is how many works are made ready at a time, and how many ops are read at once.
const readyMost = 32

const selectOp = `SELECT o.id, a.name, o.kind, o.mailbox, o.name, o.added, o.removed, o.state, o.tries, o.created,
	o.next_try, o.fault, o.inverse, o.action FROM ops o JOIN accounts a ON a.id = o.account `

const openOp = `WHERE o.state IN ('waiting', 'sending') `

func scanOp(r scanner) (op mail.Op, err error) {
	var add, del string
	var created, next int64
	err = r.Scan(&op.ID, &op.Account, &op.Kind, &op.Mailbox, &op.Name, &add, &del, &op.State, &op.Tries, &created,
		&next, &op.Fault, &op.Inverse, &op.Action)
	op.Add, op.Remove = splitFlags(add), splitFlags(del)
	op.Created, op.NextTry = fromNanos(created), fromNanos(next)
	return op, err
}

// Ops returns the ops of an account that are waiting or being sent, in order;
// those of all accounts for "".
func (s *Store) Ops(ctx context.Context, account mail.AccountID) ([]mail.Op, error) {
	var ops []mail.Op
	err := s.view(ctx, "list actions", func(tx *sql.Tx) error {
		var err error
		ops, err = openOps(ctx, tx, account)
		return err
	})
	return ops, err
}

func openOps(ctx context.Context, tx *sql.Tx, account mail.AccountID) ([]mail.Op, error) {
	ops, err := query(ctx, tx, scanOp, selectOp+openOp+`AND (a.name = ?1 OR ?1 = '') ORDER BY o.id`, string(account))
	if err != nil {
		return nil, err
	}
	for i := range ops {
		ops[i].Targets, err = query(ctx, tx, scanID[mail.MessageID],
			`SELECT message FROM op_targets WHERE op = ? AND NOT done AND twin = 0 ORDER BY pos`, int64(ops[i].ID))
		if err != nil {
			return nil, err
		}
	}
	return ops, nil
}

// Op returns an op in whatever state, with all its targets that are still
// known. Ops that ended are kept for 30 days. Fault gone.
func (s *Store) Op(ctx context.Context, id mail.OpID) (mail.Op, error) {
	var op mail.Op
	err := s.view(ctx, "read an action", func(tx *sql.Tx) error {
		ops, err := query(ctx, tx, scanOp, selectOp+`WHERE o.id = ?`, int64(id))
		if err != nil {
			return err
		}
		if len(ops) == 0 {
			return noOp(id)
		}
		op = ops[0]
		op.Targets, err = query(ctx, tx, scanID[mail.MessageID],
			`SELECT message FROM op_targets WHERE op = ? AND twin = 0 ORDER BY pos`, int64(id))
		return err
	})
	return op, err
}

// ReadyOps returns the ops of an account that may be sent at now, in the order
// in which they were queued. An op that has to wait holds back later ones on
// the same messages or the same folder. It waits for its NextTry; for the
// match after a UIDVALIDITY change; and, when none of its messages has a
// place, for two minutes after they went, in case they turn up elsewhere. A copy is
// not taken back for as long after what was copied went. A folder is not deleted or
// renamed before what was done to its messages; nor deleted before what was put into
// it is found there, for two minutes.
//
// Ops that can be sent as one come as one, at the place of the first of them; see
// OpWork.With. An op in state sending is ready too: Heron ended before its answer
// came, or before its end was noted; see OpWork.Done.
//
// The ops of last are left out, with what they hold back.
//
// As each op that is sent may change what the others are, only the first of them are
// returned, so that a long queue is not read anew for each. Next is when the first of
// those that only wait for the time is ready; zero when there is none. It counts when
// none is ready.
func (s *Store) ReadyOps(ctx context.Context, account mail.AccountID, now time.Time, last ...mail.OpID) (ready []OpWork, next time.Time, err error) {
	err = s.view(ctx, "read the queue", func(tx *sql.Tx) error {
		h := held{messages: map[mail.MessageID]bool{}, folders: map[mail.MailboxID]bool{}, sources: map[mail.MailboxID]bool{}}
		g := together{of: map[mail.MessageID]newest{}}
		for after := mail.OpID(0); len(ready) < readyMost; {
			ops, err := query(ctx, tx, scanOp, selectOp+openOp+`AND a.name = ? AND o.id > ? ORDER BY o.id LIMIT ?`,
				string(account), int64(after), readyMost)
			if err != nil || len(ops) == 0 {
				return err
			}
			after = ops[len(ops)-1].ID
			for _, op := range ops {
				w, rows, err := readWork(ctx, tx, op)
				if err != nil {
					return err
				}
				all := slices.Concat(rows, w.twins)
				held := h.holds(op, all) || slices.Contains(last, op.ID)
				if at := later(waitsUntil(op, rows), w.arriving); held || waitsForMatch(rows) || at.After(now) {
					if !held && at.After(now) && (next.IsZero() || at.Before(next)) {
						next = at
					}
					h.add(op, all)
					continue
				}
				ready = g.add(ready, w)
			}
		}
		return nil
	})
	return ready, next, err
}

// readWork reads what is needed to send an op.
func readWork(ctx context.Context, tx *sql.Tx, op mail.Op) (w OpWork, rows []work, err error) {
	rows, err = query(ctx, tx, scanWork, `SELECT `+serverColumns+`, m.reset, m.lost, t.added, t.removed, t.source,
		t.copied, t.uid, t.uidvalidity, coalesce(e.id, 0), t.twin`+
		fromServer+`JOIN op_targets t ON t.message = m.id LEFT JOIN mailboxes e ON e.id = m.shown_in AND NOT e.hidden
		WHERE t.op = ? AND NOT t.done ORDER BY t.pos`, int64(op.ID))
	if err != nil {
		return w, nil, err
	}
	rows, w.twins = apart(op.Kind, rows)
	for _, r := range rows {
		op.Targets = append(op.Targets, r.ID)
		w.Messages = append(w.Messages, r.Target)
	}
	w.Op = op
	switch {
	case op.Kind == mail.OpFolderDelete || op.Kind == mail.OpFolderRename:
		err = readKnown(ctx, tx, &w)
	case w.TakesCopiesBack() && len(rows) > 0:
		err = readOriginals(ctx, tx, &w, rows)
	case len(rows) == 0:
		err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM op_targets WHERE op = ? AND agreed)`, int64(op.ID)).
			Scan(&w.Done)
	}
	return w, rows, err
}

// held is what ops that have to wait hold back.
type held struct {
	messages map[mail.MessageID]bool
	folders  map[mail.MailboxID]bool // that an op acts on, or puts messages into
	sources  map[mail.MailboxID]bool // that messages of an op are in, or showed in
	names    bool                    // an op on a folder itself: those that follow may be of the same names
}

func (h *held) holds(op mail.Op, rows []work) bool {
	if h.folders[op.Mailbox] || ofFolder(op.Kind) && (h.names || h.sources[op.Mailbox]) {
		return true
	}
	for _, r := range rows {
		if h.messages[r.ID] {
			return true
		}
	}
	return false
}

func (h *held) add(op mail.Op, rows []work) {
	h.names = h.names || ofFolder(op.Kind)
	if op.Mailbox != 0 {
		h.folders[op.Mailbox] = true
	}
	for _, r := range rows {
		h.messages[r.ID] = true
		// One that was moved may not be found yet where it shows.
		h.sources[r.Location.Mailbox], h.sources[r.Source] = true, true
	}
}

// work is a message of an op, and how it lost its place.
type work struct {
	Target
	reset bool
	lost  time.Time
	twin  mail.MessageID // the target whose twin it is; 0: none
}

func scanWork(r scanner) (w work, err error) {
	var lost int64
	var add, del string
	w.Message, err = scanMessage(withMore{r, []any{&w.reset, &lost, &add, &del, &w.Source, &w.Copied, &w.Arrived, &w.ArrivedUnder, &w.Ends, &w.twin}})
	w.lost = fromNanos(lost)
	w.Add, w.Remove = splitFlags(add), splitFlags(del)
	return w, err
}

// withMore scans further columns after those that a scan function knows.
type withMore struct {
	scanner
	more []any
}

func (m withMore) Scan(dest ...any) error { return m.scanner.Scan(append(dest, m.more...)...) }

// waitsForMatch reports whether a message of an op is one of a mailbox that got
// another UIDVALIDITY and is not matched yet.
func waitsForMatch(rows []work) bool {
	return slices.ContainsFunc(rows, func(r work) bool { return r.reset })
}

// waitsUntil is when an op may be sent, as far as only the time decides.
func waitsUntil(op mail.Op, rows []work) time.Time {
	until := op.NextTry
	for _, r := range rows {
		if r.Location.UID != 0 {
			return op.NextTry
		}
		if late := r.lost.Add(strayGrace); late.After(until) {
			until = late
		}
	}
	return until
}
