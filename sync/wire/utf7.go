package wire

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// utf7Alphabet is the base64 of modified UTF-7 (RFC 3501 §5.1.3).
const utf7Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"

// base64m is not strict: bits that do not matter are seen set in the wild.
func base64m() *base64.Encoding {
	return base64.NewEncoding(utf7Alphabet).WithPadding(base64.NoPadding)
}

// EncodeMailbox returns a mailbox name in modified UTF-7 (RFC 3501 §5.1.3). The
// result is printable ASCII whatever the name holds.
func EncodeMailbox(name string) string {
	if strings.IndexFunc(name, func(r rune) bool { return r == '&' || !printable(r) }) < 0 {
		return name
	}
	var b strings.Builder
	var run []rune
	flush := func() {
		if len(run) == 0 {
			return
		}
		var raw []byte
		for _, u := range utf16.Encode(run) {
			raw = binary.BigEndian.AppendUint16(raw, u)
		}
		b.WriteByte('&')
		b.WriteString(base64m().EncodeToString(raw))
		b.WriteByte('-')
		run = run[:0]
	}
	for _, r := range name {
		if !printable(r) {
			run = append(run, r)
			continue
		}
		flush()
		b.WriteRune(r)
		if r == '&' {
			b.WriteByte('-')
		}
	}
	flush()
	return b.String()
}

func printable(r rune) bool { return r >= ' ' && r <= '~' }

// DecodeMailbox returns the UTF-8 of a mailbox name as it came: modified
// UTF-7, or raw UTF-8 as some servers send it. What is neither is kept as it
// is, with bytes that are not UTF-8 taken for windows-1252.
func DecodeMailbox(raw []byte) string {
	name, _ := decodeMailbox(raw)
	return name
}

func decodeMailbox(raw []byte) (name string, ok bool) {
	var b strings.Builder
	rest := guess(raw)
	for {
		plain, more, found := strings.Cut(rest, "&")
		b.WriteString(plain)
		if !found {
			return b.String(), true
		}
		word, after, found := strings.Cut(more, "-")
		if !found {
			return guess(raw), false
		}
		rest = after
		if word == "" {
			b.WriteByte('&')
			continue
		}
		text, ok := decodeRun(word)
		if !ok {
			return guess(raw), false
		}
		b.WriteString(text)
	}
}

func decodeRun(word string) (string, bool) {
	raw, err := base64m().DecodeString(word)
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(raw[2*i:])
	}
	text := string(utf16.Decode(units))
	if strings.ContainsRune(text, utf8.RuneError) {
		return "", false
	}
	return text, true
}
