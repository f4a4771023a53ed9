package mail

import (
	"strings"
	"unicode"
)

// Printable returns s fit to be shown on one line: control characters and runs
// of white space become one space, and what would change the direction of the
// text around it or hide in it is left out (bidi overrides, embeddings and
// isolates, zero-width spaces, the byte order mark), so that a sender cannot
// make a name or subject read as something else. Joiners stay: scripts and
// emoji need them.
func Printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case hidden(r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case r == unicode.ReplacementChar, unicode.IsPrint(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.M, r), unicode.Is(unicode.Co, r):
			return r
		default:
			return unicode.ReplacementChar
		}
	}, s)
	return strings.Join(strings.Fields(clean), " ")
}

// PrintableText is Printable for text of several lines: line ends and tabs
// stay, and so does the space between words.
func PrintableText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case hidden(r), unicode.IsControl(r):
			return -1
		default:
			return r
		}
	}, s)
}

// hidden tells the characters that change or hide text without being seen.
func hidden(r rune) bool {
	switch {
	case r >= '\u202A' && r <= '\u202E', // embeddings and overrides
		r >= '\u2066' && r <= '\u2069',              // isolates
		r == '\u200E', r == '\u200F', r == '\u061C', // marks
		r == '\u200B', r == '\u2060', r == '\uFEFF', r == '\u00AD',
		r >= 0xE0000 && r <= 0xE007F: // tags
		return true
	default:
		return false
	}
}
