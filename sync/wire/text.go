package wire

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"

	"github.com/heronmail/heron/sync/mail"
)

var (
	errControl = errors.New("line end or NUL in a string")
	errEight   = errors.New("not ASCII, it needs a literal")
	errKeyword = errors.New("not a keyword")
)

// Quote returns s as a quoted string. CR, LF and NUL are refused, and all that
// is not ASCII, for which see Conn.String.
func Quote(s string) (string, error) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\r', c == '\n', c == 0:
			return "", errControl
		case c >= 0x80:
			return "", errEight
		}
	}
	return quoteBytes(s), nil
}

func quoteBytes(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}

// astring returns s quoted or, if it is not ASCII, as a literal, which Burst
// sends as the server wants it.
func astring(s string) (string, error) {
	q, err := Quote(s)
	if !errors.Is(err, errEight) {
		return q, err
	}
	if strings.ContainsAny(s, "\r\n\x00") {
		return "", errControl
	}
	return "{" + strconv.Itoa(len(s)) + "}\r\n" + s, nil
}

// FormatFlags returns flags as the parenthesised list that STORE takes. A
// keyword with a character that no flag can have is refused.
func FormatFlags(flags mail.Flags) (string, error) {
	words := make([]string, len(flags))
	for i, f := range flags {
		words[i] = f.Wire()
		if !isFlag(words[i]) {
			return "", errKeyword
		}
	}
	return "(" + strings.Join(words, " ") + ")", nil
}

// isFlag reports whether s can stand where a flag stands (RFC 3501 §9).
func isFlag(s string) bool {
	return isAtom(strings.TrimPrefix(s, `\`))
}

func isAtom(s string) bool {
	for i := range len(s) {
		if !isAtomByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isAtomByte(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`(){%*"\]`, c) < 0
}

// decodeText turns what stands in a header field into UTF-8: encoded words
// (RFC 2047) are decoded, raw bytes are taken for UTF-8 if they can be, else
// for windows-1252. Folding is undone.
func decodeText(b []byte) string {
	s := guess(b)
	if strings.Contains(s, "=?") {
		words := mime.WordDecoder{CharsetReader: readCharset}
		if decoded, err := words.DecodeHeader(s); err == nil {
			s = decoded
		}
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, string(utf8.RuneError))
	}
	return oneLine(s)
}

// unfold takes line ends and NUL out, and with a line end the space behind it.
func unfold(s string) string {
	return strings.NewReplacer(
		"\r\n ", " ", "\r\n\t", " ", "\r\n", " ", "\n ", " ", "\n\t", " ", "\n", " ", "\r", "", "\x00", "",
	).Replace(s)
}

// readCharset knows every name: a character set that nobody knows is guessed
// at. What it returns is read already, as package mime would take a buffer of
// 32 KB to copy each word.
func readCharset(name string, in io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	name, _, _ = strings.Cut(name, "*") // a language, RFC 2231 §5
	if enc := charset(name); enc != nil {
		// Not as a stream, for which each word would cost 8 KB.
		if b, err = enc.NewDecoder().Bytes(b); err != nil {
			return nil, err
		}
		return bytes.NewReader(b), nil
	}
	return strings.NewReader(guess(b)), nil
}

// charset finds a character set by the names that MIME knows, else by those of
// the web; nil if neither does.
func charset(name string) encoding.Encoding {
	if strings.EqualFold(name, "ansi_x3.110-1983") {
		return charmap.ISO8859_1 // RFC 1345: nearly a superset of it
	}
	for _, n := range []string{name, "cs" + name} {
		if enc, err := ianaindex.MIME.Encoding(n); err == nil && enc != nil {
			return enc
		}
	}
	if enc, err := htmlindex.Get(name); err == nil {
		return enc
	}
	return nil
}

func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return string(bytes.ToValidUTF8(b, []byte(string(utf8.RuneError))))
	}
	return string(out)
}

// clip cuts s after at most n bytes, at a rune. What it cuts off is not kept in
// memory for the sake of the rest.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}
