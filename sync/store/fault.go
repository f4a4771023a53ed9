package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/heronmail/heron/sync/mail"
)

// fault sorts an error of SQLite or the file system by what can be done about
// it. One that nothing can be done about, one that is sorted already, and the
// end of a context come back as they are, wrapped with what was tried.
func fault(path, doing string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("store: %s: %w", doing, err)
	var f *mail.Fault
	if errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	code := faultCode(err)
	if code == "" {
		return err
	}
	if code == mail.CodeStoreBroken && sqliteSawTheDisk(err) {
		if why := faultCode(tryToWrite(filepath.Dir(path))); why != "" {
			code = why
		}
	}
	args := mail.Args{"path": path}
	if code == mail.CodeStoreBroken {
		args["text"] = err.Error()
	}
	return &mail.Fault{Code: code, Class: mail.ClassLocal, Args: args, Err: err}
}

// faultCode names the fault behind err, "" for none.
func faultCode(err error) mail.Code {
	if code := mail.DiskCode(err); code != "" {
		return code
	}
	if errors.Is(err, syscall.EIO) {
		return mail.CodeStoreBroken
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Code() {
	case sqlite3.SQLITE_IOERR_SHMSIZE:
		return mail.CodeDiskFull // the shared memory file could not grow
	case sqlite3.SQLITE_READONLY_DBMOVED:
		return mail.CodeStoreBroken // the file was taken away under us
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return mail.CodeDiskFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return mail.CodeReadOnly
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return mail.CodeStoreBroken
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return mail.CodeBusy
	default:
		return ""
	}
}

// sqliteSawTheDisk reports whether SQLite failed at the system and keeps to
// itself how: it names a full disk, but not a quota, a limit of file sizes, or
// a folder that is read-only.
func sqliteSawTheDisk(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return true
	default:
		return false
	}
}

// tryToWrite writes a file in dir and takes it away again; its error has the
// system's.
func tryToWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 64<<10))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func noMessage(id mail.MessageID) error {
	return &mail.Fault{
		Code: mail.CodeNoMessage, Class: mail.ClassLocal,
		Args: mail.Args{"message": fmt.Sprintf("id:%d", id)},
	}
}

func noFolder(name string) error {
	return &mail.Fault{Code: mail.CodeNoFolder, Class: mail.ClassLocal, Args: mail.Args{"folder": name}}
}
