package mailtest

import (
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"strings"
)

// encode puts text into the charset; what it lacks becomes a question mark or
// the charset's own substitute.
func (c cs) encode(text string) string {
	out, err := c.enc.NewEncoder().String(text)
	if err == nil {
		return out
	}
	var b strings.Builder
	for _, r := range text {
		if s, err := c.enc.NewEncoder().String(string(r)); err == nil {
			b.WriteString(s)
		} else {
			b.WriteByte('?')
		}
	}
	return b.String()
}

// encodeHeader writes text as encoded words (RFC 2047) when it is not ASCII.
// Every word holds whole characters and is at most 75 bytes.
func encodeHeader(c cs, text string) string {
	if isASCII(text) {
		return text
	}
	const room = 75
	var words []string
	var word string // what fits into the current one
	var held string
	for _, r := range text {
		longer := encodedWord(c, held+string(r))
		if len(longer) > room && held != "" {
			words = append(words, word)
			held, longer = "", encodedWord(c, string(r))
		}
		held += string(r)
		word = longer
	}
	return strings.Join(append(words, word), " ")
}

func encodedWord(c cs, text string) string {
	raw := c.encode(text)
	if c.word == 'B' {
		return "=?" + c.name + "?B?" + base64.StdEncoding.EncodeToString([]byte(raw)) + "?="
	}
	var b strings.Builder
	b.WriteString("=?" + c.name + "?Q?")
	for _, x := range []byte(raw) {
		switch {
		case x == ' ':
			b.WriteByte('_')
		case x >= '0' && x <= '9', x >= 'A' && x <= 'Z', x >= 'a' && x <= 'z':
			b.WriteByte(x)
		default:
			fmt.Fprintf(&b, "=%02X", x)
		}
	}
	b.WriteString("?=")
	return b.String()
}

// encodeBody puts text into the charset and its transfer encoding.
func encodeBody(c cs, text string) string {
	raw := c.encode(strings.ReplaceAll(text, "\n", "\r\n"))
	switch c.transfer {
	case "base64":
		return base64Lines([]byte(raw))
	case "quoted-printable":
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		// A strings.Builder takes everything.
		_, _ = w.Write([]byte(raw))
		_ = w.Close()
		return b.String()
	default:
		return raw
	}
}

func base64Lines(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
	return b.String()
}

// fold writes a header, in lines of at most 78 bytes where it has spaces.
func fold(b *strings.Builder, name, value string) {
	b.WriteString(name + ":")
	width := len(name) + 1
	for word := range strings.SplitSeq(value, " ") {
		if width+1+len(word) > 78 && width > len(name)+1 {
			b.WriteString("\r\n")
			width = 0
		}
		b.WriteString(" " + word)
		width += 1 + len(word)
	}
	b.WriteString("\r\n")
}

// percent is text as an extended parameter wants it (RFC 8187 §3.2).
func percent(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

func isASCII(s string) bool { return mime.QEncoding.Encode("utf-8", s) == s }
