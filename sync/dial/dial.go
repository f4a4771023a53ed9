package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// DefaultTimeout is the time limit where Options name none.
const DefaultTimeout = 30 * time.Second

// stagger is how long one address is tried alone before the next joins
// (RFC 8305 §5), so that a dead IPv6 route costs little.
const stagger = 250 * time.Millisecond

// Options say where to connect and how.
type Options struct {
	Endpoint       mail.Endpoint
	AllowPlaintext bool          // the user was warned and agreed to mail.Plain
	Timeout        time.Duration // for resolve, connect and TLS together; 0 means DefaultTimeout
	Resolver       *net.Resolver // nil means the system's

	// OnStep is called as "resolve", "connect" and "tls" are done. The detail
	// is for the user: the addresses, the one that answered, the TLS version.
	// May be nil.
	OnStep func(step, detail string)
	// Trace is given every line of the protocol, redacted and without its
	// line end: dir is 'C' for ours and 'S' for the server's. The line is
	// valid during the call. May be nil.
	Trace func(dir byte, line []byte)
	// DialContext replaces resolving and connecting, for tests and proxies.
	// May be nil.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Limit returns the time limit of o with its default.
func (o Options) Limit() time.Duration {
	if o.Timeout <= 0 {
		return DefaultTimeout
	}
	return o.Timeout
}

// Dial resolves the host, connects to the first of its addresses that answers
// and, if the endpoint asks for mail.TLS, does the handshake. For
// mail.StartTLS see Conn.StartTLS.
//
// Every error is a *mail.Fault: unknown-host, connection-refused, unreachable,
// timeout, connection-lost, plaintext-refused, or one of those that
// CertProblem makes. When ctx was cancelled the fault wraps its cause.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	e := o.Endpoint
	if e.Security == mail.Plain && !o.AllowPlaintext {
		return nil, &mail.Fault{Code: mail.CodePlaintextRefused, Class: mail.ClassTLS, Args: mail.Args{"host": e.Host}}
	}
	limited, cancel := context.WithTimeoutCause(ctx, o.Limit(), errLimit)
	defer cancel()

	tcp, err := connect(limited, o)
	if err != nil {
		if limited.Err() == nil {
			return nil, classify(e, err, false)
		}
		f := Ended(limited, e)
		if f.Code == mail.CodeTimeout { // nobody was there to be silent
			f.Code = mail.CodeUnreachable
		}
		return nil, f
	}
	config, err := tlsConfig(e)
	if err != nil {
		_ = tcp.Close() // nothing was sent
		return nil, err
	}
	c := newConn(tcp, o, config)
	if e.Security != mail.TLS {
		return c, nil
	}
	if err := c.handshake(limited); err != nil {
		_ = tcp.Close() // the handshake's error is the one that tells
		return nil, err
	}
	return c, nil
}

func (o Options) step(step, detail string) {
	if o.OnStep != nil {
		o.OnStep(step, detail)
	}
}

// connect resolves and connects.
func connect(ctx context.Context, o Options) (net.Conn, error) {
	addr := o.Endpoint.Addr()
	if o.DialContext != nil {
		conn, err := o.DialContext(ctx, "tcp", addr)
		if err == nil {
			o.step("connect", addr)
		}
		return conn, err
	}
	ips, err := resolve(ctx, o)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(ips))
	for i, ip := range ips {
		texts[i] = ip.String()
	}
	o.step("resolve", strings.Join(texts, ", "))

	// Keep-alive notices a dead peer even while nobody waits for an answer.
	d := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}
	conn, err := race(ctx, ips, func(ctx context.Context, ip netip.Addr) (net.Conn, error) {
		return d.DialContext(ctx, "tcp", net.JoinHostPort(ip.String(), strconv.Itoa(o.Endpoint.Port)))
	})
	if err != nil {
		return nil, err
	}
	o.step("connect", conn.RemoteAddr().String())
	return conn, nil
}

func resolve(ctx context.Context, o Options) ([]netip.Addr, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(o.Endpoint.Host, "["), "]")
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	r := o.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	ips, err := r.LookupNetIP(ctx, "ip", host)
	// A name without addresses is an error of its own, as is one that must not
	// be asked for, such as .onion (RFC 7686).
	var none *net.AddrError
	if errors.As(err, &none) || err == nil && len(ips) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil {
		return nil, err
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	return interleave(ips), nil
}

// interleave alternates between the families, beginning with the one that the
// resolver put first (RFC 8305 §4).
func interleave(ips []netip.Addr) []netip.Addr {
	var first, second []netip.Addr
	for _, ip := range ips {
		if ip.Is4() == ips[0].Is4() {
			first = append(first, ip)
		} else {
			second = append(second, ip)
		}
	}
	out := make([]netip.Addr, 0, len(ips))
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			out = append(out, first[i])
		}
		if i < len(second) {
			out = append(out, second[i])
		}
	}
	return out
}

type attempt struct {
	conn net.Conn
	err  error
}

// race connects to the addresses in order, each begun when the one before
// failed or had its stagger, and returns the first connection; the others are
// called off and closed. All attempts have ended when it returns.
func race(ctx context.Context, ips []netip.Addr, dial func(context.Context, netip.Addr) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt)
	running := 0
	start := func() {
		ip := ips[0]
		ips = ips[1:]
		running++
		go func() {
			conn, err := dial(ctx, ip)
			results <- attempt{conn, err}
		}()
	}
	start()
	timer := time.NewTimer(stagger)
	defer timer.Stop()

	var won net.Conn
	var errs []error
	for running > 0 {
		select {
		case r := <-results:
			running--
			switch {
			case r.err != nil:
				errs = append(errs, r.err)
			case won != nil:
				_ = r.conn.Close() // it came second and carries nothing
			default:
				won = r.conn
				cancel()
				ips = nil
			}
			if len(ips) > 0 && ctx.Err() == nil {
				start()
				timer.Reset(stagger)
			}
		case <-timer.C:
			if len(ips) > 0 && ctx.Err() == nil {
				start()
				timer.Reset(stagger)
			}
		}
	}
	if won != nil {
		return won, nil
	}
	return nil, errors.Join(errs...)
}
