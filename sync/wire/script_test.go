package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a server that plays a transcript. Lines begin with "C: " for what
// the client must say and "S: " for what is answered; \r\n is added. The
// first word of a client's line is a name that is bound to its tag, "" (a line
// that begins with a space) for none; at the start of a server's line the name
// stands for the tag; \r\n in it is a line end in the same
// packet. "S> " sends without a line end, and "S? " so that the script may end
// there because the client has had enough. "close" hangs up, "wait D" waits,
// "drain" reads until the client hangs up.
type script struct {
	t     *testing.T
	conn  net.Conn
	ended chan struct{}
}

// play returns options whose one connection is a pipe to the script.
func play(t *testing.T, transcript string) (Options, *script) {
	t.Helper()
	client, server := net.Pipe()
	s := &script{t: t, conn: server, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		defer func() { _ = server.Close() }()
		if err := s.run(strings.Split(strings.TrimSpace(transcript), "\n")); err != nil {
			t.Errorf("script: %v", err)
		}
	}()
	o := Options{User: "bird", Password: "s3cret", Dial: dial.Options{
		Endpoint:       mail.Endpoint{Protocol: mail.IMAP, Host: "mail.example.org", Port: 143, Security: mail.Plain},
		AllowPlaintext: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			if client == nil {
				return nil, errors.New("there is one connection only")
			}
			c := client
			client = nil
			return c, nil
		},
	}}
	return o, s
}

func (s *script) run(lines []string) error {
	br := bufio.NewReader(s.conn)
	tags := map[string]string{}
	for n, l := range lines {
		l = strings.TrimLeft(l, "\t")
		kind, text, _ := strings.Cut(l, " ")
		switch kind {
		case "C:":
			got, err := br.ReadString('\n')
			if err != nil {
				return fmt.Errorf("line %d: wanted %q: %w", n+1, text, err)
			}
			got = strings.TrimSuffix(got, "\r\n")
			if name, rest, ok := strings.Cut(text, " "); ok && name != "" {
				tag, gotRest, _ := strings.Cut(got, " ")
				tags[name] = tag
				got, text = gotRest, rest
			} else {
				text = strings.TrimPrefix(text, " ")
			}
			if got != text {
				return fmt.Errorf("line %d: got %q, want %q", n+1, got, text)
			}
		case "S:", "S>", "S?":
			name, rest, _ := strings.Cut(text, " ")
			if tag, ok := tags[name]; ok {
				text = tag + " " + rest
			}
			text = strings.ReplaceAll(text, `\r\n`, "\r\n")
			if kind == "S:" {
				text += "\r\n"
			}
			if _, err := io.WriteString(s.conn, text); err != nil && kind == "S?" {
				return nil // the client had enough
			} else if err != nil {
				return fmt.Errorf("line %d: %w", n+1, err)
			}
		case "wait":
			d, err := time.ParseDuration(text)
			if err != nil {
				return err
			}
			time.Sleep(d) // of a bubble's clock
		case "drain":
			_, _ = io.Copy(io.Discard, br)
		case "close":
			return nil
		case "":
		default:
			return fmt.Errorf("line %d: %q", n+1, l)
		}
	}
	return nil
}

// hello signs in; what follows is the test's.
const hello = `S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
C: a AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
S: a OK [CAPABILITY IMAP4rev1 IDLE CONDSTORE UIDPLUS MOVE] in
`

// connect signs in to a script that continues with rest.
func connect(t *testing.T, rest string, edit func(*Options)) *Conn {
	t.Helper()
	o, s := play(t, hello+rest)
	if edit != nil {
		edit(&o)
	}
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		<-s.ended
	})
	return c
}

func faultOf(t *testing.T, err error) *mail.Fault {
	t.Helper()
	var f *mail.Fault
	if !errors.As(err, &f) {
		t.Fatalf("no fault but %v", err)
	}
	return f
}

// parsed parses one response.
func parsed(t *testing.T, text string) *Response {
	t.Helper()
	r := &Response{}
	rd := newReader(strings.NewReader(text), 0, 0)
	if err := rd.read(r); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return r
}

// echo is a server that answers "ECHO n" with "* n EXISTS" and knows IDLE.
func echo(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	br := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, "* PREAUTH [CAPABILITY IMAP4rev1 IDLE] in\r\n"); err != nil {
		return
	}
	idling := ""
	for {
		l, err := br.ReadString('\n')
		if err != nil {
			return
		}
		w := strings.Fields(l)
		answer := ""
		switch {
		case w[0] == "DONE":
			answer = idling + " OK done\r\n"
		case w[1] == "IDLE":
			idling = w[0]
			answer = "+ idling\r\n"
		case w[1] == "ECHO":
			answer = "* " + w[2] + " EXISTS\r\n" + w[0] + " OK\r\n"
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}
