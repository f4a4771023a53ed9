//go:build linux

package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

func letter(n int) []byte {
	return fmt.Appendf(nil, "From: Ann Lee <ann@example.org>\r\nTo: user0@heron.example\r\nSubject: Lunch %d?\r\n"+
		"Message-ID: <lunch-%d@example.org>\r\nDate: Wed, 04 Mar 2026 10:42:00 +0000\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nAre you free at noon? (%d)\r\n", n, n, n)
}

// TestWithARealServer tells the story of an account with the built program.
// The parts follow each other: each stands on what the one before left.
func TestWithARealServer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 2 {
		r.dove.Deliver(t, 0, "INBOX", letter(i))
	}
	var accounts []api.Account
	r.ok(&accounts, "account", "list")
	if len(accounts) != 0 {
		t.Fatalf("accounts before the first: %+v", accounts)
	}
	r.addAccount()
	r.alone()
	r.withHolder()
	r.handOver()
	r.gone()
	r.noSecret(r.dove.Password(0))
}

// addAccount: every bad input ends in its own problem and leaves nothing.
func (r *rig) addAccount() {
	t := r.t
	add := func(port string, more ...string) []string {
		return append([]string{
			"account", "add", "user0@heron.example", "--id", "work", "--host", "localhost",
			"--port", port, "--user", "user0", "--password-stdin",
		}, more...)
	}
	secret, imaps := r.dove.Password(0)+"\n", r.port(r.dove.IMAPS())
	ca := []string{"--ca-file", r.dove.CAFile}
	r.fails(3, mail.CodeSignInRefused, "wrong\n", add(imaps, ca...)...)
	r.fails(4, mail.CodeRefused, secret, add(closedPort(t), ca...)...)
	r.fails(5, mail.CodeCertUnknown, secret, add(imaps)...)
	r.fails(5, mail.CodeCertUnknown, secret, add(tlsPort(t, r.dove.Certs.ServerConfig(mailtest.CertSelfSigned)), ca...)...)
	r.fails(5, mail.CodeCertExpired, secret, add(tlsPort(t, r.dove.Certs.ServerConfig(mailtest.CertExpired)), ca...)...)
	r.fails(5, mail.CodeNotTLS, secret, add(r.port(r.dove.IMAP()), ca...)...)
	var accounts []api.Account
	if r.ok(&accounts, "account", "list"); len(accounts) != 0 {
		t.Errorf("kept after a failed check: %+v", accounts)
	}
	o := r.run(secret, add(imaps, ca...)...)
	if o.code != 0 || strings.Count(o.out, "✓") < 5 || !strings.Contains(o.out, "Account work") {
		t.Fatalf("account add: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
	r.fails(1, mail.CodeAccountExists, secret, add(imaps, ca...)...)
	if r.ok(&accounts, "account", "list"); len(accounts) != 1 || accounts[0].ID != "work" || accounts[0].User != "user0" {
		t.Errorf("account list: %+v", accounts)
	}
	var tested struct{ Steps []api.Step }
	if r.ok(&tested, "account", "test", "work"); len(tested.Steps) < 5 {
		t.Errorf("account test: %+v", tested)
	}
}

// alone: nobody holds the lock.
func (r *rig) alone() {
	t := r.t
	var reports []api.SyncReport
	r.ok(&reports, "sync")
	r.dove.Deliver(t, 0, "INBOX", letter(2))
	r.ok(&reports, "sync")
	if len(reports) != 1 || reports[0].Account != "work" || reports[0].Folders < 6 || reports[0].New != 1 || reports[0].BytesRead == 0 || reports[0].RoundTrips == 0 {
		t.Errorf("sync: %+v", reports)
	}
	r.ok(&reports, "sync")
	if len(reports) != 1 || reports[0].New+reports[0].Changed+reports[0].Gone+reports[0].Moved != 0 {
		t.Errorf("sync when nothing changed: %+v", reports)
	}
	var st api.Status
	if r.ok(&st, "status"); st.Running || st.Unread != 3 || len(st.Accounts) != 1 || st.Accounts[0].LastSync.IsZero() {
		t.Errorf("status: %+v", st)
	}
	var folders []api.Folder
	if r.ok(&folders, "folder", "list", "work"); len(folders) < 6 || folders[0].Path != "INBOX" || folders[0].Unread != 3 {
		t.Errorf("folders: %+v", folders)
	}
	list := r.inbox()
	if len(list) != 3 || list[0].Subject != "Lunch 2?" || len(list[0].From) != 1 || list[0].From[0].Name != "Ann Lee" {
		t.Fatalf("message list: %+v", list)
	}
	if o := r.run("", "message", "show", "work", "INBOX", uids(list[0].UID)); o.code != 0 || !strings.Contains(o.out, "Are you free at noon? (2)") {
		t.Errorf("message show: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
	if o := r.run("", "message", "show", fmt.Sprintf("id:%d", list[0].ID), "--raw"); o.code != 0 || o.out != string(letter(2)) {
		t.Errorf("message show --raw: exit %d, %q %s", o.code, o.out, o.errOut)
	}
	r.mark(list[0].UID, "--seen", imap.FlagSeen)
	if got := r.inbox(); len(got) != 3 || !got[0].Flags.Has(mail.FlagSeen) || got[0].Pending {
		t.Errorf("after mark: %+v", got)
	}
	r.unknown(list[0].UID)
	var activity []api.Event
	if r.ok(&activity, "activity"); len(activity) == 0 {
		t.Error("no activity")
	}
	var ops []api.Op
	if r.ok(&ops, "op", "list"); len(ops) != 0 {
		t.Errorf("ops: %+v", ops)
	}
}

func (r *rig) unknown(uid mail.UID) {
	r.fails(6, mail.CodeNoFolder, "", "message", "list", "work", "Nowhere")
	r.fails(6, mail.CodeNoAccount, "", "message", "list", "nobody", "INBOX")
	r.fails(6, mail.CodeNoAccount, "", "folder", "list", "nobody")
	r.fails(6, mail.CodeNoAccount, "", "sync", "nobody")
	r.fails(6, mail.CodeNoMessage, "", "message", "show", "work", "INBOX", uids(uid+1000))
	r.fails(6, mail.CodeNoMessage, "", "message", "mark", "work", "INBOX", uids(uid+1000), "--seen")
}

func (r *rig) inbox() []api.Message {
	var list []api.Message
	r.ok(&list, "message", "list", "work", "INBOX")
	return list
}

// mark marks and asks the server itself whether it knows.
func (r *rig) mark(uid mail.UID, how string, flag imap.Flag) {
	r.t.Helper()
	var res actResult
	r.ok(&res, "message", "mark", "work", "INBOX", uids(uid), how, "--wait", "--timeout", "20s")
	if res.State != mail.OpDone {
		r.t.Errorf("mark: %+v", res)
	}
	if got := r.serverFlags(uid); !slices.Contains(got, flag) {
		r.t.Errorf("the server has %v, want %s", got, flag)
	}
}

func (r *rig) serverFlags(uid mail.UID) []imap.Flag {
	r.t.Helper()
	c := r.dove.Client(r.t, 0)
	defer func() { _ = c.Close() }()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		r.t.Fatal(err)
	}
	rows, err := c.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{Flags: true, UID: true}).Collect()
	if err != nil || len(rows) != 1 {
		r.t.Fatalf("flags of %d: %d rows, %v", uid, len(rows), err)
	}
	return rows[0].Flags
}

// withHolder: a watch holds the lock and everything goes through it.
func (r *rig) withHolder() {
	t := r.t
	w := r.watch()
	r.awaitRunning(true)
	uid := mail.UID(r.dove.Deliver(t, 0, "INBOX", letter(3)))
	e := w.await("a delivery", func(e api.Event) bool { return e.Kind == "message.added" && slices.Contains(e.UIDs, uid) })
	if e.Folder != "INBOX" || e.Origin != mail.Elsewhere || len(e.Messages) != 1 || e.Messages[0].Subject != "Lunch 3?" || !e.Messages[0].Unread {
		t.Errorf("a delivery is told as %+v", e)
	}
	r.mark(uid, "--flagged", imap.FlagFlagged)
	w.await("the mark", func(e api.Event) bool {
		return e.Kind == "flags.changed" && e.Origin == mail.Here && e.Added.Has(mail.FlagFlagged)
	})
	w.await("the op", func(e api.Event) bool { return e.Kind == "op" && e.Op != nil && e.Op.State == mail.OpDone })
	if list := r.inbox(); len(list) != 4 {
		t.Errorf("message list: %d", len(list))
	}
	if o := r.run("", "message", "show", "work", "INBOX", uids(uid)); o.code != 0 || !strings.Contains(o.out, "(3)") {
		t.Errorf("message show: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
	var reports []api.SyncReport
	if r.ok(&reports, "sync", "work"); len(reports) != 1 || reports[0].New != 0 {
		t.Errorf("sync: %+v", reports)
	}
	r.unknown(uid)
	r.fails(3, mail.CodeSignInRefused, "wrong\n", "account", "add", "user1@heron.example", "--host", "localhost",
		"--port", r.port(r.dove.IMAPS()), "--user", "user1", "--password-stdin", "--ca-file", r.dove.CAFile)
	var st api.Status
	if r.ok(&st, "status"); !st.Running || st.Accounts[0].State != mail.StateOnline || st.Accounts[0].ToldBy == "" {
		t.Errorf("status: %+v", st)
	}
	var watched struct{ Watched bool }
	if r.ok(&watched, "folder", "watch", "work", "Archive"); !watched.Watched {
		t.Error("Archive does not alert")
	}
	r.ok(&struct{}{}, "alerts", "pause", "1h")
	if r.ok(&st, "status"); st.AlertsPaused.IsZero() {
		t.Error("alerts are not paused")
	}
	r.ok(&struct{}{}, "alerts", "resume")
	w.stop(syscall.SIGINT)
	r.awaitRunning(false)
}

// handOver: a watch outlives the holder it was attached to, and one that begins
// at an old revision is told everything once.
func (r *rig) handOver() {
	t := r.t
	holder := r.watch()
	r.awaitRunning(true)
	var st api.Status
	r.ok(&st, "status")
	guest := r.watch("--since", fmt.Sprint(st.Revision))
	added := func(uid mail.UID) func(api.Event) bool {
		return func(e api.Event) bool { return e.Kind == "message.added" && slices.Contains(e.UIDs, uid) }
	}
	first := mail.UID(r.dove.Deliver(t, 0, "INBOX", letter(4)))
	holder.await("a delivery", added(first))
	guest.await("a delivery", added(first))
	holder.stop(syscall.SIGTERM)
	second := mail.UID(r.dove.Deliver(t, 0, "INBOX", letter(5)))
	guest.await("a delivery after the holder ended", added(second))
	guest.stop(syscall.SIGINT)
	late := r.watch("--since", fmt.Sprint(st.Revision))
	late.await("the second delivery", added(second))
	late.stop(syscall.SIGINT)
	for name, w := range map[string]*watcher{"guest": guest, "late": late} {
		n := 0
		for _, e := range w.seen() {
			if added(first)(e) || added(second)(e) {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%s was told %d deliveries, want 2", name, n)
		}
	}
}

// gone: the server, and then the account.
func (r *rig) gone() {
	t := r.t
	list := r.inbox()
	r.dove.Stop()
	r.fails(4, mail.CodeRefused, "", "sync")
	var res actResult
	if r.ok(&res, "message", "mark", "work", "INBOX", uids(list[0].UID), "--seen"); res.State == mail.OpDone {
		t.Errorf("marked without a server: %+v", res)
	}
	var ops []api.Op
	if r.ok(&ops, "op", "list"); len(ops) != 1 {
		t.Errorf("ops: %+v", ops)
	}
	if got := r.inbox(); !got[0].Flags.Has(mail.FlagSeen) || !got[0].Pending {
		t.Errorf("what was marked does not show: %+v", got[0])
	}
	r.dove.Start()
	var reports []api.SyncReport
	if r.ok(&reports, "sync"); len(reports) != 1 || reports[0].OpsSent != 1 {
		t.Errorf("sync: %+v", reports)
	}
	if got := r.serverFlags(list[0].UID); !slices.Contains(got, imap.FlagSeen) {
		t.Errorf("the server has %v", got)
	}
	r.signInAgain()
	r.noSecret(r.dove.Password(0))
	if o := r.run("", "account", "remove", "work", "--yes"); o.code != 0 {
		t.Errorf("account remove: exit %d, %s", o.code, o.errOut)
	}
	r.fails(6, mail.CodeNoAccount, "", "account", "test", "work")
	var accounts []api.Account
	if r.ok(&accounts, "account", "list"); len(accounts) != 0 {
		t.Errorf("accounts: %+v", accounts)
	}
}

// signInAgain: the password is changed on the server, and nobody holds the lock.
func (r *rig) signInAgain() {
	t := r.t
	r.dove.SetPassword(0, "an0ther-passw0rd-of-theirs")
	r.fails(3, mail.CodeSignInRefused, "", "sync")
	r.fails(3, mail.CodeSignInRefused, "wrong\n", "account", "sign-in", "work", "--password-stdin")
	r.fails(6, mail.CodeNoAccount, "wrong\n", "account", "sign-in", "home", "--password-stdin")
	o := r.run(r.dove.Password(0)+"\n", "account", "sign-in", "work", "--password-stdin")
	if o.code != 0 || strings.Count(o.out, "✓") < 5 {
		t.Fatalf("account sign-in: exit %d\n%s%s", o.code, o.out, o.errOut)
	}
	var reports []api.SyncReport
	r.ok(&reports, "sync")
}

// closedPort is a port on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// tlsPort is a port whose server has that certificate and nothing to say.
func tlsPort(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				// Reading shakes hands; that the client refuses is looked for.
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
