package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/rand/v2"
	"mime"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message/charset"
)

// StoryKind is what the second machine did.
type StoryKind string

// The kinds of acts.
const (
	Delivered     StoryKind = "delivered"      // a message came into Folder
	Read          StoryKind = "read"           // an unread message in Folder was read
	Starred       StoryKind = "starred"        // a message in Folder got a star
	Unstarred     StoryKind = "unstarred"      // it lost it
	Filed         StoryKind = "filed"          // a message was moved from the inbox to Folder
	Deleted       StoryKind = "deleted"        // a message of Folder was moved to the trash
	FolderCreated StoryKind = "folder.created" // Folder was made
	FolderRemoved StoryKind = "folder.removed" // Folder, which was empty, was removed
)

// StoryEvent is one act of the second machine, told after the server agreed.
type StoryEvent struct {
	Kind    StoryKind
	Subject string // of the message, "" for folders
	From    string // its sender's name, "" for folders
	Folder  string // display path; "INBOX" for the inbox
	Time    time.Time
}

// machine is the second machine: a mail client of its own.
type machine struct {
	opts     Options
	addr     string
	password string
	cert     *x509.Certificate
	rng      *rand.Rand
	next     int // of incoming
	acts     int // so far
	log      *slog.Logger

	client *imapclient.Client // nil while not connected
}

func newMachine(o Options, addr, password string, cert *x509.Certificate) *machine {
	return &machine{
		opts: o, addr: addr, password: password, cert: cert, log: o.Log,
		rng: rand.New(rand.NewPCG(uint64(o.Seed), 0x73746f7279)), //nolint:gosec // a story, the same for a seed
	}
}

// run acts until ctx ends.
func (m *machine) run(ctx context.Context) {
	defer m.hangUp()
	for {
		rest := m.opts.Interval/2 + time.Duration(m.rng.Float64()*float64(m.opts.Interval))
		timer := time.NewTimer(rest)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if err := m.act(ctx); err != nil && ctx.Err() == nil {
			// Somebody else may have taken the message or the folder: the next
			// act begins afresh.
			m.log.Debug("demo: the second machine stumbled", "err", err)
			m.hangUp()
		}
	}
}

// act does one thing. When ctx ends, the connection is closed under it.
func (m *machine) act(ctx context.Context) error {
	if err := m.connect(ctx); err != nil {
		return err
	}
	client := m.client
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	if done, err := m.tidy(); done || err != nil {
		return err
	}
	box, err := m.look(inbox)
	if err != nil {
		return err
	}
	unread := box.where(letter.unread)
	switch dice := m.rng.IntN(100); {
	case dice < 40 && len(unread) < 9, len(unread) == 0:
		return m.deliver()
	case dice < 62:
		return m.read(inbox, unread)
	case dice < 70:
		return m.readElsewhere()
	case dice < 80:
		return m.file(box)
	case dice < 88:
		return m.star(box)
	case dice < 95:
		return m.remove(box)
	default:
		return m.folders()
	}
}

func (m *machine) tell(kind StoryKind, l letter, folder string) {
	if m.opts.OnStory != nil {
		m.opts.OnStory(StoryEvent{Kind: kind, Subject: l.subject, From: l.from, Folder: folder, Time: m.opts.Now()})
	}
}

// connect signs in, unless it is signed in.
func (m *machine) connect(ctx context.Context) error {
	if m.client != nil {
		select {
		case <-m.client.Closed():
			m.hangUp()
		default:
			return nil
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(m.cert)
	d := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", m.addr)
	if err != nil {
		return err
	}
	client := imapclient.New(conn, &imapclient.Options{WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader}})
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	if err := client.Login(Address, m.password).Wait(); err != nil {
		_ = client.Close()
		return err
	}
	m.client = client
	return nil
}

// hangUp closes the connection and waits until its reader has ended.
func (m *machine) hangUp() {
	if m.client != nil {
		_ = m.client.Close() // it may be closed already
		<-m.client.Closed()
		m.client = nil
	}
}
