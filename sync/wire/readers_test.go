package wire

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heronmail/heron/sync/mail"
)

func TestParseFetch(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for _, test := range []struct {
		in   string
		want Fetch
		ok   bool
	}{
		{
			`* 5 FETCH (UID 42 FLAGS (\Seen $Forwarded \Recent) MODSEQ (917) RFC822.SIZE 3000 INTERNALDATE " 7-Feb-2026 10:00:00 +0100" EMAILID (M1) PREVIEW "Hello")`,
			Fetch{
				Seq: 5, UID: 42, Flags: mail.NewFlags("$forwarded", mail.FlagSeen), HasFlags: true, ModSeq: 917, Size: 3000,
				Received: time.Date(2026, 2, 7, 10, 0, 0, 0, berlin), EmailID: "M1", Preview: "Hello",
			},
			true,
		},
		{`* 5 FETCH (flags () uid 42)`, Fetch{Seq: 5, UID: 42, HasFlags: true, Size: -1}, true},
		{`* 5 FETCH (UID 42 X-GM-MSGID 1278455344230334865 X-GM-LABELS (\Inbox "x y"))`, Fetch{Seq: 5, UID: 42, Size: -1, EmailID: "1278455344230334865"}, true},
		{`* 5 FETCH (UID 42 INTERNALDATE "" MODSEQ (x) RFC822.SIZE -4 ENVELOPE NIL)`, Fetch{Seq: 5, UID: 42, Size: -1}, true},
		{
			"* 5 FETCH (UID 42 BODY[HEADER.FIELDS (CONTENT-TYPE \"MIME-VERSION\")] {3}\r\nA:b BODY[TEXT]<0> \"words\" BODY[2] \"no\")",
			Fetch{Seq: 5, UID: 42, Size: -1, Header: []byte("A:b"), Text: []byte("words")},
			true,
		},
		{`* 5 FETCH (UID 42 BODY[header] NIL body[text] (a))`, Fetch{Seq: 5, UID: 42, Size: -1}, true},
		{`* 5 FETCH (UID 4294967296)`, Fetch{Seq: 5, Size: -1}, true},
		{`* 5 FETCH (UID 42 BODY[] "no end)`, Fetch{Seq: 5, UID: 42, Size: -1}, false},
		{`* 5 FETCH`, Fetch{Seq: 5, Size: -1}, false},
		{`* 5 EXISTS`, Fetch{Seq: 5, Size: -1}, false},
	} {
		got, err := ParseFetch(parsed(t, test.in+"\r\n"))
		if !got.Received.Equal(test.want.Received) {
			t.Errorf("%s: received %v", test.in, got.Received)
		}
		got.Received = test.want.Received
		if !reflect.DeepEqual(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", test.in, got, err, test.want)
		}
	}
}

func TestParseEnvelope(t *testing.T) {
	in := `* 1 FETCH (ENVELOPE ("Sat, 7 Feb 2026 10:00:00 +0100" "=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?= =?utf-8?q?und?=" ` +
		"((\"=?GB2312?B?1tC5+g==?=\" NIL \"li\" \"example.org\")(\"\" NIL \"plain\" \"MISSING_DOMAIN\")) () NIL " +
		"((\"\" NIL \"friends\" NIL)(\"M\xfcller\" NIL \"m\" \"example.org\")(NIL \"\" NIL \"\" )) () NIL \" <one@x> <two@x>\" {8}\r\n<abc@x>\n))\r\n"
	got := ParseEnvelope(parsed(t, in).Args().At(0).Get("ENVELOPE"))
	want := mail.Envelope{
		HeaderID: "abc@x", InReplyTo: "one@x", Date: got.Date, Subject: "日本語und",
		From: []mail.Address{{Name: "中国", Addr: "li@example.org"}, {Addr: "plain"}},
		To:   []mail.Address{{Name: "Müller", Addr: "m@example.org"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got.Date.Equal(time.Date(2026, 2, 7, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("date %v", got.Date)
	}
	for _, in := range []string{`()`, `NIL`, `(NIL)`, `(() () () () () () () () () ())`, `("" "" "x" (("a")) ((((())))) ((NIL)) ("a" "b") NIL NIL)`} {
		ParseEnvelope(parsed(t, "* X "+in+"\r\n").Args().At(0)) // must not panic
	}
}

func TestDecodeText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                              "plain",
		"=?utf-8?B?w6TDtg==?=":               "äö",
		"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=":    "ä",
		"=?utf-8*de?Q?=C3=A4?=":              "ä",
		"=?windows-1251?B?z/Do4uXy?=":        "Привет",
		"=?GBK?B?xOO6ww==?=":                 "你好",
		"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=": "日本",
		"=?no-such-charset?Q?caf=E9?=":       "café",
		"=?utf-8?B?not base64!?=":            "=?utf-8?B?not base64!?=",
		"caf\xe9 \x80":                       "café €",
		"gr\xc3\xbc\xc3\x9fe":                "grüße",
		"folded\r\n text\r\n\tand\nmore\x00": "folded text and more",
		"caf\xe9 =?utf-8?Q?=C3=A4?=":         "café ä",
	} {
		if got := decodeText([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	want := time.Date(2026, 2, 7, 9, 30, 0, 0, time.UTC)
	for _, in := range []string{
		"Sat, 7 Feb 2026 10:30:00 +0100", "Sat, 07 Feb 2026 09:30:00 GMT", "7 Feb 2026 09:30 +0000", "Sat, 7 Feb 2026 09:30:00 +0000 (UTC)",
		"Sam., 7 Feb 2026 09:30:00 +0000", "Mon, 7 Feb 2026 09:30:00", "Sat,  7 Feb 26 10:30:00 +0100", "7-Feb-2026 10:30:00 +0100",
		"Sat Feb 7 09:30:00 2026", "2026-02-07T10:30:00+01:00", "Sat, 7 Feb 2026 10:30:00 +01:00", "Sat, 7 Feb 2026\r\n 10:30:00 +0100",
		"7 February 2026 10:30:00 +0100",
	} {
		if got := parseDate([]byte(in)); !got.Equal(want) {
			t.Errorf("%q: %v", in, got)
		}
	}
	for _, in := range []string{"", "yesterday", "Sat, 32 Feb 2026 10:30:00 +0100", "1 Jan 0001 00:00:00 +0000", strings.Repeat("9", 300)} {
		if got := parseDate([]byte(in)); !got.IsZero() {
			t.Errorf("%q: %v", in, got)
		}
	}
	if got := ParseInternalDate([]byte("17-Jul-1996 02:44:25 -0700")); !got.Equal(time.Date(1996, 7, 17, 9, 44, 25, 0, time.UTC)) {
		t.Errorf("INTERNALDATE %v", got)
	}
	if got := ParseInternalDate(nil); !got.IsZero() {
		t.Errorf("INTERNALDATE \"\" %v", got)
	}
}

func TestParseList(t *testing.T) {
	for _, test := range []struct {
		in         string
		want       ListData
		role       mail.Role
		selectable bool
		ok         bool
	}{
		{`* LIST (\HasNoChildren) "/" Inbox`, ListData{Name: "INBOX", Delimiter: "/", Attrs: []string{`\HasNoChildren`}}, mail.RoleInbox, true, true},
		{`* LIST (\Noselect) NIL ""`, ListData{Attrs: []string{`\Noselect`}}, "", false, true},
		{`* LIST (\HasNoChildren \archive) "." "INBOX.Entw&APw-rfe"`, ListData{Name: "INBOX.Entwürfe", Delimiter: ".", Attrs: []string{`\HasNoChildren`, `\archive`}}, mail.RoleArchive, true, true},
		{`* LIST () "\\" "a\\b"`, ListData{Name: `a\b`, Delimiter: `\`}, "", true, true},
		{`* LIST () "/" "R&D"`, ListData{Name: "R&D", Delimiter: "/"}, "", true, true},
		{`* LIST (\NonExistent) "/" new ("OLDNAME" ("&AOQ-lt") "CHILDINFO" ("SUBSCRIBED"))`, ListData{Name: "new", Delimiter: "/", Attrs: []string{`\NonExistent`}, OldName: "ält"}, "", false, true},
		{`* LIST () "/" (a)`, ListData{}, "", true, false},
		{`* LIST () "/"`, ListData{}, "", true, false},
		{`* LIST "/" a`, ListData{}, "", true, false},
		{`* LSUB () "/" a`, ListData{}, "", true, false},
	} {
		got, err := ParseList(parsed(t, test.in+"\r\n"))
		if !reflect.DeepEqual(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", test.in, got, err, test.want)
		}
		if err == nil && (got.Role() != test.role || got.Selectable() != test.selectable) {
			t.Errorf("%s: role %q, selectable %v", test.in, got.Role(), got.Selectable())
		}
	}
}

func TestParseStatus(t *testing.T) {
	for in, want := range map[string]StatusData{
		`* STATUS INBOX (MESSAGES 231 UNSEEN 3 UIDNEXT 44292 UIDVALIDITY 9 HIGHESTMODSEQ 7011231777)`: {
			Name: "INBOX", Messages: 231, Unseen: 3, UIDNext: 44292, UIDValidity: 9, HighestModSeq: 7011231777, HasModSeq: true,
		},
		`* STATUS "&ZeVnLIqe-" (messages 0 HIGHESTMODSEQ 0 X-NEW (a b) )`: {Name: "日本語", Unseen: -1, HasModSeq: true},
		"* STATUS {8}\r\nEntw\xc3\xbcrf (UNSEEN x)":                       {Name: "Entwürf", Messages: -1, Unseen: -1},
		"* STATUS a& (UNSEEN 5000000000)":                                 {Name: "a&", Messages: -1, Unseen: -1},
	} {
		if got, err := ParseStatus(parsed(t, in+"\r\n")); err != nil || got != want {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", in, got, err, want)
		}
	}
	if _, err := ParseStatus(parsed(t, "* STATUS a\r\n")); err == nil {
		t.Error("a STATUS without numbers is read")
	}
}

func TestParseSearch(t *testing.T) {
	for _, test := range []struct {
		in   string
		want SearchData
		ok   bool
	}{
		{"* SEARCH", SearchData{Count: -1}, true},
		{"* SEARCH 5 2 3 (MODSEQ 917)", SearchData{UIDs: Set{{2, 3}, {5, 5}}, Count: -1, ModSeq: 917}, true},
		{"* SEARCH 5 x", SearchData{Count: -1}, false},
		{`* ESEARCH (TAG "H3") UID ALL 2,10:11 COUNT 3 MIN 2 MAX 11 MODSEQ 7`, SearchData{UIDs: Set{{2, 2}, {10, 11}}, Min: 2, Max: 11, Count: 3, ModSeq: 7}, true},
		{`* ESEARCH (TAG "H3") UID`, SearchData{Count: -1}, true},
		{`* ESEARCH (TAG "H3") UID COUNT 0`, SearchData{}, true},
		{`* ESEARCH (TAG "H3") UID ALL 3:*`, SearchData{Count: -1}, false},
		{`* ESEARCH (TAG "no end) UID ALL 3`, SearchData{Count: -1}, false},
		{"* EXISTS", SearchData{Count: -1}, false},
	} {
		got, err := ParseSearch(parsed(t, test.in+"\r\n"))
		if !reflect.DeepEqual(got, test.want) || (err == nil) != test.ok {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", test.in, got, err, test.want)
		}
	}
}

func TestParseVanished(t *testing.T) {
	uids, earlier, err := ParseVanished(parsed(t, "* VANISHED (EARLIER) 41,43:116\r\n"))
	if err != nil || !earlier || uids.String() != "41,43:116" {
		t.Errorf("%v %v %v", uids, earlier, err)
	}
	uids, earlier, err = ParseVanished(parsed(t, "* VANISHED 7\r\n"))
	if err != nil || earlier || uids.Len() != 1 {
		t.Errorf("%v %v %v", uids, earlier, err)
	}
	for _, in := range []string{"* VANISHED", "* VANISHED (EARLIER)", "* VANISHED x", "* VANISHED 1:*", "* EXPUNGE 1"} {
		if _, _, err := ParseVanished(parsed(t, in+"\r\n")); err == nil {
			t.Errorf("%s is read", in)
		}
	}
}

func TestSelectData(t *testing.T) {
	var d SelectData
	for _, l := range []string{
		"* 172 EXISTS", `* FLAGS (\Seen odd])`, "* OK [UNSEEN 12] first", "* OK [uidvalidity 3857529045] ok", "* OK [UIDNEXT 4392] next",
		`* OK [PERMANENTFLAGS (\Deleted \*)] limited`, "* OK [HIGHESTMODSEQ 715194045007] ok", "H1 OK [READ-ONLY] done",
	} {
		d.Note(parsed(t, l+"\r\n"))
	}
	want := SelectData{
		Exists: 172, Unseen: 12, UIDValidity: 3857529045, UIDNext: 4392, HighestModSeq: 715194045007,
		Flags: mail.NewFlags("seen", "odd]"), Permanent: mail.NewFlags("deleted"), NewKeywords: true, ReadOnly: true,
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
	var none SelectData // it says that it keeps none
	if none.Note(parsed(t, "* OK [PERMANENTFLAGS ()] none\r\n")); none.Permanent == nil || none.NewKeywords {
		t.Errorf("%+v", none)
	}
}

func TestSet(t *testing.T) {
	for in, want := range map[string]string{
		"1": "1", "3,1,2": "1:3", "5:3,4": "3:5", "1:2,4,9:7": "1:2,4,7:9", "4294967295,1": "1,4294967295",
		"4294967290:4294967295,4294967295": "4294967290:4294967295", "1:4294967295": "1:4294967295",
		"": "error", "0": "error", "*": "error", "1:*": "error", "1,": "error", "1:": "error", "4294967296": "error", "1 2": "error", "a": "error",
	} {
		got := "error"
		if s, err := ParseSet([]byte(in)); err == nil {
			got = s.String()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	all := Set{{1, math.MaxUint32}}
	if n := all.Len(); n != math.MaxUint32 {
		t.Errorf("%d", n)
	}
	top := Set{{math.MaxUint32 - 1, math.MaxUint32}}
	if got := slices.Collect(top.UIDs()); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestSetProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOf(rapid.Custom(func(t *rapid.T) mail.UID { return mail.UID(rapid.Uint32Range(1, 60).Draw(t, "uid")) }))
		uids, others := some.Draw(t, "uids"), some.Draw(t, "others")
		s := NewSet(uids)
		for _, o := range []Set{NewSet(others), NewSet(slices.Concat(uids, others))} {
			all := !slices.ContainsFunc(uids, func(u mail.UID) bool { return !o.Has(u) })
			if s.Within(o) != all {
				t.Fatalf("%v within %v: %v", s, o, !all)
			}
		}
		want := slices.Compact(slices.Sorted(slices.Values(uids)))
		if got := slices.Collect(s.UIDs()); !slices.Equal(got, want) || s.Len() != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for u := mail.UID(0); u < 62; u++ {
			if s.Has(u) != slices.Contains(want, u) {
				t.Fatalf("%v has %d: %v", s, u, s.Has(u))
			}
		}
		if len(uids) > 0 {
			again, err := ParseSet([]byte(s.String()))
			if err != nil || !slices.Equal(again, s) {
				t.Fatalf("%v: %v, %v", s, again, err)
			}
		}
	})
}

func TestMailboxNames(t *testing.T) {
	for wire, name := range map[string]string{
		"INBOX.Sent": "INBOX.Sent", "Entw&APw-rfe": "Entwürfe", "R&-D": "R&D", "~peter/mail/&U,BTFw-/&ZeVnLIqe-": "~peter/mail/台北/日本語",
		"&2D3eAA-": "😀", "": "", "a&AAA-b": "a\x00b",
	} {
		if got := EncodeMailbox(name); got != wire {
			t.Errorf("encode %q: %q, want %q", name, got, wire)
		}
		if got := DecodeMailbox([]byte(wire)); got != name {
			t.Errorf("decode %q: %q, want %q", wire, got, name)
		}
	}
	for raw, name := range map[string]string{
		"R&D": "R&D", "a&": "a&", "&AP": "&AP", "&!-": "&!-", "&2D0-": "&2D0-", "&A-": "&A-", "Entw\xc3\xbcrfe": "Entwürfe", "caf\xe9": "café",
	} {
		if got := DecodeMailbox([]byte(raw)); got != name {
			t.Errorf("decode %q: %q, want %q", raw, got, name)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{`a"b\c`: `"a\"b\\c"`, "": `""`, "a\rb": "", "a\nb": "", "a\x00": "", "ä": ""} {
		got, err := Quote(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if got, err := astring("ä{3}"); err != nil || got != "{5}\r\nä{3}" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := astring("ä\r\n"); err == nil {
		t.Error("a line end got into a literal")
	}
	if got, err := FormatFlags(mail.NewFlags("seen", "$label1")); err != nil || got != `($label1 \Seen)` {
		t.Errorf("%q, %v", got, err)
	}
	for _, f := range []mail.Flag{"a b", "a)", "a\r\nb", "ä", `a\b`, "a]"} {
		if got, err := FormatFlags(mail.Flags{f}); err == nil {
			t.Errorf("%q became %q", f, got)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		in   string
		caps string
		want []string
	}{
		{"NOOP", "", []string{"NOOP"}},
		{"SEARCH TEXT {2}\r\n\xc3\xa4 UNSEEN", "", []string{"SEARCH TEXT {2}\r\n", "\xc3\xa4 UNSEEN"}},
		{"SEARCH TEXT {2}\r\n\xc3\xa4 UNSEEN", "LITERAL+", []string{"SEARCH TEXT {2+}\r\n\xc3\xa4 UNSEEN"}},
		{"X {2+}\r\nab", "", nil},
		{"X {1}\r\na {1}\r\nb", "LITERAL-", []string{"X {1+}\r\na {1+}\r\nb"}},
		{"X {5000}\r\n" + strings.Repeat("a", 5000), "LITERAL-", []string{"X {5000}\r\n", strings.Repeat("a", 5000)}},
		{"X {4}\r\na\r\nb", "LITERAL+", []string{"X {4+}\r\na\r\nb"}},
		{"", "", nil},
		{"NOOP\r\nH2 DELETE INBOX", "", nil},
		{"NOOP\nX", "", nil},
		{"NOOP\r", "", nil},
		{"X {3}\r\nab", "", nil},
		{"X {1}\r\nab\r\nH2 LOGOUT", "", nil},
		{"X {9999999999999999999}\r\nab", "", nil},
		{"X a\x00", "", nil},
	} {
		if test.in == "X {2+}\r\nab" { // a head that was already made one
			test.want = []string{"X {2}\r\n", "ab"}
		}
		got, err := split(test.in, readCaps(parsed(t, "* CAPABILITY "+test.caps+"\r\n").Args(), 0))
		if !slices.Equal(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("%q: %q, %v", test.in, got, err)
		}
	}
}

func TestStatusFault(t *testing.T) {
	for _, test := range []struct {
		st    Status
		code  mail.Code
		class mail.Class
		after time.Duration
	}{
		{Status{"NO", "", "no"}, mail.CodeRefusedCommand, mail.ClassProtocol, 0},
		{Status{"BAD", "CLIENTBUG", "what"}, mail.CodeRefusedCommand, mail.ClassProtocol, 0},
		{Status{"NO", "NONEXISTENT", "gone"}, mail.CodeGone, mail.ClassConflict, 0},
		{Status{"NO", "", "Mailbox doesn't exist: a"}, mail.CodeGone, mail.ClassConflict, 0},
		{Status{"NO", "LIMIT", "slow down"}, mail.CodeThrottled, mail.ClassLimit, 0},
		{Status{"NO", "ALERT", "Too many simultaneous connections. (Failure)"}, mail.CodeTooMany, mail.ClassLimit, 0},
		{Status{"BAD", "", "Request is throttled. Suggested Backoff Time: 299923 milliseconds"}, mail.CodeThrottled, mail.ClassLimit, 299923 * time.Millisecond},
		{Status{"NO", "", "throttled. suggested backoff: 999999999 seconds"}, mail.CodeThrottled, mail.ClassLimit, 24 * time.Hour},
		{Status{"NO", "OVERQUOTA", "full"}, mail.CodeRefusedCommand, mail.ClassProtocol, 0},
	} {
		f := test.st.Fault("X")
		if f.Code != test.code || f.Class != test.class || f.RetryAfter != test.after {
			t.Errorf("%+v: %+v", test.st, f)
		}
	}
	for _, test := range []struct {
		st   Status
		busy bool
	}{
		{Status{"NO", "INUSE", "Timeout (120s) while waiting for lock"}, true},
		{Status{"NO", "UNAVAILABLE", "Server(s) unavailable to complete operation"}, true},
		{Status{"NO", "", "Mailbox is being migrated, temporarily unavailable"}, true},
		{Status{"NO", "LIMIT", "slow down"}, false},
		{Status{"NO", "UNAVAILABLE", "Rate exceeded"}, false},
		{Status{"NO", "INUSE", "Too many simultaneous connections"}, false},
		{Status{"NO", "", "temporarily throttled. Suggested Backoff Time: 10 seconds"}, false},
		{Status{"NO", "NONEXISTENT", "gone"}, false},
		{Status{"OK", "", "done"}, false},
	} {
		if got := test.st.Busy(); got != test.busy {
			t.Errorf("%+v: busy is %v", test.st, got)
		}
	}
	if f := (Status{Type: "OK"}).Fault("X"); f != nil {
		t.Errorf("%v", f)
	}
	if got := clean("a\x1b[31m b\r\nc\u202e" + strings.Repeat("ä", 500)); len(got) > maxText || strings.ContainsAny(got, "\x1b\r\n\u202e") {
		t.Errorf("%q", got)
	}
}
