package imapsync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	// A line is a name, its delimiter, its attributes, and the role it gets.
	for name, lines := range map[string][]string{
		"special use, any case": {
			`INBOX / \HasNoChildren inbox`, `Weg / \TRASH trash`, `Old / \archive archive`, `Trash / - none`,
		},
		"xlist names": {
			`INBOX / \Inbox inbox`, `[Gmail]/Alle / \AllMail all`, `[Gmail]/Wichtig / \Starred flagged`, `[Gmail]/S / \Spam junk`,
		},
		"names in several languages": {
			`INBOX . - inbox`, `INBOX.Entwürfe . - drafts`, `INBOX.Gesendete_Elemente . - none`, `INBOX.Papierkorb . - trash`,
			`Éléments_envoyés . - none`, `迷惑メール . - junk`,
		},
		"the outermost of two": {`INBOX / - inbox`, `INBOX/Sent / - none`, `Sent / - sent`},
		"the more usual name":  {`INBOX / - inbox`, `Sent_Items / - none`, `Sent / - sent`},
		"an umlaut in two":     {`INBOX / - inbox`, "Entwu\u0308rfe / - drafts"},
		"views":                {`INBOX / - inbox`, `[Gmail]/Important / \Important important`, `[Gmail]/All / \All all`},
		"deep in a tree":       {`INBOX / - inbox`, `Work/Archive / - none`, `A/B/Trash / - none`},
		"no delimiter":         {`inbox NIL - none`, `INBOX NIL - inbox`, `Drafts NIL - drafts`},
		"not selectable":       {`INBOX / - inbox`, `Trash / \Noselect none`},
	} {
		var list []listed
		var want []string
		for _, line := range lines {
			f := strings.Fields(line)
			l := listed{ListData: wire.ListData{Name: f[0], Delimiter: f[1]}}
			if f[1] == "NIL" {
				l.Delimiter = ""
			}
			if f[2] != "-" {
				l.Attrs = []string{f[2]}
			}
			l.role = l.Role()
			list, want = append(list, l), append(want, strings.TrimPrefix(f[3], "none"))
		}
		assignRoles(list)
		for i, l := range list {
			if string(l.role) != want[i] {
				t.Errorf("%s: %s is %q, want %q", name, l.Name, l.role, want[i])
			}
		}
	}
}

func TestEveryWellKnownNameIsLowerCaseAndOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]mail.Role{}
	for role, names := range wellKnown() {
		for _, n := range names {
			if n != strings.ToLower(n) || n != strings.TrimSpace(n) {
				t.Errorf("%q can never match", n)
			}
			if other, ok := seen[n]; ok {
				t.Errorf("%q is %s and %s", n, role, other)
			}
			seen[n] = role
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	offline := &mail.Fault{Class: mail.ClassOffline}
	var b backoff
	last := time.Duration(0)
	for range 20 {
		d := b.next(offline)
		if d < backoffMin || d > backoffMax {
			t.Fatalf("waits %v", d)
		}
		last = d
	}
	if last < backoffMax/2 {
		t.Errorf("after 20 tries it waits only %v", last)
	}
	if b.reset(); b.next(offline) > 2*backoffMin {
		t.Error("it was not reset")
	}
	for range 50 {
		if d := b.next(&mail.Fault{Class: mail.ClassLimit}); d < limitMin || d > limitMax {
			t.Errorf("a server that asks for patience gets %v", d)
		}
		if d := b.next(&mail.Fault{Class: mail.ClassLimit, RetryAfter: 90 * time.Second}); d < 90*time.Second || d > 2*time.Minute {
			t.Errorf("a server that asks for 90 s gets %v", d)
		}
		if d := b.next(&mail.Fault{Class: mail.ClassLocal}); d > time.Minute {
			t.Errorf("a locked keyring is asked again after %v", d)
		}
	}
	if d := b.next(&mail.Fault{Class: mail.ClassLimit, RetryAfter: 1000 * time.Hour}); d > 2*time.Hour {
		t.Errorf("a server sent us away for %v", d)
	}
}

func TestStateAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  mail.Fault
		state  mail.State
		person bool
	}{
		{mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}, mail.StateNeedsSignIn, true},
		{mail.Fault{Code: mail.CodeSecretMissing, Class: mail.ClassLocal}, mail.StateNeedsSignIn, true},
		{mail.Fault{Code: mail.CodeKeyringLocked, Class: mail.ClassLocal}, mail.StateError, false},
		{mail.Fault{Code: mail.CodeTooMany, Class: mail.ClassLimit}, mail.StateOffline, false},
		{mail.Fault{Code: mail.CodeRefused, Class: mail.ClassOffline}, mail.StateOffline, false},
		{mail.Fault{Code: mail.CodeCertUnknown, Class: mail.ClassTLS}, mail.StateError, false},
		{mail.Fault{Code: mail.CodePlaintextRefused, Class: mail.ClassTLS}, mail.StateError, true},
	} {
		if s, p := stateAfter(&c.fault), waitsForPerson(&c.fault); s != c.state || p != c.person {
			t.Errorf("%s: %s, waits for a person %v", c.fault.Code, s, p)
		}
	}
}

func TestDirty(t *testing.T) {
	t.Parallel()
	cur := mail.Cursor{UIDValidity: 7, UIDNext: 10, HighestModSeq: 50, Messages: 4, Unseen: 1, BackfillBelow: 1}
	same := wire.StatusData{UIDValidity: 7, UIDNext: 10, Messages: 4, Unseen: 1, HighestModSeq: 50, HasModSeq: true}
	for name, c := range map[string]struct {
		change func(*wire.StatusData)
		dirty  bool
		how    method
	}{
		"same":                    {func(*wire.StatusData) {}, false, byVanished},
		"new mail":                {func(s *wire.StatusData) { s.UIDNext = 11; s.Messages = 5 }, true, byVanished},
		"one came and one went":   {func(s *wire.StatusData) { s.UIDNext = 11 }, true, byVanished},
		"read elsewhere":          {func(s *wire.StatusData) { s.Unseen = 0 }, true, byVanished},
		"flagged elsewhere":       {func(s *wire.StatusData) { s.HighestModSeq = 51 }, true, byVanished},
		"modseq went backwards":   {func(s *wire.StatusData) { s.HighestModSeq = 3 }, true, byFlags},
		"modseqs are no more":     {func(s *wire.StatusData) { s.HighestModSeq = 0 }, true, byFlags},
		"made anew":               {func(s *wire.StatusData) { s.UIDValidity = 8 }, true, adopt},
		"no UIDNEXT, same modseq": {func(s *wire.StatusData) { s.UIDNext = 0 }, false, byVanished},
		"no UIDNEXT, no modseq":   {func(s *wire.StatusData) { s.UIDNext, s.HasModSeq = 0, false }, true, byVanished},
		"no UNSEEN":               {func(s *wire.StatusData) { s.Unseen = -1 }, false, byVanished},
	} {
		st := same
		c.change(&st)
		tg := &target{box: &mail.Mailbox{Cursor: cur}, status: st, hasStatus: true}
		tg.choose(&session{w: &Worker{}, qresync: true, condstore: true})
		if tg.dirty() != c.dirty || tg.how != c.how {
			t.Errorf("%s: dirty %v, method %d", name, tg.dirty(), tg.how)
		}
	}
	never := &target{box: &mail.Mailbox{}, status: same, hasStatus: true}
	if !never.dirty() {
		t.Error("a mailbox that was never looked at is in step")
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	cur := mail.Cursor{UIDValidity: 7, UIDNext: 10, HighestModSeq: 50, Messages: 4}
	for name, c := range map[string]struct {
		s      session
		modseq mail.ModSeq
		how    method
	}{
		"QRESYNC":              {session{qresync: true, condstore: true}, 50, byVanished},
		"CONDSTORE":            {session{condstore: true}, 50, byModSeq},
		"neither":              {session{}, 50, byFlags},
		"NOMODSEQ":             {session{qresync: true, condstore: true}, 0, byFlags},
		"far behind is cut up": {session{qresync: true, condstore: true}, 50, byVanished},
	} {
		box := mail.Mailbox{Cursor: cur}
		box.Cursor.HighestModSeq = c.modseq
		c.s.w = &Worker{}
		tg := &target{box: &box, hasStatus: true, status: wire.StatusData{UIDValidity: 7, UIDNext: 20_000, Messages: 15_000}}
		if tg.choose(&c.s); tg.how != c.how || tg.upTo != cur.UIDNext+window-1 {
			t.Errorf("%s: method %d up to %d", name, tg.how, tg.upTo)
		}
	}
}

func TestChunk(t *testing.T) {
	t.Parallel()
	whole := wire.Set{{Lo: 1, Hi: 4}, {Lo: 7, Hi: 7}, {Lo: 10, Hi: 12}}
	f := &fill{todo: slices.Clone(whole), left: whole.Len()}
	var got []string
	for f.left > 0 {
		c := f.chunk(3)
		got = append(got, c.String())
		if c.Len() == 1 { // the server refused it: once more
			f.giveBack(c)
			if again := f.chunk(3); again.String() != c.String() {
				t.Errorf("given back, it comes as %s", again)
			}
		}
	}
	if want := []string{"10:12", "3:4,7", "1:2"}; !slices.Equal(got, want) {
		t.Errorf("chunks are %v", got)
	}
	if len(f.todo) != 0 {
		t.Errorf("left over: %v", f.todo)
	}
}

func TestUnion(t *testing.T) {
	t.Parallel()
	all := wire.Set{{Lo: 1, Hi: 1<<32 - 1}}
	a, b := wire.Set{{Lo: 1, Hi: 3}}, wire.Set{{Lo: 4, Hi: 4}, {Lo: 9, Hi: 9}}
	for _, c := range []struct {
		a, b wire.Set
		want string
	}{{a, b, "1:4,9"}, {b, a, "1:4,9"}, {nil, b, "4,9"}, {nil, nil, ""}, {all, a, "1:4294967295"}} {
		if got := union(c.a, c.b).String(); got != c.want {
			t.Errorf("%v and %v make %s", c.a, c.b, got)
		}
	}
}

func TestSorted(t *testing.T) {
	t.Parallel()
	in := []store.Fetched{{UID: 9}, {UID: 5, Size: 1}, {UID: 3}, {UID: 5, Size: 2}, {UID: 12}}
	got := sorted(in, 5, 11)
	if len(got) != 2 || got[0].UID != 5 || got[0].Size != 2 || got[1].UID != 9 {
		t.Errorf("sorted to %+v", got)
	}
}

func TestDiffers(t *testing.T) {
	t.Parallel()
	list := []listed{
		{ListData: wire.ListData{Name: "INBOX", Delimiter: "/"}, role: mail.RoleInbox},
		{ListData: wire.ListData{Name: "A", Delimiter: "/", Attrs: []string{`\Noselect`}}},
	}
	boxes := []mail.Mailbox{{Name: "A", Delimiter: "/"}, {Name: "INBOX", Delimiter: "/", Role: mail.RoleInbox, Selectable: true}}
	if differs(list, boxes) {
		t.Error("the same differs")
	}
	list[1].subscribed = true
	if !differs(list, boxes) {
		t.Error("a subscription makes no difference")
	}
	if !differs(list[:1], boxes) {
		t.Error("a folder that is gone makes no difference")
	}
}

// TestTwoKicksAreOneDrop: a network that changes twice in a moment is no fault,
// though the second time there is nothing left to be dropped.
func TestTwoKicksAreOneDrop(t *testing.T) {
	t.Parallel()
	w := New(Config{})
	w.setDrop(func() { w.setDrop(nil) })
	w.Kick(ReasonNetwork)
	w.Kick(ReasonResume)
	if !w.takeDropped() {
		t.Error("the connection that we dropped counts as lost")
	}
	if w.takeDropped() {
		t.Error("it counts twice")
	}
}
