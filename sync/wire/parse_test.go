package wire

import (
	"errors"
	"strings"
	"testing"
)

// show writes a tree so that tests can compare it.
func show(v Value) string {
	var b strings.Builder
	switch v.Kind() {
	case None:
		return "-"
	case Atom:
		return v.Str()
	case String:
		return "'" + v.Str() + "'"
	case List:
		b.WriteByte('(')
		for x := range v.Items() {
			if b.Len() > 1 {
				b.WriteByte(' ')
			}
			b.WriteString(show(x))
		}
		b.WriteByte(')')
	}
	return b.String()
}

func TestParse(t *testing.T) {
	type want struct {
		tag, typ  string
		num       uint32
		args      string
		code      string
		text      string
		malformed bool // counted
		bad       error
	}
	for _, test := range []struct {
		in string
		want
	}{
		{"* 12 EXISTS\r\n", want{tag: "*", typ: "EXISTS", num: 12, args: "()"}},
		{"* 12 exists\n", want{tag: "*", typ: "EXISTS", num: 12, args: "()"}},
		{"* 2 FETCH (UID 3 FLAGS (\\Seen))\r\n", want{tag: "*", typ: "FETCH", num: 2, args: `((UID 3 FLAGS (\Seen)))`}},
		{"* LIST () \"/\" \"a \\\"b\\\\ c\"\r\n", want{tag: "*", typ: "LIST", args: `(() '/' 'a "b\ c')`}},
		{"* LIST () NIL {5}\r\na\r\nb)\r\n", want{tag: "*", typ: "LIST", args: "(() NIL 'a\r\nb)')"}},
		{
			"* 1 FETCH (BODY[] {3}\r\n{9} UID 4 BODY[HEADER.FIELDS (FROM TO)] {2}\r\n\r\n)\r\n",
			want{tag: "*", typ: "FETCH", num: 1, args: "((BODY[] '{9}' UID 4 BODY[HEADER.FIELDS (FROM TO)] '\r\n'))"},
		},
		{"* 1 FETCH (BINARY[1] ~{2}\r\n\x00\x01)\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((BINARY[1] '\x00\x01'))"}},
		{"* 1 FETCH (BODY[] {2}\r\n\r\n\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((BODY[] '\r\n'))", malformed: true}},
		{"H1 OK [READ-WRITE] done\r\n", want{tag: "H1", typ: "OK", args: "-", code: "(READ-WRITE)", text: "done"}},
		{"H1 ok\r\n", want{tag: "H1", typ: "OK", args: "-"}},
		{"+ idling\r\n", want{tag: "+", args: "-", text: "idling"}},
		{"+\r\n", want{tag: "+", args: "-"}},

		// The wild.
		{"* OK [ALERT] see {3}\r\n", want{tag: "*", typ: "OK", args: "-", code: "(ALERT)", text: "see {3}"}},
		{"* bye [Unavailable] see {3}\r\n", want{tag: "*", typ: "BYE", args: "-", code: "(Unavailable)", text: "see {3}"}},
		{`H1 NO [Error="a ]b" x] no` + "\r\n", want{tag: "H1", typ: "NO", args: "-", code: "(Error= 'a ]b' x)", text: "no"}},
		{"* OK [not a code\r\n", want{tag: "*", typ: "OK", args: "-", text: "[not a code", malformed: true}},
		{"* OK [PERMANENTFLAGS (a] \\*)] x\r\n", want{tag: "*", typ: "OK", args: "-", code: `(PERMANENTFLAGS (a] \*))`, text: "x"}},
		{"* 1 FETCH (FLAGS (a] [b \\Seen) UID 7)\r\n", want{tag: "*", typ: "FETCH", num: 1, args: `((FLAGS (a] [b \Seen) UID 7))`}},
		{"* 1 FETCH (UID 3 )\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((UID 3))"}},
		{"* 1 FETCH (UID 3\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((UID 3))", malformed: true}},
		{"* 1 FETCH (UID 3))\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((UID 3))", malformed: true}},
		{"* 1 FETCH(UID 3)\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((UID 3))"}},
		{"* 1 FETCH (UID 3 BODY[]{2}\r\nhi)\r\n", want{tag: "*", typ: "FETCH", num: 1, args: "((UID 3 BODY[] 'hi'))", malformed: true}},
		{`* 1 FETCH (X "say "hi" now" UID 3)` + "\r\n", want{tag: "*", typ: "FETCH", num: 1, args: `((X 'say "hi' now ' UID 3)'))`, malformed: true, bad: errQuote}},
		{`* 1 FETCH (X "say "hi"" UID 3)` + "\r\n", want{tag: "*", typ: "FETCH", num: 1, args: `((X 'say "hi"' UID 3))`, malformed: true}},
		{`* 1 FETCH (X "no end)` + "\r\n", want{tag: "*", typ: "FETCH", num: 1, args: `((X 'no end)'))`, malformed: true, bad: errQuote}},
		{"* 99999999999 FETCH (UID 3)\r\n", want{tag: "*", typ: "FETCH", num: 1<<32 - 1, args: "((UID 3))", malformed: true, bad: errNumber}},
		{"* XFOO {a} (b\r\n", want{tag: "*", typ: "XFOO", args: "({a} (b))", malformed: true}},
		{"\r\n", want{tag: "", typ: "", args: "-", malformed: true, bad: errHead}},
		{"* \r\n", want{tag: "*", typ: "", args: "-", malformed: true, bad: errHead}},
		{"* 5\r\n", want{tag: "*", typ: "", args: "-", malformed: true, bad: errHead}},
	} {
		r := parsed(t, test.in)
		got := want{
			tag: r.Tag, typ: r.Type, num: r.Num, args: show(r.Args()), text: r.Text,
			malformed: r.repaired || r.Bad != nil, bad: r.Bad,
		}
		if r.Code().Kind() == List {
			got.code = show(r.Code())
		}
		if got != test.want {
			t.Errorf("%q:\ngot  %+v\nwant %+v", test.in, got, test.want)
		}
	}
}

func TestNesting(t *testing.T) {
	deep := "* X " + strings.Repeat("(", maxDepth) + strings.Repeat(")", maxDepth) + "\r\n"
	if r := parsed(t, deep); r.Bad != nil || r.repaired {
		t.Errorf("depth %d: %v", maxDepth, r.Bad)
	}
	if r := parsed(t, "* X "+strings.Repeat("(", 100_000)+"\r\n"); !errors.Is(r.Bad, errNesting) {
		t.Errorf("depth 100000: %v", r.Bad)
	}
}

func TestBounds(t *testing.T) {
	for _, test := range []struct {
		name, in string
		ok       bool
	}{
		{"line", "* X " + strings.Repeat("a", 94) + "\r\n", true},
		{"long line", "* X " + strings.Repeat("a", 95) + "\r\n", false},
		{"long line without end", strings.Repeat("a", 1000), false},
		{"literal", "* X {200}\r\n" + strings.Repeat("a", 200) + "\r\n", true},
		{"large literal", "* X {201}\r\n", false},
		{"huge literal", "* X {99999999999999999999999999}\r\n", false},
		{"literals together", "* X {150}\r\n" + strings.Repeat("a", 150) + " {51}\r\n", false},
		{"lines together", "* X {1}\r\na " + strings.Repeat("a", 95) + "\r\n", false},
	} {
		err := newReader(strings.NewReader(test.in), 100, 200).read(&Response{})
		if test.ok && err != nil || !test.ok && !errors.Is(err, errBounds) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestUint(t *testing.T) {
	r := parsed(t, "* X 0 18446744073709551615 18446744073709551616 -1 1x \"7\" () 4294967296\r\n")
	for i, want := range []struct {
		n  uint64
		ok bool
	}{{0, true}, {1<<64 - 1, true}, {}, {}, {}, {7, true}, {}, {1 << 32, true}} {
		if n, ok := r.Args().At(i).Uint(); n != want.n || ok != want.ok {
			t.Errorf("%d: %d, %v", i, n, ok)
		}
	}
	if _, ok := r.Args().At(7).Uint32(); ok {
		t.Error("2^32 has 32 bits")
	}
	if v := r.Args().At(99); v.Kind() != None || v.Bytes() != nil || v.Len() != 0 {
		t.Error("a value that is not there is there")
	}
}

// TestParseAllocations: a message costs what is kept of it and no more.
func TestParseAllocations(t *testing.T) {
	text := strings.Repeat("* 1 FETCH (UID 3 FLAGS (\\Seen) MODSEQ (7) RFC822.SIZE 1234)\r\n", 101)
	rd, r := newReader(strings.NewReader(text), 0, 0), &Response{}
	if err := rd.read(r); err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(99, func() {
		if err := rd.read(r); err != nil {
			t.Fatal(err)
		}
		if f, err := ParseFetch(r); err != nil || f.UID != 3 || f.ModSeq != 7 || f.Size != 1234 {
			t.Fatal(f, err)
		}
	})
	if got > 3 {
		t.Errorf("%v allocations a FETCH", got)
	}
}
