package bodytext

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, msg, text, preview string
		attachments              []Attachment
	}{
		{
			name: "plain without a header of its own",
			msg:  "Subject: x\n\nHello\n\n\n\n\nWorld  \n", text: "Hello\n\n\nWorld", preview: "Hello World",
		},
		{
			name: "quoted-printable in Latin-1",
			msg:  "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe aus K=F6ln\n",
			text: "Grüße aus Köln", preview: "Grüße aus Köln",
		},
		{
			name: "no charset, but Windows-1252",
			msg:  "Content-Type: text/plain\n\n\x84Gr\xfc\xdfe\x93\n", text: "„Grüße“", preview: "„Grüße“",
		},
		{
			name: "unknown charset", msg: "Content-Type: text/plain; charset=x-klingon\n\nnuqneH\n",
			text: "nuqneH", preview: "nuqneH",
		},
		{
			name: "the plain alternative is preferred, wherever it stands",
			msg: "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>html</p>\n" +
				"--b\nContent-Type: text/plain\n\nplain\n--b--\n",
			text: "plain", preview: "plain",
		},
		{
			name: "an empty plain alternative gives way",
			msg: "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n \n" +
				"--b\nContent-Type: text/html\n\n<p>html</p>\n--b--\n",
			text: "html", preview: "html",
		},
		{
			name: "attachments are listed with their size as encoded",
			msg: "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n--b\nContent-Type: application/PDF; name=\"a\u202eb.pdf\"\n" +
				"Content-Transfer-Encoding: base64\nContent-Disposition: attachment\n\nQUJD\n--b\n" +
				"Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.txt\n\nnot shown\n--b--\n",
			text: "body", preview: "body",
			attachments: []Attachment{{Name: "ab.pdf", Type: "application/pdf", Size: 4}, {Name: "ü.txt", Type: "text/plain", Size: 9}},
		},
		{
			name: "closing boundary is missing",
			msg:  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody of it\n", text: "body of it", preview: "body of it",
		},
		{
			name: "malformed header lines are left out",
			msg:  "From nobody\nSubject: x\nbroken line\nContent-Type: text/html\n\n<b>bold</b>\n", text: "bold", preview: "bold",
		},
		{
			name: "broken base64 shows what came before",
			msg:  "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nSGVsbG8gd29y!!!!\n",
			text: "Hello wor", preview: "Hello wor",
		},
		{
			name: "control and bidi characters are taken out",
			msg:  "Content-Type: text/plain; charset=utf-8\n\na\x00b\x1b[31mc\u202ed\n", text: "ab[31mcd", preview: "ab[31mcd",
		},
		{
			name: "what was quoted is no preview", msg: "Subject: x\n\n> you said\nI say\n", text: "> you said\nI say", preview: "I say",
		},
		{name: "nothing at all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(crlf(c.msg)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Text != c.text || got.Preview != c.preview {
				t.Errorf("text %q, preview %q; want %q, %q", got.Text, got.Preview, c.text, c.preview)
			}
			if len(got.Attachments) != len(c.attachments) {
				t.Fatalf("attachments %+v, want %+v", got.Attachments, c.attachments)
			}
			for i, a := range got.Attachments {
				if a != c.attachments[i] {
					t.Errorf("attachment %+v, want %+v", a, c.attachments[i])
				}
			}
			if got.Truncated {
				t.Error("marked as truncated")
			}
		})
	}
}

func TestHTML(t *testing.T) {
	for _, c := range []struct{ name, html, want string }{
		{"scripts, styles and titles", "<title>T</title><style>p{}</style><script>alert('<p>')</script>Text", "Text"},
		{"paragraphs and breaks", "<p>One\n two</p><p>Three<br>Four</p>", "One two\n\nThree\nFour"},
		{"words are kept apart", "<td>a</td><td>b</td> <b>c</b>d", "a b cd"},
		{"entities", "&lt;b&gt; &amp; &uuml;&nbsp;&euro;", "<b> & ü\u00a0€"},
		{"lists", "<ul><li>a</li><li>b</li></ul>", "• a\n• b"},
		{"quotes", "<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n\n>> b\n\nc"},
		{"preformatted", "<pre>a  b\n  c</pre>", "a  b\n  c"},
		{"links say where they lead", `<a href="https://evil.example/x">https://bank.example</a>`, "https://bank.example <https://evil.example/x>"},
		{"links that say so already", `<a href="https://a.example/">https://a.example</a>`, "https://a.example"},
		{"long links", `<a href="https://a.example/` + strings.Repeat("x", 200) + `">here</a>`, "here <https://a.example/…>"},
		{"links that run code", `<a href="javascript:alert(1)">x</a>`, "x"},
		{"pictures", `<img src="https://track.example/1.gif"><img alt="A cat" src="cid:1">`, "[A cat]"},
		{"hidden text", `<div style="display: none">pre<div>head</div>er</div>Body`, "Body"},
		{"hidden text that is all", `<div style="display:none">All`, "All"},
		{"comments", "a<!-- b -->c", "ac"},
		{"unclosed", "<div><p>a<b>b", "ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader("Content-Type: text/html; charset=utf-8\r\n\r\n" + c.html))
			if err != nil {
				t.Fatal(err)
			}
			if got.Text != c.want {
				t.Errorf("%q\nwant %q", got.Text, c.want)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	deep := strings.Repeat("<blockquote><div>", 100_000) + "deep"
	nested := "Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
	for i := range 100 {
		b := string(rune('a'+i%26)) + strings.Repeat("x", i)
		nested = "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\n--" + b + "\r\n" + nested
	}
	for _, c := range []struct {
		name, msg string
		truncated bool
	}{
		{"text", "\r\n" + strings.Repeat("äöü ", MaxText), true},
		{"html", "Content-Type: text/html; charset=utf-8\r\n\r\n" + strings.Repeat("<p>äöü", MaxText), true},
		{"nested html", "Content-Type: text/html\r\n\r\n" + deep, false},
		{"nested parts", nested, true},
		{
			"many parts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
				strings.Repeat("--b\r\n\r\n"+strings.Repeat("y", 3000)+"\r\n", 2*maxParts), true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Read(strings.NewReader(c.msg))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Text) > MaxText || !utf8.ValidString(got.Text) || got.Truncated != c.truncated {
				t.Errorf("%d bytes, truncated %v", len(got.Text), got.Truncated)
			}
		})
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("the disk is broken")
	_, err := Read(io.MultiReader(strings.NewReader("Subject: x\r\n\r\nHalf"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>y")
	f.Add("Content-Type: text/html; charset=utf-7\r\nContent-Transfer-Encoding: base64\r\n\r\nPGEgaHJlZj0=")
	f.Fuzz(func(t *testing.T, msg string) {
		got, err := Read(strings.NewReader(msg))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Text) > MaxText || !utf8.ValidString(got.Text) {
			t.Fatalf("%d bytes", len(got.Text))
		}
		for _, r := range got.Text {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("control character %U", r)
			}
		}
	})
}

// TestPreview is of messages of which only some header fields and the
// beginning of the text were fetched.
func TestPreview(t *testing.T) {
	long := strings.Repeat("words and more words ", 300)
	b64 := base64.StdEncoding.EncodeToString([]byte(long))
	html64 := base64.StdEncoding.EncodeToString([]byte("<html><head><style>p{}</style></head><body><p>Grüße &amp; Küsse</p>" + long))
	const alternative = "Content-Type: multipart/alternative; boundary=b\n\n"
	for _, c := range []struct{ name, header, text, want string }{
		{"nothing known", "", "Hello\n", "Hello"},
		{"an empty header", "\n", "Hello\nyou\n", "Hello you"},
		{"header without its empty line", "Content-Type: text/html", "<p>Hello</p>", "Hello"},
		{"nothing at all", "", "", ""},
		{"long text", "Content-Type: text/plain\n\n", long[:4096], long[:200]},
		{"base64 that was cut", "Content-Transfer-Encoding: base64\n\n", b64[:1021], long[:200]},
		{"short base64 that was cut", "Content-Transfer-Encoding: base64\n\n", "SGVsbG8gd29ybG", "Hello wor"},
		{"quoted-printable cut in a rune", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n", "Gr=C3=BC=C3", "Grü"},
		{"quoted-printable in one long line", "Content-Transfer-Encoding: quoted-printable\n\n", long[:4096], long[:200]},
		{"UTF-8 cut in a rune", "Content-Type: text/plain; charset=utf-8\n\n", "Stra\xc3\x9fe \xe2\x82", "Straße"},
		{"another charset", "Content-Type: text/plain; charset=koi8-r\n\n", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"a charset with states, cut", "Content-Type: text/plain; charset=iso-2022-jp\n\n", "\x1b$B$3$s$K$A$O\x1b(B \x1b$B$3$", "こんにちは こ"},
		{"no end of the parts", alternative, "--b\nContent-Type: text/plain\n\nHello from the pl", "Hello from the pl"},
		{"a part cut in its header", alternative, "--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: text/ht", "Hello"},
		{"nested", "Content-Type: multipart/mixed; boundary=a\n\n", "--a\nContent-Type: multipart/related; boundary=r\n\n--r\n" + alternative +
			"--b\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe\n--b\nContent-Type: text/html\n\n<p>no", "Grüße"},
		{"HTML alone", "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n", html64[:2003], "Grüße & Küsse " + long[:186]},
		{"HTML cut in a tag", "Content-Type: text/html\n\n", "<p>Hello <a href=\"https://exam", "Hello"},
		{"HTML cut in its style", "Content-Type: text/html\n\n", "<style>p { color: red; ", ""},
		{"an attachment first", "Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nQUJD", ""},
		{"control and bidi characters", "Content-Type: text/plain; charset=utf-8\n\n", "a\x00b\x1b\u202ec\t\u2066d", "abc d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Preview([]byte(crlf(c.header)), []byte(crlf(c.text)))
			if want := strings.TrimSpace(c.want); strings.TrimSpace(got) != want {
				t.Errorf("%q, want %q", got, want)
			}
			if utf8.RuneCountInString(got) > 200 || strings.ContainsFunc(got, unicode.IsControl) {
				t.Errorf("%q is not fit to be shown", got)
			}
		})
	}
}
