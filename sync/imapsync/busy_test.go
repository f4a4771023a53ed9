package imapsync

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestABusyFolderStopsNoOther: another program holds the lock of one folder, as Dovecot
// says, or the machine that it is on is down, as Cyrus does. All others go on, what the
// user does in them too. The folder is asked for again ever more rarely, the user hears
// of it when it stays so, and what the user did in it is done when it is over.
func TestABusyFolderStopsNoOther(t *testing.T) {
	for name, no := range map[string]struct{ over, says, text string }{
		"its lock is held":              {`SELECT "Work"`, "NO [INUSE] Timeout (120s) while waiting for lock", "Timeout (120s) while waiting for lock"},
		"its machine is down":           {`SELECT "Work"`, "NO [UNAVAILABLE] Server(s) unavailable to complete operation", "Server(s) unavailable to complete operation"},
		"in words":                      {`SELECT "Work"`, "NO Mailbox temporarily unavailable", "Mailbox temporarily unavailable"},
		"it has not even numbers of it": {`STATUS "Work"`, "NO [UNAVAILABLE] Is being migrated", "Is being migrated"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fallsOver{over: []string{no.over}, says: no.says}
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(time.Minute)
				inbox, work := t.ids("INBOX"), t.ids("Work")
				f.falls(true)
				f.deliver("Work")
				f.deliver("INBOX")
				time.Sleep(time.Minute + time.Second)
				if folder, _ := t.refusing(); folder != "" || f.fallen() == 0 {
					t.Errorf("refused %d times, and the user told of %q", f.fallen(), folder)
				}
				there, here := t.flag(inbox), t.flag(work)
				time.Sleep(time.Second)
				if n := t.box("INBOX").Counts.Total; n != 2 || t.opState(there) != mail.OpDone || t.opState(here) != mail.OpWaiting {
					t.Errorf("the inbox has %d messages, an action there is %s, and one in the folder %s", n, t.opState(there), t.opState(here))
				}
				time.Sleep(time.Hour)
				if folder, text := t.refusing(); folder != "Work" || text != no.text || t.state().State != mail.StateOnline {
					t.Errorf("told of %q, %q, and the account is %+v", folder, text, t.state())
				}
				if n, dials := f.fallen(), len(t.dialled()); n < 5 || n > 10 || dials != 1 {
					t.Errorf("refused %d times within the hour, on %d connections", n, dials)
				}
				f.falls(false)
				time.Sleep(busyMost + time.Minute)
				if folder, _ := t.refusing(); folder != "" || t.total() != 2 || t.opState(here) != mail.OpDone {
					t.Errorf("when it is over: told of %q, %d messages, the action is %s", folder, t.total(), t.opState(here))
				}
			})
		})
	}
}

// TestABusyInboxStopsNoOther: while the inbox is left out there is nothing to idle on,
// and the server is not asked without pause.
func TestABusyInboxStopsNoOther(t *testing.T) {
	f := &fallsOver{caps: "IDLE", over: []string{`SELECT "INBOX"`}, says: "NO [INUSE] locked"}
	f.falls(true)
	inBubble(t, f.dial, nil, func(t *bubble) {
		time.Sleep(30 * time.Minute)
		if folder, _ := t.refusing(); folder != "INBOX" || t.total() != 1 || t.state().State != mail.StateOnline {
			t.Errorf("told of %q, Work has %d messages, and the account is %+v", folder, t.total(), t.state())
		}
		if n := f.fallen(); n > 10 {
			t.Errorf("asked for %d times", n)
		}
		f.falls(false)
		time.Sleep(busyMost + time.Minute)
		if folder, _ := t.refusing(); folder != "" || t.box("INBOX").Counts.Total != 1 {
			t.Errorf("when it is over: told of %q, and the inbox is %+v", folder, t.box("INBOX").Counts)
		}
	})
}

// TestABusyServer: it answers for no other folder either. Then it is left in peace, and
// the user told of the server, not of a folder.
func TestABusyServer(t *testing.T) {
	for name, no := range map[string]struct {
		over []string
		says string
	}{
		"it opens none":                  {[]string{"SELECT", "EXAMINE"}, "NO [UNAVAILABLE] Come back later"},
		"it has numbers of none":         {[]string{"STATUS"}, "NO Temporary failure"},
		"it has had enough":              {[]string{`SELECT "Work"`}, "NO Request is throttled"},
		"it has had enough of our speed": {[]string{`SELECT "Work"`}, "NO [UNAVAILABLE] Rate exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fallsOver{over: no.over, says: no.says}
			f.falls(true)
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(time.Hour)
				if n := len(t.dialled()); n > 13 || t.state().State == mail.StateOnline {
					t.Errorf("%d connections, and it is %+v", n, t.state())
				}
				ps, err := t.store.Problems(t.Context())
				if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeThrottled || ps[0].Args["host"] != "mail.example" {
					t.Errorf("told of %+v, %v", ps, err)
				}
				f.falls(false)
				time.Sleep(limitMax + time.Minute)
				if t.total() != 1 || t.state().State != mail.StateOnline {
					t.Errorf("when it is over: %d messages, and it is %+v", t.total(), t.state())
				}
			})
		})
	}
}

// flag queues that messages are flagged.
func (b *bubble) flag(ids []mail.MessageID) mail.OpID {
	b.Helper()
	op, err := b.store.Enqueue(b.Context(), mail.Op{Account: "a", Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagFlagged)})
	if err != nil {
		b.Fatal(err)
	}
	b.w.OpsQueued()
	return op.ID
}

func (b *bubble) opState(id mail.OpID) mail.OpState {
	b.Helper()
	op, err := b.store.Op(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return op.State
}

// TestAMessageThatIsNeverToBeHad: a server asks to come back later whenever it is asked
// for one message that it cannot read, for ever. The folder is left out for a while, as
// it may be true; then the message is found, named, and the others are there.
func TestAMessageThatIsNeverToBeHad(t *testing.T) {
	for name, f := range map[string]*falling{
		"at the first look": {messages: 300, lethal: func(uid int) bool { return uid == 17 }},
		"the newest":        {messages: 300, lethal: func(uid int) bool { return uid == 300 }},
		"as it comes":       {messages: 300, lethal: func(uid int) bool { return uid == 302 }},
	} {
		t.Run(name, func(t *testing.T) {
			f.says = "NO [UNAVAILABLE] UID FETCH Server error while fetching messages"
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(time.Minute)
				f.more.Store(3)
				time.Sleep(10 * time.Minute)
				if folder, text := t.refusing(); folder != "INBOX" || text != "UID FETCH Server error while fetching messages" {
					t.Errorf("told of %q, %q", folder, text)
				}
				time.Sleep(time.Hour)
				ps, err := t.store.Problems(t.Context())
				if n := t.inbox().Counts.Total; n != 302 || err != nil || len(ps) != 1 || ps[0].Code != mail.CodeUnreadable {
					t.Errorf("%d messages, problems %+v, %v", n, ps, err)
				}
				if n := len(t.dialled()); n != 1 || t.state().State != mail.StateOnline {
					t.Errorf("%d connections, and it is %+v", n, t.state())
				}
			})
		})
	}
}

// TestAnOutageOfFetch: a server whose mail store is down for two hours lists and opens
// folders, and answers each FETCH of messages with UNAVAILABLE. It is not stormed, and
// when it is over all mail is there within two.
func TestAnOutageOfFetch(t *testing.T) {
	for name, c := range map[string]struct{ before, more int }{"first sync": {0, 0}, "new mail": {300, 40}} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			f := &falling{messages: 300, says: "NO [UNAVAILABLE] UID FETCH Server(s) unavailable to complete operation"}
			f.lethal = func(uid int) bool { return uid > c.before && asked.Add(1) > 0 }
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(time.Minute)
				f.more.Store(int32(c.more))
				time.Sleep(2 * time.Hour)
				if n := asked.Load(); n > 200 {
					t.Errorf("asked %d times", n)
				}
				if us, err := t.store.Unreadable(t.Context(), "a"); err != nil || len(us) > 10 {
					t.Errorf("%d messages are given up, %v", len(us), err)
				}
				f.mended.Store(true)
				time.Sleep(2 * time.Hour)
				if n, want := t.inbox().Counts.Total, 300+c.more; n != want {
					t.Errorf("two hours after it is over %d of %d messages are there", n, want)
				}
			})
		})
	}
}

// TestTheNewestThatCannotBeRead: N:* names the last message also when none is new, and the
// server refuses it each time. No UID is given up that no message has: what comes next
// comes.
func TestTheNewestThatCannotBeRead(t *testing.T) {
	for name, says := range map[string]string{"plain": "NO [SERVERBUG] cannot read", "busy": "NO [UNAVAILABLE] cannot read"} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			f := &falling{messages: 300, says: says}
			f.lethal = func(uid int) bool { return uid == 301 && asked.Add(1) < 2000 } // else it would never end
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(time.Minute)
				f.more.Store(1)
				time.Sleep(2 * time.Hour)
				us, err := t.store.Unreadable(t.Context(), "a")
				if n := asked.Load(); n > 200 || len(us) > 1 || err != nil {
					t.Errorf("asked for it %d times in two hours; %d messages are given up, %v", n, len(us), err)
				}
				f.more.Store(5)
				time.Sleep(2 * time.Hour)
				if n := t.inbox().Counts.Total; n < 304 {
					t.Errorf("four came, and %d of 305 show", n)
				}
			})
		})
	}
}
