package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

var offline = &mail.Fault{Code: mail.CodeConnectionLost, Class: mail.ClassOffline}

func TestAMarkShowsAtOnceAndComesBackAsNothing(t *testing.T) {
	f := open(t)
	b := f.inbox(3)
	id := f.id(b, 2)
	rev := f.head()
	op := f.mark([]mail.MessageID{id}, seen, nil)
	cs := f.since(rev)
	wantKinds(t, cs, "here flags.changed", "here op")
	if c := find[mail.CountsChanged](t, cs); c.Origin != mail.Here || c.AccountUnread != 2 {
		t.Errorf("counts: got %+v", c)
	}
	if m := f.at(b, 2); m.Unread() || !m.Pending {
		t.Errorf("while it waits: %+v", m)
	}
	f.counts("INBOX", 3, 2)
	if w := f.ready(); len(w) != 1 || w[0].Op.ID != op.ID || w[0].Messages[0].Location.UID != 2 {
		t.Fatalf("ready: got %+v", w)
	}

	rev = f.head()
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, ModSeq: 9}}))
	wantKinds(t, f.since(rev), "here op", "here op")
	if m := f.at(b, 2); m.Unread() || m.Pending {
		t.Errorf("when it is done: %+v", m)
	}
	cs = f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 2, ModSeq: 9, Flags: seen}}})
	wantKinds(t, cs)
	got, err := f.Op(f.ctx(), op.ID)
	f.must(err)
	if got.State != mail.OpDone || got.Tries != 1 || !slices.Equal(got.Targets, []mail.MessageID{id}) {
		t.Errorf("the op: got %+v", got)
	}
	if len(f.ready()) != 0 {
		t.Error("it is ready again")
	}
}

func TestTheServersEchoBeforeTheAnswerIsNothing(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	op := f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil)
	f.must(f.StartOp(f.ctx(), op.ID))
	wantKinds(t, f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1, Flags: seen}}}))
	f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets...)))
	f.counts("INBOX", 1, 0)
}

func TestServerChangesFlagsWhileOurOpWaits(t *testing.T) {
	for _, c := range []struct {
		name             string
		server           mail.Flags // what it says while "+seen" waits
		want             []string   // changes of that
		shown, afterFail mail.Flags
	}{
		{"another flag", flagged, []string{"elsewhere flags.changed"}, mail.NewFlags("seen", "flagged"), flagged},
		{"the same flag", seen, nil, seen, seen},
		{"nothing new", nil, nil, seen, nil},
		{
			"a keyword", mail.NewFlags("work"),
			[]string{"elsewhere flags.changed"},
			mail.NewFlags("seen", "work"), mail.NewFlags("work"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t)
			b := f.inbox(1)
			op := f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil)
			wantKinds(t, f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1, Flags: c.server}}}), c.want...)
			if got := f.at(b, 1).Flags; !got.Equal(c.shown) {
				t.Errorf("shown: got %v, want %v", got, c.shown)
			}
			f.must(f.FailOp(f.ctx(), op.ID, offline))
			if got := f.at(b, 1).Flags; !got.Equal(c.afterFail) {
				t.Errorf("after it failed: got %v, want %v", got, c.afterFail)
			}
		})
	}
}

func TestFailOpTakesBackAndSaysWhy(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	op := f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil)
	rev := f.head()
	refused := &mail.Fault{Code: mail.CodeRefusedCommand, Class: mail.ClassProtocol, Args: mail.Args{"text": "NO"}}
	f.must(f.FailOp(f.ctx(), op.ID, refused))
	wantKinds(t, f.since(rev), "here flags.changed", "here problem.raised", "here op")
	f.counts("INBOX", 1, 1)
	ps, err := f.Problems(f.ctx())
	f.must(err)
	if len(ps) != 1 || ps[0].Code != mail.CodeRefusedCommand || ps[0].Account != acc || ps[0].Args["text"] != "NO" {
		t.Errorf("problems: got %+v", ps)
	}
	if err := f.FinishOp(f.ctx(), op.ID, done(op.Targets...)); code(err) != mail.CodeGone {
		t.Errorf("finish after it failed: %v", err)
	}
}

func TestOpsOnAMessageAreLaidInOrder(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	ids := []mail.MessageID{f.id(b, 1)}
	one := f.mark(ids, mail.NewFlags("seen", "flagged"), nil)
	two := f.mark(ids, nil, seen)
	shows := func(want ...mail.Flag) {
		t.Helper()
		if got := f.at(b, 1).Flags; !got.Equal(mail.NewFlags(want...)) {
			t.Errorf("shown: got %v, want %v", got, want)
		}
	}
	shows("flagged")
	f.must(f.StartOp(f.ctx(), one.ID))
	f.must(f.FinishOp(f.ctx(), one.ID, done(ids...)))
	shows("flagged")
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 1, Flags: mail.NewFlags("seen", "flagged", "work")}}})
	shows("flagged", "work")
	f.must(f.FinishOp(f.ctx(), two.ID, done(ids...)))
	shows("flagged", "work")
	if f.at(b, 1).Pending {
		t.Error("still pending")
	}
}

func TestAnOpThatWaitsHoldsBackLaterOnesOnItsMessages(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	one := f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil)
	f.mark([]mail.MessageID{f.id(b, 1)}, flagged, nil)
	three := f.mark([]mail.MessageID{f.id(b, 2)}, flagged, nil)
	f.must(f.StartOp(f.ctx(), one.ID))
	f.must(f.RetryOp(f.ctx(), one.ID, day.Add(time.Minute), offline))
	if w := f.ready(); len(w) != 1 || w[0].Op.ID != three.ID {
		t.Errorf("before NextTry: got %+v", w)
	}
	f.clock.pass(time.Minute)
	w := f.ready()
	if len(w) != 3 || w[0].Op.ID != one.ID || w[0].Op.Fault != string(offline.Code) || w[0].Op.Tries != 1 {
		t.Errorf("at NextTry: got %+v", w)
	}
}

// TestALongQueueIsHandedOutFromItsBeginning: what is sent may change all that comes
// behind it, so that only the first of a long queue are read, also behind some that wait.
func TestALongQueueIsHandedOutFromItsBeginning(t *testing.T) {
	const n = 3 * readyMost
	f := open(t)
	inbox := f.folders("INBOX")["INBOX"]
	f.apply(inStep(inbox.ID, 1, n+1, fetched(1, n)...))
	var ids []mail.OpID
	for i := range n {
		op := f.mark([]mail.MessageID{f.id(inbox, mail.UID(i+1))}, seen, nil)
		ids = append(ids, op.ID)
		if i <= readyMost {
			f.must(f.RetryOp(f.ctx(), op.ID, f.clock.now().Add(time.Hour), nil))
		}
	}
	waiting := ids[readyMost+1:]
	for len(waiting) > 0 {
		w := f.ready()
		if len(w) == 0 || len(w) > 2*readyMost {
			t.Fatalf("%d are ready, %d wait", len(w), len(waiting))
		}
		for i := range w {
			if w[i].Op.ID != waiting[i] || len(w[i].Messages) != 1 || !slices.Equal(w[i].Op.Targets, []mail.MessageID{w[i].Messages[0].ID}) {
				t.Fatalf("in place %d comes %+v, want op %d", i, w[i], waiting[i])
			}
			f.must(f.FinishOp(f.ctx(), w[i].Op.ID, done(w[i].Op.Targets...)))
		}
		waiting = waiting[len(w):]
	}
	w, next, err := f.ReadyOps(f.ctx(), acc, f.clock.now())
	if err != nil || len(w) > 0 || !next.After(f.clock.now()) {
		t.Errorf("at the end %d are ready, the next at %v, %v", len(w), next, err)
	}
}

func TestWhatChangesNothingIsNotQueued(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	one := f.id(b, 1)
	f.mark([]mail.MessageID{one}, seen, nil)
	rev := f.head()
	if op := f.mark([]mail.MessageID{one, one}, seen, nil); op.ID != 0 {
		t.Errorf("got op %d", op.ID)
	}
	if f.head() != rev {
		t.Errorf("got %q", kinds(f.since(rev)))
	}
	if op := f.mark([]mail.MessageID{one, f.id(b, 2), 4711}, seen, nil); !slices.Equal(op.Targets, []mail.MessageID{f.id(b, 2)}) {
		t.Errorf("got targets %v", op.Targets)
	}
	if _, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{4711}, Add: seen}); code(err) != mail.CodeNoMessage {
		t.Errorf("an unknown message: %v", err)
	}
	many := make([]mail.MessageID, maxTargets+1)
	if _, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpFlags, Targets: many, Add: seen}); code(err) != mail.CodeUsage {
		t.Errorf("too many: %v", err)
	}
}

// TestFolderActionsThatCancelOutAreNotSent: offline the user unsubscribes from a folder
// and subscribes again, gives it another name and the old one again, and makes a folder
// and deletes it. The server need not hear of any of it, unless more was done.
func TestFolderActionsThatCancelOutAreNotSent(t *testing.T) {
	unsubscribe, subscribe := mail.Op{Kind: mail.OpFolderUnsubscribe}, mail.Op{Kind: mail.OpFolderSubscribe}
	create, remove := mail.Op{Kind: mail.OpFolderCreate, Name: "New"}, mail.Op{Kind: mail.OpFolderDelete}
	rename := func(to string) mail.Op { return mail.Op{Kind: mail.OpFolderRename, Name: to} }
	for name, c := range map[string]struct {
		ops   []mail.Op // on Work, or what the first of them makes
		tried bool      // the first of them was sent, and cut off
		sent  int
		shown []string
	}{
		"unsubscribed and subscribed":     {[]mail.Op{unsubscribe, subscribe}, false, 0, []string{"INBOX", "Work"}},
		"and unsubscribed once more":      {[]mail.Op{unsubscribe, subscribe, unsubscribe}, false, 1, []string{"INBOX", "Work"}},
		"renamed and back":                {[]mail.Op{rename("Job"), rename("Work")}, false, 0, []string{"INBOX", "Work"}},
		"renamed twice":                   {[]mail.Op{rename("Job"), rename("Labour")}, false, 2, []string{"INBOX", "Labour"}},
		"renamed twice and back":          {[]mail.Op{rename("Job"), rename("Labour"), rename("Work")}, false, 3, []string{"INBOX", "Work"}},
		"made and deleted":                {[]mail.Op{create, remove}, false, 0, []string{"INBOX", "Work"}},
		"made, filled and deleted":        {[]mail.Op{create, {Kind: mail.OpMove}, remove}, false, 3, []string{"INBOX", "Work"}},
		"made, which may be, and deleted": {[]mail.Op{create, remove}, true, 2, []string{"INBOX", "Work"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			f.list(Listing{Mailboxes: []ListedMailbox{
				{Name: "INBOX", Delimiter: "/", Selectable: true, Subscribed: true},
				{Name: "Work", Delimiter: "/", Selectable: true, Subscribed: true},
			}})
			inbox := f.boxes()["INBOX"]
			f.apply(inStep(inbox.ID, 1, 2, fetched(1, 1)...))
			on := f.boxes()["Work"].ID
			for i, op := range c.ops {
				op.Account = acc
				switch op.Kind {
				case mail.OpMove:
					op.Targets, op.Mailbox = []mail.MessageID{f.id(inbox, 1)}, on
				case mail.OpFolderCreate:
				default:
					op.Mailbox = on
				}
				queued, err := f.Enqueue(f.ctx(), op)
				f.must(err)
				if op.Kind == mail.OpFolderCreate {
					on = queued.Mailbox
				}
				if i == 0 && c.tried {
					f.must(f.StartOp(f.ctx(), queued.ID))
				}
			}
			waiting, err := f.Ops(f.ctx(), acc)
			if err != nil || len(waiting) != c.sent {
				t.Errorf("waiting: %+v, %v, want %d", waiting, err, c.sent)
			}
			boxes, err := f.Mailboxes(f.ctx(), acc)
			f.must(err)
			var shown []string
			for _, b := range boxes {
				shown = append(shown, b.Path())
			}
			if !slices.Equal(shown, c.shown) {
				t.Errorf("folders are %q, want %q", shown, c.shown)
			}
		})
	}
}

func TestAFlagThatNoServerTakesIsRefused(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	id := f.id(b, 1)
	for _, flag := range []mail.Flag{"two words", "x)\r\na1 logout", "ä", ""} {
		for _, op := range []mail.Op{{Add: mail.Flags{flag}}, {Remove: mail.Flags{flag}}} {
			op.Kind, op.Targets = mail.OpFlags, []mail.MessageID{id}
			if _, err := f.Enqueue(f.ctx(), op); code(err) != mail.CodeUsage {
				t.Errorf("%q: %v", flag, err)
			}
		}
	}
	if w := f.ready(); len(w) != 0 {
		t.Errorf("queued: %+v", w)
	}
}

func TestOpFollowsAMessageThatMoved(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.mark([]mail.MessageID{id}, seen, nil)
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	if w := f.ready(); len(w) != 0 {
		t.Fatalf("it did not wait for the message's new place: %+v", w)
	}
	f.apply(Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
	w := f.ready()
	if len(w) != 1 || w[0].Messages[0].Location.Mailbox != work.ID {
		t.Fatalf("got %+v", w)
	}
	f.counts("Work", 1, 0)
	f.must(f.FinishOp(f.ctx(), op.ID, done(id)))
	f.counts("Work", 1, 0)
}

func TestOpOnAMessageThatIsGone(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	op := f.mark([]mail.MessageID{f.id(inbox, 2)}, seen, nil)
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	f.clock.pass(strayGrace)
	w := f.ready()
	if len(w) != 1 || w[0].Messages[0].Location.UID != 0 {
		t.Fatalf("got %+v", w)
	}
	f.must(f.FinishOp(f.ctx(), op.ID, nil))
	f.counts("INBOX", 2, 2)
	if ops, err := f.Ops(f.ctx(), acc); err != nil || len(ops) != 0 {
		t.Errorf("got %+v, %v", ops, err)
	}
}

func TestPartlyDone(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	ids := []mail.MessageID{f.id(b, 1), f.id(b, 2)}
	op := f.mark(ids, seen, nil)
	f.must(f.FinishOp(f.ctx(), op.ID, done(ids[:1]...)))
	f.counts("INBOX", 2, 1)
	if f.at(b, 1).Unread() || !f.at(b, 2).Unread() || f.at(b, 2).Pending {
		t.Error("the message that was not done shows as if it were")
	}
}

// TestWhatIsDoneOutlivesARestart: the server did an op on all of its messages, and
// Heron ended before the op did.
func TestWhatIsDoneOutlivesARestart(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	op := f.mark([]mail.MessageID{f.id(b, 1), f.id(b, 2)}, seen, nil)
	f.must(f.StartOp(f.ctx(), op.ID))
	for i, id := range op.Targets {
		f.must(f.PartOp(f.ctx(), op.ID, done(id)))
		f = f.again()
		if w := f.ready(); len(w) != 1 || w[0].Done != (i == 1) || len(w[0].Messages) != 1-i {
			t.Errorf("after message %d: %+v", i+1, w)
		}
	}
}

func TestOpsOutliveARestart(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	op := f.mark([]mail.MessageID{f.id(b, 1)}, mail.NewFlags("seen", "work"), flagged)
	f.must(f.StartOp(f.ctx(), op.ID))
	f = f.again()
	w := f.ready()
	if len(w) != 1 {
		t.Fatalf("got %+v", w)
	}
	got := w[0].Op
	if got.ID != op.ID || got.State != mail.OpSending || !got.Add.Equal(op.Add) || !got.Remove.Equal(op.Remove) ||
		!got.Created.Equal(day) || got.Account != acc {
		t.Errorf("got %+v", got)
	}
	f.counts("INBOX", 1, 0)
}

func TestOtherKindsAreKept(t *testing.T) {
	f := open(t)
	b := f.folders("INBOX", "Old")["Old"]
	op, err := f.Enqueue(f.ctx(), mail.Op{Account: acc, Kind: mail.OpFolderRename, Mailbox: b.ID, Name: "New", Inverse: 7})
	f.must(err)
	got, err := f.Op(f.ctx(), op.ID)
	f.must(err)
	if got.Kind != mail.OpFolderRename || got.Mailbox != b.ID || got.Name != "New" || got.Inverse != 7 {
		t.Errorf("got %+v", got)
	}
}

func TestEndedOpsAreForgotten(t *testing.T) {
	f := open(t)
	b := f.inbox(1)
	op := f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil)
	f.must(f.FinishOp(f.ctx(), op.ID, done(op.Targets...)))
	f.clock.pass(keepEnded + time.Hour)
	f.apply(Delta{Mailbox: b.ID})
	if _, err := f.Op(f.ctx(), op.ID); code(err) != mail.CodeGone {
		t.Errorf("got %v", err)
	}
}
