package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// view runs f on one snapshot.
func (s *Store) view(ctx context.Context, doing string, f func(*sql.Tx) error) error {
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fault(s.path(), doing, err)
	}
	err = f(tx)
	if e := tx.Rollback(); err == nil && !errors.Is(e, sql.ErrTxDone) {
		err = e
	}
	return fault(s.path(), doing, err)
}

// query reads all rows from q, which is a *sql.DB or a *sql.Tx.
func query[T any](ctx context.Context, q querier, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const fromMailboxes = ` FROM mailboxes b JOIN accounts a ON a.id = b.account `

func scanOnlyMailbox(r scanner) (mail.Mailbox, error) { return scanMailbox(r) }

// Mailboxes returns an account's mailboxes: the inbox first, then those with a
// role, then the others by path. An unknown account has none.
func (s *Store) Mailboxes(ctx context.Context, account mail.AccountID) ([]mail.Mailbox, error) {
	ms, err := query(ctx, s.read, scanOnlyMailbox,
		`SELECT `+shownColumns+fromMailboxes+`WHERE a.name = ? AND b.gone = 0 AND NOT b.hidden`, string(account))
	if err != nil {
		return nil, fault(s.path(), "list mailboxes", err)
	}
	slices.SortFunc(ms, func(x, y mail.Mailbox) int {
		if d := roleOrder(x.Role) - roleOrder(y.Role); d != 0 {
			return d
		}
		if d := strings.Compare(strings.ToLower(x.Path()), strings.ToLower(y.Path())); d != 0 {
			return d
		}
		return strings.Compare(x.Name, y.Name)
	})
	return ms, nil
}

// ServerMailboxes returns an account's mailboxes as the server has them: with
// those that the user deleted and the server not yet, and under their old names
// until it renamed them; without those that it did not make yet.
func (s *Store) ServerMailboxes(ctx context.Context, account mail.AccountID) ([]mail.Mailbox, error) {
	ms, err := query(ctx, s.read, scanOnlyMailbox,
		`SELECT `+boxColumns+fromMailboxes+`WHERE a.name = ? AND b.gone = 0 AND NOT b.planned ORDER BY b.id`, string(account))
	return ms, fault(s.path(), "list mailboxes", err)
}

func roleOrder(r mail.Role) int {
	order := [...]mail.Role{
		mail.RoleInbox, mail.RoleFlagged, mail.RoleDrafts, mail.RoleSent, mail.RoleArchive,
		mail.RoleJunk, mail.RoleTrash, mail.RoleAll,
	}
	if i := slices.Index(order[:], r); i >= 0 {
		return i
	}
	return len(order)
}

// MailboxByPath finds a mailbox by the path that the user sees; INBOX in any
// case. Fault no-such-folder.
func (s *Store) MailboxByPath(ctx context.Context, account mail.AccountID, path string) (mail.Mailbox, error) {
	ms, err := s.Mailboxes(ctx, account)
	if err != nil {
		return mail.Mailbox{}, err
	}
	for _, m := range ms {
		if p := m.Path(); p == path || strings.EqualFold(path, "INBOX") && strings.EqualFold(p, "INBOX") {
			return m, nil
		}
	}
	return mail.Mailbox{}, noFolder(path)
}

// Mailbox returns a mailbox. Fault no-such-folder.
func (s *Store) Mailbox(ctx context.Context, id mail.MailboxID) (mail.Mailbox, error) {
	ms, err := query(ctx, s.read, scanOnlyMailbox,
		`SELECT `+shownColumns+fromMailboxes+`WHERE b.id = ? AND b.gone = 0 AND NOT b.hidden`, int64(id))
	if err == nil && len(ms) == 0 {
		err = noFolder(fmt.Sprintf("id:%d", id))
	}
	if err != nil {
		return mail.Mailbox{}, fault(s.path(), "read a mailbox", err)
	}
	return ms[0], nil
}

// PathOf returns the path of a mailbox as the user sees it, or saw it last: also of
// one that was deleted, here or elsewhere, for as long as it is known. Fault
// no-such-folder.
func (s *Store) PathOf(ctx context.Context, id mail.MailboxID) (string, error) {
	ms, err := query(ctx, s.read, scanOnlyMailbox, `SELECT `+shownColumns+fromMailboxes+`WHERE b.id = ?`, int64(id))
	if err == nil && len(ms) == 0 {
		err = noFolder(fmt.Sprintf("id:%d", id))
	}
	if err != nil {
		return "", fault(s.path(), "read a mailbox", err)
	}
	return ms[0].Path(), nil
}

// SetWatched says whether a mailbox's mail alerts. Fault no-such-folder.
func (s *Store) SetWatched(ctx context.Context, id mail.MailboxID, watched bool) error {
	_, err := s.write(ctx, "watch a mailbox", func(t *tx) error {
		b, err := t.box(id)
		if err != nil {
			return err
		}
		if b.gone != 0 {
			return noFolder(b.Path())
		}
		b.dirty = b.Watched != watched
		b.Watched = watched
		return nil
	})
	return err
}

// UIDs returns the UIDs that are known in a mailbox, ascending: also of
// messages that are \Deleted, and of those whose data could not be read.
func (s *Store) UIDs(ctx context.Context, id mail.MailboxID) ([]mail.UID, error) {
	return s.UIDsBetween(ctx, id, 1, math.MaxUint32)
}

// UIDsBetween is UIDs for those from lo to hi.
func (s *Store) UIDsBetween(ctx context.Context, id mail.MailboxID, lo, hi mail.UID) ([]mail.UID, error) {
	var uids []mail.UID
	err := s.view(ctx, "read UIDs", func(tx *sql.Tx) error {
		var err error
		uids, err = query(ctx, tx, scanID[mail.UID], `SELECT uid FROM messages WHERE mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid`,
			int64(id), int64(lo), int64(hi))
		if err != nil {
			return err
		}
		// Few or none: not worth a UNION, which would sort all.
		uncertain, err := query(ctx, tx, scanID[mail.UID], `SELECT uid FROM uncertain WHERE mailbox = ? AND uid BETWEEN ? AND ?`,
			int64(id), int64(lo), int64(hi))
		if err != nil || len(uncertain) == 0 {
			return err
		}
		uids = append(uids, uncertain...)
		slices.Sort(uids)
		uids = slices.Compact(uids)
		return nil
	})
	return uids, err
}

// UIDFlags goes through the messages of a mailbox by ascending UID, with the
// flags that the server has on each. It ends at the first error, which is
// yielded. Flags may be shared between messages.
func (s *Store) UIDFlags(ctx context.Context, id mail.MailboxID) iter.Seq2[UIDFlags, error] {
	return func(yield func(UIDFlags, error) bool) {
		rows, err := s.read.QueryContext(ctx,
			`SELECT uid, modseq, server, server_keywords FROM messages WHERE mailbox = ? ORDER BY uid`, int64(id))
		if err != nil {
			yield(UIDFlags{}, fault(s.path(), "read flags", err))
			return
		}
		defer func() { _ = rows.Close() }()
		sets := map[flagSet]mail.Flags{} // few different ones
		for rows.Next() {
			var u UIDFlags
			var f flagSet
			var modseq int64
			if err := rows.Scan(&u.UID, &modseq, &f.bits, &f.words); err != nil {
				yield(UIDFlags{}, fault(s.path(), "read flags", err))
				return
			}
			u.ModSeq = mail.ModSeq(modseq)
			flags, ok := sets[f]
			if !ok {
				flags = f.flags()
				sets[f] = flags
			}
			u.Flags = flags
			if !yield(u, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(UIDFlags{}, fault(s.path(), "read flags", err))
		}
	}
}

const (
	maxPage      = 500
	maxMailboxes = 400 // terms that SQLite takes in one compound query: 500
)

// Messages returns a part of a message list, newest first: by when the server
// received them, then by UID. Messages that are \Deleted are not in it.
func (s *Store) Messages(ctx context.Context, q MessageQuery) (Page, error) {
	boxes := slices.Clone(q.Mailboxes)
	slices.Sort(boxes)
	boxes = slices.Compact(boxes)
	if len(boxes) == 0 {
		return Page{}, nil
	}
	if len(boxes) > maxMailboxes {
		return Page{}, &mail.Fault{
			Code: mail.CodeUsage, Class: mail.ClassLocal,
			Args: mail.Args{"text": fmt.Sprintf("more than %d folders in one list", maxMailboxes)},
		}
	}
	limit, offset := min(max(q.Limit, 1), maxPage), max(q.Offset, 0)
	mask := bitDeleted
	if q.Unread {
		mask |= bitSeen
	}
	// One term a mailbox, each in the order of its index: SQLite merges them
	// and stops at the limit. The mask is text, not a parameter, as the partial
	// indexes need it.
	term := fmt.Sprintf(`SELECT id, sort, uid FROM messages WHERE shown_in = ? AND (shown & %d) = 0`, mask)
	terms := strings.TrimSuffix(strings.Repeat(term+" UNION ALL ", len(boxes)), " UNION ALL ")
	args := make([]any, 0, len(boxes)+2)
	for _, b := range boxes {
		args = append(args, int64(b))
	}
	var p Page
	err := s.view(ctx, "list messages", func(tx *sql.Tx) error {
		for _, b := range boxes {
			var total, unread int
			err := tx.QueryRowContext(ctx, `SELECT shown_total, shown_unread FROM mailboxes WHERE id = ?`, int64(b)).
				Scan(&total, &unread)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			p.Total, p.Unread = p.Total+total, p.Unread+unread
		}
		if q.Unread {
			p.Total = p.Unread
		}
		// What comes before the page is walked through, from the nearer end. Two
		// mailboxes may have messages that the order does not tell apart, and
		// would not be the reverse then.
		order := `ORDER BY sort DESC, uid DESC`
		if rest := p.Total - offset; rest < p.Total/2 && len(boxes) == 1 {
			limit = min(limit, max(rest, 0))
			order, offset = `ORDER BY sort, uid`, max(rest-limit, 0)
		}
		var err error
		p.Messages, err = query(ctx, tx, scanMessage, `SELECT `+messageColumns+
			` FROM (`+terms+` `+order+` LIMIT ? OFFSET ?) p JOIN messages m ON m.id = p.id
			JOIN accounts a ON a.id = m.account LEFT JOIN mailboxes b ON b.id = m.shown_in
			ORDER BY p.sort DESC, p.uid DESC`, append(args, limit, offset)...)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return p, nil
}

// Message returns a message. One that waits to be matched after a UIDVALIDITY
// change has a zero Location, one that an action moves has no UID in it; one
// that the server has no more, or that the user deleted, is a Fault
// no-such-message.
func (s *Store) Message(ctx context.Context, id mail.MessageID) (mail.Message, error) {
	return s.message(ctx, noMessage(id), `WHERE m.id = ? AND (m.shown_in IS NOT NULL OR m.reset)`, int64(id))
}

// Place returns where the server has a message now, whatever was done to it
// here; zero for nowhere that is known. Fault no-such-message.
func (s *Store) Place(ctx context.Context, id mail.MessageID) (mail.Location, error) {
	ms, err := query(ctx, s.read, scanMessage, `SELECT `+serverColumns+fromServer+`WHERE m.id = ?`, int64(id))
	if err == nil && len(ms) == 0 {
		err = noMessage(id)
	}
	if err != nil {
		return mail.Location{}, fault(s.path(), "find a message", err)
	}
	return ms[0].Location, nil
}

// MessageAt returns the message with a UID in a mailbox, unless an action takes
// it away from there. Fault no-such-message.
func (s *Store) MessageAt(ctx context.Context, box mail.MailboxID, uid mail.UID) (mail.Message, error) {
	missing := &mail.Fault{
		Code: mail.CodeNoMessage, Class: mail.ClassLocal, Args: mail.Args{"message": strconv.FormatUint(uint64(uid), 10)},
	}
	return s.message(ctx, missing, `WHERE m.mailbox = ? AND m.uid = ? AND m.shown_in = m.mailbox`, int64(box), int64(uid))
}

func (s *Store) message(ctx context.Context, missing error, where string, args ...any) (mail.Message, error) {
	ms, err := query(ctx, s.read, scanMessage, `SELECT `+messageColumns+fromMessages+where, args...)
	if err == nil && len(ms) == 0 {
		err = missing
	}
	if err != nil {
		return mail.Message{}, fault(s.path(), "read a message", err)
	}
	return ms[0], nil
}

// Changes returns at most limit changes after a revision, oldest first. The
// log keeps 30 days and at most 100,000 changes.
func (s *Store) Changes(ctx context.Context, since mail.Revision, limit int) ([]mail.Change, error) {
	return s.changes(ctx, `WHERE rev > ? ORDER BY rev LIMIT ?`, int64(since), limit)
}

// Activity returns at most limit changes since a time, newest first: those
// that a person cares for, so neither numbers nor states nor actions, and
// nothing that was so before Heron first looked.
func (s *Store) Activity(ctx context.Context, since time.Time, limit int) ([]mail.Change, error) {
	return s.changes(ctx, `WHERE time >= ? AND kind NOT IN ('counts', 'account.state', 'op') AND origin <> 'backfill'
		ORDER BY rev DESC LIMIT ?`, nanos(since), limit)
}

func (s *Store) changes(ctx context.Context, where string, args ...any) ([]mail.Change, error) {
	cs, err := query(ctx, s.read, scanChange, `SELECT rev, time, account, origin, kind, body FROM changes `+where, args...)
	// A kind that only a newer Heron writes reads as nil.
	cs = slices.DeleteFunc(cs, func(c mail.Change) bool { return c == nil })
	return cs, fault(s.path(), "read changes", err)
}

// notKnown are the UIDs of a mailbox that the server has, and of whose messages nothing
// is known: their data could not be read, or they are none any more.
const notKnown = ` FROM uncertain u WHERE u.mailbox = ?1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.mailbox = u.mailbox AND m.uid = u.uid)`

// Marked returns the UIDs of a mailbox's messages that have a system flag, as the
// server has it, and those of messages that are there and may have it. sure is false
// where nothing can be said of it: the mailbox is not complete here.
func (s *Store) Marked(ctx context.Context, id mail.MailboxID, f mail.Flag) (uids, maybe []mail.UID, sure bool, err error) {
	err = s.view(ctx, "read flags", func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT backfill_below <= 1 FROM mailboxes WHERE id = ?`, int64(id)).Scan(&sure)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !sure {
			return nil
		}
		if err != nil {
			return err
		}
		if uids, err = query(ctx, tx, scanID[mail.UID], `SELECT uid FROM messages WHERE mailbox = ? AND server & ? <> 0 ORDER BY uid`,
			int64(id), bitOf(f)); err != nil {
			return err
		}
		maybe, err = query(ctx, tx, scanID[mail.UID], `SELECT u.uid`+notKnown, int64(id))
		return err
	})
	return uids, maybe, sure, err
}

// Unlike returns those of the mailboxes of which more or fewer messages are known
// here than told, or more or fewer without \Seen: as the server has them, \Deleted
// ones too (RFC 3501 §6.3.10). One that cannot be read counts, and may be read or not.
// Of mailboxes that are not complete here nothing can be said.
func (s *Store) Unlike(ctx context.Context, told map[mail.MailboxID]mail.Counts) ([]mail.MailboxID, error) {
	var unlike []mail.MailboxID
	err := s.view(ctx, "compare numbers", func(tx *sql.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(told)) {
			var got mail.Counts
			var more int
			err := tx.QueryRowContext(ctx, `SELECT known_total, known_unread, (SELECT count(*)`+notKnown+`)
				FROM mailboxes WHERE id = ?1 AND backfill_below <= 1`, int64(id)).Scan(&got.Total, &got.Unread, &more)
			switch {
			case errors.Is(err, sql.ErrNoRows):
				continue
			case err != nil:
				return err
			}
			if is := told[id]; is.Total != got.Total+more || is.Unread < got.Unread || is.Unread > got.Unread+more {
				unlike = append(unlike, id)
			}
		}
		return nil
	})
	return unlike, err
}
