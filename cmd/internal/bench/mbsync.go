package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
)

// mbsync is the peer: it brings a Maildir in step with the server, one way, as
// Heron does with its store. COMPRESS is off, as on a fast server it makes
// mbsync several times slower, and it does not wait for the disk.
type mbsync struct {
	s   *desktop.Session
	dir string
}

func newMbsync(t mailtest.TB, s *desktop.Session) (*mbsync, error) {
	m := &mbsync{s: s, dir: t.TempDir()}
	return m, os.Mkdir(filepath.Join(m.dir, "mail"), 0o700)
}

// run brings the Maildir in step by way of an account's server; all accounts
// must be the same mail.
func (m *mbsync) run(a account) (spent, error) {
	tls := "IMAPS"
	if a.plain {
		tls = "None"
	}
	conf := filepath.Join(m.dir, "mbsyncrc")
	text := fmt.Sprintf(`FSync no

IMAPAccount bench
Host localhost
Port %s
User %s
Pass %s
SSLType %s
SystemCertificates no
CertificateFile %s
AuthMechs LOGIN
DisableExtensions COMPRESS=DEFLATE

IMAPStore far
Account bench

MaildirStore near
Path %[6]s/mail/
Inbox %[6]s/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
Expunge Near
Sync Pull
SyncState *
`, a.port, a.user, a.password, tls, a.caFile, m.dir)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return spent{}, err
	}
	got, out, err := measure(m.s.Command("mbsync", "-q", "-c", conf, "all"))
	if err != nil {
		return got, fmt.Errorf("mbsync: %w: %s", err, out)
	}
	return got, nil
}
