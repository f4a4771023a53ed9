package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// writer is the one connection that writes. Its statements are prepared once.
type writer struct {
	gate   chan struct{} // holds one token while nobody writes
	closed chan struct{}
	db     *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	direct map[string]directStmt
}

var errClosed = errors.New("the store is closed")

func openWriter(ctx context.Context, dsn string) (*writer, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		gate: make(chan struct{}, 1), closed: make(chan struct{}),
		db: db, conn: conn, stmts: map[string]*sql.Stmt{}, direct: map[string]directStmt{},
	}
	w.gate <- struct{}{}
	return w, nil
}

func (w *writer) close() error {
	select {
	case <-w.closed:
		return nil
	case <-w.gate: // for good
	}
	close(w.closed)
	var errs []error
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	for _, st := range w.direct {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// tx is one write transaction. It collects changes, keeps the mailboxes that
// it touches in memory, and writes these back at its end.
type tx struct {
	w       *writer
	ctx     context.Context
	now     time.Time
	origin  mail.Origin // of the changes that follow from others, as numbers do
	rev     mail.Revision
	changes []mail.Change
	boxes   map[mail.MailboxID]*box
	current mail.OpID        // the op that is being changed
	touched []mail.MailboxID // keys of boxes in the order they were loaded
	after   []func()         // run once it is committed
}

// write runs f in a transaction. The context ends the wait for the writer; a
// transaction that has begun runs to its end, so that a batch is not torn. A power
// cut may take the newest transactions away again, whole: of what the server has it
// is asked again.
func (s *Store) write(ctx context.Context, doing string, f func(*tx) error) ([]mail.Change, error) {
	return s.transact(ctx, doing, f, (*tx).run)
}

// keep is write for what nobody could tell us again, as an action of the user: it is
// on the disk when keep returns.
func (s *Store) keep(ctx context.Context, doing string, f func(*tx) error) ([]mail.Change, error) {
	return s.transact(ctx, doing, f, (*tx).runSynced)
}

func (s *Store) transact(ctx context.Context, doing string, f func(*tx) error, run func(*tx, func(*tx) error) error) ([]mail.Change, error) {
	if s.readOnly {
		return nil, &mail.Fault{
			Code: mail.CodeReadOnly, Class: mail.ClassLocal, Args: mail.Args{"path": s.path()},
			Err: fmt.Errorf("store: %s: opened for reading only", doing),
		}
	}
	select {
	case <-ctx.Done():
		return nil, fault(s.path(), doing, ctx.Err())
	case <-s.w.closed:
		return nil, fault(s.path(), doing, errClosed)
	case <-s.w.gate:
	}
	t := &tx{w: s.w, ctx: context.WithoutCancel(ctx), now: s.now(), boxes: map[mail.MailboxID]*box{}}
	t.rev = mail.Revision(s.rev.Load())
	err := run(t, f)
	if err == nil && len(t.changes) > 0 {
		s.committed(t.rev)
	}
	s.w.gate <- struct{}{}
	if err != nil {
		return nil, fault(s.path(), doing, err)
	}
	for _, f := range t.after {
		f()
	}
	return t.changes, nil
}

func (t *tx) run(f func(*tx) error) error {
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f(t)
	if err == nil {
		err = t.saveBoxes()
	}
	if err == nil {
		_, err = t.exec("COMMIT")
	}
	if err != nil {
		// After some errors SQLite has rolled back already: then this one fails
		// and means nothing.
		_, _ = t.exec("ROLLBACK")
	}
	return err
}

// runSynced is run with the log synced at its end (https://sqlite.org/pragma.html,
// synchronous), which a transaction cannot change for itself. SQLite obeys this one
// when it is prepared, so that it cannot be kept prepared.
func (t *tx) runSynced(f func(*tx) error) error {
	if _, err := t.w.conn.ExecContext(t.ctx, "PRAGMA synchronous = FULL"); err != nil {
		return err
	}
	err := t.run(f)
	// Whether it is committed is known by now; at worst what follows is synced too.
	_, _ = t.w.conn.ExecContext(t.ctx, "PRAGMA synchronous = NORMAL")
	return err
}

func (t *tx) stmt(query string) (*sql.Stmt, error) {
	if st := t.w.stmts[query]; st != nil {
		return st, nil
	}
	st, err := t.w.conn.PrepareContext(t.ctx, query)
	if err == nil {
		t.w.stmts[query] = st
	}
	return st, err
}

// exec runs a statement. Every text must be a constant: each is kept prepared.
func (t *tx) exec(query string, args ...any) (sql.Result, error) {
	st, err := t.stmt(query) //nolint:sqlclosecheck // kept prepared until the writer is closed
	if err != nil {
		return nil, err
	}
	return st.ExecContext(t.ctx, args...)
}

// row reads one row into dest and reports whether there was one.
func (t *tx) row(query string, args []any, dest ...any) (bool, error) {
	st, err := t.stmt(query) //nolint:sqlclosecheck // kept prepared until the writer is closed
	if err != nil {
		return false, err
	}
	err = st.QueryRowContext(t.ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// list reads all rows.
func list[T any](t *tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	st, err := t.stmt(query) //nolint:sqlclosecheck // kept prepared until the writer is closed
	if err != nil {
		return nil, err
	}
	rows, err := st.QueryContext(t.ctx, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

// scanner is a row, of *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// collect reads rows to their end and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) (out []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// scanID reads a row of one number.
func scanID[T ~int64 | ~uint32](r scanner) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// account returns the number of an account, and makes its row when it has none.
func (t *tx) account(name mail.AccountID) (int64, error) {
	var id int64
	ok, err := t.row(`SELECT id FROM accounts WHERE name = ?`, []any{string(name)}, &id)
	if ok || err != nil {
		return id, err
	}
	res, err := t.exec(`INSERT INTO accounts (name) VALUES (?)`, string(name))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// nanos is a time as the store keeps it; 0 is the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// seconds is for times that others wrote: any year fits.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func fromSeconds(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
