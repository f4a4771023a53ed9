package imapsync

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// The servers below fall over one message of the inbox: whoever asks for its
// envelope is cut off. Each part of a transcript is one connection.

// listsInbox is how each connection begins.
func listsInbox(messages int) string {
	return bare + onlyInbox + statusOf +
		fmt.Sprintf("S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n", messages, messages+1, messages)
}

// selectsAlone is a SELECT that nothing else goes with.
func selectsAlone(exists int) string {
	return "C: ? SELECT \"INBOX\"\n" + selected("?", exists, exists+1)
}

// oneByOne is a look for new mail above a UID that asks for [lo, hi], command by
// command; without hi it does not ask for any.
func oneByOne(exists, known int, more string) string {
	return selectsAlone(exists) +
		fmt.Sprintf("C: ? UID FETCH 1:%d (UID FLAGS)\n", known) + flagsOf(1, known) + "S: ? OK done\n" + more
}

func asksFor(lo, hi int) string { return fmt.Sprintf("C: ? UID FETCH %d:%d %s\n", lo, hi, items) }

func gets(lo, hi int) string { return asksFor(lo, hi) + messages(lo, hi) + "S: ? OK done\n" }

const closes = "S: <close>\n"

// connections plays the parts, one a connection, each of another process. It must fail
// where the server falls.
func connections(t *testing.T, parts ...string) *odd {
	t.Helper()
	script := slices.Clone(parts)
	for i, p := range script {
		if !strings.HasSuffix(p, "<close>\n") {
			script[i] += "C: <close>\n"
		}
	}
	o := against(t, strings.TrimSuffix(strings.Join(script, "---\n"), "C: <close>\n"))
	for i, p := range parts {
		_, err := New(o.cfg).Pass(t.Context()) // a process makes a single one, it may be
		if serr := o.script.Err(); serr != nil {
			t.Fatal(serr)
		}
		if fell := strings.HasSuffix(p, "<close>\n"); (err != nil) != fell {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
	return o
}

// TestNewMailThatEndsTheConnection: of three new messages the server falls over
// the second, and its other answers are lost with it. That it fell once says
// nothing. After the second time it is asked command by command, for ever fewer
// messages, until that one is alone; when it fell over it twice, it is done without.
// That it answers more than we take is the same.
func TestNewMailThatEndsTheConnection(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{
		"it closes":                  "S: <close>\n",
		"it sends a literal of 4 GB": "S: * 3 FETCH (UID 3 ENVELOPE {4294967295}\nC: <close>\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newMailThatEndsTheConnection(t, end)
		})
	}
}

func newMailThatEndsTheConnection(t *testing.T, end string) {
	t.Helper()
	first3 := listsInbox(4) + "C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:1 (UID FLAGS)\nC: A8 UID FETCH 2:* " + peeking() + "\n" + end
	o := connections(t,
		first(1),
		first3,
		first3,
		listsInbox(4)+oneByOne(4, 1, asksFor(2, 4)+end),
		listsInbox(4)+oneByOne(4, 1, gets(2, 2))+oneByOne(4, 2, asksFor(3, 4)+end),
		listsInbox(4)+oneByOne(4, 2, asksFor(3, 3)+end),
		listsInbox(4)+oneByOne(4, 2, asksFor(3, 3)+end),
		// Without a question for new mail, and then for what is behind it.
		listsInbox(4)+"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:2 (UID FLAGS)\n"+selected("A6", 4, 5)+flagsOf(1, 2)+"S: A7 OK done\n"+
			oneByOne(4, 3, gets(4, 4)),
	)
	if !slices.Equal(o.uids(), []mail.UID{1, 2, 3, 4}) || len(o.list("INBOX")) != 3 {
		t.Errorf("known are %v, shown %d", o.uids(), len(o.list("INBOX")))
	}
	o.unread("3")
}

// TestFirstLookThatEndsTheConnection: an inbox whose newest messages cannot be
// had at once is filled like one that is large, the newest first.
func TestFirstLookThatEndsTheConnection(t *testing.T) {
	t.Parallel()
	look := listsInbox(3) + "C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* " + items + "\n" + selected("A4", 3, 4) + messages(1, 1) + closes
	fill := func(below int, more string) string {
		uids := []string{"1", "2", "3"}[:below]
		look := listsInbox(3)
		if below < 3 { // what it is known of is looked at first
			look += "C: A4 SELECT \"INBOX\"\nC: A5 UID FETCH 3:3 (UID FLAGS)\nC: A6 UID FETCH 4:* " + items + "\n" +
				selected("A4", 3, 4) + flagsOf(3, 3) + "S: A5 OK done\nS: A6 OK done\n"
		}
		return look + fmt.Sprintf("C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:%d\n", below) + selected("B1", 3, 4) +
			"S: * SEARCH " + strings.Join(uids, " ") + "\nS: B2 OK done\n" + more
	}
	o := connections(t,
		look,
		look,
		fill(3, gets(3, 3)+asksFor(1, 2)+closes),
		fill(2, asksFor(2, 2)+closes),
		fill(2, asksFor(2, 2)+closes),
		fill(2, gets(1, 1)),
	)
	if !slices.Equal(o.uids(), []mail.UID{1, 2, 3}) || len(o.list("INBOX")) != 2 || o.inbox().Cursor.BackfillBelow != 1 {
		t.Errorf("known are %v, shown %d, %+v", o.uids(), len(o.list("INBOX")), o.inbox().Cursor)
	}
	o.unread("2")
}

// falling is a server with messages in the inbox that falls over some of them,
// and answers all else.
type falling struct {
	messages int
	more     atomic.Int32 // that came since
	says     string       // what it answers when it is asked for them; "": it ends the connection
	lethal   func(uid int) bool
	mended   atomic.Bool // it falls no more
	polled   bool        // it has no IDLE: months go by faster
}

func (f *falling) dial(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
	t.Helper()
	o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go f.serve(there)
		return here, nil
	}
	return wire.Dial(ctx, o)
}

func (f *falling) serve(c net.Conn) {
	defer func() { _ = c.Close() }() // the client hears of it
	out := bufio.NewWriterSize(c, 1<<20)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\r\n", args...) }
	idles := " IDLE"
	if f.polled {
		idles = ""
	}
	say("* PREAUTH [CAPABILITY IMAP4rev1%s LIST-STATUS] ready", idles)
	var buf [1 << 16]byte
	pending, idle := "", ""
	for {
		line, rest, whole := strings.Cut(pending, "\r\n")
		if !whole {
			if out.Flush() != nil {
				return
			}
			n, err := c.Read(buf[:])
			if err != nil {
				return
			}
			pending += string(buf[:n])
			continue
		}
		pending = rest
		tag, cmd, _ := strings.Cut(line, " ")
		var lo, hi int
		messages, done := f.messages+int(f.more.Load()), "OK done"
		switch {
		case strings.HasPrefix(cmd, "LIST"):
			say("* LIST () \"/\" INBOX\r\n* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN 0)", messages, messages+1)
		case strings.HasPrefix(cmd, "SELECT"):
			say("* %d EXISTS\r\n* OK [UIDVALIDITY 7] hm\r\n* OK [UIDNEXT %d] hm", messages, messages+1)
		case strings.HasPrefix(cmd, "UID SEARCH"):
			last, _ := strconv.Atoi(cmd[strings.LastIndex(cmd, ":")+1:])
			var b strings.Builder
			for uid := 1; uid <= last; uid++ {
				fmt.Fprintf(&b, " %d", uid)
			}
			say("* SEARCH%s", b.String())
		case strings.Contains(cmd, "FETCH") && strings.Contains(cmd, "ENVELOPE"):
			switch n, _ := fmt.Sscanf(cmd, "UID FETCH %d:%d", &lo, &hi); n {
			case 0:
				lo, hi = 1, messages
			case 1:
				if hi = lo; strings.Contains(cmd, ":*") {
					lo, hi = min(lo, messages), messages
				}
			}
			for uid := lo; uid <= min(hi, messages); uid++ {
				if f.lethal(uid) && !f.mended.Load() {
					if done = f.says; done == "" {
						return
					}
					break
				}
				say("* %d FETCH (UID %d %s)", uid, uid, data(uid))
			}
		case strings.Contains(cmd, "FETCH") && strings.Contains(cmd, "FLAGS"):
			for uid := 1; uid <= messages; uid++ {
				say("* %d FETCH (UID %d FLAGS (\\Seen))", uid, uid)
			}
		case cmd == "IDLE":
			say("+ go")
			idle = tag
			continue
		case line == "DONE":
			tag = idle
		}
		say("%s %s", tag, done)
	}
}

func (b *bubble) inbox() mail.Mailbox {
	b.Helper()
	box, err := b.store.MailboxByPath(b.Context(), "a", "INBOX")
	if err != nil {
		b.Fatal(err)
	}
	return box
}

func (b *bubble) uids() []mail.UID {
	b.Helper()
	uids, err := b.store.UIDs(b.Context(), b.inbox().ID)
	if err != nil {
		b.Fatal(err)
	}
	return uids
}

// TestAFewLethalMessages: a first sync of many messages gets past those over
// which the server falls, the last one too, within minutes; from then on the
// connection holds.
func TestAFewLethalMessages(t *testing.T) {
	f := &falling{messages: 3000, lethal: func(uid int) bool { return uid == 17 || uid == 1500 || uid == 3000 }}
	inBubble(t, f.dial, nil, func(t *bubble) {
		time.Sleep(5 * time.Minute)
		tries := t.dialled()
		if n := len(t.uids()); n != f.messages {
			t.Errorf("%d messages are known after %d connections", n, len(tries))
		}
		ps, err := t.store.Problems(t.Context())
		if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeUnreadable || ps[0].Args["uid"] != "17,1500,3000" {
			t.Errorf("problems: %+v, %v", ps, err)
		}
		t.Logf("%d connections, the last after %v", len(tries), tries[len(tries)-1].Sub(tries[0]))
		time.Sleep(time.Hour)
		if n := len(t.dialled()); n != len(tries) || t.state().State != mail.StateOnline {
			t.Errorf("in the hour after there were %d connections more, and it is %+v", n-len(tries), t.state())
		}
	})
}

// TestWhatEndsTheConnectionIsAskedAgain: messages over which the server falls are asked
// for a day later, and when twice the time has gone; one ends the connection each time,
// and no two within a quarter of an hour. Once the server is mended they come, and alert
// nothing: they were there when it was first looked.
func TestWhatEndsTheConnectionIsAskedAgain(t *testing.T) {
	f := &falling{messages: 300, lethal: func(uid int) bool { return uid%100 == 17 }, polled: true}
	inBubble(t, f.dial, func(c *Config) { c.PollInterval = 6 * time.Hour }, func(t *bubble) {
		time.Sleep(23 * time.Hour)
		first := t.dialled()
		time.Sleep(31 * 24 * time.Hour)
		tries := t.dialled()[len(first):]
		if len(tries) != 3*5 {
			t.Errorf("%d connections more in a month", len(tries))
		}
		for i := 1; i < len(tries); i++ {
			if gap := tries[i].Sub(tries[i-1]); gap < fullInterval {
				t.Errorf("one of them is %v after another", gap)
			}
		}
		if in := t.inbox(); in.Counts.Total != 297 || t.state().State != mail.StateOnline {
			t.Errorf("the inbox is %+v, and it is %+v", in, t.state())
		}
		f.mended.Store(true)
		time.Sleep(32 * 24 * time.Hour)
		t.dialled()
		ps, err := t.store.Problems(t.Context())
		if in := t.inbox(); err != nil || len(ps) != 0 || in.Counts.Total != 300 {
			t.Errorf("when it is mended the inbox is %+v, problems %+v, %v", in, ps, err)
		}
		cs, err := t.store.Changes(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cs {
			if c, ok := c.(mail.MessagesAdded); ok && c.Meta().Origin != mail.Backfill {
				t.Errorf("told as new: %+v", c)
			}
		}
	})
}

// TestAServerThatAlwaysFalls: it is not the messages then. The server is not
// stormed, and nearly nothing is given up.
func TestAServerThatAlwaysFalls(t *testing.T) {
	f := &falling{messages: 300, lethal: func(int) bool { return true }}
	inBubble(t, f.dial, nil, func(t *bubble) {
		time.Sleep(12 * time.Hour)
		if n := len(t.dialled()); n > 300 {
			t.Errorf("%d connections in half a day", n)
		}
		if n := len(t.uids()); n > lethalMost {
			t.Errorf("%d messages were given up", n)
		}
		if st := t.state(); st.State == mail.StateOnline {
			t.Errorf("%+v", st)
		}
		f.mended.Store(true)
		time.Sleep(10 * time.Minute)
		t.dialled()
		if n := len(t.uids()); n != f.messages {
			t.Errorf("when it works again %d messages are known", n)
		}
	})
}

// TestOneCutIsNoDoubt: what one connection ended over is asked by the next one as
// ever.
func TestOneCutIsNoDoubt(t *testing.T) {
	t.Parallel()
	ask := listsInbox(3) + "C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* " + items + "\n" + selected("A4", 3, 4) + messages(1, 1)
	o := connections(t, ask+closes, ask+messages(2, 3)+"S: A5 OK done\n"+peek("1:3"))
	if len(o.uids()) != 3 {
		t.Errorf("known are %v", o.uids())
	}
}

// TestDoubtStays: where nothing new is, nothing is proved, however often it is asked;
// a message that comes ends the doubt.
func TestDoubtStays(t *testing.T) {
	t.Parallel()
	w, of := New(Config{}), share{box: 1}
	for range blameAfter {
		w.blame([]*question{{of: of, n: 1, uid: 7}}, true)
	}
	if w.most(of) != 1 || w.lethal(of, 7) {
		t.Fatalf("%d at once", w.most(of))
	}
	for range 200 {
		w.passed(&question{of: of, n: w.most(of)})
		if n := w.most(of); n < 1 || n > 2*window {
			t.Fatalf("%d at once", n)
		}
	}
	w.passed(&question{of: of, n: w.most(of), got: 1})
	if n := w.most(of); n != 0 {
		t.Errorf("%d at once", n)
	}
}
