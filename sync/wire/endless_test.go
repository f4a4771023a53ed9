package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
)

// fetchBodies reads all that comes for a message's body, as go-imap gives it.
func fetchBodies(cl *imapclient.Client) error {
	f := cl.Fetch(imap.UIDSetNum(7), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for m := f.Next(); m != nil; m = f.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if b, ok := item.(imapclient.FetchItemDataBodySection); ok && b.Literal != nil {
				if _, err := io.Copy(io.Discard, b.Literal); err != nil {
					return errors.Join(err, f.Close())
				}
			}
		}
	}
	return f.Close()
}

// TestBodiesWithoutEnd: go-imap is given answers as they come, yet not for ever.
func TestBodiesWithoutEnd(t *testing.T) {
	const bound = 2 * streamAbove
	large := fmt.Sprintf("S> * 2 FETCH (UID 7 BODY[] {%d}\\r\\n%s)\\r\\n\n", bound, strings.Repeat("a", bound))
	for name, test := range map[string]struct{ answer, text string }{
		"a literal of 4 GB":   {"S> * 2 FETCH (UID 7 BODY[] {4294967296}\\r\\naaaa\n", "literal of 4294967296 bytes"},
		"a literal too large": {fmt.Sprintf("S> * 2 FETCH (UID 7 BODY[] {%d}\\r\\n\n", bound+1), "literal of"},
		"answer on answer":    {strings.ReplaceAll(large+large+large+large, "S>", "S?"), "answers to one command"},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, "C: a UID FETCH 7 (UID BODY.PEEK[])\n"+test.answer+"drain", func(o *Options) { o.MaxLiteral, o.MaxLine = bound, 1000 })
			f := faultOf(t, c.Lib(t.Context(), fetchBodies))
			if f.Code != mail.CodeBadAnswer || !strings.Contains(f.Args["text"], test.text) {
				t.Errorf("%v", f)
			}
			<-c.Done()
		})
	}
	t.Run("as large as allowed", func(t *testing.T) {
		c := connect(t, "C: a UID FETCH 7 (UID BODY.PEEK[])\n"+large+"S: a OK\nC: a UID FETCH 7 (UID BODY.PEEK[])\n"+large+large+"S: a OK\ndrain",
			func(o *Options) { o.MaxLiteral, o.MaxLine = bound, 1000 })
		for range 2 { // it is counted anew each time
			if err := c.Lib(t.Context(), fetchBodies); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestTrickle: a byte now and then is no answer.
func TestTrickle(t *testing.T) {
	for name, answer := range map[string]string{
		"a line":    "* 1 EXISTS or what",
		"a literal": "* 2 FETCH (UID 7 BODY[] {100000}\\r\\naaaaaaaaaaaaaaaaaaaaaaa",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var script strings.Builder
				script.WriteString("C: a UID FETCH 7 (UID BODY.PEEK[])\nS> " + answer + "\n")
				for range 100 {
					script.WriteString("wait 50s\nS? a\n")
				}
				c := connect(t, script.String()+"drain", nil)
				begun := time.Now()
				if f := faultOf(t, c.Lib(t.Context(), fetchBodies)); f.Code != mail.CodeTimeout || time.Since(begun) > 2*defaultStall {
					t.Errorf("%v after %v", f, time.Since(begun))
				}
				_ = c.Close()
			})
		})
	}
}
