package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/heronmail/heron/sync/mail"
)

//go:embed migrations/*.sql
var migrations embed.FS

// latest is the number of the newest migration. Migration n is
// migrations/000n.sql and brings a store from version n-1 to n.
const latest = 14

const memoryDSN = "file::memory:?_pragma=foreign_keys(1)"

// The log grows to 4000 pages before it is written back: a first sync changes the
// same pages of its indexes again and again.
func writerDSN(path string) string {
	return dsn(path, url.Values{
		"mode": {"rw"},
		"_pragma": {
			"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)",
			"secure_delete(1)", "temp_store(MEMORY)", "cache_size(-2000)", "journal_size_limit(8388608)",
			"wal_autocheckpoint(4000)",
		},
	})
}

func readerDSN(path string) string {
	return dsn(path, url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-1000)"},
	})
}

// dsn writes a file: URI, whose path is percent-encoded, so that a folder may
// have any name.
func dsn(path string, q url.Values) string {
	p := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		p = "/" + p // file:///C:/…
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: p, RawQuery: q.Encode()}).String()
}

func version(ctx context.Context, c *sql.Conn) (int, error) {
	var v int
	err := c.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)
	return v, err
}

// checkVersion refuses a store that this Heron does not understand.
func checkVersion(v int, path string, readOnly bool) error {
	switch {
	case v > latest:
		return &mail.Fault{
			Code: mail.CodeStoreNewer, Class: mail.ClassLocal, Args: mail.Args{"path": path},
			Err: fmt.Errorf("its version is %d, the newest known is %d", v, latest),
		}
	case v < latest && readOnly:
		return &mail.Fault{
			Code: mail.CodeReadOnly, Class: mail.ClassLocal, Args: mail.Args{"path": path},
			Err: fmt.Errorf("its version is %d, and only a writer can bring it to %d", v, latest),
		}
	}
	return nil
}

// migrate brings the store to the latest version, a transaction a step. A
// store that holds anything is backed up first; path "" is one in memory.
func migrate(ctx context.Context, c *sql.Conn, path string) error {
	v, err := version(ctx, c)
	if err != nil {
		return err
	}
	if err := checkVersion(v, path, false); err != nil {
		return err
	}
	if v > 0 && v < latest {
		if err := backup(ctx, c, path, v); err != nil {
			return fmt.Errorf("backup before an upgrade: %w", err)
		}
	}
	for ; v < latest; v++ {
		text, err := fs.ReadFile(migrations, fmt.Sprintf("migrations/%04d.sql", v+1))
		if err != nil {
			return err
		}
		if err := step(ctx, c, v+1, string(text)); err != nil {
			return fmt.Errorf("migration %d: %w", v+1, err)
		}
	}
	return nil
}

func step(ctx context.Context, c *sql.Conn, v int, text string) error {
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, stmt := range []string{text, fmt.Sprintf("PRAGMA user_version = %d", v)} {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// backup writes a consistent copy beside the store, named after its version.
// It is complete when it has its name.
func backup(ctx context.Context, c *sql.Conn, path string, v int) error {
	to := fmt.Sprintf("%s.v%d.bak", path, v)
	tmp := to + ".tmp"
	// VACUUM INTO takes an empty file; made here for its mode.
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, "VACUUM INTO ?", tmp); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := syncFile(tmp); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to)) // before what it is a copy of is changed
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
