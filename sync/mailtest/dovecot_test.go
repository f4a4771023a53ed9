//go:build unix

package mailtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
)

const hello = "From: Ann Lee <ann@heron.example>\r\nSubject: Lunch on Friday?\r\n\r\nAre you free at noon?\r\n"

func TestDovecotDeliversAndServes(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{})
	if uid := d.Deliver(t, 0, "INBOX", []byte(hello)); uid != 1 {
		t.Errorf("first UID is %d, want 1", uid)
	}
	d.Deliver(t, 0, "Lists/Go", []byte(hello), `\Seen`) // a folder that is not there yet

	c := d.Client(t, 0)
	for name, want := range map[string]uint32{"INBOX": 1, "Lists/Go": 0} {
		st, err := c.Status(name, &imap.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if *st.NumMessages != 1 || *st.NumUnseen != want {
			t.Errorf("%s has %d messages, %d unseen, want 1 and %d", name, *st.NumMessages, *st.NumUnseen, want)
		}
	}
	other := d.Client(t, 1)
	st, err := other.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if *st.NumMessages != 0 {
		t.Errorf("the other user sees %d messages", *st.NumMessages)
	}
}

func TestDovecotTakesAnotherPassword(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{Extra: "auth_failure_delay = 0\nservice anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"})
	first := d.Password(0)
	d.Client(t, 0)
	for _, password := range []string{"another password", first} {
		was := d.Password(0)
		d.SetPassword(0, password)
		d.Deliver(t, 0, "INBOX", []byte(hello))
		if err := signIn(d, 0, was); err == nil {
			t.Error("the server still takes the old password")
		}
	}
}

// signIn tries a password.
func signIn(d *Dovecot, user int, password string) error {
	c, err := imapclient.DialInsecure(d.IMAP(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // it has told what it was asked
	return c.Login(d.User(user), password).Wait()
}

func TestDovecotSpeaksOnAllPorts(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{})
	plain := func(addr string) net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	secure, err := tls.Dial("tcp", d.IMAPS(), d.Certs.ClientConfig())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		conn net.Conn
		want string
	}{
		"imap":  {plain(d.IMAP()), "* OK"},
		"imaps": {secure, "* OK"},
		"pop3":  {plain(d.POP3()), "+OK"},
	} {
		line, err := bufio.NewReader(tc.conn).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, tc.want) {
			t.Errorf("%s greets with %q, %v, want %s", name, line, err, tc.want)
		}
		_ = tc.conn.Close()
	}
}

func TestDovecotCapabilityIsSettable(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{Capability: "IMAP4rev1 IDLE UIDPLUS"})
	caps, err := d.Client(t, 0).Capability().Wait()
	if err != nil {
		t.Fatal(err)
	}
	if caps.Has(imap.CapCondStore) || caps.Has(imap.CapQResync) || !caps.Has(imap.CapIdle) {
		t.Errorf("capabilities are %v", caps)
	}
}

func TestDovecotKeepsMailAndPortsOverAStop(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{})
	d.Deliver(t, 0, "INBOX", []byte(hello))
	addr, c := d.IMAP(), d.Client(t, 0)
	d.Stop()
	d.Stop()
	<-c.Closed() // a client is thrown out
	if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		_ = conn.Close()
		t.Error("a stopped server takes connections")
	} else if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a stopped server answers %v, want connection refused", err)
	}
	d.Start()
	d.Start()
	if d.IMAP() != addr {
		t.Errorf("the address changed from %s to %s", addr, d.IMAP())
	}
	st, err := d.Client(t, 0).Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if *st.NumMessages != 1 {
		t.Errorf("%d messages after the restart, want 1", *st.NumMessages)
	}
}

func TestDovecotStorages(t *testing.T) {
	t.Parallel()
	for _, storage := range []string{"sdbox", "mdbox"} {
		d := StartDovecot(t, DovecotConfig{Storage: storage, Users: 1, Cert: CertExpired})
		d.Deliver(t, 0, "INBOX", []byte(hello))
		if _, err := os.Stat(filepath.Join(d.Dir, "mail", "user0", storage)); err != nil {
			t.Errorf("no %s storage: %v", storage, err)
		}
		_, err := tls.Dial("tcp", d.IMAPS(), d.Certs.ClientConfig())
		if err == nil || !strings.Contains(err.Error(), "expired") {
			t.Errorf("an expired certificate gave %v", err)
		}
	}
}

func TestDovecotAccount(t *testing.T) {
	t.Parallel()
	d := StartDovecot(t, DovecotConfig{Users: 1})
	for security, addr := range map[mail.Security]string{
		mail.TLS: d.IMAPS(), mail.StartTLS: d.IMAP(), mail.Plain: d.IMAP(),
	} {
		a := d.Account(0, security)
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		if !a.ID.Valid() || a.Endpoint.Host != "localhost" || strconv.Itoa(a.Endpoint.Port) != port || a.Endpoint.Trust.CAFile != d.CAFile {
			t.Errorf("account for %s is %+v", security, a)
		}
		if a.Policy.AllowPlaintext != (security == mail.Plain) {
			t.Errorf("account for %s: AllowPlaintext is %v", security, a.Policy.AllowPlaintext)
		}
	}
}

func TestDovecotSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	got := fatalOf(t, func(tb TB) { StartDovecot(tb, DovecotConfig{Extra: "no_such_setting = 1"}) })
	if !strings.Contains(got, "no_such_setting") {
		t.Errorf("a wrong setting is told as %q", got)
	}
	got = fatalOf(t, func(tb TB) { StartDovecot(tb, DovecotConfig{Storage: "stone"}) })
	if !strings.Contains(got, `"stone"`) {
		t.Errorf("a wrong storage is told as %q", got)
	}
}

// envOrphan makes the test binary start a Dovecot, tell its pid, and wait to be
// killed.
const envOrphan = "HERON_TEST_ORPHAN"

func TestDovecotEndsWithAKilledTest(t *testing.T) {
	if os.Getenv(envOrphan) != "" {
		d := StartDovecot(t, DovecotConfig{Users: 1})
		pid, err := os.ReadFile(filepath.Join(d.Dir, "run", "master.pid"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("\norphan %s %s\n", bytes.TrimSpace(pid), d.Dir)
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestDovecotEndsWithAKilledTest$")
	cmd.Env = append(os.Environ(), envOrphan+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "orphan %d %s", &pid, &dir); err == nil {
			break
		}
	}
	if pid == 0 {
		t.Fatal("the child told no pid")
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	limit := time.After(15 * time.Second)
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-limit:
			t.Fatalf("dovecot (pid %d) outlives its killed test", pid)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
