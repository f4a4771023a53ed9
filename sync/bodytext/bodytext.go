package bodytext

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // registers the charsets of the world
	"github.com/emersion/go-message/textproto"
	"golang.org/x/text/encoding/charmap"

	"github.com/heronmail/heron/sync/mail"
)

// MaxText bounds the text of a message, in bytes.
const MaxText = 1 << 20

// Bounds of what is read.
const (
	maxDepth   = 20
	maxParts   = 1000
	maxMessage = 128 << 20 // bytes of a message
	maxHeader  = 1 << 20   // bytes of its header
	maxBad     = 100       // malformed header lines that are borne
	maxHTML    = 4 << 20   // bytes of an HTML part that are read for MaxText of text
	previewLen = 200       // runes
)

// Text is a message as plain text.
type Text struct {
	Text        string // UTF-8, at most MaxText bytes, lines parted by \n
	Preview     string // its first words on one line, at most 200 runes
	Truncated   bool   // there was more text than Text holds
	Attachments []Attachment
}

// Attachment is a part that is not in Text.
type Attachment struct {
	Name string // as the sender wrote it but printable, "" if unnamed
	Type string // media type, lower case
	Size int64  // bytes as encoded in the message
}

// Read reads a message. The error is that of r; what a sender got wrong is none.
func Read(r io.Reader) (Text, error) {
	src := &source{r: r, left: maxHeader}
	br := bufio.NewReader(src)
	h := readHeader(br)
	src.left = maxMessage
	w := &walker{}
	text := w.entity(h, br, 0)
	if src.err != nil {
		return Text{}, src.err
	}
	out := Text{Text: tidy(text.text), Truncated: w.truncated, Attachments: w.attachments}
	if len(out.Text) > MaxText {
		out.Text, out.Truncated = cut(out.Text, MaxText), true
	}
	out.Preview = preview(out.Text)
	return out, nil
}

// Preview returns the first words of a message, on one line and at most 200
// runes, of the fields of its header that tell what its text is (RFC 2045) and
// of the beginning of that text, wherever it was cut; "" if no words are in it.
func Preview(header, text []byte) string {
	// Whatever stands at the header's end, one empty line parts the two.
	r := io.MultiReader(bytes.NewReader(bytes.TrimRight(header, "\r\n")), strings.NewReader("\r\n\r\n"), bytes.NewReader(text))
	if len(bytes.TrimSpace(header)) == 0 {
		r = io.MultiReader(strings.NewReader("\r\n"), bytes.NewReader(text))
	}
	t, err := Read(r)
	if err != nil {
		return "" // memory does not fail
	}
	return strings.TrimRight(t.Preview, "\uFFFD ") // a rune that was cut
}

// source bounds what is read, and remembers the error of reading apart from
// the sender's mistakes.
type source struct {
	r    io.Reader
	left int64
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// readHeader reads a header and leaves out its malformed lines.
func readHeader(br *bufio.Reader) message.Header {
	var out textproto.Header
	for range maxBad {
		h, err := textproto.ReadHeader(br)
		for fields := h.Fields(); fields.Next(); {
			out.Add(fields.Key(), fields.Value())
		}
		if err == nil || errors.Is(err, io.EOF) {
			break
		}
	}
	return message.Header{Header: out}
}

// rank says how well a text serves; an alternative shows its best.
type rank int

const (
	nothing rank = iota
	fromHTML
	plain
)

type found struct {
	text string
	rank rank
}

// walker goes through the parts of one message.
type walker struct {
	parts       int
	read        int // bytes of text so far, so that many parts stay within MaxText together
	truncated   bool
	attachments []Attachment
}

// entity returns the text of a part, and lists it if it is an attachment.
func (w *walker) entity(h message.Header, raw io.Reader, depth int) found {
	w.parts++
	media, params, err := h.ContentType()
	if err != nil || media == "" {
		media = "text/plain" // RFC 2045 §5.2
	}
	media = strings.ToLower(media)
	disposition, dparams, _ := h.ContentDisposition()
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	attached := strings.EqualFold(disposition, "attachment")
	switch {
	case depth >= maxDepth || w.parts > maxParts:
		w.truncated = true
	case strings.HasPrefix(media, "multipart/") && params["boundary"] != "":
		return w.multipart(media, params["boundary"], raw, depth)
	case !attached && (media == "text/plain" || media == "text/html"):
		return w.text(h, media, raw)
	}
	n, _ := io.Copy(io.Discard, raw) // a part that ends early is as long as it is
	w.attachments = append(w.attachments, Attachment{Name: mail.Printable(name), Type: mail.Printable(media), Size: n})
	return found{}
}

func (w *walker) multipart(media, boundary string, raw io.Reader, depth int) found {
	mr := textproto.NewMultipartReader(raw, boundary)
	var all []found
	for w.parts <= maxParts {
		p, err := mr.NextPart()
		if err != nil {
			break // the closing boundary, or what is left of a broken message
		}
		if f := w.entity(message.Header{Header: p.Header}, p, depth+1); f.rank != nothing {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return found{}
	}
	if media == "multipart/alternative" {
		best := all[0]
		for _, f := range all[1:] {
			if f.rank > best.rank {
				best = f
			}
		}
		return best
	}
	texts := make([]string, len(all))
	for i, f := range all {
		texts[i] = f.text
	}
	return found{strings.Join(texts, "\n\n"), all[0].rank}
}

// text reads a part that is text. Blank text has no rank: a mail program that
// writes an empty plain alternative means its HTML to be read.
func (w *walker) text(h message.Header, media string, raw io.Reader) found {
	// An unknown charset or encoding leaves the bytes as they are.
	e, _ := message.New(h, raw)
	limit := MaxText
	if media == "text/html" {
		limit = maxHTML
	}
	limit = max(0, limit-w.read)
	b, _ := io.ReadAll(io.LimitReader(e.Body, int64(limit)+1)) // a broken encoding: what came before it
	if len(b) > limit {
		b, w.truncated = b[:limit], true
	}
	_, _ = io.Copy(io.Discard, raw) // the rest is not shown
	s := decode(b)
	r := plain
	if media == "text/html" {
		s, r = fromHTMLText(s), fromHTML
	}
	w.read += len(s)
	s = mail.PrintableText(s)
	if strings.TrimSpace(s) == "" {
		return found{}
	}
	return found{s, r}
}

// decode makes UTF-8 of bytes that should be it and may not: mail without, or
// with a wrong, charset is most often Windows-1252.
func decode(b []byte) string {
	if !validButEnd(b) {
		if s, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			b = s
		}
	}
	return strings.ToValidUTF8(string(b), "")
}

// validButEnd reports whether b is UTF-8, of which the last rune may be cut.
func validButEnd(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0; i++ {
		if utf8.Valid(b) {
			return true
		}
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}

// tidy takes away blank lines at both ends and white space at the end of lines,
// and leaves at most two blank lines in a row.
func tidy(s string) string {
	var b strings.Builder
	blank := 0
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, " \t")
		if line == "" {
			blank++
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat("\n", 1+min(blank, 2)))
		}
		blank = 0
		b.WriteString(line)
	}
	return b.String()
}

// cut shortens s to at most n bytes, between runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// preview is the first words of a text; quoted lines come only if there is
// nothing else.
func preview(text string) string {
	var own, all strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if own.Len() > previewLen*utf8.UTFMax {
			break
		}
		if all.Len() <= previewLen*utf8.UTFMax {
			all.WriteString(line + " ")
		}
		if !strings.HasPrefix(line, ">") {
			own.WriteString(line + " ")
		}
	}
	s := mail.Printable(own.String())
	if s == "" {
		s = mail.Printable(all.String())
	}
	if r := []rune(s); len(r) > previewLen {
		s = string(r[:previewLen])
	}
	return s
}
