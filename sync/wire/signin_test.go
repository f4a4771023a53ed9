package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

func TestSignIn(t *testing.T) {
	for _, test := range []struct {
		name, script string
		edit         func(*Options)
		want         mail.Code // "": it succeeds
		class        mail.Class
		caps         string // one that must be there afterwards
	}{
		{name: "initial response", script: hello, caps: "idle"},
		{
			name: "no initial response, capabilities asked for", caps: "MOVE",
			script: `
			S: * OK ready
			C: a CAPABILITY
			S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
			S: a OK
			C: b AUTHENTICATE PLAIN
			S: +
			C:  AGJpcmQAczNjcmV0
			S: * CAPABILITY IMAP4rev1 MOVE
			S: b OK in`,
		},
		{
			name: "LOGIN, and nothing said of capabilities", caps: "UIDPLUS",
			script: `
			S: * OK [CAPABILITY IMAP4rev1] ready
			C: a LOGIN "bird" "s3cret"
			S: a OK in
			C: b CAPABILITY
			S: * CAPABILITY IMAP4rev1 UIDPLUS
			S: b OK`,
		},
		{
			name: "LOGIN with quotes and literals", caps: "IDLE",
			edit: func(o *Options) { o.User, o.Password = `a"\b`, "pässword" },
			script: `
			S: * OK [CAPABILITY IMAP4rev1] ready
			C: a LOGIN "a\"\\b" {9}
			S: + go on
			C:  pässword
			S: a OK [CAPABILITY IMAP4rev1 IDLE] in`,
		},
		{
			name: "LOGIN with a literal that needs no answer", caps: "IDLE",
			edit: func(o *Options) { o.Password = "pässword" },
			script: `
			S: * OK [CAPABILITY IMAP4rev1 LITERAL+] ready
			C: a LOGIN "bird" {9+}
			C:  pässword
			S: a OK [CAPABILITY IMAP4rev1 IDLE] in`,
		},
		{
			name: "literal refused", want: mail.CodeSignInRefused, class: mail.ClassAuth,
			edit: func(o *Options) { o.Password = "pässword" },
			script: `
			S: * OK [CAPABILITY IMAP4rev1] ready
			C: a LOGIN "bird" {9}
			S: a NO not so`,
		},
		{
			name: "PLAIN offered and not understood", caps: "IDLE",
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a BAD what
			C: b LOGIN "bird" "s3cret"
			S: b OK [CAPABILITY IMAP4rev1 IDLE] in`,
		},
		{
			name: "challenge after the answer is called off", want: mail.CodeSignInRefused, class: mail.ClassAuth,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: + eyJzdGF0dXMiOiI0MDAifQ==
			C:  *
			S: a BAD called off`,
		},
		{
			name: "what we said is repeated", want: mail.CodeSignInRefused, class: mail.ClassAuth,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a BAD unknown: AUTHENTICATE PLAIN AGJpcmQAczNjcmV0`,
		},
		{
			name: "what we quoted is repeated", want: mail.CodeSignInRefused, class: mail.ClassAuth,
			edit: func(o *Options) { o.Password = `s3"cret` },
			script: `
			S: * OK [CAPABILITY IMAP4rev1] ready
			C: a LOGIN "bird" "s3\"cret"
			S: a BAD unknown: LOGIN "bird" "s3\"cret"`,
		},
		{
			name: "no way", want: mail.CodeNotSupported, class: mail.ClassProtocol,
			script: `S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=GSSAPI] ready`,
		},
		{
			name: "wrong password", want: mail.CodeSignInRefused, class: mail.ClassAuth,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a NO [authenticationfailed] Too many failures for s3cret`,
		},
		{
			name: "Microsoft", want: mail.CodeSignInRefused, class: mail.ClassAuth,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a NO [Error="AuthResult=0; Proxy=x:1993:SSL"] AUTHENTICATE failed.`,
		},
		{
			name: "too many connections", want: mail.CodeTooMany, class: mail.ClassLimit,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded`,
		},
		{
			name: "later", want: mail.CodeThrottled, class: mail.ClassLimit,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a NO Temporary authentication failure. Try again later`,
		},
		{name: "BYE", want: mail.CodeServerClosed, class: mail.ClassOffline, script: `S: * BYE going down`},
		{name: "BYE of too many", want: mail.CodeTooMany, class: mail.ClassLimit, script: `S: * BYE Too many connections`},
		{
			name: "BYE instead of an answer", want: mail.CodeServerClosed, class: mail.ClassOffline,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: * BYE shutting down`,
		},
		{
			name: "hangs up", want: mail.CodeConnectionLost, class: mail.ClassOffline,
			script: `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0`,
		},
		{name: "SMTP", want: mail.CodeNotIMAP, class: mail.ClassProtocol, script: `S: 220 mail.example.org ESMTP`},
		{name: "POP3", want: mail.CodeNotIMAP, class: mail.ClassProtocol, script: `S: +OK ready`},
		{name: "not quite", want: mail.CodeNotIMAP, class: mail.ClassProtocol, script: `S: * CAPABILITY IMAP4rev1`},
		{name: "TLS alert", want: mail.CodeTLSOnPlain, class: mail.ClassTLS, script: "S> \x15\x03\x01\x00\x02\x02\x0a"},
		{name: "PREAUTH", caps: "IDLE", script: `S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE] welcome`},
		{
			name: "PREAUTH, nothing said", caps: "IDLE",
			script: `
			S: * PREAUTH welcome
			C: a CAPABILITY
			S: * CAPABILITY IMAP4rev1 IDLE
			S: a OK`,
		},
		{
			name: "PREAUTH before STARTTLS", want: mail.CodeStartTLSMissing, class: mail.ClassTLS,
			edit:   func(o *Options) { o.Dial.Endpoint.Security = mail.StartTLS },
			script: `S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome`,
		},
		{
			name: "STARTTLS not offered", want: mail.CodeStartTLSMissing, class: mail.ClassTLS,
			edit:   func(o *Options) { o.Dial.Endpoint.Security = mail.StartTLS },
			script: `S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] welcome`,
		},
		{
			name: "STARTTLS refused", want: mail.CodeStartTLSMissing, class: mail.ClassTLS,
			edit: func(o *Options) { o.Dial.Endpoint.Security = mail.StartTLS },
			script: `
			S: * OK [CAPABILITY IMAP4rev1 STARTTLS] welcome
			C: a STARTTLS
			S: a NO not now`,
		},
		{
			name: "STARTTLS injected", want: mail.CodeStartTLSInjected, class: mail.ClassTLS,
			edit: func(o *Options) { o.Dial.Endpoint.Security = mail.StartTLS },
			script: `
			S: * OK [CAPABILITY IMAP4rev1 STARTTLS] welcome
			C: a STARTTLS
			S: a OK go\r\n* OK [CAPABILITY AUTH=PLAIN] mine`,
		},
		{name: "line end in the password", want: mail.CodeUsage, class: mail.ClassLocal, edit: func(o *Options) { o.Password = "a\r\nb" }, script: "close"},
		{
			name: "ID goes first also when capabilities must be asked for", caps: "IDLE",
			edit: func(o *Options) { o.ID = map[string]string{"name": "Heron"} },
			script: `
			S: * OK [CAPABILITY IMAP4rev1 ID SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a OK in
			C: b ID ("name" "Heron")
			C: c CAPABILITY
			S: * ID NIL
			S: b OK
			S: * CAPABILITY IMAP4rev1 ID IDLE
			S: c OK`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, s := play(t, test.script)
			if test.edit != nil {
				test.edit(&o)
			}
			c, err := Dial(t.Context(), o)
			<-s.ended
			if test.want != "" {
				f := faultOf(t, err)
				if f.Code != test.want || f.Class != test.class {
					t.Fatalf("%s, %s (%v), want %s, %s", f.Code, f.Class, f.Err, test.want, test.class)
				}
				for _, form := range []string{"s3cret", "AGJpcmQAczNjcmV0", `s3\"cret`} {
					if strings.Contains(err.Error()+f.Args["text"], form) {
						t.Errorf("the password is in %v, %v", err, f.Args)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !c.Caps().Has(test.caps) || c.Caps().Has("AUTH=PLAIN") && test.name == "initial response" {
				t.Errorf("capabilities %v", c.Caps().List())
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOpening: ID and ENABLE, in this order, go out with what is asked first,
// whatever that is, and their answers are for nobody else.
func TestOpening(t *testing.T) {
	noop := func(c *Conn, h func(int, *Response) error) error { return c.Burst(t.Context(), []string{"NOOP"}, h) }
	for _, test := range []struct {
		name, script string
		first        func(c *Conn, h func(int, *Response) error) error
		want         []string
	}{
		{
			"a burst", `
			C: d NOOP
			S: * ID ("name" "Fine Server" "version" NIL)
			S: * 3 EXISTS
			S: b OK
			S: * ENABLED CONDSTORE QRESYNC UTF8=ACCEPT
			S: c OK
			S: * 4 EXISTS
			S: d NO not now`, noop, []string{"0 3 EXISTS", "0 4 EXISTS", "0 NO"},
		},
		{
			"they are refused, by a server that cannot write", `
			C: d NOOP
			S: * ID ("name" NIL
			S: b BAD no
			S: c NO no
			S: d OK`, noop, []string{"0 OK"},
		},
		{
			"go-imap", `
			S: b OK
			S: * ENABLED CONDSTORE QRESYNC
			S: c OK
			C: d NOOP
			S: d OK
			drain`,
			func(c *Conn, _ func(int, *Response) error) error {
				return c.Lib(t.Context(), func(lib *imapclient.Client) error { return lib.Noop().Wait() })
			}, nil,
		},
		{
			"IDLE", `
			S: * ID ("name" "Fine Server")
			S: b OK
			S: * ENABLED CONDSTORE QRESYNC
			S: c OK
			C: d IDLE
			S: + go on
			S: d OK
			drain`,
			func(c *Conn, _ func(int, *Response) error) error { return c.Idle(t.Context(), time.Minute) }, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, s := play(t, `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
			C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
			S: a OK [CAPABILITY IMAP4rev1 ID ENABLE CONDSTORE QRESYNC IDLE] in
			C: b ID ("name" "Heron")
			C: c ENABLE CONDSTORE QRESYNC`+test.script)
			o.ID = map[string]string{"name": "Heron", "bad": "a\r\nb"}
			o.Enable = []string{"CONDSTORE", "QRESYNC", "UTF8=ACCEPT"}
			c, err := Dial(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if c.Enabled("QRESYNC") || c.Says() != "ready" {
				t.Errorf("%v, %q", c.Enabled("QRESYNC"), c.Says())
			}
			var got listener
			turns := c.Counters().RoundTrips
			err = test.first(c, func(i int, r *Response) error { got.add(i, r); return nil })
			n := c.Counters().RoundTrips - turns
			if err != nil || n > 2 || test.want != nil && n != 1 || !slices.Equal(got.take(), test.want) {
				t.Errorf("%d round trips, %v", n, err)
			}
			enabled := strings.Contains(test.script, "* ENABLED")
			if c.Enabled("qresync") != enabled || c.Enabled("UTF8=ACCEPT") {
				t.Error("what was enabled is not known, or what nobody asked for is")
			}
			if says := "ready name Fine Server"; strings.Contains(test.script, "Fine") && !strings.HasPrefix(c.Says(), says) {
				t.Errorf("it says %q", c.Says())
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			<-s.ended
		})
	}
}

// TestServerThatWaitsForTLS: it is told from a slow one, soon enough for who
// sits before the wizard, and the slow one is not disturbed.
func TestServerThatWaitsForTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := play(t, "drain")
		first := o.Dial.DialContext
		other := make(chan struct{})
		o.Dial.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if c, err := first(ctx, network, addr); err == nil {
				return c, nil
			}
			client, server := net.Pipe()
			go func() {
				defer close(other)
				_, _ = server.Read(make([]byte, 4096))
				// A TLS alert, whatever it is about, is an answer in TLS.
				_, _ = server.Write([]byte("\x15\x03\x01\x00\x02\x02\x28"))
				_ = server.Close()
			}()
			return client, nil
		}
		begun := time.Now()
		_, err := Dial(t.Context(), o)
		<-s.ended
		<-other
		if f := faultOf(t, err); f.Code != mail.CodeTLSOnPlain || f.Class != mail.ClassTLS {
			t.Errorf("%v", err)
		}
		if took := time.Since(begun); took != silence {
			t.Errorf("took %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		o, s := play(t, "wait 20s\n"+hello)
		c, err := Dial(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		<-s.ended
	})
}

func TestSignInNeverAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := play(t, strings.Join(strings.Split(hello, "\n")[:2], "\n")+"\ndrain")
		o.Dial.Timeout = 5 * time.Second
		_, err := Dial(t.Context(), o)
		<-s.ended
		if f := faultOf(t, err); f.Code != mail.CodeTimeout {
			t.Errorf("%v", err)
		}
	})
}

func TestSignInCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o, s := play(t, "drain")
		time.AfterFunc(time.Second, cancel)
		_, err := Dial(ctx, o)
		<-s.ended
		if f := faultOf(t, err); f.Code != mail.CodeConnectionLost || !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestStartTLS signs in to a server on loopback whose certificate is pinned.
func TestStartTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"mail.example.org"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}

	client, conn := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s := &script{t: t, conn: conn}
		before := "S: * OK [CAPABILITY IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN] ready\nC: a STARTTLS\nS: a OK [ALERT] Pay here"
		if err := s.run(strings.Split(before, "\n")); err != nil {
			t.Errorf("before TLS: %v", err)
		}
		s.conn = tls.Server(conn, server)
		// What the server said before must not be believed: it is asked again.
		after := "C: a CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: a OK [ALERT] Full\nC: b LOGIN \"bird\" \"s3cret\"\nS: b OK [CAPABILITY IMAP4rev1 IDLE] in"
		if err := s.run(strings.Split(after, "\n")); err != nil {
			t.Errorf("in TLS: %v", err)
		}
		_, _ = io.Copy(io.Discard, s.conn)
		_ = conn.Close()
	}()
	o, _ := play(t, "close")
	o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
	o.Dial.Endpoint.Security, o.Dial.Endpoint.Trust.Fingerprint = mail.StartTLS, dial.Fingerprint(leaf)
	var steps, alerts []string
	o.Alert = func(text string) { alerts = append(alerts, text) }
	o.OnStep = func(step, _ string) { steps = append(steps, step) }
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	<-ended
	if want := []string{"connect", "tls", "sign-in", "capabilities"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	if want := []string{"Full"}; !slices.Equal(alerts, want) { // anybody may have said the other
		t.Errorf("the user is to be told %q, want %q", alerts, want)
	}
}
