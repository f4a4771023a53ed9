package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

const (
	dbName     = "heron.db"
	bodiesName = "bodies"
)

// Store is an open store. Its methods may be called by several goroutines at
// once.
type Store struct {
	dir      string
	log      *slog.Logger
	now      func() time.Time
	readOnly bool

	read     *sql.DB
	w        *writer     // nil when read only
	hindered *mail.Fault // see Hindered

	rev    atomic.Int64 // the last revision that was committed here
	subsMu sync.Mutex
	subs   map[*Subscription]struct{}

	lastPrune atomic.Int64 // Unix nanoseconds
}

// Open opens the store in dir, and makes it when it does not exist: folders
// with mode 0700, files with 0600. A store of an older Heron is brought up to
// date after a backup was made beside it. Faults: disk-full, read-only,
// store-broken, store-newer.
//
// Only one process may have it open for writing; the caller holds a lock for
// that.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, log: o.Log, now: o.Now, readOnly: o.ReadOnly, subs: map[*Subscription]struct{}{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	open := s.openWriter
	if o.ReadOnly {
		open = s.openReader
	}
	if err := open(ctx); err != nil {
		return nil, errors.Join(fault(s.path(), "open", err), s.closeAll())
	}
	rev, err := s.Revision(ctx)
	if err != nil {
		return nil, errors.Join(err, s.closeAll())
	}
	s.rev.Store(int64(rev))
	if !o.ReadOnly {
		if err := s.prune(ctx); err != nil {
			return nil, errors.Join(err, s.closeAll())
		}
	}
	return s, nil
}

// Close waits for a write that is under way and closes the store.
func (s *Store) Close() error { return fault(s.path(), "close", s.closeAll()) }

func (s *Store) closeAll() error {
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.w != nil {
		errs = append(errs, s.w.close())
	}
	return errors.Join(errs...)
}

func (s *Store) path() string { return filepath.Join(s.dir, dbName) }

func (s *Store) openWriter(ctx context.Context) error {
	for _, d := range []string{s.dir, filepath.Join(s.dir, bodiesName)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	// SQLite gives its journal files the mode of the database: it is made here
	// so that none of them is ever wider.
	f, err := os.OpenFile(s.path(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	w, err := openWriter(ctx, writerDSN(s.path()))
	if err != nil {
		return err
	}
	s.w = w
	if err := migrate(ctx, w.conn, s.path()); err != nil {
		return err
	}
	return s.openPool(readerDSN(s.path()), maxReaders)
}

// openReader opens for reading alone. Where no store is yet, an empty one in
// memory stands in for it.
func (s *Store) openReader(ctx context.Context) error {
	_, err := os.Stat(s.path())
	if errors.Is(err, os.ErrNotExist) {
		return s.openEmpty(ctx)
	}
	if err != nil {
		return err
	}
	v, err := s.readVersion(ctx, readerDSN(s.path()))
	if why := unwritable(fault(s.path(), "open", err)); why != nil {
		if v, err = s.openUnwritable(ctx); err != nil {
			return errors.Join(why, err)
		}
		s.hindered = why
	}
	switch {
	case err != nil:
		return err
	case v == 0: // made, but its first transaction is not done
		return errors.Join(s.read.Close(), s.openEmpty(ctx))
	default:
		return checkVersion(v, s.path(), true)
	}
}

// openUnwritable opens for reading where not even the index that readers and
// writers of a write-ahead log share can be written.
func (s *Store) openUnwritable(ctx context.Context) (int, error) {
	// An index that is there is not trusted, and made anew in memory.
	v, err := s.readVersion(ctx, readerDSN(s.path())+"&readonly_shm=1")
	if err == nil {
		return v, nil
	}
	// Without a log, the file is the whole store, and nobody can change it.
	log, serr := os.Stat(s.path() + "-wal")
	if (serr == nil && log.Size() > 0) || (serr != nil && !errors.Is(serr, os.ErrNotExist)) {
		return 0, errors.Join(err, serr)
	}
	return s.readVersion(ctx, readerDSN(s.path())+"&immutable=1")
}

// readVersion opens the pool and reads the store's version with it.
func (s *Store) readVersion(ctx context.Context, dsn string) (int, error) {
	if s.read != nil {
		if err := s.read.Close(); err != nil {
			return 0, err
		}
	}
	if err := s.openPool(dsn, maxReaders); err != nil {
		return 0, err
	}
	c, err := s.read.Conn(ctx)
	if err != nil {
		return 0, err
	}
	v, err := version(ctx, c)
	return v, errors.Join(err, c.Close())
}

// unwritable is the Fault in err if it is one of a disk that cannot be written.
func unwritable(err error) *mail.Fault {
	var f *mail.Fault
	if errors.As(err, &f) && (f.Code == mail.CodeDiskFull || f.Code == mail.CodeReadOnly) {
		return f
	}
	return nil
}

// Hindered is why nobody could write the store when it was opened for reading:
// a Fault disk-full or read-only, nil if nothing showed.
func (s *Store) Hindered() *mail.Fault { return s.hindered }

func (s *Store) openEmpty(ctx context.Context) error {
	if err := s.openPool(memoryDSN, 1); err != nil {
		return err
	}
	c, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, c, ""), c.Close())
}

// maxReaders bounds the memory of reading. They are opened when asked for; one
// stays open, for to open it anew costs more than what is mostly asked, and a
// limit to its rest would wake the program by a timer.
const maxReaders = 3

func (s *Store) openPool(dsn string, conns int) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(1)
	s.read = db
	return nil
}

// Revision is the revision of the last change that was committed; 0 when
// nothing ever changed.
func (s *Store) Revision(ctx context.Context) (mail.Revision, error) {
	var rev mail.Revision
	err := s.read.QueryRowContext(ctx, `SELECT seq FROM sqlite_sequence WHERE name = 'changes'`).Scan(&rev)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return rev, fault(s.path(), "read the revision", err)
}
