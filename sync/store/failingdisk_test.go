//go:build linux

package store

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/heronmail/heron/sync/mail"
)

// TestFailingDisk: a disk that is full or broken fails one write of SQLite's
// after the other, at each place where one can fail. What failed is named, and
// was not done by half: rows and cursor are those of before. When the disk is
// well again it goes on, and in the end nothing is lost or doubled.
func TestFailingDisk(t *testing.T) {
	for _, c := range []struct {
		errno syscall.Errno
		code  mail.Code
	}{
		{syscall.ENOSPC, mail.CodeDiskFull},
		{syscall.EIO, mail.CodeStoreBroken},
	} {
		t.Run(c.errno.Error(), func(t *testing.T) {
			f := open(t)
			b := f.inbox(1)
			d := failWrites(t, f.dir, c.errno)
			n := 1
			for at := 1; at <= 60; at++ {
				before, head := f.boxes()["INBOX"].Cursor, f.head()
				d.failAfter(at)
				delta := inStep(b.ID, 1, mail.UID(n+11), fetched(n+1, n+10)...)
				_, err := f.Apply(f.ctx(), acc, Batch{Deltas: []Delta{delta}})
				failed := d.heal()
				if err == nil {
					// Enough was left, or it was a write that can be made up for.
					n += 10
				} else {
					if !failed || code(err) != c.code {
						t.Fatalf("write %d: %v", at, err)
					}
					if now := f.boxes()["INBOX"].Cursor; now != before || f.head() != head {
						t.Fatalf("write %d failed and left %+v at %d, before %+v at %d", at, now, f.head(), before, head)
					}
					f.apply(delta)
					n += 10
				}
				if at%20 == 0 {
					f = f.again()
				}
				f.counts("INBOX", n, n)
			}
			if d.failures == 0 {
				t.Fatal("no write failed")
			}
			t.Logf("%d writes failed", d.failures)
			f = f.again()
			uids, err := f.UIDs(f.ctx(), b.ID)
			f.must(err)
			if len(uids) != n || uids[n-1] != mail.UID(n) {
				t.Errorf("%d messages, want %d", len(uids), n)
			}
			var sound string
			f.must(f.read.QueryRowContext(f.ctx(), `PRAGMA integrity_check`).Scan(&sound))
			if sound != "ok" {
				t.Error(sound)
			}
		})
	}
}

// TestFailingDiskAndActions: an action on a disk that fails is either queued and
// shown, or refused and nowhere; so is its end, and its being taken back. What
// was queued is there when the store is opened again.
func TestFailingDiskAndActions(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
		t.Run(errno.Error(), func(t *testing.T) {
			const n = 12
			f := open(t)
			b := f.inbox(n)
			d := failWrites(t, f.dir, errno)
			// try does what changes the store, on a disk of which a later write fails
			// each time, until it is done, and looks after each try.
			try := func(what string, do func() error, look func(done bool)) {
				t.Helper()
				for at := 1; ; at++ {
					d.failAfter(at)
					err := do()
					failed := d.heal()
					if err != nil && !failed {
						t.Fatalf("%s: %v", what, err)
					}
					look(err == nil)
					if err == nil {
						return
					}
				}
			}
			for uid := mail.UID(1); uid <= n; uid++ {
				id := f.id(b, uid)
				var op mail.Op
				is := func(read, waits bool) {
					t.Helper()
					ops, err := f.Ops(f.ctx(), acc)
					f.must(err)
					m := f.at(b, uid)
					if m.Unread() == read || m.Pending != waits || (len(ops) == 1) != waits {
						t.Fatalf("%d: read %v, pending %v, %d ops; want %v, %v", uid, !m.Unread(), m.Pending, len(ops), read, waits)
					}
				}
				try("queue", func() (err error) {
					op, err = f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{id}, Add: seen})
					return err
				}, func(done bool) { is(done, done) })
				if uid%6 == 0 {
					f = f.again()
					is(true, true)
				}
				if uid%3 == 0 {
					try("take back", func() error { _, err := f.Undo(f.ctx(), op.ID); return err }, func(done bool) { is(!done, !done) })
					continue
				}
				f.must(f.StartOp(f.ctx(), op.ID))
				try("finish", func() error { return f.FinishOp(f.ctx(), op.ID, done(id)) }, func(done bool) { is(true, !done) })
			}
			if d.failures < 3*n/2 {
				t.Errorf("only %d writes failed", d.failures)
			}
			f.again().counts("INBOX", n, n/3)
		})
	}
}

// disk fails what SQLite writes below a folder.
type disk struct {
	mu       sync.Mutex
	dir      string
	errno    syscall.Errno
	left     int // writes until it fails; < 0: it is well
	failed   bool
	failures int
}

func (d *disk) failAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.failed = n, false
}

// heal reports whether a write failed since failAfter.
func (d *disk) heal() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = -1
	return d.failed
}

// fails is asked before each write. From the one that fails on, all do.
func (d *disk) fails(fd int32) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil || d.left < 0 || !strings.HasPrefix(path, d.dir) {
		return false
	}
	if d.left > 1 {
		d.left--
		return false
	}
	d.failed = true
	d.failures++
	return true
}

// failWrites puts a disk between SQLite and the system, until the test ends.
func failWrites(t *testing.T, dir string, errno syscall.Errno) *disk {
	t.Helper()
	d := &disk{dir: dir, errno: errno, left: -1}
	tls := libc.NewTLS()
	t.Cleanup(tls.Close)
	at := sqlite3.Xsqlite3_vfs_find(tls, 0)
	vfs := *(**sqlite3.Tsqlite3_vfs)(unsafe.Pointer(&at))
	get := *(*func(*libc.TLS, uintptr, uintptr) uintptr)(unsafe.Pointer(&struct{ uintptr }{vfs.FxGetSystemCall}))
	set := *(*func(*libc.TLS, uintptr, uintptr, uintptr) int32)(unsafe.Pointer(&struct{ uintptr }{vfs.FxSetSystemCall}))
	call := func(name string, wrap func(was uintptr) uintptr) {
		t.Helper()
		cname, err := libc.CString(name)
		if err != nil {
			t.Fatal(err)
		}
		was := get(tls, at, cname)
		if was == 0 {
			return // it is built without
		}
		if rc := set(tls, at, cname, wrap(was)); rc != sqlite3.SQLITE_OK {
			t.Fatalf("replacing %s: %d", name, rc)
		}
		t.Cleanup(func() {
			set(tls, at, cname, was)
			libc.Xfree(tls, cname)
		})
	}
	type (
		write  = func(tls *libc.TLS, fd int32, b uintptr, n sqlite3.Tsize_t) sqlite3.Tssize_t
		pwrite = func(tls *libc.TLS, fd int32, b uintptr, n sqlite3.Tsize_t, off sqlite3.Toff_t) sqlite3.Tssize_t
	)
	refuse := func(tls *libc.TLS) sqlite3.Tssize_t {
		at := libc.X__errno_location(tls)
		**(**int32)(unsafe.Pointer(&at)) = int32(d.errno)
		return -1
	}
	// SQLite's pointers keep nothing alive.
	var plain write
	var placed [2]pwrite
	t.Cleanup(func() { runtime.KeepAlive(&plain); runtime.KeepAlive(&placed) })
	call("write", func(was uintptr) uintptr {
		f := *(*write)(unsafe.Pointer(&struct{ uintptr }{was}))
		plain = func(tls *libc.TLS, fd int32, b uintptr, n sqlite3.Tsize_t) sqlite3.Tssize_t {
			if d.fails(fd) {
				return refuse(tls)
			}
			return f(tls, fd, b, n)
		}
		return *(*uintptr)(unsafe.Pointer(&plain))
	})
	for i, name := range []string{"pwrite", "pwrite64"} {
		call(name, func(was uintptr) uintptr {
			f := *(*pwrite)(unsafe.Pointer(&struct{ uintptr }{was}))
			placed[i] = func(tls *libc.TLS, fd int32, b uintptr, n sqlite3.Tsize_t, off sqlite3.Toff_t) sqlite3.Tssize_t {
				if d.fails(fd) {
					return refuse(tls)
				}
				return f(tls, fd, b, n, off)
			}
			return *(*uintptr)(unsafe.Pointer(&placed[i]))
		})
	}
	return d
}
