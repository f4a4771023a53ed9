package imapsync

import (
	"strconv"
	"testing"
)

// TestAFewThatAreGoneAreBelieved: a mailbox is emptied. Of few messages that is an
// everyday thing, and costs no second question: what was wrong comes back (see
// TestAForgottenMessageComesBack). Of more, each would be told as gone, lose what
// waits for it and be fetched anew if the server only forgot them for a moment: it is
// asked again.
func TestAFewThatAreGoneAreBelieved(t *testing.T) {
	t.Parallel()
	for n, again := range map[int]bool{2: false, fewGone: false, fewGone + 1: true} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			l := ladders()["flags"]
			empty := l.signIn(0, n+1) + l.round(round{tag: "F", known: n, next: n + 1})
			if again {
				empty += l.round(round{tag: "G", known: n, next: n + 1, uids: " "})
			}
			o := against(t, l.adopts(n), empty)
			o.mustPass()
			if r := o.mustPass(); r.Gone != n || len(o.uids()) != 0 {
				t.Errorf("%+v, known are %v", r, o.uids())
			}
		})
	}
}
