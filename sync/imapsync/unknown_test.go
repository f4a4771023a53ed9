package imapsync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// ladder is how a scripted server is asked for what changed in an inbox of which 1 to
// known are known; %[1]s stands for the tag.
type ladder struct {
	hello  string // up to the answer to LIST
	status string // with the numbers of messages, UIDNEXT and unread ones
	open   string
	search string // what the server is asked for the UIDs by
	found  string
	flags  string // how flags are asked for, "" if SELECT does
	all    string // how all flags are
	items  string
	modseq string // what SELECT and STATUS say of mod-sequences
}

func ladders() map[string]ladder {
	condstore := ladder{
		hello: rich, status: "S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d HIGHESTMODSEQ 50)\nS: A1 OK done\n",
		open:   "C: %[1]s1 SELECT \"INBOX\" (CONDSTORE)\n",
		search: "C: %[1]s2 UID SEARCH RETURN (ALL) UID 1:%[2]d\n", found: "S: * ESEARCH (TAG \"%[1]s2\") UID ALL %[2]s\nS: %[1]s2 OK done\n",
		flags: "C: %[1]s3 UID FETCH 1:%[2]d (UID FLAGS) (CHANGEDSINCE 50)\n", all: "C: %[1]s3 UID FETCH 1:%[2]d (UID FLAGS)\n",
		items: richItems, modseq: "S: * OK [HIGHESTMODSEQ 50] hm\n",
	}
	qresync := condstore
	qresync.hello = strings.NewReplacer("ENABLE CONDSTORE ESEARCH", "ENABLE CONDSTORE QRESYNC ESEARCH", "ENABLE CONDSTORE\n", "ENABLE CONDSTORE QRESYNC\n", "ENABLED CONDSTORE", "ENABLED CONDSTORE QRESYNC").Replace(rich)
	qresync.open, qresync.flags = "C: %[1]s1 SELECT \"INBOX\" (QRESYNC (7 50 1:%[2]d))\n", ""
	return map[string]ladder{
		"QRESYNC": qresync, "CONDSTORE": condstore,
		"flags": {
			hello: bare + onlyInbox + statusOf, status: "S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n",
			open:   "C: %[1]s1 SELECT \"INBOX\"\n",
			search: "C: %[1]s2 UID SEARCH UID 1:%[2]d\n", found: "S: * SEARCH %[2]s\nS: %[1]s2 OK done\n",
			flags: "C: %[1]s3 UID FETCH 1:%[2]d (UID FLAGS)\n", all: "C: %[1]s3 UID FETCH 1:%[2]d (UID FLAGS)\n", items: items,
		},
	}
}

// signIn is the beginning of a pass: n messages are in the inbox, which had next-1.
func (l ladder) signIn(n, next int) string { return l.hello + fmt.Sprintf(l.status, n, next, n) }

// adopts takes n messages at first.
func (l ladder) adopts(n int) string {
	return l.signIn(n, n+1) + fmt.Sprintf(strings.Split(l.open, " (QRESYNC")[0], "Z") + l.tail() +
		"C: Z2 FETCH 1:* " + l.items + "\n" + l.selected("Z", n, n+1) + messages(1, n) + "S: Z2 OK done\n" + peek(fmt.Sprintf("1:%d", n))
}

// tail ends a SELECT that asks for nothing of what is known.
func (l ladder) tail() string {
	if strings.Contains(l.open, "QRESYNC") {
		return " (CONDSTORE)\n"
	}
	return ""
}

func (l ladder) selected(tag string, exists, next int) string {
	return l.modseq + selected(tag+"1", exists, next)
}

// round is one round over an inbox of which 1 to known were known: it holds n
// messages, and next-1 was its last UID.
type round struct {
	tag            string
	known, n, next int
	uids           string // the answer to which UIDs there are; "": not asked
	shown          []int  // of which flags are told, where all are
	gone           string // VANISHED, before the SELECT is answered,
	after          string // and behind that
	seek           string // what is sought, and
	sought         string // the answer
	whole, peeks   bool
}

func (l ladder) round(r round) string {
	if r.whole {
		l.flags = l.all
		if strings.Contains(l.open, "QRESYNC") {
			l.open = ladders()["CONDSTORE"].open
		}
	}
	var ask, tell strings.Builder
	add := func(b *strings.Builder, format string, args ...any) {
		if len(args) == 1 {
			args = append(args, "")
		}
		if format != "" {
			fmt.Fprintf(b, strings.NewReplacer("%s", "%[1]s").Replace(format), args...)
		}
	}
	fmt.Fprint(&ask, strings.NewReplacer("%[1]s", r.tag, "%[2]d", strconv.Itoa(r.known)).Replace(l.open))
	tell.WriteString(r.gone + l.selected(r.tag, r.n, r.next) + r.after)
	if r.uids != "" {
		add(&ask, l.search, r.tag, r.known)
		add(&tell, l.found, r.tag, r.uids)
	}
	if l.flags != "" {
		add(&ask, l.flags, r.tag, r.known)
		if l.flags == l.all {
			for i, u := range r.shown {
				fmt.Fprintf(&tell, "S: * %d FETCH (UID %d FLAGS ())\n", i+1, u)
			}
		}
		tell.WriteString("S: " + r.tag + "3 OK done\n")
	}
	if r.seek != "" {
		ask.WriteString("C: " + r.tag + "4 UID FETCH " + r.seek + " " + l.items + "\n")
		tell.WriteString(r.sought)
		if !strings.Contains(r.sought, r.tag+"4") {
			tell.WriteString("S: " + r.tag + "4 OK done\n")
		}
	}
	what := l.items
	if r.peeks {
		what = strings.TrimSuffix(what, ")") + " " + peekItems + ")"
	}
	fmt.Fprintf(&ask, "C: %s5 UID FETCH %d:* %s\n", r.tag, r.known+1, what)
	tell.WriteString("S: " + r.tag + "5 OK done\n")
	return ask.String() + tell.String()
}

// byNumbers reports whether what is gone shows by the number of messages.
func (l ladder) byNumbers() bool { return l.flags != l.all && l.flags != "" }

// TestAForgottenMessageComesBack: a server forgets one of three messages for a moment.
// It is the same message when it shows again.
func TestAForgottenMessageComesBack(t *testing.T) {
	t.Parallel()
	for name, l := range ladders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forgets := l.signIn(2, 4)
			vanished := ""
			if l.flags == "" {
				vanished = "S: * VANISHED (EARLIER) 3\n"
			}
			forgets += l.round(round{tag: "F", known: 3, n: 2, next: 4, shown: []int{1, 2}, gone: vanished})
			if l.byNumbers() {
				forgets += l.round(round{tag: "G", known: 3, n: 2, next: 4, uids: "1:2"})
			}
			three := []int{1, 2, 3}
			back := l.signIn(3, 4) + l.round(round{tag: "H", known: 3, n: 3, next: 4, shown: three})
			uids := ""
			if l.flags != l.all {
				uids = "1:3"
				back += l.round(round{tag: "I", known: 3, n: 3, next: 4, uids: uids, shown: three})
			}
			back += l.round(round{tag: "J", known: 3, n: 3, next: 4, uids: uids, shown: three, seek: "3", sought: messages(3, 3)})
			o := against(t, l.adopts(3), forgets, back)
			o.mustPass()
			was := o.list("INBOX")
			if o.mustPass(); !slices.Equal(o.uids(), []mail.UID{1, 2}) {
				t.Fatalf("known are %v", o.uids())
			}
			o.mustPass()
			is := o.list("INBOX")
			if !slices.Equal(o.uids(), []mail.UID{1, 2, 3}) || o.inbox().Counts.Total != 3 || o.inbox().Cursor.Messages != 3 || is[0].ID != was[0].ID {
				t.Errorf("known are %v, %+v; the newest was %d and is %d", o.uids(), o.inbox(), was[0].ID, is[0].ID)
			}
		})
	}
}

// TestNewMailThatIsLeftOutComes: a new message is counted, and FETCH leaves it out. It
// comes when the numbers are compared, and is told as new; when it is left out again
// nothing else waits for it.
func TestNewMailThatIsLeftOutComes(t *testing.T) {
	t.Parallel()
	for name, l := range ladders() {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " again ", again), func(t *testing.T) {
				t.Parallel()
				two, three := []int{1, 2}, []int{1, 2, 3}
				out := l.signIn(3, 4) + l.round(round{tag: "F", known: 2, n: 3, next: 4, shown: two, peeks: true})
				out += l.round(round{tag: "G", known: 2, n: 3, next: 4, shown: two, uids: "1:2"[:3*boolInt(l.flags != l.all)] + "1 2"[:3*boolInt(l.flags == l.all)], peeks: true})
				sought, want := messages(3, 3), []mail.UID{1, 2, 3}
				if again {
					sought, want = "", []mail.UID{1, 2}
				}
				look := ""
				if l.flags != l.all { // the numbers do not agree
					look = l.round(round{tag: "H", known: 3, n: 3, next: 4, uids: "1:3", shown: three, whole: true})
					look += l.round(round{tag: "I", known: 3, n: 3, next: 4, uids: "1:3", shown: three, whole: true, seek: "3", sought: sought})
					out += look
				}
				last := l.signIn(3, 4)
				if l.flags == l.all {
					last += l.round(round{tag: "H", known: 3, n: 3, next: 4, shown: three}) +
						l.round(round{tag: "I", known: 3, n: 3, next: 4, shown: three, seek: "3", sought: sought})
				} else if again {
					last += look
				}
				o := against(t, l.adopts(2), out, last)
				for range 3 {
					o.mustPass()
				}
				if !slices.Equal(o.uids(), want) || o.inbox().Cursor.UIDNext != 4 {
					t.Errorf("known are %v, %+v", o.uids(), o.inbox())
				}
				news := 0
				cs, err := o.store.Changes(t.Context(), 0, 100)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range cs {
					if c, ok := c.(mail.MessagesAdded); ok && c.Meta().Origin == mail.Elsewhere {
						news += len(c.Messages)
					}
				}
				if news != len(want)-2 {
					t.Errorf("%d messages are told as new", news)
				}
			})
		}
	}
}

// TestMailThatIsLeftOutBesideWhatCannotBeRead: of a folder with mail that cannot be read it
// is known all the same how many messages there should be. One that FETCH left out is
// found.
func TestMailThatIsLeftOutBesideWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, l := range ladders() {
		if l.flags == l.all {
			continue // each whole pass compares all UIDs
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(l.adopts(2), "UID 2 "+data(2), "UID 2 FLAGS () ENVELOPE (\"broken", 1)
			two, three := []int{1, 2}, []int{1, 2, 3}
			o := against(t, strings.Replace(broken, peek("1:2"), peek("1"), 1),
				l.signIn(3, 4)+l.round(round{tag: "F", known: 2, n: 3, next: 4, shown: two, peeks: true})+
					l.round(round{tag: "G", known: 2, n: 3, next: 4, shown: two, uids: "1:2", peeks: true})+
					l.round(round{tag: "H", known: 3, n: 3, next: 4, uids: "1:3", shown: three, whole: true})+
					l.round(round{tag: "I", known: 3, n: 3, next: 4, uids: "1:3", shown: three, whole: true, seek: "3", sought: messages(3, 3)}),
				l.signIn(3, 4))
			for range 3 {
				o.mustPass()
			}
			if in := o.inbox(); !slices.Equal(o.uids(), []mail.UID{1, 2, 3}) || in.Counts.Total != 2 {
				t.Errorf("known are %v, %+v", o.uids(), in)
			}
			o.unread("2")
		})
	}
}

// TestWhatIsSoughtAndRefused: of two messages that should be known the server cannot
// describe one. It is found, and named; the other one comes.
func TestWhatIsSoughtAndRefused(t *testing.T) {
	t.Parallel()
	l := ladders()["flags"]
	four := []int{1, 2, 3, 4}
	look := func(tag, seek, sought string) string {
		return l.round(round{tag: tag, known: 4, n: 4, next: 5, shown: four, seek: seek, sought: sought})
	}
	o := against(t, l.adopts(4),
		l.signIn(2, 5)+l.round(round{tag: "F", known: 4, n: 2, next: 5, shown: []int{1, 2}}),
		l.signIn(4, 5)+look("G", "", "")+look("H", "3:4", "S: H4 NO it hurts\n")+look("I", "4", "S: I4 NO it hurts\n"),
		l.signIn(4, 5)+look("K", "", "")+look("L", "3", messages(3, 3)),
		l.signIn(4, 5)+look("M", "", ""),
	)
	for range 5 {
		o.mustPass()
	}
	if !slices.Equal(o.uids(), []mail.UID{1, 2, 3, 4}) || o.inbox().Counts.Total != 3 {
		t.Errorf("known are %v, %+v", o.uids(), o.inbox())
	}
	o.unread("4")
}

// TestUnknownUIDs: what is not yet taken of a mailbox, and what is new in it, is not
// missed; nor is a set that a server makes up gone through.
func TestUnknownUIDs(t *testing.T) {
	t.Parallel()
	tg := &target{box: &mail.Mailbox{Cursor: mail.Cursor{UIDNext: 100, BackfillBelow: 50}}}
	for told, want := range map[string]string{
		"":                "",
		"1:49":            "",
		"100:200":         "",
		"50,60":           "",
		"49:51,60,99:100": "51,99",
		"55:61":           "55:59,61",
	} {
		var set wire.Set
		if told != "" {
			var err error
			if set, err = wire.ParseSet([]byte(told)); err != nil {
				t.Fatal(err)
			}
		}
		if got := wire.NewSet(tg.unknownIn(set, []mail.UID{50, 60})).String(); got != want {
			t.Errorf("of %q %q are unknown, want %q", told, got, want)
		}
	}
	huge := &target{box: &mail.Mailbox{Cursor: mail.Cursor{UIDNext: 4294967295}}}
	if got := huge.unknownIn(wire.Set{{Lo: 1, Hi: 4294967294}}, nil); !huge.seek(got) || len(huge.unknown) > window || huge.seek(got) {
		t.Errorf("%d are sought", len(huge.unknown))
	}
}
