package wire_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// TestDovecot does on a real server what an account's worker does: sign-in in
// every kind of protection, pipelined selects and fetches, pushes while
// idling, and go-imap in between, on one connection.
func TestDovecot(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 2})
	for i := range 3 {
		d.Deliver(t, 0, "INBOX", fmt.Appendf(nil, "From: a@example.org\r\nSubject: =?utf-8?q?caf=C3=A9_%d?=\r\nMessage-ID: <%d@x>\r\n\r\nhello\r\n", i, i))
	}
	for _, s := range []mail.Security{mail.TLS, mail.StartTLS} {
		t.Run(string(s), func(t *testing.T) { work(t, d, s) })
	}
	t.Run("wrong password", func(t *testing.T) {
		_, err := wire.Dial(t.Context(), wire.Options{
			Dial: dial.Options{Endpoint: d.Endpoint(mail.TLS)}, User: d.User(1), Password: "wrong",
		})
		if f := mail.FaultOf(err); f.Code != mail.CodeSignInRefused || f.Class != mail.ClassAuth {
			t.Errorf("%v", err)
		}
	})
}

func work(t *testing.T, d *mailtest.Dovecot, s mail.Security) {
	t.Helper()
	pushed := make(chan uint32, 100)
	c, err := wire.Dial(t.Context(), wire.Options{
		Dial: dial.Options{Endpoint: d.Endpoint(s)}, User: d.User(0), Password: d.Password(0),
		ID: map[string]string{"name": "Heron"}, Enable: []string{"CONDSTORE", "QRESYNC"},
		Events: func(r *wire.Response) {
			if r.Type == "EXISTS" {
				pushed <- r.Num
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Do(t.Context(), "NOOP", nil); err != nil {
		t.Fatal(err)
	}
	if !c.Enabled("QRESYNC") || !c.Caps().Has("IDLE") {
		t.Fatalf("enabled %v, %v", c.Enabled("QRESYNC"), c.Caps().List())
	}
	turns := c.Counters().RoundTrips

	name := "Bücher & " + string(s)
	if err := c.Lib(t.Context(), func(cl *imapclient.Client) error { return cl.Create(name, nil).Wait() }); err != nil {
		t.Fatal(err)
	}

	// Folders, a select that fails, one that works, and its messages: one burst.
	var names, subjects []string
	var gone wire.Status
	var box wire.SelectData
	cmds := []string{
		`LIST "" "*" RETURN (STATUS (MESSAGES UIDVALIDITY))`,
		c.SelectCommand(wire.SelectOptions{Mailbox: "not there"}),
		c.SelectCommand(wire.SelectOptions{Mailbox: "inbox", CondStore: true}),
		"UID FETCH 1:* (UID FLAGS MODSEQ RFC822.SIZE INTERNALDATE ENVELOPE)",
	}
	err = c.Burst(t.Context(), cmds, func(i int, r *wire.Response) error {
		switch {
		case i == 0 && r.Type == "LIST":
			l, err := wire.ParseList(r)
			names = append(names, l.Name)
			return err
		case i == 0 && r.Type == "STATUS":
			st, err := wire.ParseStatus(r)
			if st.Messages < 0 || st.UIDValidity == 0 {
				t.Errorf("%+v", st)
			}
			return err
		case i == 1 && r.Tagged():
			gone = r.Status()
		case i == 2:
			box.Note(r)
		case i == 3 && r.Type == "FETCH":
			f, err := wire.ParseFetch(r)
			if f.UID == 0 || f.ModSeq == 0 || f.Size <= 0 || f.Received.IsZero() {
				t.Errorf("%+v", f)
			}
			subjects = append(subjects, f.Envelope.Subject)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names, name) || !slices.Contains(names, "INBOX") {
		t.Errorf("folders %q", names)
	}
	if gone.OK() || gone.Fault("SELECT").Class != mail.ClassConflict {
		t.Errorf("%+v", gone)
	}
	if int(box.Exists) != len(subjects) || !slices.Contains(subjects, "café 1") || box.HighestModSeq == 0 {
		t.Errorf("%+v, %q", box, subjects)
	}
	if got := c.Counters().RoundTrips - turns; got != 2 { // CREATE and the burst
		t.Errorf("%d round trips", got)
	}

	// New mail is pushed, and a command does not wait for the IDLE to end.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	idle := make(chan error, 1)
	go func() { idle <- c.Idle(ctx, 5*time.Minute) }()
	uid := d.Deliver(t, 0, "INBOX", []byte("Subject: pushed\r\n\r\nhello\r\n"))
	select {
	case n := <-pushed:
		if n != box.Exists+1 {
			t.Errorf("EXISTS %d", n)
		}
	case <-ctx.Done():
		t.Fatal("nothing was pushed")
	}
	err = c.Lib(ctx, func(cl *imapclient.Client) error {
		if _, err := cl.Copy(imap.UIDSetNum(uid), name).Wait(); err != nil {
			return err
		}
		f := cl.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		m, err := f.Collect()
		if err != nil || len(m) != 1 || !strings.Contains(string(m[0].BodySection[0].Bytes), "pushed") {
			t.Errorf("%+v, %v", m, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-idle; err != nil {
		t.Error(err)
	}

	// A literal is asked about or not, as the server wants it.
	text, err := c.String("café")
	if err != nil {
		t.Fatal(err)
	}
	var found wire.SearchData
	if _, err := c.Do(ctx, "UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT "+text, func(r *wire.Response) (err error) {
		if r.Type == "ESEARCH" {
			found, err = wire.ParseSearch(r)
		}
		return err
	}); err != nil || found.UIDs.Len() != 3 {
		t.Errorf("%+v, %v", found, err)
	}

	if n := c.Malformed(); n != 0 {
		t.Errorf("%d responses of Dovecot are malformed", n)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.Do(ended, "NOOP", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
