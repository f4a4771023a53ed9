package mailtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestScriptAgainstGoIMAP(t *testing.T) {
	t.Parallel()
	s := NewScript(t, `
		S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS] ready
		C: A3 APPEND INBOX (\Seen) {5}
		S: + go on
		C: hello
		S: A3 OK [APPENDUID 7 42] done
		C: A4 APPEND INBOX {11}
		S: + go on
		C: <literal>
		S: A4 OK done
		C: A5 SELECT "Lists/Go"
		S: * 1 EXISTS
		S: A5 OK [READ-WRITE] selected
		C: A6 UID FETCH 3 (...BODY.PEEK[])
		S: * 1 FETCH (UID 3 BODY[] {7}
		S: hello
		S: )
		S: A6 OK
		C: <close>
	`)
	conn, err := net.Dial("tcp", s.Listen())
	if err != nil {
		t.Fatal(err)
	}
	c := imapclient.New(conn, nil)
	uid, err := appendMessage(c, "INBOX", []byte("hello"), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	if err != nil || uid != 42 {
		t.Fatalf("append: %d, %v", uid, err)
	}
	if _, err := appendMessage(c, "INBOX", []byte("ab\r\ncd\r\nefg"), &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("Lists/Go", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	msgs, err := c.Fetch(imap.UIDSetNum(3), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil || len(msgs) != 1 || string(msgs[0].BodySection[0].Bytes) != "hello\r\n" {
		t.Fatalf("fetch: %v, %v", msgs, err)
	}
	_ = c.Close()
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func TestScriptStartTLS(t *testing.T) {
	t.Parallel()
	s := NewScript(t, `
		S: * OK ready
		C: A1 STARTTLS
		S: A1 OK begin
		S: <starttls>
		C: A2 LOGIN ...
		S: A2 OK in
		S: <close>
	`)
	certs := Certs(t)
	s.TLS = certs.ServerConfig(CertGood)
	conn, err := net.Dial("tcp", s.Listen())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "x STARTTLS\r\n"); err != nil {
		t.Fatal(err)
	}
	const answer = "* OK ready\r\nx OK begin\r\n"
	heard := make([]byte, len(answer))
	if _, err := io.ReadFull(conn, heard); err != nil || string(heard) != answer {
		t.Fatalf("heard %q, %v", heard, err)
	}
	secure := tls.Client(conn, certs.ClientConfig())
	if _, err := io.WriteString(secure, "y LOGIN ann secret\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(secure); err != nil || string(got) != "y OK in\r\n" {
		t.Errorf("heard %q, %v", got, err)
	}
}

func TestScriptListensWithTLS(t *testing.T) {
	t.Parallel()
	certs := Certs(t)
	s := NewScript(t, "S: * OK ready\nC: <close>")
	s.TLS = certs.ServerConfig(CertGood)
	conn, err := tls.Dial("tcp", s.ListenTLS(), certs.ClientConfig())
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || line != "* OK ready\r\n" {
		t.Errorf("heard %q, %v", line, err)
	}
	_ = conn.Close()
	<-s.Done()
}

// talk sends what a client says at once and reads until the server closes.
func talk(t *testing.T, addr, says string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, says); err != nil {
		t.Fatal(err)
	}
	if tcp, ok := c.(*net.TCPConn); !ok {
		t.Fatalf("%T is no TCP connection", c)
	} else if err := tcp.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	heard, _ := io.ReadAll(c) // a reset is an answer too
	return string(heard)
}

func TestScriptMistakes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script, says string
		want         []string // in what is told
	}{
		"other command": {
			"S: * OK\nC: A1 SELECT INBOX", "x1 SELECT Archive\r\n",
			[]string{"line 2", "want  C: A1 SELECT INBOX", "got   C: x1 SELECT Archive\n                     ^", "so far:\n  S: * OK"},
		},
		"other tag": {
			"C: A1 IDLE\nC: A1 NOOP", "t1 IDLE\r\nt2 NOOP\r\n",
			[]string{"line 2", "as A1 is t1"},
		},
		"closed too early":  {"C: A1 NOOP\nC: A2 NOOP", "t1 NOOP\r\n", []string{"line 2", "the client closed the connection", "want  C: A2 NOOP"}},
		"half a line":       {"C: A1 NOOP", "t1 NO", []string{`half line "t1 NO"`}},
		"goes on":           {"C: A1 NOOP\n", "t1 NOOP\r\nt2 LOGOUT\r\n", []string{"goes on", "got   C: t2 LOGOUT"}},
		"sends, not closes": {"C: <close>", "t1 NOOP\r\n", []string{"want  C: <close>", "t1 NOOP"}},
		"unbound tag":       {"S: A1 OK", "", []string{"A1 was not expected"}},
		"short literal":     {"C: ? X {9}\nC: <literal>", "t X {9}\r\nabc", []string{"after 3 of a literal's 9 bytes"}},
		"part not played":   {"C: <close>\n---\nC: <close>", "", []string{"1 of 2 parts were not played"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ends []func()
			got := fatalOf(t, func(tb TB) {
				s := NewScript(collect{tb, &ends}, tc.script)
				talk(t, s.Listen(), tc.says)
				for _, end := range ends {
					end()
				}
			})
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in:\n%s", want, got)
				}
			}
		})
	}
}

// collect is a TB whose cleanups are run by the test.
type collect struct {
	TB
	ends *[]func()
}

func (c collect) Cleanup(f func()) { *c.ends = append(*c.ends, f) }

func TestScriptSyntax(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"X: hello":         "neither S: nor C: in front",
		"hello":            "neither S: nor C: in front",
		"S: <dance>":       "no such directive",
		"C: <wait>":        "no such directive",
		"S: <pause soon>":  "invalid duration",
		"S: <close now>":   "takes nothing",
		"S: <raw hello>":   "invalid syntax",
		"S: * OK\n---\n\n": "part 2 is empty",
	} {
		if _, err := parseTranscript(script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", script, err, want)
		}
	}
}

func TestScriptWildcards(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		want, got string
		ok        bool
	}{
		{"NOOP", "NOOP", true},
		{"NOOP", "noop", false},
		{"LOGIN ...", "LOGIN ann secret", true},
		{"LOGIN ...", "LOGIN ", true},
		{"LOGIN ...", "LOGOUT", false},
		{"ID (...name...)", `ID ("name" "heron")`, true},
		{"ID (...name...)", `ID ("title" "heron")`, false},
		{"... FETCH ... (FLAGS)", "UID FETCH 1:* (FLAGS)", true},
		{"UID FETCH 1:* (FLAGS)", "UID FETCH 1:9 (FLAGS)", false},
	} {
		if matches(tc.want, tc.got) != tc.ok {
			t.Errorf("%q against %q is not %v", tc.want, tc.got, tc.ok)
		}
	}
}

func TestScriptDirectives(t *testing.T) {
	t.Parallel()
	s := NewScript(t, `
		S: <raw "* O">
		S: <raw "K\r\n">
		S: <close>
		---
		S: * BYE
		C: A1 NOOP
		S: <reset>
	`)
	addr := s.Listen()
	if got := talk(t, addr, ""); got != "* OK\r\n" {
		t.Errorf("heard %q", got)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "x NOOP\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset reads as %v", err)
	}
	_ = c.Close()
}

func TestScriptInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := NewScript(t, `
			S: * OK ready
			C: A1 IDLE
			S: + idling
			S: <pause 9m>
			S: * 1 EXISTS
			S: <wait>
			S: * 2 EXISTS
			C: DONE
			S: A1 OK
			C: <anything>
		`)
		c := s.NewConn()
		in := bufio.NewReader(c)
		hear := func(want string) {
			t.Helper()
			if line, err := in.ReadString('\n'); err != nil || line != want+"\r\n" {
				t.Fatalf("heard %q, %v, want %s", line, err, want)
			}
		}
		say := func(line string) {
			t.Helper()
			if _, err := io.WriteString(c, line+"\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		hear("* OK ready")
		say("tag7 IDLE")
		hear("+ idling")
		before := time.Now()
		hear("* 1 EXISTS")
		if took := time.Since(before); took != 9*time.Minute {
			t.Errorf("the pause took %v", took)
		}
		s.Continue()
		hear("* 2 EXISTS")
		say("DONE")
		hear("tag7 OK")
		say("whatever")
		_ = c.Close()
		<-s.Done()
	})
}
