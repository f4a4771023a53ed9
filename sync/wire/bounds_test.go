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
