package mailtest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// readyLimit is how long a server may take until it greets.
const readyLimit = 30 * time.Second

// startTries is how often a start is tried when another program takes a port
// between the moment it was found free and the moment Dovecot opens it.
const startTries = 5

// specialUse are a user's mailboxes beside INBOX, each with the attribute of its
// name (RFC 6154).
var specialUse = []string{"Drafts", "Sent", "Trash", "Archive", "Junk"}

// DovecotConfig says what a Dovecot is to be like. The zero value is a server
// that can all that Dovecot 2.3 can, with two users and Maildir storage.
type DovecotConfig struct {
	// Capability is the imap_capability setting: the list shown after sign-in,
	// without CAPABILITY in front; "" for Dovecot's own. It is how to play a
	// poorer server, for example "IMAP4rev1 IDLE UIDPLUS".
	Capability string
	Users      int      // user0, user1, …; 0 means 2
	Storage    string   // "maildir" (""), "sdbox" or "mdbox"
	Cert       CertKind // "" is CertGood
	Extra      string   // more of dovecot.conf, put at its end
}

// Dovecot is a real IMAP and POP3 server on the loopback, in a folder of its
// own. It has INBOX, Drafts, Sent, Trash, Archive and Junk. Its methods are for
// the test's goroutine, except those that only tell or connect.
type Dovecot struct {
	Dir    string   // holds everything: mail/USER/Maildir, dovecot.conf, dovecot.log
	CAFile string   // PEM file of the CA that signed its certificate
	Certs  *CertSet // all certificates of that CA

	tb        TB
	config    DovecotConfig
	owner     owner
	program   string
	passwords []string
	written   time.Time // the time of the list of passwords
	imap      int
	imaps     int
	pop3      int
	proc      *process // nil while stopped
}

// StartDovecot starts a server, waits until it greets, and stops and removes it
// when the test ends. It fails the test when Dovecot is missing.
func StartDovecot(t TB, c DovecotConfig) *Dovecot {
	t.Helper()
	if c.Users == 0 {
		c.Users = 2
	}
	d := &Dovecot{tb: t, config: c}
	if err := d.prepare(); err != nil {
		d.remove()
		t.Fatalf("mailtest: dovecot: %v", err)
	}
	t.Cleanup(func() {
		if d.proc != nil {
			d.proc.kill() // nothing is left to be kept, and an orderly end takes it a second
		}
		if failed, ok := t.(interface{ Failed() bool }); ok && failed.Failed() {
			t.Logf("what the server said:\n%s", d.complaints())
		}
		d.remove()
	})
	for try := 1; ; try++ {
		err := d.configure()
		if err == nil {
			err = d.run()
		}
		if err == nil {
			err = d.makeMailboxes()
		}
		if err == nil {
			return d
		}
		if try == startTries || !strings.Contains(err.Error(), "Address already in use") {
			t.Fatalf("mailtest: dovecot: %v", err)
		}
	}
}

// complaints are the lines of the server's log that tell of trouble.
func (d *Dovecot) complaints() string {
	log, err := os.ReadFile(filepath.Join(d.Dir, "dovecot.log"))
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "Error: ") || strings.Contains(line, "Panic: ") || strings.Contains(line, "Fatal: ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// Stop ends the server and all its connections, as a crash of the machine
// would, except that mail is kept. Stopping twice is harmless.
func (d *Dovecot) Stop() {
	if d.proc != nil {
		d.proc.end()
		d.proc = nil
	}
}

// Start runs a stopped server again, with the same ports, certificate and mail.
func (d *Dovecot) Start() {
	d.tb.Helper()
	if d.proc != nil {
		return
	}
	if err := d.run(); err != nil {
		d.tb.Fatalf("mailtest: dovecot: start again: %v", err)
	}
}

// prepare makes everything that does not depend on the ports.
func (d *Dovecot) prepare() error {
	if err := runsDovecot(); err != nil {
		return err
	}
	var err error
	if d.program, err = findDovecot(); err != nil {
		return err
	}
	if d.owner, err = serverOwner("mail"); err != nil {
		return err
	}
	if d.Dir, err = shortDir(); err != nil {
		return err
	}
	for _, sub := range []string{"run", "state", "mail", "tls"} {
		if err := os.Mkdir(filepath.Join(d.Dir, sub), 0o700); err != nil {
			return err
		}
	}
	if d.Certs, err = newCertSet(filepath.Join(d.Dir, "tls"), time.Now()); err != nil {
		return err
	}
	d.CAFile = d.Certs.CAFile
	for i := range d.config.Users {
		d.passwords = append(d.passwords, (rand.Text() + rand.Text())[:32])
		if err := os.Mkdir(d.home(i), 0o700); err != nil {
			return err
		}
	}
	return d.writePasswords(time.Now())
}

// configure finds ports and writes the configuration.
func (d *Dovecot) configure() error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	d.imap, d.imaps, d.pop3 = ports[0], ports[1], ports[2]
	location, ok := map[string]string{
		"":        "maildir:~/Maildir:LAYOUT=fs",
		"maildir": "maildir:~/Maildir:LAYOUT=fs",
		"sdbox":   "sdbox:~/sdbox",
		"mdbox":   "mdbox:~/mdbox",
	}[d.config.Storage]
	if !ok {
		return fmt.Errorf("unknown storage %q", d.config.Storage)
	}
	cert := d.Certs.Pair(d.config.Cert)
	tmpl, err := template.New("dovecot.conf").Parse(dovecotConf)
	if err != nil {
		return err
	}
	var conf bytes.Buffer
	err = tmpl.Execute(&conf, confData{
		Dir: d.Dir, User: d.owner.name, Group: d.owner.group,
		CertFile: cert.CertFile, KeyFile: cert.KeyFile,
		Location: location, Capability: d.config.Capability, Extra: d.config.Extra,
		IMAP: d.imap, IMAPS: d.imaps, POP3: d.pop3,
		Special: specialUse,
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(d.Dir, "dovecot.conf"), conf.Bytes(), 0o600); err != nil {
		return err
	}
	return d.owner.take(d.Dir)
}

// run starts the program and waits for its greetings.
func (d *Dovecot) run() error {
	log := filepath.Join(d.Dir, "stdout.log")
	p, err := startProcess(d.owner, log, d.program, "-F", "-c", filepath.Join(d.Dir, "dovecot.conf"))
	if err != nil {
		return err
	}
	limit := time.NewTimer(readyLimit)
	defer limit.Stop()
	// Dovecot opens its ports before it can answer and tells nobody, so ask.
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if d.greets(d.imap) && d.greets(d.pop3) {
			d.proc = p
			return nil
		}
		select {
		case <-again.C:
		case <-p.done:
			return fmt.Errorf("ended at once: %w\n%s", p.err, d.logTail())
		case <-limit.C:
			p.end()
			return fmt.Errorf("no greeting within %v\n%s", readyLimit, d.logTail())
		}
	}
}

// greets reports whether a server says something on the port.
func (d *Dovecot) greets(port int) bool {
	c, err := net.DialTimeout("tcp", loopback(port), time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()
	if err := c.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return false
	}
	n, err := c.Read(make([]byte, 1))
	return n == 1 && err == nil
}

// logTail is the end of what Dovecot wrote, for a failure's message.
func (d *Dovecot) logTail() string {
	const most = 2000
	var out []byte
	for _, name := range []string{"stdout.log", "dovecot.log"} {
		b, err := os.ReadFile(filepath.Join(d.Dir, name))
		if err != nil {
			continue // it was not written: nothing to tell
		}
		out = append(out, b...)
	}
	return string(out[max(0, len(out)-most):])
}

// remove takes the folder away, once Dovecot's last child wrote its last file.
func (d *Dovecot) remove() {
	if d.Dir == "" {
		return
	}
	if err := os.RemoveAll(d.Dir); err != nil {
		d.tb.Logf("mailtest: dovecot: %v", err)
	}
}

// findDovecot returns the program, or what to install.
func findDovecot() (string, error) {
	const install = "install it with: apt-get install --no-install-recommends dovecot-imapd dovecot-pop3d (on Debian or Ubuntu)"
	program, err := exec.LookPath("dovecot")
	if err != nil {
		// It is a daemon: an ordinary user's PATH may lack its folder.
		if program, err = exec.LookPath("/usr/sbin/dovecot"); err != nil {
			return "", errors.New("dovecot is missing; " + install)
		}
	}
	for _, part := range []string{"imap", "pop3"} {
		if !dovecotHas(part) {
			return "", fmt.Errorf("dovecot is here without its %s server; %s", part, install)
		}
	}
	return program, nil
}

// dovecotHas looks for one of Dovecot's own programs where systems keep them.
func dovecotHas(part string) bool {
	for _, dir := range []string{"/usr/lib/dovecot", "/usr/libexec/dovecot", "/usr/local/libexec/dovecot", "/opt/homebrew/libexec/dovecot"} {
		if _, err := os.Stat(filepath.Join(dir, part)); err == nil {
			return true
		}
	}
	return false
}

// shortDir makes a temporary folder whose path leaves room for the names of
// Dovecot's sockets: a Unix socket's path is at most 103 bytes on every system.
func shortDir() (string, error) {
	const room = 60
	base := os.TempDir()
	if len(base) > 103-room {
		base = "/tmp"
	}
	return os.MkdirTemp(base, "heron-dc-")
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
