package mailtest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // GBK, ISO-2022-JP, KOI8-R
	gomail "github.com/emersion/go-message/mail"
)

func TestCorpusIsTheSameForASeed(t *testing.T) {
	t.Parallel()
	a, b, c := Corpus(1), Corpus(1), Corpus(2)
	same := true
	for range 200 {
		x, y := a.Message(), b.Message()
		if !bytes.Equal(x, y) {
			t.Fatalf("one seed, two mails:\n%s\n\n%s", x, y)
		}
		same = same && bytes.Equal(x, c.Message())
	}
	if same {
		t.Error("two seeds, one corpus")
	}
}

// TestCorpusReads decodes a few thousand messages and looks for every language,
// charset and shape in them.
func TestCorpusReads(t *testing.T) {
	t.Parallel()
	g := Corpus(7)
	want := map[string]bool{}
	know := map[string]string{} // text that must be found in a decoded subject or body
	for _, l := range tongues() {
		for _, c := range l.charsets {
			want["charset "+strings.ToLower(c.name)] = false
		}
		for _, s := range append(l.subjects, l.lines...) {
			know[s] = s
		}
	}
	for _, k := range []string{"plain", "multipart/alternative", "text/html", "multipart/mixed", "attachment", "no date", "no message-id", "no subject"} {
		want[k] = false
	}
	for range 2000 {
		raw := g.Message()
		for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("a line of %d bytes, or a bare CR or LF in it", len(line))
			}
		}
		r, err := gomail.CreateReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%v in:\n%s", err, raw)
		}
		subject, err := r.Header.Subject()
		if err != nil {
			t.Fatalf("subject: %v in:\n%s", err, raw)
		}
		if !r.Header.Has("Subject") {
			want["no subject"] = true
		} else if _, ok := know[subject]; !ok {
			t.Fatalf("the subject %q is none of the corpus", subject)
		}
		if from, err := r.Header.AddressList("From"); err != nil || len(from) != 1 {
			t.Fatalf("from: %v, %v in:\n%s", from, err, raw)
		}
		want["no date"] = want["no date"] || !r.Header.Has("Date")
		want["no message-id"] = want["no message-id"] || !r.Header.Has("Message-ID")
		kind, _, err := r.Header.ContentType()
		if err != nil {
			t.Fatal(err)
		}
		want[strings.Replace(kind, "text/plain", "plain", 1)] = true
		readParts(t, r, want, know)
	}
	for what, seen := range want {
		if !seen {
			t.Errorf("%s never came", what)
		}
	}
}

func readParts(t *testing.T, r *gomail.Reader, want map[string]bool, know map[string]string) {
	t.Helper()
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil && !message.IsUnknownCharset(err) {
			t.Fatal(err)
		}
		switch h := p.Header.(type) {
		case *gomail.AttachmentHeader:
			want["attachment"] = true
			if name, err := h.Filename(); err != nil || !strings.HasSuffix(name, ".pdf") {
				t.Errorf("attachment %q, %v", name, err)
			}
		case *gomail.InlineHeader:
			kind, params, err := h.ContentType()
			if err != nil {
				t.Fatal(err)
			}
			want["charset "+strings.ToLower(params["charset"])] = true
			first, _, _ := strings.Cut(string(body), "\r\n")
			if _, ok := know[first]; kind == "text/plain" && !ok {
				t.Fatalf("in %s: the line %q is none of the corpus", params["charset"], first)
			}
		}
	}
}

func TestModifiedUTF7(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Lists/Go": "Lists/Go", "A&B": "A&-B", "Entwürfe": "Entw&APw-rfe",
		"~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "🦩": "&2D7dqQ-",
	} {
		if got := mUTF7(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestMaildirGoesRoundTheFolders(t *testing.T) {
	t.Parallel()
	filled, err := Corpus(3).WriteMaildir(t.TempDir(), 900, "INBOX", "Lists/Go", "Entwürfe")
	if err != nil {
		t.Fatal(err)
	}
	if n := filled["INBOX"]; n.Total != 300 || n.Unread < 30 || n.Unread > 100 {
		t.Errorf("INBOX has %+v", n)
	}
}

func BenchmarkWriteMaildir(b *testing.B) {
	for b.Loop() {
		if _, err := Corpus(3).WriteMaildir(b.TempDir(), 1000); err != nil {
			b.Fatal(err)
		}
	}
}
