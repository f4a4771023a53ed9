package imapsync

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// The servers below fall over one folder, Work: whoever opens it, or asks for its
// numbers, is cut off.

// inboxAndWork is a listing of so many messages in the inbox, and in Work.
func inboxAndWork(inbox, work int) string {
	return strings.Replace(all(work), "INBOX (MESSAGES 0 UIDNEXT 1", fmt.Sprintf("INBOX (MESSAGES %d UIDNEXT %d", inbox, inbox+1), 1)
}

// takesInbox is how the first message of the inbox is taken.
func takesInbox() string {
	return "C: ? SELECT \"INBOX\"\n" + selected("?", 1, 2) + "C: ? UID FETCH 1:* (...\n" + messages(1, 1) + "S: ? OK done\n"
}

// leftOutOf is the folder that the user is told of as left out.
func leftOutOf(t *testing.T, ps []mail.Problem) string {
	t.Helper()
	folder := ""
	for _, p := range ps {
		if p.Code == mail.CodeFolderLeftOut {
			folder = p.Args["folder"]
		}
	}
	return folder
}

func (o *odd) leftOut() string {
	o.Helper()
	ps, err := o.store.Problems(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	return leftOutOf(o.T, ps)
}

// TestAFolderThatEndsTheConnectionWhenItIsOpened: that it did so twice while more was
// asked for says nothing of what it was. Then the folder is opened alone, behind
// another one, and when the connection has ended over it twice it is left out.
func TestAFolderThatEndsTheConnectionWhenItIsOpened(t *testing.T) {
	t.Parallel()
	together := polled + inboxAndWork(0, 2) + "C: ? SELECT \"Work\"\nC: ? UID FETCH 1:1 (UID FLAGS)\nC: ? UID FETCH 2:* (...\n" + closes
	alone := polled + inboxAndWork(0, 2) + "C: ? EXAMINE \"INBOX\"\n" + selected("?", 0, 1) + "C: ? SELECT \"Work\"\n" + closes
	o := connections(t,
		polled+adopted(),
		together, together,
		alone, alone,
		polled+inboxAndWork(1, 2)+takesInbox(), // mail comes, and Work is not opened
	)
	if o.leftOut() != "Work" || len(o.uids()) != 1 {
		t.Errorf("left out is %q, and the inbox has %v", o.leftOut(), o.uids())
	}
}

// TestAFolderThatEndsTheConnectionWhenAllAreListed: a server that lists folders with
// their numbers in one answer does not come to an end of it. It is asked for the
// numbers of each, and then of one at a time.
func TestAFolderThatEndsTheConnectionWhenAllAreListed(t *testing.T) {
	t.Parallel()
	const (
		listed = "C: ? LIST \"\" \"*\" RETURN (SUBSCRIBED)\nS: * LIST () \"/\" INBOX\nS: * LIST () \"/\" Lists\nS: * LIST () \"/\" Work\nS: ? OK done\n"
		works  = "S: * STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 7 UNSEEN 0)\nS: ? OK done\n"
		lists  = "S: * STATUS Lists (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 9 UNSEEN 0)\nS: ? OK done\n"
	)
	ask := func(name string) string { return asks(name, "") }
	atOnce := polled + askAll + "S: * LIST () \"/\" INBOX\n" + closes
	each := polled + listed + ask("INBOX") + ask("Lists") + ask("Work") + closes
	o := connections(t,
		atOnce, atOnce,
		each, each,
		polled+listed+ask("INBOX")+works+ask("Lists")+lists+ask("Work")+closes,
		polled+listed+ask("INBOX")+works+ask("Work")+closes, // not because it was late
		polled+listed+ask("INBOX")+works+ask("Lists")+lists+
			"C: ? SELECT \"INBOX\"\n"+selected("?", 1, 2)+"C: ? FETCH 1:* "+items+"\n"+messages(1, 1)+"S: ? OK done\n"+peek("1"),
	)
	if o.leftOut() != "Work" || len(o.uids()) != 1 {
		t.Errorf("left out is %q, and the inbox has %v", o.leftOut(), o.uids())
	}
}

// TestALeftOutFolderIsTriedAgain: after an hour, alone; when the connection ends again
// it is left out for longer, and when it does not the user hears no more of it. What
// the user did in it waits as long.
func TestALeftOutFolderIsTriedAgain(t *testing.T) {
	f := &fallsOver{caps: "LIST-STATUS", over: []string{`SELECT "Work"`}}
	inBubble(t, f.dial, nil, func(t *bubble) {
		time.Sleep(time.Minute)
		if t.leftOut() != "" || t.box("Work").Counts.Total != 1 {
			t.Fatalf("before it falls %q is left out, and Work is %+v", t.leftOut(), t.box("Work"))
		}
		f.deliver("Work")
		f.falls(true)
		time.Sleep(2 * time.Minute)
		if t.leftOut() != "Work" || t.state().State != mail.StateOnline {
			t.Fatalf("left out is %q, and it is %+v", t.leftOut(), t.state())
		}
		tries := len(t.dialled())
		f.deliver("INBOX")
		time.Sleep(2 * time.Minute)
		if n := t.box("INBOX").Counts.Total; n != 2 {
			t.Errorf("the inbox has %d messages", n)
		}
		op, err := t.store.Enqueue(t.Context(), mail.Op{Account: "a", Kind: mail.OpFlags, Targets: t.ids("Work"), Add: mail.NewFlags(mail.FlagFlagged)})
		if err != nil {
			t.Fatal(err)
		}
		t.w.OpsQueued()
		time.Sleep(50 * time.Minute)
		if n := len(t.dialled()); n != tries {
			t.Errorf("%d connections more within the hour", n-tries)
		}
		time.Sleep(time.Hour)
		if n := len(t.dialled()); n != tries+1 || t.leftOut() != "Work" {
			t.Errorf("%d connections more after it, and left out is %q", n-tries, t.leftOut())
		}
		f.falls(false)
		time.Sleep(2 * time.Hour)
		if n := len(t.dialled()); n != tries+1 || t.leftOut() != "" {
			t.Errorf("%d connections more when it works, and left out is %q", n-tries, t.leftOut())
		}
		if op, err = t.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
			t.Errorf("what the user did in it: %+v, %v", op, err)
		}
	})
}

// TestAServerThatOpensNothing: it is not the folders then, and none is left out. The
// server is not stormed.
func TestAServerThatOpensNothing(t *testing.T) {
	for name, over := range map[string][]string{
		"it opens none": {"SELECT", "EXAMINE"}, "it has numbers of none": {"STATUS"}, "it lists none": {"LIST"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fallsOver{over: over}
			f.falls(true)
			inBubble(t, f.dial, nil, func(t *bubble) {
				time.Sleep(12 * time.Hour)
				if n := len(t.dialled()); n > 300 {
					t.Errorf("%d connections in half a day", n)
				}
				if t.leftOut() != "" || t.state().State == mail.StateOnline {
					t.Errorf("left out is %q, and it is %+v", t.leftOut(), t.state())
				}
				f.falls(false)
				time.Sleep(10 * time.Minute)
				if t.leftOut() != "" || t.state().State != mail.StateOnline || t.box("Work").Counts.Total != 1 {
					t.Errorf("when it works again it is %+v", t.state())
				}
			})
		})
	}
}

// TestANetworkThatBreaks: one over which no connection lives long enough for all
// folders. They are what is asked for when it breaks, and it is not them.
func TestANetworkThatBreaks(t *testing.T) {
	f := &fallsOver{pace: 200 * time.Millisecond, lives: time.Second, more: 12}
	f.falls(true)
	inBubble(t, f.dial, nil, func(t *bubble) {
		time.Sleep(2 * time.Hour)
		if t.leftOut() != "" {
			t.Errorf("left out is %q", t.leftOut())
		}
		f.falls(false)
		time.Sleep(10 * time.Minute)
		if t.dialled(); t.state().State != mail.StateOnline || t.leftOut() != "" {
			t.Errorf("when it holds it is %+v, left out is %q", t.state(), t.leftOut())
		}
	})
}

// fallsOver is a server with messages in INBOX, in Work and in further folders.
type fallsOver struct {
	caps  string
	over  []string                           // beginnings of commands over which it falls
	says  string                             // what it answers then; "": it ends the connection
	pace  time.Duration                      // that each command takes,
	lives time.Duration                      // and how long a connection lives while it falls; 0: for ever
	more  int                                // further folders
	hides func(connection, listing int) bool // whether Work is left out of it

	mu    sync.Mutex
	on    bool
	fell  int            // so often
	conns int            // there were
	came  map[string]int // messages that came into a folder, beside the first
}

func (f *fallsOver) falls(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

// fallen is how often it fell.
func (f *fallsOver) fallen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fell
}

func (f *fallsOver) deliver(box string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.came == nil {
		f.came = map[string]int{}
	}
	f.came[box]++
}

func (f *fallsOver) dial(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
	t.Helper()
	o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			f.serve(there)
		}()
		t.Cleanup(func() { <-ended })
		return here, nil
	}
	return wire.Dial(ctx, o)
}

func (f *fallsOver) serve(c net.Conn) {
	defer func() { _ = c.Close() }() // the client hears of it
	began := time.Now()
	f.mu.Lock()
	f.conns++
	connection, listing := f.conns, 0
	f.mu.Unlock()
	in := bufio.NewScanner(c)
	if _, err := fmt.Fprintf(c, "* PREAUTH [CAPABILITY IMAP4rev1 %s] ready\r\n", f.caps); err != nil {
		return
	}
	open := ""
	for in.Scan() {
		tag, cmd, _ := strings.Cut(in.Text(), " ")
		time.Sleep(f.pace)
		f.mu.Lock()
		falls := f.on && (f.lives > 0 && time.Since(began) >= f.lives ||
			slices.ContainsFunc(f.over, func(over string) bool { return strings.HasPrefix(cmd, over) }))
		if verb, rest, _ := strings.Cut(cmd, " "); verb == "SELECT" || verb == "EXAMINE" {
			open = strings.Split(rest, `"`)[1]
		}
		answer := f.answer(cmd, open)
		if strings.HasPrefix(cmd, "LIST") {
			if listing++; f.hides != nil && f.hides(connection, listing) {
				answer = strings.ReplaceAll(answer, "* LIST () \"/\" Work\r\n", "")
			}
		}
		f.fell += boolInt(falls)
		f.mu.Unlock()
		if falls && f.says == "" {
			return
		}
		if falls {
			if _, err := fmt.Fprintf(c, "%s %s\r\n", tag, f.says); err != nil {
				return
			}
			continue
		}
		if _, err := fmt.Fprintf(c, "%s%s OK done\r\n", answer, tag); err != nil {
			return
		}
	}
}

// answer is what comes before a command's OK.
func (f *fallsOver) answer(cmd, open string) string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, "* "+format+"\r\n", args...) }
	status := func(name string) {
		n := 1 + f.came[name]
		say(`STATUS "%s" (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN 0)`, name, n, n+1)
	}
	n, lo, hi := 1+f.came[open], 0, 0
	switch {
	case strings.HasPrefix(cmd, "LIST"):
		names := []string{"INBOX", "Work"}
		for i := range f.more {
			names = append(names, fmt.Sprintf("F%02d", i))
		}
		for _, name := range names {
			say(`LIST () "/" %s`, name)
			if strings.Contains(cmd, "STATUS") {
				status(name)
			}
		}
	case strings.HasPrefix(cmd, "STATUS"):
		status(strings.Split(cmd, `"`)[1])
	case strings.HasPrefix(cmd, "SELECT"), strings.HasPrefix(cmd, "EXAMINE"):
		say("%d EXISTS\r\n* OK [UIDVALIDITY 7] hm\r\n* OK [UIDNEXT %d] hm", n, n+1)
	case strings.Contains(cmd, "FETCH"):
		switch got, _ := fmt.Sscanf(strings.TrimPrefix(cmd, "UID "), "FETCH %d:%d", &lo, &hi); got {
		case 0:
			return ""
		case 1: // up to *
			lo, hi = min(lo, n), n
		}
		for uid := lo; uid <= min(hi, n); uid++ {
			if strings.Contains(cmd, "ENVELOPE") {
				say("%d FETCH (UID %d %s)", uid, uid, data(uid))
			} else {
				say("%d FETCH (UID %d FLAGS ())", uid, uid)
			}
		}
	}
	return b.String()
}

func (b *bubble) leftOut() string {
	b.Helper()
	synctest.Wait()
	ps, err := b.store.Problems(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return leftOutOf(b.T, ps)
}

func (b *bubble) box(path string) mail.Mailbox {
	b.Helper()
	box, err := b.store.MailboxByPath(b.Context(), "a", path)
	if err != nil {
		b.Fatal(err)
	}
	return box
}

func (b *bubble) ids(path string) []mail.MessageID {
	b.Helper()
	page, err := b.store.Messages(b.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{b.box(path).ID}, Limit: 10})
	if err != nil {
		b.Fatal(err)
	}
	var ids []mail.MessageID
	for _, m := range page.Messages {
		ids = append(ids, m.ID)
	}
	return ids
}
