package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	f := openAt(t, filepath.Join(t.TempDir(), "odd ?#% name", "data"), &clock{t: day})
	b := f.inbox(1)
	f.must(f.PutBody(f.ctx(), f.id(b, 1), nothing{}))
	f.must(filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", filepath.Base(path), got, want)
		}
		return nil
	}))
	if _, err := os.Stat(f.path() + "-wal"); err != nil {
		t.Errorf("no write-ahead log: %v", err)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

func TestACrashLeavesCursorAndRowsTogether(t *testing.T) {
	f := open(t)
	b := f.folders("INBOX")["INBOX"]
	for n := 1; n <= 5; n++ {
		f.apply(inStep(b.ID, 1, mail.UID(n+1), msg(mail.UID(n), n)))
		f.mark([]mail.MessageID{f.id(b, mail.UID(n))}, seen, nil)
		// What a kill would leave: the files as they are, nothing closed.
		dir := filepath.Join(t.TempDir(), "copy")
		f.must(os.CopyFS(dir, os.DirFS(f.dir)))
		c := openAt(t, dir, f.clock)
		box := c.boxes()["INBOX"]
		uids, err := c.UIDs(c.ctx(), b.ID)
		c.must(err)
		if int(box.Cursor.UIDNext) != n+1 || len(uids) != n || box.Counts != (mail.Counts{Total: n}) || len(c.ready()) != n {
			t.Errorf("after %d: cursor %+v, %d messages, counts %+v", n, box.Cursor, len(uids), box.Counts)
		}
		if c.head() != f.head() {
			t.Errorf("after %d: revision %d, want %d", n, c.head(), f.head())
		}
	}
}

func TestATransactionThatIsCutLeavesNothing(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	cut := errors.New("cut")
	_, err := f.write(f.ctx(), "test", func(tx *tx) error {
		if err := (&applier{tx: tx, name: acc, origin: mail.Elsewhere}).run(Batch{Deltas: []Delta{inStep(b.ID, 1, 9, msg(8, 8))}}); err != nil {
			return err
		}
		dir := filepath.Join(t.TempDir(), "copy")
		f.must(os.CopyFS(dir, os.DirFS(f.dir)))
		openAt(t, dir, f.clock).counts("INBOX", 1, 1)
		return cut
	})
	if !errors.Is(err, cut) {
		t.Fatal(err)
	}
	f.counts("INBOX", 1, 1)
}

func TestReadingWhileAnotherWrites(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	r, err := Open(t.Context(), f.dir, Options{ReadOnly: true})
	f.must(err)
	defer func() { f.must(r.Close()) }()
	for n := 3; n < 20; n++ {
		f.apply(inStep(b.ID, 1, mail.UID(n+1), msg(mail.UID(n), n)))
		got, err := r.Mailbox(t.Context(), b.ID)
		f.must(err)
		if got.Counts.Total != n {
			t.Errorf("got %d, want %d", got.Counts.Total, n)
		}
	}
	p, err := r.Messages(t.Context(), MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: 5})
	f.must(err)
	if len(p.Messages) != 5 || p.Total != 19 {
		t.Errorf("got %d of %d", len(p.Messages), p.Total)
	}
	if _, err := r.Apply(t.Context(), acc, Batch{}); code(err) != mail.CodeReadOnly {
		t.Errorf("writing: %v", err)
	}
	if rev, err := r.Revision(t.Context()); err != nil || rev != f.head() {
		t.Errorf("revision: %d, %v", rev, err)
	}
}

func TestReadingWhatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	s, err := Open(t.Context(), dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if ms, err := s.Mailboxes(t.Context(), acc); err != nil || len(ms) != 0 {
		t.Errorf("got %v, %v", ms, err)
	}
	if rev, err := s.Revision(t.Context()); err != nil || rev != 0 {
		t.Errorf("got %v, %v", rev, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading made the folder: %v", err)
	}
}

// raw runs SQL on the file of a store that nobody has open.
func raw(t *testing.T, dir, stmts string) {
	t.Helper()
	db, err := sql.Open("sqlite", writerDSN(filepath.Join(dir, dbName)))
	if err == nil {
		_, err = db.ExecContext(t.Context(), stmts)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		want   mail.Code
	}{
		{"not a database", func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, dbName), []byte("this is not a database, whatever its name says"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, mail.CodeStoreBroken},
		{"written by a newer Heron", func(t *testing.T, dir string) {
			t.Helper()
			raw(t, dir, "PRAGMA user_version = 4711")
		}, mail.CodeStoreNewer},
		{"a folder in its place", func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, dbName)); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, dbName), 0o700); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t)
			f.must(f.Close())
			c.damage(t, f.dir)
			for _, readOnly := range []bool{false, true} {
				s, err := Open(t.Context(), f.dir, Options{ReadOnly: readOnly})
				if err == nil {
					_ = s.Close()
					t.Errorf("read only %v: it opened", readOnly)
				}
				if c.want != "" && code(err) != c.want {
					t.Errorf("read only %v: %v", readOnly, err)
				}
			}
		})
	}
}

func TestADiskThatIsFull(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	_, err := f.w.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1")
	f.must(err)
	_, err = f.Apply(t.Context(), acc, Batch{Deltas: []Delta{inStep(b.ID, 1, 301, fetched(2, 300)...)}})
	if code(err) != mail.CodeDiskFull {
		t.Fatalf("got %v", err)
	}
	f.counts("INBOX", 1, 1)
	_, err = f.w.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 100000")
	f.must(err)
	f.apply(inStep(b.ID, 1, 301, fetched(2, 300)...))
	f.counts("INBOX", 300, 300)
}

func TestFaultCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want mail.Code
	}{
		{syscall.ENOSPC, mail.CodeDiskFull},
		{&fs.PathError{Op: "write", Err: syscall.EDQUOT}, mail.CodeDiskFull},
		{syscall.EFBIG, mail.CodeDiskFull},
		{syscall.EROFS, mail.CodeReadOnly},
		{syscall.ENOTDIR, mail.CodeReadOnly},
		{syscall.EACCES, mail.CodeReadOnly},
		{syscall.EIO, mail.CodeStoreBroken},
		{context.Canceled, mail.CodeInternal},
		{errors.New("other"), mail.CodeInternal},
		{noFolder("x"), mail.CodeNoFolder},
	} {
		err := fault("path", "test", c.err)
		if got := code(err); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v: got %s, want %s", c.err, got, c.want)
		}
	}
	if fault("path", "test", nil) != nil {
		t.Error("nil is a fault")
	}
}

func TestUpgradeMakesABackup(t *testing.T) {
	f := open(t)
	f.inbox(3)
	f.must(backup(t.Context(), f.w.conn, f.path(), 1))
	bak := f.path() + ".v1.bak"
	info, err := os.Stat(bak)
	f.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	dir := filepath.Join(t.TempDir(), "restored")
	f.must(os.MkdirAll(dir, 0o700))
	f.must(os.Rename(bak, filepath.Join(dir, dbName)))
	openAt(t, dir, f.clock).counts("INBOX", 3, 3)
	if err := checkVersion(latest-1, "p", true); code(err) != mail.CodeReadOnly {
		t.Errorf("an old store, read only: %v", err)
	}
}

func TestWritersTakeTurnsAndCanGiveUp(t *testing.T) {
	f := open(t)
	b := f.inbox(0)
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := f.write(f.ctx(), "test", func(*tx) error {
			close(inside)
			<-leave
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, cancel := context.WithCancel(f.ctx())
	cancel()
	if _, err := f.Apply(ctx, acc, Batch{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for n := 1; n <= 8; n++ {
		wg.Go(func() {
			if _, err := f.Apply(f.ctx(), acc, Batch{Deltas: []Delta{{Mailbox: b.ID, Added: []Fetched{msg(mail.UID(n), n)}}}}); err != nil {
				t.Error(err)
			}
		})
	}
	close(leave)
	wg.Wait()
	f.counts("INBOX", 8, 8)
	f.must(f.Close())
	if _, err := f.Apply(f.ctx(), acc, Batch{}); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestASlowReaderSeesTheLastRevision(t *testing.T) {
	f := open(t)
	u, v := f.Subscribe(), f.Subscribe()
	b := f.inbox(0)
	for n := 1; n <= 50; n++ { // nobody receives: the writer must not wait
		f.apply(Delta{Mailbox: b.ID, Added: []Fetched{msg(mail.UID(n), n)}})
	}
	<-u.C()
	if u.Revision() != f.head() {
		t.Errorf("got %d, want %d", u.Revision(), f.head())
	}
	select {
	case <-u.C():
		t.Error("a second token for what was read already")
	default:
	}
	v.Close()
	<-v.C() // from before
	f.apply(Delta{Mailbox: b.ID, Gone: []mail.UID{1}})
	<-u.C()
	select {
	case <-v.C():
		t.Error("a closed subscription was woken")
	default:
	}
	rev := f.head()
	f.apply(Delta{Mailbox: b.ID})
	if f.head() != rev {
		t.Error("nothing happened, and the revision grew")
	}
	select {
	case <-u.C():
		t.Error("nothing happened, and a reader was woken")
	default:
	}
}

func TestTheLogIsPrunedAndRevisionsGrowOn(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	old := f.head()
	f.clock.pass(keepChanges - time.Hour)
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1, Flags: seen}}})
	if len(f.since(0)) <= int(f.head()-old) {
		t.Error("pruned too early")
	}
	f.clock.pass(2 * time.Hour)
	f = f.again()
	if cs := f.since(0); len(cs) == 0 || cs[0].Meta().Rev != old+1 {
		t.Errorf("got %q", kinds(cs))
	}
	f.clock.pass(keepChanges)
	rev := f.head()
	f = f.again()
	if len(f.since(0)) != 0 || f.head() != rev {
		t.Errorf("got %q at %d, want none at %d", kinds(f.since(0)), f.head(), rev)
	}
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1}}})
	if cs := f.since(rev); cs[0].Meta().Rev != rev+1 {
		t.Errorf("got %d", cs[0].Meta().Rev)
	}
}

// TestReadingWhatNobodyCanWrite: on a full disk and in a read-only folder
// readers make do without the index they would share with a writer.
func TestReadingWhatNobodyCanWrite(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	read := func(dir string) (int, error) {
		s := &Store{dir: dir}
		defer func() { f.must(s.closeAll()) }()
		if _, err := s.openUnwritable(t.Context()); err != nil {
			return 0, err
		}
		m, err := s.Mailbox(t.Context(), b.ID)
		return m.Counts.Total, err
	}
	copied := func() string {
		dir := filepath.Join(t.TempDir(), "copy")
		f.must(os.CopyFS(dir, os.DirFS(f.dir)))
		return dir
	}
	// All that was written is in the log still.
	log := copied()
	if n, err := read(log); err != nil || n != 2 {
		t.Errorf("with log and index: %d, %v", n, err)
	}
	// Without an index the log cannot be read, and what is in it is not left out.
	f.must(os.Remove(filepath.Join(log, dbName+"-shm")))
	if n, err := read(log); err == nil {
		t.Errorf("with a log and no index: %d", n)
	}
	f.must(f.Close())
	if n, err := read(copied()); err != nil || n != 2 {
		t.Errorf("closed well: %d, %v", n, err)
	}
}

// TestWhySQLiteCouldNotWrite: it says "I/O error" for a quota that is used up
// and "cannot open" for a folder of others. Neither means that data are damaged.
func TestWhySQLiteCouldNotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// A store that is looked for below a file: SQLite cannot open it.
	_, err := openWriter(t.Context(), writerDSN(filepath.Join(file, dbName)))
	if err == nil || !sqliteSawTheDisk(err) {
		t.Fatalf("got %v", err)
	}
	if got := code(fault(filepath.Join(file, dbName), "test", err)); got != mail.CodeReadOnly {
		t.Errorf("where nothing can be written: %s", got)
	}
	dir := t.TempDir()
	if got := code(fault(filepath.Join(dir, dbName), "test", err)); got != mail.CodeStoreBroken {
		t.Errorf("where it can: %s", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
