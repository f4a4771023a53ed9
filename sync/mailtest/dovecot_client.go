package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"os"
	"path/filepath"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message/charset"

	"github.com/heronmail/heron/sync/mail"
)

// IMAP is the address, "127.0.0.1:port", of the IMAP server. It takes sign-ins
// without TLS and offers STARTTLS.
func (d *Dovecot) IMAP() string { return loopback(d.imap) }

// IMAPS is the address of the IMAP server with TLS from the first byte.
func (d *Dovecot) IMAPS() string { return loopback(d.imaps) }

// POP3 is the address of the POP3 server. It takes sign-ins without TLS and
// offers STLS.
func (d *Dovecot) POP3() string { return loopback(d.pop3) }

// User is the name that a user signs in with; users count from 0.
func (d *Dovecot) User(user int) string { return fmt.Sprintf("user%d", user) }

// Password is a user's password: random, letters and digits, new with every
// server.
func (d *Dovecot) Password(user int) string { return d.passwords[user] }

// SetPassword gives a user another password, and returns when the server takes
// it. The old one is refused from then on.
func (d *Dovecot) SetPassword(user int, to string) {
	d.tb.Helper()
	d.passwords[user] = to
	// The server reads its list again when it is of another second.
	d.written = d.written.Add(2 * time.Second)
	if err := d.writePasswords(d.written); err != nil {
		d.tb.Fatalf("mailtest: new password: %v", err)
	}
	Eventually(d.tb, readyLimit, "the server takes the new password", func() string {
		c, err := d.connect(user)
		if err != nil {
			return err.Error()
		}
		_ = c.Close() // it has told what it was asked
		return ""
	})
}

// writePasswords writes the list of users. It is replaced as a whole: the
// server may read it at any moment.
func (d *Dovecot) writePasswords(at time.Time) error {
	var list bytes.Buffer
	for i, password := range d.passwords {
		fmt.Fprintf(&list, "%s:{PLAIN}%s:%d:%d::%s::\n", d.User(i), password, d.owner.uid, d.owner.gid, d.home(i))
	}
	path := filepath.Join(d.Dir, "passwd")
	if err := os.WriteFile(path+".new", list.Bytes(), 0o600); err != nil {
		return err
	}
	if err := os.Chtimes(path+".new", at, at); err != nil {
		return err
	}
	if err := d.owner.take(path + ".new"); err != nil {
		return err
	}
	d.written = at
	return os.Rename(path+".new", path)
}

// Endpoint is where the IMAP server is for an account: host localhost, the
// server's CA trusted.
func (d *Dovecot) Endpoint(s mail.Security) mail.Endpoint {
	port := d.imap
	if s == mail.TLS {
		port = d.imaps
	}
	return mail.Endpoint{
		Protocol: mail.IMAP, Host: "localhost", Port: port, Security: s,
		Trust: mail.Trust{CAFile: d.CAFile},
	}
}

// Account is a user's IMAP account; its id is the user's name. Plain is
// allowed when it is asked for.
func (d *Dovecot) Account(user int, s mail.Security) mail.Account {
	return mail.Account{
		ID:       mail.AccountID(d.User(user)),
		Address:  d.User(user) + "@heron.example",
		Endpoint: d.Endpoint(s),
		Auth:     mail.Auth{User: d.User(user), Method: "password"},
		Policy:   mail.Policy{AllowPlaintext: s == mail.Plain},
	}
}

// Client is another machine of the user: a second IMAP client, signed in. It is
// closed when the test ends.
func (d *Dovecot) Client(t TB, user int) *imapclient.Client {
	t.Helper()
	c, err := d.connect(user)
	if err != nil {
		t.Fatalf("mailtest: second client: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the test may have closed it
	return c
}

// Deliver puts a message into a mailbox as a second client would (APPEND), with
// flags as IMAP writes them (`\Seen`), and returns its UID. A mailbox that does
// not exist is made first. It may be called from any goroutine that may end by
// Fatalf.
func (d *Dovecot) Deliver(t TB, user int, mailbox string, msg []byte, flags ...string) imap.UID {
	t.Helper()
	uid, err := d.deliver(user, mailbox, msg, flags)
	if err != nil {
		t.Fatalf("mailtest: deliver to %s: %v", mailbox, err)
	}
	return uid
}

func (d *Dovecot) deliver(user int, mailbox string, msg []byte, flags []string) (imap.UID, error) {
	c, err := d.connect(user)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }() // nothing is left to be sent
	opts := &imap.AppendOptions{}
	for _, f := range flags {
		opts.Flags = append(opts.Flags, imap.Flag(f))
	}
	uid, err := appendMessage(c, mailbox, msg, opts)
	var refused *imap.Error
	if errors.As(err, &refused) && refused.Code == imap.ResponseCodeTryCreate {
		if err := c.Create(mailbox, nil).Wait(); err != nil {
			return 0, err
		}
		uid, err = appendMessage(c, mailbox, msg, opts)
	}
	if err != nil {
		return 0, err
	}
	return uid, c.Logout().Wait()
}

func appendMessage(c *imapclient.Client, mailbox string, msg []byte, opts *imap.AppendOptions) (imap.UID, error) {
	cmd := c.Append(mailbox, int64(len(msg)), opts)
	// A refusal ends the literal; it is Wait that tells why.
	_, writeErr := cmd.Write(msg)
	closeErr := cmd.Close()
	data, err := cmd.Wait()
	if err := errors.Join(err, closeErr); err != nil {
		return 0, err
	}
	if writeErr != nil {
		return 0, writeErr
	}
	return data.UID, nil
}

// connect signs a go-imap client in, without TLS: it is the test's own.
func (d *Dovecot) connect(user int) (*imapclient.Client, error) {
	c, err := imapclient.DialInsecure(d.IMAP(), &imapclient.Options{
		WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader},
	})
	if err != nil {
		return nil, err
	}
	if err := c.Login(d.User(user), d.Password(user)).Wait(); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// home is a user's folder.
func (d *Dovecot) home(user int) string { return filepath.Join(d.Dir, "mail", d.User(user)) }

// makeMailboxes opens every user's mailboxes once. Dovecot 2.3 makes them when
// they are first asked for, and two sessions that both do so at a user's first
// sight can lock each other out: one of them then dies of "Resource deadlock
// avoided" in the middle of an answer.
func (d *Dovecot) makeMailboxes() error {
	for user := range d.config.Users {
		if err := d.makeMailboxesOf(user); err != nil {
			return fmt.Errorf("mailboxes of %s: %w", d.User(user), err)
		}
	}
	return nil
}

func (d *Dovecot) makeMailboxesOf(user int) error {
	c, err := d.connect(user)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // nothing is left to be sent
	for _, name := range append([]string{"INBOX"}, specialUse...) {
		if _, err := c.Status(name, &imap.StatusOptions{NumMessages: true}).Wait(); err != nil {
			return err
		}
	}
	return c.Logout().Wait()
}
