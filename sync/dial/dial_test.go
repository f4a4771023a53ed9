package dial

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve accepts on loopback until the test ends and gives each connection to
// handle, which closes with it.
func serve(t *testing.T, handle func(net.Conn)) mail.Endpoint {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			handle(c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return mail.Endpoint{Protocol: mail.IMAP, Host: "127.0.0.1", Port: port(t, l), Security: mail.TLS}
}

func port(t *testing.T, l net.Listener) int {
	t.Helper()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("%v is no TCP address", l.Addr())
	}
	return addr.Port
}

func serveTLS(config *tls.Config) func(net.Conn) {
	return func(c net.Conn) {
		t := tls.Server(c, config)
		if _, err := t.Write([]byte("* OK hello\r\n")); err == nil {
			_, _ = io.Copy(io.Discard, t)
		}
	}
}

func faultOf(t *testing.T, err error) *mail.Fault {
	t.Helper()
	var f *mail.Fault
	if !errors.As(err, &f) {
		t.Fatalf("no fault but %v", err)
	}
	return f
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	good := ca.leaf(true, nil)
	self := ca.leaf(false, nil)
	expired := ca.leaf(true, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	early := ca.leaf(true, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) })
	wrong := ca.leaf(true, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"mail.example.org"}, nil })

	for _, test := range []struct {
		name   string
		config *tls.Config
		trust  mail.Trust
		want   mail.Code
		args   mail.Args
	}{
		{name: "good", config: &tls.Config{Certificates: []tls.Certificate{good}}, trust: mail.Trust{CAFile: ca.file}},
		{
			name: "unknown issuer", config: &tls.Config{Certificates: []tls.Certificate{good}}, want: mail.CodeCertUnknown,
			args: mail.Args{"fingerprint": Fingerprint(good.Leaf)},
		},
		{name: "self-signed", config: &tls.Config{Certificates: []tls.Certificate{self}}, trust: mail.Trust{CAFile: ca.file}, want: mail.CodeCertUnknown},
		{
			name: "expired", config: &tls.Config{Certificates: []tls.Certificate{expired}}, trust: mail.Trust{CAFile: ca.file},
			want: mail.CodeCertExpired, args: mail.Args{"date": expired.Leaf.NotAfter.UTC().Format(time.RFC3339)},
		},
		{
			name: "not yet valid", config: &tls.Config{Certificates: []tls.Certificate{early}}, trust: mail.Trust{CAFile: ca.file},
			want: mail.CodeCertExpired, args: mail.Args{"date": early.Leaf.NotBefore.UTC().Format(time.RFC3339)},
		},
		{
			name: "wrong name", config: &tls.Config{Certificates: []tls.Certificate{wrong}}, trust: mail.Trust{CAFile: ca.file},
			want: mail.CodeCertName, args: mail.Args{"names": "mail.example.org", "fingerprint": Fingerprint(wrong.Leaf)},
		},
		{name: "pinned", config: &tls.Config{Certificates: []tls.Certificate{self}}, trust: mail.Trust{Fingerprint: Fingerprint(self.Leaf)}},
		{
			name: "pinned as others write it", config: &tls.Config{Certificates: []tls.Certificate{expired}},
			trust: mail.Trust{Fingerprint: colons(Fingerprint(expired.Leaf))},
		},
		{
			name: "changed, though another is trusted", config: &tls.Config{Certificates: []tls.Certificate{good}},
			trust: mail.Trust{CAFile: ca.file, Fingerprint: Fingerprint(self.Leaf)},
			want:  mail.CodeCertChanged, args: mail.Args{"fingerprint": Fingerprint(good.Leaf)},
		},
		{
			name: "TLS 1.1", want: mail.CodeTLSTooOld, trust: mail.Trust{CAFile: ca.file},
			config: &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		},
		{
			name: "TLS 1.1 pinned", want: mail.CodeTLSTooOld, trust: mail.Trust{Fingerprint: Fingerprint(good.Leaf)},
			config: &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		},
		{name: "not a fingerprint", trust: mail.Trust{Fingerprint: "abc"}, want: mail.CodeTrustBroken},
		{name: "no CA file", trust: mail.Trust{CAFile: "/does/not/exist.pem"}, want: mail.CodeTrustBroken},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := serve(t, serveTLS(test.config))
			e.Trust = test.trust
			var steps []string
			c, err := Dial(t.Context(), Options{Endpoint: e, Timeout: 5 * time.Second, OnStep: func(s, _ string) { steps = append(steps, s) }})
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = c.Close() }()
				if want := []string{"resolve", "connect", "tls"}; !slices.Equal(steps, want) {
					t.Errorf("steps %v, want %v", steps, want)
				}
				line := make([]byte, 12)
				if _, err := io.ReadFull(c, line); err != nil || string(line) != "* OK hello\r\n" {
					t.Errorf("read %q, %v", line, err)
				}
				if n := c.Counters(); n.BytesRead < 500 || n.BytesWritten < 200 || n.RoundTrips < 1 {
					t.Errorf("%+v does not count TLS", n)
				}
				if s := c.TLSState(); s == nil || s.Version < tls.VersionTLS12 {
					t.Errorf("TLS state %+v", s)
				}
				return
			}
			f := faultOf(t, err)
			if f.Code != test.want {
				t.Fatalf("%s (%v), want %s", f.Code, f.Err, test.want)
			}
			for k, v := range test.args {
				if f.Args[k] != v {
					t.Errorf("%s is %q, want %q", k, f.Args[k], v)
				}
			}
		})
	}
}

func colons(hex string) string {
	var b strings.Builder
	for i := 0; i < len(hex); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hex[i : i+2]))
	}
	return b.String()
}

func TestPlainServerOnTLSPort(t *testing.T) {
	e := serve(t, func(c net.Conn) { _, _ = c.Write([]byte("* OK IMAP4rev1 ready\r\n")); _, _ = io.Copy(io.Discard, c) })
	_, err := Dial(t.Context(), Options{Endpoint: e, Timeout: 5 * time.Second})
	if f := faultOf(t, err); f.Code != mail.CodeNotTLS || f.Class != mail.ClassTLS {
		t.Errorf("%s (%v)", f.Code, f.Err)
	}
}

func TestTLSServerOnPlainPort(t *testing.T) {
	ca := newAuthority(t)
	e := serve(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{ca.leaf(true, nil)}}))
	e.Security = mail.StartTLS
	c, err := Dial(t.Context(), Options{Endpoint: e})
	if err != nil {
		t.Fatal(err)
	}
	if f := c.ProbeTLS(t.Context()); f == nil || f.Code != mail.CodeTLSOnPlain {
		t.Errorf("%v", f)
	}
	if f := c.TLSOnPlain('*'); f != nil {
		t.Errorf("a greeting is taken for TLS: %v", f)
	}
}

func TestProbeOfSilentServer(t *testing.T) {
	e := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	e.Security = mail.StartTLS
	c, err := Dial(t.Context(), Options{Endpoint: e})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if f := c.ProbeTLS(ctx); f != nil {
		t.Errorf("silence is taken for TLS: %v", f)
	}
}

func TestStartTLS(t *testing.T) {
	ca := newAuthority(t)
	e := serve(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{ca.leaf(true, nil)}}))
	e.Security, e.Trust.CAFile = mail.StartTLS, ca.file
	for _, buffered := range []int{0, 1} {
		c, err := Dial(t.Context(), Options{Endpoint: e})
		if err != nil {
			t.Fatal(err)
		}
		if c.TLSState() != nil {
			t.Error("TLS before StartTLS")
		}
		err = c.StartTLS(t.Context(), buffered)
		if buffered == 0 && (err != nil || c.TLSState() == nil) {
			t.Errorf("%v", err)
		}
		if buffered > 0 && faultOf(t, err).Code != mail.CodeStartTLSInjected {
			t.Errorf("%v", err)
		}
		_ = c.Close()
	}
}

func TestNetworkFaults(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := port(t, l)
	_ = l.Close()

	plain := mail.Endpoint{Host: "127.0.0.1", Port: closed, Security: mail.Plain}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	silent := serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	hangsUp := serve(t, func(net.Conn) {})
	noHost := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no network") }}

	for _, test := range []struct {
		name string
		ctx  context.Context
		o    Options
		want mail.Code
	}{
		{"plain", t.Context(), Options{Endpoint: plain}, mail.CodePlaintextRefused},
		{"refused", t.Context(), Options{Endpoint: plain, AllowPlaintext: true}, mail.CodeRefused},
		{"cancelled", cancelled, Options{Endpoint: plain, AllowPlaintext: true}, mail.CodeConnectionLost},
		{"silent", t.Context(), Options{Endpoint: silent, Timeout: 50 * time.Millisecond}, mail.CodeTimeout},
		{"hangs up", t.Context(), Options{Endpoint: hangsUp}, mail.CodeConnectionLost},
		{"no DNS", t.Context(), Options{Endpoint: mail.Endpoint{Host: "imap.example.org", Port: 993}, Resolver: noHost}, mail.CodeUnreachable},
		{"no name", t.Context(), Options{Endpoint: mail.Endpoint{Host: "heron.invalid", Port: 993, Security: mail.TLS}, DialContext: noName}, mail.CodeUnknownHost},
		{"no addresses", t.Context(), Options{Endpoint: mail.Endpoint{Host: "mail.heron.onion", Port: 993, Security: mail.TLS}, Resolver: &net.Resolver{PreferGo: true}}, mail.CodeUnknownHost},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Dial(test.ctx, test.o)
			f := faultOf(t, err)
			if f.Code != test.want {
				t.Errorf("%s (%v), want %s", f.Code, f.Err, test.want)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				t.Error("a supervisor would read this fault as its own end")
			}
			if got := errors.Is(err, context.Canceled); got != (test.name == "cancelled") {
				t.Errorf("wraps context.Canceled: %v", got)
			}
		})
	}
}

func noName(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
}

func TestRace(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, test := range []struct {
		name  string
		after map[netip.Addr]time.Duration // <0: fails then
		want  netip.Addr
		took  time.Duration
	}{
		{"first", map[netip.Addr]time.Duration{v6: 10 * time.Millisecond, v4: time.Millisecond}, v6, 10 * time.Millisecond},
		{"first fails", map[netip.Addr]time.Duration{v6: -20 * time.Millisecond, v4: time.Millisecond}, v4, 21 * time.Millisecond},
		{"first is dead", map[netip.Addr]time.Duration{v6: time.Hour, v4: time.Millisecond}, v4, stagger + time.Millisecond},
		{"all fail", map[netip.Addr]time.Duration{v6: -time.Millisecond, v4: -time.Millisecond}, netip.Addr{}, 2 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				won := map[net.Conn]netip.Addr{}
				begun := time.Now()
				c, err := race(t.Context(), interleave([]netip.Addr{v6, v4}), func(ctx context.Context, ip netip.Addr) (net.Conn, error) {
					after := test.after[ip]
					select {
					case <-time.After(after.Abs()):
					case <-ctx.Done():
						return nil, ctx.Err()
					}
					if after < 0 {
						return nil, errors.New("fails")
					}
					conn, _ := net.Pipe()
					won[conn] = ip
					return conn, nil
				})
				if took := time.Since(begun); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if (err == nil) != test.want.IsValid() || won[c] != test.want {
					t.Errorf("%v won, %v; want %v", won[c], err, test.want)
				}
			})
		})
	}
}

func TestTrace(t *testing.T) {
	long := strings.Repeat("x", 3000)
	var got bytes.Buffer
	tr := newTracer(func(dir byte, line []byte) {
		got.WriteByte(dir)
		got.WriteByte(' ')
		got.Write(line)
		got.WriteByte('\n')
	})
	for _, step := range []struct{ dir, text string }{
		{"S", "* OK rea"},
		{"S", "dy\r\n"},
		{"C", "a1 LOGIN bird s3cret\r\n"},
		{"S", "a1 NO no\r\n"},
		{"C", "a2 authenticate plain AGJpcmQAczNjcmV0\r\n"},
		{"S", "a2 OK in\r\n"},
		{"C", "a3 AUTHENTICATE PLAIN\r\n"},
		{"S", "+ \r\n"},
		{"C", "AGJpcmQAczNjcmV0\r\n"},
		{"S", "a3 OK in\r\n"},
		{"C", "a4 LOGIN {4}\r\n"},
		{"S", "+ go\r\n"},
		{"C", "bird {6}\r\ns3cret\r\n"},
		{"S", "a4 OK in\r\n"},
		{"C", "a5 SELECT \"My \\\"s3cret\\\" folder\"\r\n"},
		{"S", "* 1 FETCH (BODY[] {8}\r\ns3c"},
		{"S", "r\r\nt FLAGS (\\Seen))\r\n"},
		{"S", "* " + long + "{8}\r\ns3cret\r\n)\r\n"},
		{"C", "PASS s3cret\r\n"},
	} {
		if step.dir == "S" {
			tr.server([]byte(step.text))
		} else {
			tr.client([]byte(step.text))
		}
	}
	if strings.Contains(got.String(), "s3c") || strings.Contains(got.String(), "AGJ") || strings.Contains(got.String(), "bird") {
		t.Errorf("a secret is in the trace:\n%s", got.String())
	}
	want := `S * OK ready
C a1 LOGIN (secret)
S a1 NO no
C a2 authenticate plain (secret)
S a2 OK in
C a3 AUTHENTICATE PLAIN (secret)
S + 
C (secret)
S a3 OK in
C a4 LOGIN (secret)
S + go
C (secret)
C (secret)
S a4 OK in
C a5 SELECT "…"
S * 1 FETCH (BODY[] {8}
S FLAGS (\Seen))
S * ` + strings.Repeat("x", maxTraceLine-2) + `… (cut)
S )
C PASS (secret)
`
	if got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
	}
}
