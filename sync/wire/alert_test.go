package wire

import (
	"slices"
	"strings"
	"testing"
)

// TestAlerts: what a server wants the user to be told comes in whatever response it
// likes, and may hold anything.
func TestAlerts(t *testing.T) {
	long := strings.Repeat("x", 2*maxText)
	var got []string
	o, s := play(t, `
		S: * OK [ALERT] Moved house
		C: a CAPABILITY
		S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
		S: a OK
		C: b AUTHENTICATE PLAIN AGJpcmQAczNjcmV0
		S: b OK [alert] Your password s3cret is old
		C: c CAPABILITY
		S: * CAPABILITY IMAP4rev1 IDLE
		S: c OK
		C: d NOOP
		S: * NO [ALERT] Mailbox is`+" \u202e95%\x07 "+`full
		S: * OK [UIDNEXT 3] no alert
		S: * OK [ALERT]
		S: * 1 FETCH (FLAGS ([ALERT]))
		S: d NO [ALERT] Too many simultaneous connections
		S: * BYE [ALERT] `+long)
	o.Alert = func(text string) { got = append(got, text) }
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Burst(t.Context(), []string{"NOOP"}, nil); err != nil {
		t.Error(err)
	}
	<-c.Done()
	<-s.ended
	want := []string{"Moved house", "Your password *** is old", "Mailbox is 95% full", clean(long)}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
