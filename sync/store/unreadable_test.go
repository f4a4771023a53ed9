package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// due are the UIDs of the inbox whose time it is.
func (f *fixture) due(limit int) []mail.UID {
	f.t.Helper()
	us, err := f.AskAgain(f.ctx(), acc, limit)
	f.must(err)
	var uids []mail.UID
	for _, u := range us {
		uids = append(uids, u.UID)
	}
	return uids
}

// TestWhatIsUnreadableIsAskedForEverMoreRarely: after a quarter of an hour, and when
// twice the time has gone; after a day where connections end over it; each month in the
// end. What a move left behind is never asked for.
func TestWhatIsUnreadableIsAskedForEverMoreRarely(t *testing.T) {
	f := open(t)
	in := f.inbox(2)
	d := inStep(in.ID, 7, 5)
	d.Uncertain = []mail.UID{3}
	f.apply(d)
	d = inStep(in.ID, 7, 6)
	d.Uncertain, d.Lethal, d.Backfill = []mail.UID{4}, true, true
	f.apply(d)
	op := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{1}})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: 1, Left: true}}))
	us, err := f.Unreadable(f.ctx(), acc)
	if err != nil || !slices.Equal(us, []Unreadable{{in.ID, 3, false}, {in.ID, 4, true}}) {
		t.Fatalf("unreadable are %+v, %v", us, err)
	}
	asked := map[mail.UID][]time.Duration{}
	for at, step := time.Duration(0), 15*time.Minute; at < 200*24*time.Hour; at += step {
		if at == 24*time.Hour {
			step = 8 * time.Hour
		}
		for _, uid := range f.due(10) {
			asked[uid] = append(asked[uid], at)
			f.must(f.AskedAgain(f.ctx(), Unreadable{Mailbox: in.ID, UID: uid}))
		}
		f.clock.pass(step)
	}
	const day = 24 * time.Hour
	if want := []time.Duration{day, 2 * day, 4 * day, 8 * day, 16 * day, 32 * day, 64 * day, 96 * day, 128 * day, 160 * day, 192 * day}; !slices.Equal(asked[4], want) {
		t.Errorf("one over which connections end is asked for after %v", asked[4])
	}
	if a := asked[3]; len(a) != 17 || a[0] != 15*time.Minute || a[1] != 30*time.Minute || a[16]-a[15] != 32*day {
		t.Errorf("one that is malformed is asked for after %v", a)
	}
	f.clock.pass(32 * day)
	if got := f.due(1); len(got) != 1 {
		t.Errorf("of two %v are due", got)
	}
	f.apply(Delta{Mailbox: in.ID, Added: []Fetched{msg(3, 3)}})
	if got := f.due(10); !slices.Equal(got, []mail.UID{4}) {
		t.Errorf("when one has come %v are due", got)
	}
}
