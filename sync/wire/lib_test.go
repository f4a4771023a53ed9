package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/heronmail/heron/sync/mail"
)

// memory starts go-imap's server on loopback and signs in to it.
func memory(t *testing.T, events func(*Response)) *Conn {
	t.Helper()
	user := imapmemserver.NewUser("bird", "s3cret")
	for _, name := range []string{"INBOX", "Entwürfe"} {
		if err := user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true,
		Logger:       log.New(io.Discard, "", 0),
	})
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // ends with Close
	}()
	o, _ := play(t, "close")
	o.Events = events
	o.Dial.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
	}
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		_ = server.Close()
		<-served
	})
	return c
}

func TestLibWithMemoryServer(t *testing.T) {
	c := memory(t, nil)
	large := "Subject: large\r\n\r\n" + strings.Repeat("all work and no play\r\n", 20_000)
	bodies := []string{"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\nhello\r\n", large}

	appendAll := func(cl *imapclient.Client) error {
		for _, body := range bodies {
			a := cl.Append("Entwürfe", int64(len(body)), nil)
			if _, err := io.WriteString(a, body); err != nil {
				return err
			}
			if err := a.Close(); err != nil {
				return err
			}
			if d, err := a.Wait(); err != nil || d.UID == 0 {
				t.Errorf("APPENDUID %+v, %v", d, err)
			}
		}
		return nil
	}
	if err := c.Lib(t.Context(), appendAll); err != nil {
		t.Fatal(err)
	}
	d, err := c.Select(t.Context(), SelectOptions{Mailbox: "Entwürfe"}, nil)
	if err != nil || d.Exists != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	var subjects []string
	if err := c.Burst(t.Context(), []string{"UID FETCH 1:* (UID ENVELOPE)"}, func(_ int, r *Response) error {
		if f, err := ParseFetch(r); err == nil {
			subjects = append(subjects, f.Envelope.Subject)
		}
		return nil
	}); err != nil || !slices.Equal(subjects, []string{"café", "large"}) {
		t.Errorf("%q, %v", subjects, err)
	}

	var got []string
	if err := c.Lib(t.Context(), func(cl *imapclient.Client) error {
		f := cl.Fetch(imap.UIDSetNum(1, 2), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		defer func() { _ = f.Close() }()
		for m := f.Next(); m != nil; m = f.Next() {
			b, err := m.Collect()
			if err != nil {
				return err
			}
			got = append(got, string(b.BodySection[0].Bytes))
		}
		return f.Close()
	}); err != nil || !slices.Equal(got, bodies) {
		t.Errorf("%d bodies, %v", len(got), err)
	}

	err = c.Lib(t.Context(), func(cl *imapclient.Client) error { return cl.Delete("nothing").Wait() })
	if f := faultOf(t, err); f.Class != mail.ClassConflict && f.Code != mail.CodeRefusedCommand {
		t.Errorf("%v", err)
	}
	if e := (*imap.Error)(nil); !errors.As(err, &e) || e.Type != imap.StatusResponseTypeNo {
		t.Errorf("%v does not wrap the server's answer", err)
	}

	// What f does not wait for must not reach the next burst.
	if err := c.Lib(t.Context(), func(cl *imapclient.Client) error { cl.Noop(); return nil }); err != nil {
		t.Error(err)
	}
	if _, err := c.Do(t.Context(), "NOOP", nil); err != nil || c.Malformed() != 0 {
		t.Errorf("%v, %d malformed", err, c.Malformed())
	}
}

func TestLibSurvives(t *testing.T) {
	var events listener
	c := connect(t, `
	C: s SELECT "a"
	S: * 9 EXISTS
	S: s OK
	C: a NOOP
	S: * VANISHED 3:5
	S: * LSUB () "/" x
	S: * XNEW (thing) {3}\r\nabc
	S: * ID ("name" NIL)
	S: * 2 FETCH (FLAGS (\Seen odd] \Flagged) X-GM-LABELS (a "b) c") UID 7 INTERNALDATE "" ENVELOPE NIL)
	S: * 2 FETCH (UID 3 )
	S: * 2 FETCH (UID "no end
	S: * FLAGS (a] \Seen)
	S: * OK [PERMANENTFLAGS (a] \*)] x
	S: * OK [COPYUID] Exchange
	S: * OK [COPYUID 1 2:3 x] odd
	S: * NO [Error="a ] b"] what
	S: * OK [HIGHESTMODSEQ x]
	S: * LIST (\Mark]ed) "/" "R&D"
	S: * STATUS "b&ad" (MESSAGES 1 UIDNEXT 0 HIGHESTMODSEQ 0 UNSEEN 99999999999)
	S: * SEARCH 1 2 (MODSEQ 5) 3
	S: * SEARCH one
	S: * ESEARCH (TAG "x" UID ALL 1
	S: * 12
	S: what is this
	S: T99 OK of nobody
	S: * OK bell`+"\x07"+` [
	S: a OK [Error="x"] done
	C: b UID FETCH 7 (UID BODY.PEEK[])
	S: * 2 FETCH (X-GM-MSGID 5 BODY[] {2}\r\nhi UID 7 BODYSTRUCTURE NIL)
	S: b OK
	C: c UID COPY 7 "b"
	S: * BYE-BYE
	S: c OK [COPYUID 1 7 9] copied
	drain`, func(o *Options) { o.Events = events.events })
	if _, err := c.Select(t.Context(), SelectOptions{Mailbox: "a"}, nil); err != nil {
		t.Fatal(err)
	}
	err := c.Lib(t.Context(), func(cl *imapclient.Client) error {
		if err := cl.Noop().Wait(); err != nil {
			return err
		}
		f := cl.Fetch(imap.UIDSetNum(7), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		m, err := f.Collect()
		if err != nil || len(m) != 1 || !bytes.Equal(m[0].BodySection[0].Bytes, []byte("hi")) {
			t.Errorf("%+v, %v", m, err)
		}
		d, err := cl.Copy(imap.UIDSetNum(7), "b").Wait()
		if err != nil || d.UIDValidity != 1 || d.DestUIDs.String() != "9" {
			t.Errorf("%+v, %v", d, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(events.take(), ",")
	for _, want := range []string{"VANISHED", "LSUB", "XNEW", "2 FETCH", "LIST", "STATUS"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not among the events %s", want, got)
		}
	}
	if strings.Contains(got, "SEARCH") {
		t.Errorf("answers are among the events: %s", got)
	}
	if c.Malformed() < 5 {
		t.Errorf("%d malformed", c.Malformed())
	}
}

func TestLibTellsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noop := func(cl *imapclient.Client) error { return cl.Noop().Wait() }
		for _, test := range []struct {
			script string
			want   mail.Code
		}{
			{"C: a NOOP\ndrain", mail.CodeTimeout},
			{"C: a NOOP\nclose", mail.CodeConnectionLost},
			{"C: a NOOP\nS: * BYE off", mail.CodeServerClosed},
		} {
			c := connect(t, test.script, nil)
			if f := faultOf(t, c.Lib(t.Context(), noop)); f.Code != test.want {
				t.Errorf("%v, want %s", f, test.want)
			}
			<-c.Done()
		}
		c := connect(t, "C: a NOOP\ndrain", nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.Lib(ctx, noop); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		<-c.Done()
	})
}

// TestLibSlow: a reader that takes its time is no server that stalls.
func TestLibSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 4 * maxPending
		c := connect(t, "C: a UID FETCH 7 (UID BODY.PEEK[])\nS> * 2 FETCH (UID 7 BODY[] {"+
			strconv.Itoa(size)+"}\\r\\n"+strings.Repeat("a", size)+")\\r\\n\nS: a OK\ndrain", nil)
		err := c.Lib(t.Context(), func(cl *imapclient.Client) error {
			f := cl.Fetch(imap.UIDSetNum(7), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
			defer func() { _ = f.Close() }()
			m, n := f.Next(), int64(0)
			for item := m.Next(); item != nil; item = m.Next() {
				if b, ok := item.(imapclient.FetchItemDataBodySection); ok {
					time.Sleep(time.Hour) // the pump waits for us meanwhile
					var err error
					if n, err = io.Copy(io.Discard, b.Literal); err != nil {
						return err
					}
				}
			}
			if n != size {
				t.Errorf("%d bytes, want %d", n, size)
			}
			return f.Close()
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestLibUsedTooLate(t *testing.T) {
	c := connect(t, "C: a NOOP\nS: a OK\ndrain", nil)
	var kept *imapclient.Client
	if err := c.Lib(t.Context(), func(cl *imapclient.Client) error { kept = cl; return cl.Noop().Wait() }); err != nil {
		t.Fatal(err)
	}
	if err := kept.Noop().Wait(); err == nil {
		t.Error("a command was sent without the gate")
	}
}
