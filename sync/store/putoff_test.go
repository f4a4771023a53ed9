package store

import (
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestWhatIsPutOffIsSaidUntilItEnds: a server asks for patience with two actions. The
// third time that it does with one the user is told, until neither is put off so often.
func TestWhatIsPutOffIsSaidUntilItEnds(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	busy := &mail.Fault{Code: mail.CodeThrottled, Class: mail.ClassLimit, Args: mail.Args{"host": "mail.example", "command": "UID STORE", "text": "Busy"}}
	putOff := func(op mail.Op) {
		f.must(f.StartOp(f.ctx(), op.ID))
		f.must(f.RetryOp(f.ctx(), op.ID, f.clock.now().Add(time.Minute), busy))
	}
	told := func(when string, want bool) {
		t.Helper()
		ps, err := f.Problems(f.ctx())
		f.must(err)
		if got := len(ps) == 1 && ps[0].Code == mail.CodePutOff && ps[0].Args["host"] == "mail.example"; got != want || len(ps) > 1 {
			t.Errorf("%s: the user is told of %+v", when, ps)
		}
	}
	one, two := f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil), f.mark([]mail.MessageID{f.id(b, 2)}, seen, nil)
	for _, op := range []mail.Op{one, one, two, two} {
		putOff(op)
		told("put off twice", false)
	}
	putOff(one)
	told("put off for the third time", true)
	putOff(two)
	f.must(f.StartOp(f.ctx(), one.ID))
	f.must(f.FinishOp(f.ctx(), one.ID, done(one.Targets...)))
	told("one is done", true)
	f.must(f.StartOp(f.ctx(), two.ID))
	f.must(f.FinishOp(f.ctx(), two.ID, done(two.Targets...)))
	told("both are done", false)
}
