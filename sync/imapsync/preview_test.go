package imapsync

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// withWords is the answer about message i with the sections that peekItems ask for.
func withWords(i int, header, text string) string { return sections(i, data(i), header, text) }

func sections(i int, more, header, text string) string {
	lit := func(s string) string {
		s = strings.ReplaceAll(s, "\n", "\r\n")
		return fmt.Sprintf("{%d}\r\n%s", len(s), s)
	}
	raw := fmt.Sprintf("* %d FETCH (UID %d %s BODY[HEADER.FIELDS (CONTENT-TYPE CONTENT-TRANSFER-ENCODING MIME-VERSION)] %s BODY[TEXT]<0> %s)\r\n",
		i, i, more, lit(header), lit(text))
	return fmt.Sprintf("S: <raw %q>\n", raw)
}

// newMailPass is a later pass over an inbox that held one message and has more
// new ones; answer is what the FETCH of these gets.
func newMailPass(more int, answer string) string {
	const had = 1
	n := had + more
	return bare + onlyInbox + statusOf +
		fmt.Sprintf("S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n", n, n+1, n) +
		fmt.Sprintf("C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:%d (UID FLAGS)\nC: A8 UID FETCH %d:* %s\n", had, had+1, peeking()) +
		selected("A6", n, n+1) + flagsOf(1, had) + "S: A7 OK done\n" + answer
}

// again is the same question without first words, and its answer.
func again(more int) string {
	const had = 1
	n := had + more
	return fmt.Sprintf("C: B1 SELECT \"INBOX\"\nC: B2 UID FETCH 1:%d (UID FLAGS)\nC: B3 UID FETCH %d:* %s\n", had, had+1, items) +
		selected("B1", n, n+1) + flagsOf(1, had) + "S: B2 OK done\n" + messages(had+1, n) + "S: B3 OK done\n"
}

func (o *odd) previews() map[mail.UID]string {
	o.Helper()
	page, err := o.store.Messages(o.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{o.inbox().ID}, Limit: 100})
	if err != nil {
		o.Fatal(err)
	}
	out := map[mail.UID]string{}
	for _, m := range page.Messages {
		out[m.Location.UID] = m.Preview
	}
	return out
}

// TestFirstWordsOfNewMail: they come with the envelopes, and one message
// without them does not cost the others theirs.
func TestFirstWordsOfNewMail(t *testing.T) {
	t.Parallel()
	o := against(t, first(1), newMailPass(3,
		withWords(2, "Content-Type: text/html\n\n", "<p>Are you free at <b>noon</b>?")+
			withWords(3, "\n", "")+
			withWords(4, "Content-Transfer-Encoding: base64\n\n", "SGVsbG8gd29ybGQh")+"S: A8 OK done\n"))
	o.mustPass()
	if r := o.mustPass(); r.New != 3 {
		t.Errorf("%+v", r)
	}
	got := o.previews()
	for uid, want := range map[mail.UID]string{1: "", 2: "Are you free at noon?", 3: "", 4: "Hello world!"} {
		if got[uid] != want {
			t.Errorf("message %d begins with %q, want %q", uid, got[uid], want)
		}
	}
}

// TestFirstWordsThatCannotBeHad: no message is lost with them, and the question
// is asked once.
func TestFirstWordsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"NO":      "S: A8 NO not here\n",
		"BAD":     "S: A8 BAD what?\n",
		"garbage": messages(2, 2) + "S: * 3 FETCH (UID 3 BODY[TEXT]<0> \"no end\nS: A8 OK done\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, first(1), newMailPass(2, answer)+again(2))
			o.mustPass()
			if r := o.mustPass(); r.New != 2 || !slices.Equal(o.uids(), []mail.UID{1, 2, 3}) || len(o.previews()) != 3 {
				t.Errorf("%+v, known are %v", r, o.uids())
			}
		})
	}
	t.Run("a section of another kind", func(t *testing.T) {
		t.Parallel()
		o := against(t, first(1), newMailPass(1, "S: * 2 FETCH (UID 2 BODY[TEXT]<0> (a (b)) BODY[HEADER] NIL "+data(2)+")\nS: A8 OK done\n"))
		o.mustPass()
		if r := o.mustPass(); r.New != 1 || o.previews()[2] != "" {
			t.Errorf("%+v, %v", r, o.previews())
		}
	})
}

// TestFirstWordsThatEndTheConnection: a server that falls over the question is
// not asked for ever.
func TestFirstWordsThatEndTheConnection(t *testing.T) {
	t.Parallel()
	over := newMailPass(1, "S: <close>\n")
	o := connections(t, first(1), over, over, listsInbox(2)+oneByOne(2, 1, gets(2, 2)))
	if !slices.Equal(o.uids(), []mail.UID{1, 2}) {
		t.Errorf("known are %v", o.uids())
	}
	o.unread("")
}

// TestFirstWordsOfAFirstSync: the inbox's newest get them after their
// envelopes; a server that refuses them is used without.
func TestFirstWordsOfAFirstSync(t *testing.T) {
	t.Parallel()
	begin := strings.TrimSuffix(first(2), "S: P1 OK done\n")
	o := against(t, begin+sections(2, "MODSEQ (5)", "", "Hello\n")+"S: P1 OK done\n")
	if r := o.mustPass(); r.New != 2 || o.previews()[1] != "" || o.previews()[2] != "Hello" {
		t.Errorf("%+v, %v", r, o.previews())
	}
	o = against(t, begin+"S: P1 BAD what?\n")
	if r := o.mustPass(); r.New != 2 {
		t.Errorf("%+v", r)
	}
}

// firstWordsCome is a story of TestDovecot: real answers about real messages.
func firstWordsCome(r *rig) {
	head := func(subject string) string {
		return "From: Ann <ann@example.org>\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@example.org>\r\nMIME-Version: 1.0\r\n"
	}
	html := base64.StdEncoding.EncodeToString([]byte("<html><style>p{}</style><p>Gr\u00fc\u00dfe aus <b>K\u00f6ln</b>" + strings.Repeat("<p>more", 3000)))
	var lines strings.Builder
	for i := 0; i < len(html); i += 76 {
		lines.WriteString(html[i:min(i+76, len(html))] + "\r\n")
	}
	mails := map[string]string{
		"alternative": head("alternative") + "Content-Type: multipart/mixed;\r\n boundary=\"a;b\"\r\n\r\n--a;b\r\n" +
			"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nAre you free at noon?\r\n--c\r\n" +
			"Content-Type: text/html\r\n\r\n<p>no\r\n--c--\r\n--a;b\r\nContent-Type: application/pdf\r\n\r\n" + strings.Repeat("%PDF\r\n", 2000) + "--a;b--\r\n",
		"html":     head("html") + "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines.String(),
		"cyrillic": head("cyrillic") + "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xf0\xd2\xc9\xd7\xc5\xd4\r\n",
		"empty":    head("empty") + "\r\n",
	}
	begins := map[string]string{"alternative": "Are you free at noon?", "html": "Grüße aus Köln more", "cyrillic": "Привет", "empty": ""}
	check := func(box string) {
		r.Helper()
		for _, m := range r.list(box) {
			want := begins[m.Envelope.Subject]
			if m.Preview != want && (want == "" || !strings.HasPrefix(m.Preview, want+" ")) {
				r.Errorf("%s in %s begins with %q", m.Envelope.Subject, box, m.Preview)
			}
			if m.Flags.Has(mail.FlagSeen) {
				r.Errorf("%s is read", m.Envelope.Subject)
			}
		}
	}
	for _, m := range mails {
		r.dc.Deliver(r.T, r.user, "INBOX", []byte(m))
	}
	r.deliver("Work", "begin")
	r.settled()
	check("INBOX") // by the first sync
	for name, m := range mails {
		r.mark()
		r.dc.Deliver(r.T, r.user, "INBOX", []byte(m))
		added := awaits[mail.MessagesAdded](r)
		got, err := r.store.Message(r.Context(), added.Messages[0].ID)
		if err != nil || got.Preview == "" && begins[name] != "" {
			r.Errorf("%s was told of with %q, %v", name, got.Preview, err)
		}
	}
	r.sync()
	check("INBOX")
	r.dc.Deliver(r.T, r.user, "Work", []byte(mails["html"]))
	r.sync()
	if ms := r.list("Work"); len(ms) != 2 || !slices.ContainsFunc(ms, func(m mail.Message) bool { return strings.HasPrefix(m.Preview, "Grüße") }) {
		r.Errorf("%d messages in Work, none with first words", len(ms))
	}
	seen, err := r.other("INBOX").UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(seen.AllUIDs()) != 0 {
		r.Errorf("read on the server: %v, %v", seen.AllUIDs(), err)
	}
}
