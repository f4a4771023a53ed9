package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"sync/atomic"

	"github.com/heronmail/heron/sync/mail"
)

// Counters are what went over the wire, TLS included.
type Counters struct {
	BytesRead    int64
	BytesWritten int64
	RoundTrips   int64 // how often we wrote first, or after we had read
}

// Conn is a connection to a mail server. Read and Write are as those of
// net.Conn, and may be called at the same time.
type Conn struct {
	net.Conn // the TCP connection, or TLS on it
	tcp      *counted
	tls      *tls.Conn // nil without
	config   *tls.Config
	opt      Options
	trace    *tracer // nil without
}

func newConn(tcp net.Conn, o Options, config *tls.Config) *Conn {
	c := &Conn{tcp: &counted{Conn: tcp}, config: config, opt: o}
	c.Conn = c.tcp
	if o.Trace != nil {
		c.trace = newTracer(o.Trace)
	}
	return c
}

// Read reads what the server sent.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.trace != nil {
		c.trace.server(p[:n])
	}
	return n, err
}

// Write sends p.
func (c *Conn) Write(p []byte) (int, error) {
	if c.trace != nil {
		c.trace.client(p)
	}
	return c.Conn.Write(p)
}

// Abort closes the TCP connection under TLS at once. Unlike Close it never
// waits for a peer that has stopped reading.
func (c *Conn) Abort() error { return c.tcp.Close() }

// Counters returns what went over the wire so far.
func (c *Conn) Counters() Counters {
	return Counters{
		BytesRead: c.tcp.read.Load(), BytesWritten: c.tcp.written.Load(), RoundTrips: c.tcp.turns.Load(),
	}
}

// TLSState returns what was agreed on, nil without TLS.
func (c *Conn) TLSState() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	s := c.tls.ConnectionState()
	return &s
}

// StartTLS protects a connection of mail.StartTLS, after the server's OK to
// the command of that name. buffered is how many bytes the caller holds that
// came behind that OK: they came unprotected and could pass for protected
// ones, so any is refused with starttls-injected. It must not be called while
// another goroutine uses c. The connection is closed when it fails.
func (c *Conn) StartTLS(ctx context.Context, buffered int) error {
	if buffered > 0 {
		_ = c.Abort() // the fault below is what matters
		return &mail.Fault{
			Code: mail.CodeStartTLSInjected, Class: mail.ClassTLS, Args: mail.Args{"host": c.opt.Endpoint.Host},
			Err: errors.New("data behind the answer to STARTTLS"),
		}
	}
	return c.handshake(ctx)
}

func (c *Conn) handshake(ctx context.Context) error {
	t := tls.Client(c.tcp, c.config)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Abort() // the handshake's error is the one that tells
		if ctx.Err() != nil {
			return Ended(ctx, c.opt.Endpoint)
		}
		if f := CertProblem(c.opt.Endpoint, err); f != nil {
			return f
		}
		return Fault(c.opt.Endpoint, err)
	}
	c.tls, c.Conn = t, t
	c.opt.step("tls", tls.VersionName(t.ConnectionState().Version))
	return nil
}

// TLSOnPlain is the fault for a TLS server on a port that was taken for plain,
// if first, the first byte that it sent, is one of a TLS record (RFC 8446
// §5.1). Else it is nil.
func (c *Conn) TLSOnPlain(first byte) *mail.Fault {
	const alert, handshake = 0x15, 0x16
	if c.tls != nil || (first != alert && first != handshake) {
		return nil
	}
	e := c.opt.Endpoint
	return &mail.Fault{
		Code: mail.CodeTLSOnPlain, Class: mail.ClassTLS, Args: mail.Args{"host": e.Host, "port": strconv.Itoa(e.Port)},
		Err: errors.New("the server speaks TLS"),
	}
}

// ProbeTLS is for an unprotected connection on which the server says nothing:
// one that speaks TLS waits for us to begin. It begins, and returns the fault
// tls-on-plain if the answer is TLS. The connection cannot be used afterwards
// and is closed.
func (c *Conn) ProbeTLS(ctx context.Context) *mail.Fault {
	if c.tls != nil {
		return nil
	}
	sniff := &sniffer{Conn: c.tcp}
	probe := tls.Client(sniff, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.opt.Endpoint.Host})
	// Only the kind of the answer counts; no data will follow, so whether the
	// certificate is good does not matter here.
	_ = probe.HandshakeContext(ctx)
	_ = c.Abort()
	if !sniff.any {
		return nil
	}
	return c.TLSOnPlain(sniff.first)
}

// sniffer remembers the first byte read.
type sniffer struct {
	net.Conn
	any   bool
	first byte
}

func (s *sniffer) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	if n > 0 && !s.any {
		s.any, s.first = true, p[0]
	}
	return n, err
}

// counted counts beneath TLS.
type counted struct {
	net.Conn
	read, written, turns atomic.Int64
	wrote                atomic.Bool // the last thing done was a write
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.read.Add(int64(n))
		c.wrote.Store(false)
	}
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	if !c.wrote.Swap(true) {
		c.turns.Add(1)
	}
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}
