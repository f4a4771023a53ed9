package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mail"
)

// FuzzResponse reads a stream of responses as the pump does. Whatever comes,
// every byte belongs to exactly one response, and every reader can be used on
// every response.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"* 2 FETCH (UID 3 FLAGS (\\Seen) ENVELOPE (\"d\" \"s\" () NIL () NIL () NIL \"r\" NIL))\r\nH1 OK [X (y)] z\r\n",
		"* LIST () \"/\" {3}\r\na]b (\"OLDNAME\" (\"x\"))\r\n+ {3}\r\n* OK {3}\r\n",
		"* 1 FETCH (BODY[HEADER.FIELDS (A \"B\")]<0> {2}\r\n{1} X ~{1}\r\n)\r\n)\r\n",
		"* STATUS \"&AOQ-\" (MESSAGES 1 HIGHESTMODSEQ 2)\r\n* ESEARCH (TAG \"x\") UID ALL 1:3,7\r\n* VANISHED (EARLIER) 1:3\r\n",
		"* 1 FETCH (X \"a\"b\" Y \"\\\"\\\\\" Z[({ \"\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		rd, r, read := newReader(bytes.NewReader(in), 4096, 4096), &Response{}, 0
		for {
			if err := rd.read(r); err != nil {
				return
			}
			if r.long {
				return // of what was skipped nothing is kept
			}
			read += len(r.buf)
			if !bytes.Equal(r.buf, in[read-len(r.buf):read]) {
				t.Fatal("a response is not what came")
			}
			visit(t, r.Args(), 0)
			visit(t, r.Code(), 0)
			useAll(r)
		}
	})
}

// visit goes through a tree; each value must lie in the response.
func visit(t *testing.T, v Value, depth int) {
	t.Helper()
	if depth > maxDepth+2 {
		t.Fatal("deeper than allowed")
	}
	v.Bytes()
	v.Uint()
	for x := range v.Items() {
		visit(t, x, depth+1)
	}
}

// useAll calls every typed reader.
func useAll(r *Response) {
	_, _ = ParseFetch(r)
	_, _ = ParseList(r)
	_, _ = ParseStatus(r)
	_, _ = ParseSearch(r)
	_, _, _ = ParseVanished(r)
	new(SelectData).Note(r)
	readCaps(r.Args(), 0)
	_ = r.Status().Fault("X")
}

// FuzzFilter: what go-imap is given can be read by our own strict eye: it is
// one response, without repair, of the same type.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		"* 2 FETCH (UID 3 FLAGS (\\Seen a]) ENVELOPE (\"a\" {2}\r\n\r\n ((NIL \"\" \"a\" \"b\") x) () NIL () NIL () NIL \"i\") BODY[] {1}\r\n\x80)\r\n",
		"* LIST (\\A a]) \"\\\\\" \"&-\"\r\n", "* STATUS a (MESSAGES 1 X 2)\r\n", "T1 NO [COPYUID 1 2:3 4:5] \x01\r\n", "* OK [PERMANENTFLAGS (\\*)]\r\n",
		"* SEARCH 1 2 (MODSEQ 3)\r\n", "+ x\r\n", "* FLAGS (a b)\r\n", "* OK [HIGHESTMODSEQ 5] x\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := &Response{}
		if newReader(bytes.NewReader(in), 4096, 4096).read(r) != nil {
			return
		}
		out, ok := filter(r)
		if !ok {
			return
		}
		rd, again := newReader(bytes.NewReader(out), 0, 0), &Response{}
		if err := rd.read(again); err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
		if again.odd() || again.Type != r.Type || again.Tag != r.Tag {
			t.Fatalf("%q became %q: %v", in, out, again.Bad)
		}
		if _, err := rd.br.ReadByte(); !errors.Is(err, io.EOF) {
			t.Fatalf("%q became more than one response: %q", in, out)
		}
	})
}

// FuzzEnvelope: texts are valid and bounded.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`("Sat, 7 Feb 2026 10:00:00 +0100" "=?utf-8?q?a?=" (("=?x?b?YQ==?=" NIL "a" "b")("" NIL "g" NIL)) () NIL () NIL () "<a> <b>" "<c>")`))
	f.Add([]byte("(\"\xff\" \"=?iso-2022-jp?B?GyRC?=\")"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := &Response{}
		if newReader(strings.NewReader("* X "+string(in)+"\r\n"), 0, 0).read(r) != nil {
			return
		}
		e := ParseEnvelope(r.Args().At(0))
		texts := []string{e.Subject, e.HeaderID, e.InReplyTo}
		for _, l := range [][]mail.Address{e.From, e.To, e.Cc} {
			if len(l) > maxAddresses {
				t.Fatal("too many addresses")
			}
			for _, a := range l {
				texts = append(texts, a.Name, a.Addr)
			}
		}
		for _, s := range texts {
			if !utf8.ValidString(s) || len(s) > maxSubject || strings.ContainsAny(s, "\r\n\x00") {
				t.Fatalf("%q", s)
			}
		}
		if _, err := e.Date.MarshalJSON(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzMailbox: encoding is harmless and is undone by decoding; decoding gives
// valid text.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"INBOX", "Entw&APw-rfe", "&-", "&AP", "R&D", "日本語 & 😀", "\xff", "&2D0-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if name := DecodeMailbox([]byte(s)); !utf8.ValidString(name) {
			t.Fatalf("%q", name)
		}
		if !utf8.ValidString(s) {
			return
		}
		enc := EncodeMailbox(s)
		for i := range len(enc) {
			if enc[i] < ' ' || enc[i] > '~' {
				t.Fatalf("%q became %q", s, enc)
			}
		}
		if got := DecodeMailbox([]byte(enc)); got != s && !strings.ContainsRune(s, utf8.RuneError) {
			t.Fatalf("%q became %q became %q", s, enc, got)
		}
	})
}

// FuzzSet: what is read is in order, and written it is read again.
func FuzzSet(f *testing.F) {
	f.Add([]byte("1,3:5,4294967295"))
	f.Add([]byte("5:3,4,*"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := ParseSet(in)
		if err != nil {
			return
		}
		last := uint64(0)
		for i, r := range s {
			if r.Lo == 0 || r.Hi < r.Lo || i > 0 && uint64(r.Lo) <= last+1 {
				t.Fatalf("%q became %v", in, s)
			}
			last = uint64(r.Hi)
		}
		again, err := ParseSet([]byte(s.String()))
		if err != nil || again.String() != s.String() {
			t.Fatalf("%q became %v became %v, %v", in, s, again, err)
		}
	})
}

// FuzzCommand: a command made of strings from outside is one command.
func FuzzCommand(f *testing.F) {
	f.Add("INBOX", "s3cret", "a")
	f.Add("a\r\nH2 DELETE INBOX", "ä{3}\r\n", "\\Seen")
	f.Fuzz(func(t *testing.T, box, text, flag string) {
		c := &Conn{}
		quoted, err := c.String(text)
		if err != nil {
			if !strings.ContainsAny(text, "\r\n\x00") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		flags, err := FormatFlags(mail.NewFlags(mail.Flag(flag)))
		if err != nil {
			return
		}
		cmd := "X " + c.Mailbox(box) + " " + flags + " " + quoted
		parts, err := split(cmd, Caps{})
		if err != nil {
			t.Fatalf("%q: %v", cmd, err)
		}
		// A server reads it as we read a response: one, and three values.
		r, rd := &Response{}, newReader(strings.NewReader("* "+strings.Join(parts, "")+"\r\n"), 0, 0)
		if err := rd.read(r); err != nil || rd.br.Buffered() > 0 || r.odd() || r.Args().Len() != 3 || r.Args().At(2).Str() != text {
			t.Fatalf("%q is read as %s, %v", parts, show(r.Args()), err)
		}
	})
}
