package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/heronmail/heron/sync/mail"
)

// Address is the demo account's address and its sign-in name.
const Address = "you@heron.example"

// DefaultInterval is how long the second machine rests between two acts, on
// average.
const DefaultInterval = 5 * time.Second

// Options say how the demo is to be. The zero value is good.
type Options struct {
	Seed     int64            // of the story; 0 is a seed as any other
	Interval time.Duration    // mean rest of the second machine; 0: DefaultInterval, below 0: it does nothing
	OnStory  func(StoryEvent) // called after each act by one goroutine, in order; may be nil
	Now      func() time.Time // dates of the sample mail; nil: time.Now
	Log      *slog.Logger     // what goes wrong inside; nil: nowhere
}

// Server is a running demo. Its methods may be called from any goroutine.
type Server struct {
	account  mail.Account
	password string
	imap     *imapserver.Server
	listener *listener
	post     *postOffice
	stop     context.CancelFunc
	wg       sync.WaitGroup
	once     sync.Once
}

// Start fills the mailboxes, opens a port of the loopback and sets the second
// machine to work. It runs until ctx ends or Close is called, whichever is
// first; Close must be called in either case. Errors are Faults of class local.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	cert, fingerprint, err := newCertificate(o.Now())
	if err != nil {
		return nil, fault("make the demo's certificate", err)
	}
	s := &Server{password: rand.Text()}
	if s.post, err = newPostOffice(s.password); err != nil {
		return nil, fault("make the demo's mailboxes", err)
	}
	if err := s.post.fill(o.Now()); err != nil {
		return nil, fault("fill the demo's mailboxes", err)
	}
	plain, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fault("open a port for the demo", err)
	}
	tcp, ok := plain.Addr().(*net.TCPAddr)
	if !ok {
		_ = plain.Close()
		return nil, fault("open a port for the demo", fmt.Errorf("%v is no TCP address", plain.Addr()))
	}
	s.listener = newListener(plain)
	s.account = mail.Account{
		ID:      "demo",
		Address: Address,
		Endpoint: mail.Endpoint{
			Protocol: mail.IMAP, Host: "127.0.0.1", Port: tcp.Port, Security: mail.TLS,
			Trust: mail.Trust{Fingerprint: fingerprint},
		},
		Auth:   mail.Auth{User: Address, Method: "password"},
		Policy: mail.Policy{Watch: []string{"Receipts"}},
	}
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return s.post.newSession(), nil, nil
		},
		Caps:   capabilities(),
		Logger: printer{o.Log},
	})
	ctx, stop := context.WithCancel(ctx) //nolint:gosec // Close calls it
	s.stop = stop
	secure := tls.NewListener(s.listener, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	s.wg.Go(func() {
		if err := s.imap.Serve(secure); err != nil && ctx.Err() == nil {
			o.Log.Error("demo: server ended", "err", err)
		}
	})
	s.wg.Go(func() {
		<-ctx.Done()
		s.shut()
	})
	if o.Interval > 0 {
		m := newMachine(o, s.listener.Addr().String(), s.password, cert.Leaf)
		s.wg.Go(func() { m.run(ctx) })
	}
	return s, nil
}

// Account is the account to sign in with.
func (s *Server) Account() mail.Account { return s.account }

// Password is the account's password: random, for this start.
func (s *Server) Password() string { return s.password }

// Close ends the second machine, the server and every connection, and waits
// for them. Closing twice is harmless.
func (s *Server) Close() {
	s.once.Do(s.stop)
	s.wg.Wait()
	s.post.wait()
}

// shut closes the port and the connections.
func (s *Server) shut() {
	_ = s.listener.Close() // a port that is closed already is what is wanted
	_ = s.imap.Close()
	s.post.close()
}

// capabilities are what imapmemserver and session.go can do together.
func capabilities() imap.CapSet {
	return imap.CapSet{
		imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapESearch: {},
		imap.CapListExtended: {}, imap.CapListStatus: {}, imap.CapMove: {}, imap.CapStatusSize: {},
		imap.CapSpecialUse: {}, imap.CapChildren: {},
	}
}

// fill puts the sample mail into its folders, dated back from now.
func (p *postOffice) fill(now time.Time) error {
	for _, f := range folders() {
		if f.name != inbox {
			if err := p.user.Create(f.name, nil); err != nil {
				return err
			}
		}
		p.note(f.name, f.attr)
	}
	for _, m := range sampleMail() {
		at := now.Add(-m.ago)
		if _, err := p.user.Append(m.folder, bytes.NewReader(m.compose(at)), &imap.AppendOptions{Time: at, Flags: m.flags}); err != nil {
			return err
		}
	}
	return nil
}

// newPostOffice makes the one user with an empty inbox.
func newPostOffice(password string) (*postOffice, error) {
	p := &postOffice{
		user:    imapmemserver.NewUser(Address, password),
		boxes:   map[string]*box{},
		changed: make(chan struct{}),
		closed:  make(chan struct{}),
	}
	if err := p.skipUIDValidity(); err != nil {
		return nil, err
	}
	return p, p.user.Create(inbox, nil)
}

// printer gives imapserver's messages to a slog.Logger.
type printer struct{ log *slog.Logger }

func (p printer) Printf(format string, args ...any) {
	p.log.Debug("demo: imapserver", "text", fmt.Sprintf(format, args...))
}

func fault(what string, err error) error {
	return &mail.Fault{
		Code: mail.CodeInternal, Class: mail.ClassLocal,
		Args: mail.Args{"text": err.Error()}, Err: fmt.Errorf("demo: %s: %w", what, err),
	}
}
