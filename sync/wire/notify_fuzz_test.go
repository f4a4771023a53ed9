package wire

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzNotifyStatus reads two STATUS that a server tells of a mailbox unasked. What
// is read can be shown, numbers are numbers, and the second adds to the first.
func FuzzNotifyStatus(f *testing.F) {
	for _, s := range [][2]string{
		{`INBOX (MESSAGES 3 UIDNEXT 4 UNSEEN 1 UIDVALIDITY 7)`, `INBOX (UNSEEN 0 HIGHESTMODSEQ 9)`},
		{`"Entw&APw-rfe" (MESSAGES 1)`, "{8}\r\nEntw\xc3\xbcrf (UIDNEXT 2)"},
		{`a (MESSAGES -1 UNSEEN 4294967295 UIDNEXT 0)`, `a (MESSAGES 99999999999999 HIGHESTMODSEQ 18446744073709551615)`},
		{`a ()`, `() ()`},
		{`"a\"b" (MESSAGES)`, "a\x00 (X (1 2) MESSAGES (3))"},
		{"\"&AP\" (MESSAGES 1 MESSAGES 2)", `NIL (UNSEEN NIL)`},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		var both [2]StatusData
		for i, in := range []string{first, second} {
			r := &Response{}
			if newReader(strings.NewReader("* STATUS "+in+"\r\n"), 4096, 4096).read(r) != nil {
				return
			}
			d, err := ParseStatus(r)
			if err != nil {
				return
			}
			if !utf8.ValidString(d.Name) || d.Messages < -1 || d.Unseen < -1 {
				t.Fatalf("%q became %+v", in, d)
			}
			both[i] = d
		}
		m := both[0].Merge(both[1])
		if m.Name != both[1].Name || m.Merge(both[1]) != m || both[1].Complete() && !m.Complete() ||
			m.HasModSeq != (both[0].HasModSeq || both[1].HasModSeq) {
			t.Fatalf("%+v and %+v became %+v", both[0], both[1], m)
		}
	})
}
