package wire

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestLongLiterals: of a message only as much is kept as a list can show; a
// folder whose name is cut is none. What comes behind is read as ever.
func TestLongLiterals(t *testing.T) {
	const long = 1 << 20
	literal := fmt.Sprintf("{%d}\\r\\n%s", long, strings.Repeat("a", long))
	c := connect(t, "C: a X\n"+
		"S: * 1 FETCH (ENVELOPE (NIL "+literal+strings.Repeat(" NIL", 7)+" "+literal+") UID 7)\n"+
		"S: * LIST () \"/\" "+literal+"\n"+
		"S: * LIST () \"/\" b\n"+
		"S: a OK\ndrain", nil)
	var f Fetch
	var names []string
	_, err := c.Do(t.Context(), "X", func(r *Response) error {
		switch r.Type {
		case "FETCH":
			var err error
			f, err = ParseFetch(r)
			return err
		case "LIST":
			if d, err := ParseList(r); err == nil {
				names = append(names, d.Name)
			}
		}
		return nil
	})
	if err != nil || f.UID != 7 || len(f.Envelope.Subject) != maxSubject || f.Envelope.HeaderID != "" {
		t.Errorf("UID %d, a subject of %d bytes, id %q; %v", f.UID, len(f.Envelope.Subject), f.Envelope.HeaderID, err)
	}
	if len(names) != 1 || names[0] != "b" || c.Malformed() != 2 {
		t.Errorf("folders %q, %d malformed", names, c.Malformed())
	}
}

// TestLongLines: only what lists UIDs may be as long as a large mailbox.
func TestLongLines(t *testing.T) {
	uids := strings.Repeat(" 1234567", maxShortLine/8+1000)
	read := func(text string) (*Response, error) {
		r := &Response{}
		return r, newReader(strings.NewReader(text), 3*maxShortLine, 0).read(r)
	}
	if r, err := read("* SEARCH" + uids + "\r\n* OK\r\n"); err != nil || r.Args().Len() != maxShortLine/8+1000 || r.odd() {
		t.Errorf("%d values, %v, %v", r.Args().Len(), r.Bad, err)
	}
	if _, err := read("* LIST" + uids + "\r\n"); err == nil {
		t.Error("a LIST of that length was read")
	}
	if r, err := read("* SEARCH" + strings.Repeat(" 1", maxLongValues+1) + "\r\n"); err != nil || r.Bad == nil {
		t.Errorf("more values than allowed: %v, %v", r.Bad, err)
	}
	if r, err := read("* 1 FETCH (" + strings.Repeat("(", maxValues) + "\r\n"); err != nil || r.Bad == nil {
		t.Errorf("more lists than allowed: %v, %v", r.Bad, err)
	}
}

// TestALongLineOfAMessage: it costs that message, which is named, and not the
// connection; one without end does.
func TestALongLineOfAMessage(t *testing.T) {
	const most = 3 * maxShortLine
	long := strings.Repeat("x", maxShortLine+1000)
	for name, test := range map[string]struct {
		text string
		read bool
	}{
		"in a string":       {"* 1 FETCH (UID 7 ENVELOPE (\"" + long + "\"))\r\n", true},
		"its end alone":     {"* 1 FETCH (UID 7 ENVELOPE (\"" + strings.Repeat("x", maxShortLine) + "\"))\r\n", true},
		"behind a literal":  {"* 1 FETCH (UID 7 ENVELOPE ({3}\r\nabc " + strings.Repeat("x", most) + "))\r\n", true},
		"in many values":    {"* 1 FETCH (UID 7 FLAGS (" + strings.Repeat("a ", maxShortLine) + "))\r\n", true},
		"a literal behind":  {"* 1 FETCH (UID 7 ENVELOPE (" + long + " {3}\r\nabc))\r\n", false},
		"without end":       {"* 1 FETCH (UID 7 ENVELOPE (" + strings.Repeat("x", 2*most), false},
		"of something else": {"* LIST (" + long + ")\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			rd := newReader(strings.NewReader(test.text+"* 2 FETCH (UID 8)\r\n"), most, 2*most)
			r := &Response{}
			read := func() error {
				if err := rd.first(r); err != nil {
					return err
				}
				if err := rd.rest(r, true); err != nil {
					return err
				}
				r.parse()
				return nil
			}
			if err := read(); (err == nil) != test.read {
				t.Fatalf("read: %v", err)
			}
			if !test.read {
				return
			}
			if f, err := ParseFetch(r); err == nil || r.Bad == nil || f.UID != 7 || len(r.buf) > 2*keepLiteral {
				t.Errorf("UID %d, bad: %v, %v; %d bytes are kept", f.UID, r.Bad, err, len(r.buf))
			}
			if err := read(); err != nil {
				t.Fatal(err)
			}
			if f, err := ParseFetch(r); err != nil || f.UID != 8 {
				t.Errorf("what follows: %+v, %v", f, err)
			}
		})
	}
}

// TestNothingOfALongTextIsKept: what was cut off must not stay in memory.
func TestNothingOfALongTextIsKept(t *testing.T) {
	const n, long = 1000, 50_000
	text := strings.Repeat("a", long)
	kept := make([]mail.Envelope, 0, n)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range n {
		literal := fmt.Sprintf("{%d}\r\n%s", long, text)
		r := parsed(t, "* X (NIL "+literal+" (("+literal+` NIL "a" "b"))`+strings.Repeat(" NIL", 6)+" "+literal+")\r\n")
		kept = append(kept, ParseEnvelope(r.Args().At(0)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int(after.HeapAlloc-before.HeapAlloc) / n; each > maxSubject+maxAddress+maxID+4096 {
		t.Errorf("%d bytes are kept of an envelope", each)
	}
	runtime.KeepAlive(kept)
}

// TestFlood: a handler that has had enough ends the connection, and the fault
// names the server.
func TestFlood(t *testing.T) {
	c := connect(t, "C: a X\nS: * 1 EXISTS\ndrain", nil)
	_, err := c.Do(t.Context(), "X", func(*Response) error { return Flood("messages") })
	if f := faultOf(t, err); f.Code != mail.CodeBadAnswer || f.Args["host"] != "mail.example.org" || f.Args["text"] != "too many messages" {
		t.Errorf("%+v", f)
	}
	<-c.Done()
}

// TestChatter: a server that talks on and on while nobody asked is left.
func TestChatter(t *testing.T) {
	c := connect(t, "C: a IDLE\nS: + idling\nS? "+strings.Repeat("* OK\\r\\n", maxChatter)+"\ndrain", func(o *Options) { o.Events = func(*Response) {} })
	if f := faultOf(t, c.Idle(t.Context(), defaultStall)); f.Code != mail.CodeBadAnswer || f.Args["text"] != "too many responses" {
		t.Errorf("%+v", f)
	}
	<-c.Done()
}

// TestManyKeywords: of those more than anybody has, the rest is left out.
func TestManyKeywords(t *testing.T) {
	var words strings.Builder
	for i := range 10 * maxKeywords {
		fmt.Fprintf(&words, " word%d", i)
	}
	r := parsed(t, "* 1 FETCH (UID 1 FLAGS (\\Seen "+strings.Repeat("x", maxKeyword+1)+words.String()+"))\r\n")
	if f, err := ParseFetch(r); err != nil || len(f.Flags) != maxKeywords || !f.Flags.Has(mail.FlagSeen) {
		t.Errorf("%d flags, %v", len(f.Flags), err)
	}
}
