package mailtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Gen makes mail: in many languages and charsets, plain, HTML, both, with
// attachments, now and then with an odd header. The same seed gives the same
// mail, byte for byte, on every machine. It is for one goroutine.
type Gen struct {
	rng     *rand.Rand
	tongues []tongue
	dates   []string
	n       int       // messages made
	now     time.Time // date of the last one; it moves on with each
}

// Corpus is a generator. Its first message is of 1 January 2026.
func Corpus(seed int64) *Gen {
	return &Gen{
		rng:     rand.New(rand.NewPCG(uint64(seed), 0x6865726f6e)),
		tongues: tongues(),
		dates:   hardDates(),
		now:     time.Date(2026, time.January, 1, 6, 0, 0, 0, time.UTC),
	}
}

// Message is the next message: RFC 5322 with CRLF line ends, 0.5 to 4 kB, now
// and then 40 kB.
func (g *Gen) Message() []byte {
	g.n++
	g.now = g.now.Add(time.Duration(1+g.rng.IntN(1200)) * time.Second)
	var b strings.Builder
	l := pick(g, g.tongues)
	c := pick(g, l.charsets)
	g.header(&b, l, c)
	b.WriteString("MIME-Version: 1.0\r\n")
	text, html := g.text(l), ""
	switch g.rng.IntN(10) {
	case 0, 1, 2, 3:
		g.part(&b, "text/plain", c, text)
	case 4, 5, 6:
		html = htmlOf(text)
		g.multi(&b, "alternative", func(next func()) {
			next()
			g.part(&b, "text/plain", c, text)
			next()
			g.part(&b, "text/html", c, html)
		})
	case 7, 8:
		g.part(&b, "text/html", c, htmlOf(text))
	default:
		g.multi(&b, "mixed", func(next func()) {
			next()
			g.part(&b, "text/plain", c, text)
			for range 1 + g.rng.IntN(2) {
				next()
				g.attachment(&b, pick(g, l.subjects))
			}
		})
	}
	return []byte(b.String())
}

// header writes everything above the MIME part; one message of a hundred has
// something odd in each place.
func (g *Gen) header(b *strings.Builder, l tongue, c cs) {
	odd := func() bool { return g.rng.IntN(100) == 0 }
	from := g.person(l, c)
	if odd() { // a name that fills lines
		from = address(c, strings.TrimSpace(strings.Repeat(pick(g, l.people)+" ", 40)), "long@heron.example")
	}
	fold(b, "From", from)
	to := make([]string, 1+g.rng.IntN(2))
	if odd() {
		to = make([]string, 120)
	}
	for i := range to {
		to[i] = g.person(l, c)
	}
	fold(b, "To", strings.Join(to, ", "))
	if g.rng.IntN(4) == 0 {
		fold(b, "Cc", g.person(l, c))
	}
	if !odd() {
		fold(b, "Subject", encodeHeader(c, pick(g, l.subjects)))
	}
	date := g.now.In(time.FixedZone("", (g.rng.IntN(27)-12)*3600)).Format(time.RFC1123Z)
	if odd() {
		date = pick(g, g.dates)
	}
	if date != "" {
		fold(b, "Date", date)
	}
	if !odd() {
		fold(b, "Message-ID", fmt.Sprintf("<%d.%016x@heron.example>", g.n, g.rng.Uint64()))
	}
	if g.n > 1 && g.rng.IntN(3) == 0 {
		fold(b, "In-Reply-To", fmt.Sprintf("<%d.reply@heron.example>", 1+g.rng.IntN(g.n)))
	}
}

func (g *Gen) person(l tongue, c cs) string {
	name := pick(g, l.people)
	return address(c, name, fmt.Sprintf("p%d@%s.example", g.rng.IntN(500), pick(g, []string{"heron", "reed", "river.lake"})))
}

// address is a mailbox as an address header has it.
func address(c cs, name, addr string) string {
	switch {
	case name == "":
		return addr
	case isASCII(name):
		return `"` + strings.ReplaceAll(name, `"`, `\"`) + `" <` + addr + ">"
	default:
		return encodeHeader(c, name) + " <" + addr + ">"
	}
}

func (g *Gen) text(l tongue) string {
	var b strings.Builder
	for range 3 + g.rng.IntN(20) {
		b.WriteString(pick(g, l.lines))
		b.WriteString("\n")
		if g.rng.IntN(5) == 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// part writes a text part with its own header.
func (g *Gen) part(b *strings.Builder, kind string, c cs, text string) {
	fmt.Fprintf(b, "Content-Type: %s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n", kind, c.name, c.transfer)
	b.WriteString(encodeBody(c, text))
}

// multi writes a multipart; parts calls next before each of its parts.
func (g *Gen) multi(b *strings.Builder, kind string, parts func(next func())) {
	boundary := fmt.Sprintf("=_%016x", g.rng.Uint64())
	fmt.Fprintf(b, "Content-Type: multipart/%s; boundary=%q\r\n\r\n", kind, boundary)
	parts(func() { fmt.Fprintf(b, "\r\n--%s\r\n", boundary) })
	fmt.Fprintf(b, "\r\n--%s--\r\n", boundary)
}

func (g *Gen) attachment(b *strings.Builder, title string) {
	size := 100 + g.rng.IntN(900)
	if g.rng.IntN(20) == 0 {
		size = 30_000
	}
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(g.rng.Uint32())
	}
	file := "report.pdf"
	if title != "" && g.rng.IntN(2) == 0 {
		file = title + ".pdf"
	}
	b.WriteString("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n")
	fmt.Fprintf(b, "Content-Disposition: attachment; filename*=utf-8''%s\r\n\r\n", percent(file))
	b.WriteString(base64Lines(data))
}

// htmlOf is the text as mail programs make HTML of it, with something that must
// never be loaded.
func htmlOf(text string) string {
	esc := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><style>p { color: #123 }</style></head>\n<body>\n")
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString("<p>" + esc.Replace(line) + "</p>\n")
	}
	b.WriteString("<img src=\"https://tracker.heron.example/pixel.gif\" width=1 height=1>\n</body></html>\n")
	return b.String()
}

func pick[T any](g *Gen, from []T) T { return from[g.rng.IntN(len(from))] }
