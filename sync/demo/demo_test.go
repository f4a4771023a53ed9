package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message/charset"
	gomail "github.com/emersion/go-message/mail"
	"go.uber.org/goleak"

	"github.com/heronmail/heron/sync/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// signIn connects as an account's user does: the pinned certificate alone is
// believed.
func signIn(t *testing.T, s *Server, h *imapclient.UnilateralDataHandler) *imapclient.Client {
	t.Helper()
	a := s.Account()
	c, err := imapclient.DialTLS(a.Endpoint.Addr(), &imapclient.Options{
		WordDecoder:           &mime.WordDecoder{CharsetReader: charset.Reader},
		UnilateralDataHandler: h,
		TLSConfig: &tls.Config{
			InsecureSkipVerify: true, // the fingerprint is what is checked
			VerifyConnection: func(cs tls.ConnectionState) error {
				sum := sha256.Sum256(cs.PeerCertificates[0].Raw)
				if hex.EncodeToString(sum[:]) != a.Endpoint.Trust.Fingerprint {
					return errors.New("another certificate than the account's")
				}
				return nil
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(a.Auth.User, s.Password()).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAccount(t *testing.T) {
	t.Parallel()
	s, other := start(t, Options{Interval: -1}), start(t, Options{Interval: -1})
	a := s.Account()
	if a.ID != "demo" || !a.ID.Valid() || a.Address != "you@heron.example" || a.Endpoint.Security != mail.TLS || a.Policy.AllowPlaintext {
		t.Errorf("account is %+v", a)
	}
	if len(s.Password()) < 20 || s.Password() == other.Password() {
		t.Errorf("passwords %q and %q", s.Password(), other.Password())
	}
	c := signIn(t, s, nil)
	var refused *imap.Error
	if err := signIn(t, other, nil).Login(Address, "wrong").Wait(); !errors.As(err, &refused) {
		t.Errorf("a second sign-in gave %v", err)
	}
	for _, name := range []imap.Cap{imap.CapIdle, imap.CapMove, imap.CapUIDPlus, imap.CapListStatus, imap.CapSpecialUse} {
		if !c.Caps().Has(name) {
			t.Errorf("no %s", name)
		}
	}
}

func TestFoldersAndMail(t *testing.T) {
	t.Parallel()
	c := signIn(t, start(t, Options{Interval: -1}), nil)
	list, err := c.List("", "*", &imap.ListOptions{
		ReturnSpecialUse: true, ReturnSubscribed: true,
		ReturnStatus: &imap.StatusOptions{NumMessages: true, NumUnseen: true, UIDNext: true, UIDValidity: true},
	}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]imap.MailboxAttr{}
	unread := map[string]uint32{}
	for _, l := range list {
		if l.Status == nil || l.Status.UIDValidity == 0 || *l.Status.NumMessages == 0 {
			t.Errorf("%s has the status %+v", l.Mailbox, l.Status)
			continue
		}
		unread[l.Mailbox] = *l.Status.NumUnseen
		for _, a := range l.Attrs {
			if a != imap.MailboxAttrSubscribed {
				roles[l.Mailbox] = a
			}
		}
	}
	for _, f := range folders() {
		if roles[f.name] != f.attr {
			t.Errorf("%s has the role %q, want %q", f.name, roles[f.name], f.attr)
		}
	}
	if len(list) != len(folders()) || unread[inbox] < 3 || unread[archive] != 0 {
		t.Errorf("%d folders, unread %v", len(list), unread)
	}
	readInbox(t, c)
}

// readInbox looks for the sample mail as a client sees it.
func readInbox(t *testing.T, c *imapclient.Client) {
	t.Helper()
	if _, err := c.Select(inbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	var all imap.SeqSet
	all.AddRange(1, 0)
	msgs, err := c.Fetch(all, &imap.FetchOptions{
		Envelope: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	heard := map[string]string{}
	for _, msg := range msgs {
		heard[msg.Envelope.Subject] = msg.Envelope.From[0].Name
		if age := time.Since(msg.InternalDate); age < time.Minute || age > 100*24*time.Hour {
			t.Errorf("%q is of %v", msg.Envelope.Subject, msg.InternalDate)
		}
		parts := 0
		r, err := gomail.CreateReader(bytes.NewReader(msg.BodySection[0].Bytes))
		if err != nil {
			t.Fatal(err)
		}
		for {
			p, err := r.NextPart()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", msg.Envelope.Subject, err)
			}
			if body, err := io.ReadAll(p.Body); err != nil || len(body) == 0 {
				t.Errorf("%q: a part of %d bytes, %v", msg.Envelope.Subject, len(body), err)
			}
			parts++
		}
		if want := map[string]int{"Lunch on Friday?": 2, "main is green": 1}[msg.Envelope.Subject]; want != 0 && parts != want {
			t.Errorf("%q has %d parts, want %d", msg.Envelope.Subject, parts, want)
		}
	}
	for subject, from := range map[string]string{
		"Lunch on Friday?": "Ann Lee", "main is green": "Build bot", "来週の会議について": "田中 花子",
		"🎉 We did it 🎂": "Priya Nair", "اجتماع يوم الخميس": "ليلى حسن", "Les photos de l’été dernier": "Hélène Lefèvre",
	} {
		if heard[subject] != from {
			t.Errorf("%q is from %q, want %q", subject, heard[subject], from)
		}
	}
}

// tales gathers the story and waits for its end.
type tales struct {
	mu   sync.Mutex
	told []StoryEvent
	most int
	done chan struct{}
}

func (s *tales) on(e StoryEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.told) < s.most {
		if s.told = append(s.told, e); len(s.told) == s.most {
			close(s.done)
		}
	}
}

func tell(t *testing.T, seed int64, n int) (*Server, []StoryEvent) {
	t.Helper()
	s := &tales{most: n, done: make(chan struct{})}
	now := time.Now()
	server := start(t, Options{Seed: seed, Interval: time.Microsecond, OnStory: s.on, Now: func() time.Time { return now }})
	select {
	case <-s.done:
	case <-time.After(120 * time.Second):
		t.Fatal("the story stands still")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.told {
		s.told[i].Time = time.Time{}
	}
	return server, s.told
}

func TestStoryIsTheSameForASeed(t *testing.T) {
	t.Parallel()
	_, a := tell(t, 1, 30)
	_, b := tell(t, 1, 30)
	_, c := tell(t, 2, 30)
	same := true
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("act %d of one seed: %+v and %+v", i, a[i], b[i])
		}
		same = same && a[i] == c[i]
	}
	if same {
		t.Error("two seeds, one story")
	}
}

func TestStoryIsVariedAndBounded(t *testing.T) {
	t.Parallel()
	s, told := tell(t, 3, 300)
	count := map[StoryKind]int{}
	for _, e := range told {
		count[e.Kind]++
		if e.Folder == "" || (e.Subject == "") != strings.HasPrefix(string(e.Kind), "folder.") {
			t.Errorf("told %+v", e)
		}
	}
	for _, kind := range []StoryKind{Delivered, Read, Starred, Filed, Deleted, FolderCreated, FolderRemoved} {
		if count[kind] == 0 {
			t.Errorf("nothing was %s in %v", kind, count)
		}
	}
	c := signIn(t, s, nil)
	list, err := c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		if n := *l.Status.NumMessages; n > mostInbox+mostSingle+tidyEvery {
			t.Errorf("%s has %d messages", l.Mailbox, n)
		}
	}
	if len(list) > len(folders())+len(extraFolders()) {
		t.Errorf("%d folders", len(list))
	}
}

func TestCloseWhileIdle(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx, Options{Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	c := signIn(t, s, nil)
	if _, err := c.Select(inbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-c.Closed()
	s.Close()
	s.Close()
}
