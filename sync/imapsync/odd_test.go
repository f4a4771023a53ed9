package imapsync

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// The servers below are scripted: each part of a transcript is one pass over
// the account. {env N} stands for a FETCH response's data of message N.

const (
	bare = "S: * PREAUTH [CAPABILITY IMAP4rev1] ready\n" +
		"C: A1 LIST \"\" \"*\"\nC: A2 LSUB \"\" \"*\"\n"
	onlyInbox = "S: * LIST () \"/\" INBOX\nS: A1 OK done\nS: A2 OK done\n"
	statusOf  = "C: A3 STATUS \"INBOX\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"
	items     = "(UID FLAGS ENVELOPE RFC822.SIZE INTERNALDATE)"

	rich = "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE] ready\n" +
		"C: E1 ENABLE CONDSTORE\nS: * ENABLED CONDSTORE\nS: E1 OK done\n" +
		"C: A1 LIST \"\" \"*\" RETURN (SPECIAL-USE SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ))\n" +
		"S: * LIST (\\Subscribed) \"/\" INBOX\n"
	richItems = "(UID FLAGS ENVELOPE RFC822.SIZE INTERNALDATE MODSEQ)"
)

// first is a first pass over an inbox of n messages on a bare server.
func first(n int) string {
	return bare + onlyInbox + statusOf +
		fmt.Sprintf("S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 UNSEEN %d)\nS: A3 OK done\n", n, n+1, n) +
		"C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* " + items + "\n" + selected("A4", n, n+1) + messages(1, n) + "S: A5 OK done\n" + peek(wire.Set{{Lo: 1, Hi: mail.UID(n)}}.String())
}

// peek asks for the first words of messages, of which there are none.
func peek(uids string) string {
	return "C: P1 UID FETCH " + uids + " (UID " + peekItems + ")\nS: P1 OK done\n"
}

// peeking are items and what asks for first words.
func peeking() string { return strings.TrimSuffix(items, ")") + " " + peekItems + ")" }

func selected(tag string, exists, next int) string {
	return fmt.Sprintf("S: * %d EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT %d] hm\nS: %s OK [READ-WRITE] done\n", exists, next, tag)
}

func messages(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "S: * %d FETCH (UID %d %s)\n", i, i, data(i))
	}
	return b.String()
}

func data(i int) string {
	return fmt.Sprintf(`FLAGS () RFC822.SIZE 100 INTERNALDATE "02-Jan-2006 15:04:05 +0000" `+
		`ENVELOPE ("Mon, 02 Jan 2006 15:04:05 +0000" "no %d"%s "<%d@example.org>")`, i, strings.Repeat(" NIL", 7), i)
}

func flagsOf(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "S: * %d FETCH (UID %d FLAGS ())\n", i, i)
	}
	return b.String()
}

// odd is a store that passes over scripted servers are made into.
type odd struct {
	*testing.T
	dir    string
	store  *store.Store
	script *mailtest.Script
	cfg    Config
}

// against starts a server that plays the parts, one a pass.
func against(t *testing.T, parts ...string) *odd {
	t.Helper()
	o := &odd{T: t, dir: emptyStore(t), script: mailtest.NewScript(t, strings.Join(parts, "C: <close>\n---\n")+"C: <close>\n")}
	host, port, err := net.SplitHostPort(o.script.Listen())
	if err != nil {
		t.Fatal(err)
	}
	p, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	if o.store, err = store.Open(t.Context(), o.dir, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.store.Close(); err != nil {
			t.Error(err)
		}
	})
	o.cfg = Config{
		Account: mail.Account{
			ID: "odd", Policy: mail.Policy{AllowPlaintext: true},
			Endpoint: mail.Endpoint{Protocol: mail.IMAP, Host: host, Port: p, Security: mail.Plain},
		},
		Store: o.store, Secret: func(context.Context) (string, error) { return "secret", nil },
	}
	return o
}

func (o *odd) pass() (Report, error) {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), patience)
	defer cancel()
	r, err := New(o.cfg).Pass(ctx)
	if serr := o.script.Err(); serr != nil {
		o.Fatal(serr)
	}
	return r, err
}

func (o *odd) mustPass() Report {
	o.Helper()
	r, err := o.pass()
	if err != nil {
		o.Fatalf("Pass: %v", err)
	}
	return r
}

// uids are the UIDs that are known in the inbox.
func (o *odd) uids() []mail.UID {
	o.Helper()
	u, err := o.store.UIDs(o.Context(), o.inbox().ID)
	if err != nil {
		o.Fatal(err)
	}
	return u
}

func (o *odd) inbox() mail.Mailbox {
	o.Helper()
	return o.box("INBOX")
}

func (o *odd) box(path string) mail.Mailbox {
	o.Helper()
	b, err := o.store.MailboxByPath(o.Context(), "odd", path)
	if err != nil {
		o.Fatal(err)
	}
	return b
}

// TestEmptiedOnceIsNotBelieved: a server that forgets for a moment what it has.
func TestEmptiedOnceIsNotBelieved(t *testing.T) {
	t.Parallel()
	o := against(t, first(12),
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 0 UIDNEXT 13 UIDVALIDITY 7 UNSEEN 0)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:12 (UID FLAGS)\nC: A8 UID FETCH 13:* "+items+"\n"+
			selected("A6", 0, 13)+"S: A7 OK done\nS: A8 OK done\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:12\nC: B3 UID FETCH 1:12 (UID FLAGS)\nC: B4 UID FETCH 13:* "+items+"\n"+
			selected("B1", 12, 13)+"S: * SEARCH 1 2 3 4 5 6 7 8 9 10 11 12\nS: B2 OK done\n"+
			flagsOf(1, 12)+"S: B3 OK done\nS: B4 OK done\n",
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 0 UIDNEXT 13 UIDVALIDITY 7 UNSEEN 0)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:12 (UID FLAGS)\nC: A8 UID FETCH 13:* "+items+"\n"+
			selected("A6", 0, 13)+"S: A7 OK done\nS: A8 OK done\n"+
			// No SEARCH answer at all is how some servers say "none".
			"C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:12\nC: B3 UID FETCH 1:12 (UID FLAGS)\nC: B4 UID FETCH 13:* "+items+"\n"+
			selected("B1", 0, 13)+"S: B2 OK done\nS: B3 OK done\nS: B4 OK done\n",
	)
	if r := o.mustPass(); r.New != 12 {
		t.Fatalf("first pass: %+v", r)
	}
	if r := o.mustPass(); r.Gone != 0 || len(o.uids()) != 12 {
		t.Errorf("believed at once: %+v", r)
	}
	if r := o.mustPass(); r.Gone != 12 || len(o.uids()) != 0 {
		t.Errorf("not believed when asked again: %+v", r)
	}
}

// TestRefusedFetchIsBisected: a server that refuses all for the sake of one.
func TestRefusedFetchIsBisected(t *testing.T) {
	t.Parallel()
	o := against(t,
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 3)\nS: A3 OK done\n"+
			"C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* "+items+"\n"+selected("A4", 3, 4)+"S: A5 NO it hurts\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:3\n"+selected("B1", 3, 4)+"S: * SEARCH 1 2 3\nS: B2 OK done\n"+
			"C: B3 UID FETCH 1:3 "+items+"\nS: B3 NO it hurts\n"+
			"C: B4 UID FETCH 3:3 "+items+"\n"+messages(3, 3)+"S: B4 OK done\n"+
			"C: B5 UID FETCH 1:2 "+items+"\nS: B5 NO it hurts\n"+
			"C: B6 UID FETCH 2:2 "+items+"\nS: B6 NO it hurts\n"+
			"C: B7 UID FETCH 1:1 "+items+"\n"+messages(1, 1)+"S: B7 OK done\n",
		// New mail now, of which the first one hurts.
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 5 UIDNEXT 6 UIDVALIDITY 7 UNSEEN 5)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:3 (UID FLAGS)\nC: A8 UID FETCH 4:* "+peeking()+"\n"+
			selected("A6", 5, 6)+flagsOf(1, 3)+"S: A7 OK done\nS: A8 NO it hurts\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID FETCH 1:3 (UID FLAGS)\nC: B3 UID FETCH 4:* "+items+"\n"+
			selected("B1", 5, 6)+flagsOf(1, 3)+"S: B2 OK done\nS: B3 NO it still hurts\n"+
			"C: C1 SELECT \"INBOX\"\nC: C2 UID FETCH 1:3 (UID FLAGS)\nC: C3 UID FETCH 4:4 "+items+"\n"+
			selected("C1", 5, 6)+flagsOf(1, 3)+"S: C2 OK done\nS: C3 NO it hurts\n"+
			"C: D1 SELECT \"INBOX\"\nC: D2 UID FETCH 1:4 (UID FLAGS)\nC: D3 UID FETCH 5:* "+items+"\n"+
			selected("D1", 5, 6)+flagsOf(1, 4)+messages(5, 5)+"S: D2 OK done\nS: D3 OK done\n",
	)
	if r := o.mustPass(); r.New != 2 || !slices.Equal(o.uids(), []mail.UID{1, 2, 3}) {
		t.Errorf("%+v, known are %v", r, o.uids())
	}
	if r := o.mustPass(); r.New != 1 || !slices.Equal(o.uids(), []mail.UID{1, 2, 3, 4, 5}) {
		t.Errorf("%+v, known are %v", r, o.uids())
	}
	if c := o.inbox().Cursor; c.UIDNext != 6 || c.Messages != 5 || c.BackfillBelow > 1 {
		t.Errorf("the cursor is %+v", c)
	}
	o.unread("2,4")
}

// TestRefusedFlagsAreNoFreshness: a folder whose flags could not be had is not
// said to be in step, whatever was had of others.
func TestRefusedFlagsAreNoFreshness(t *testing.T) {
	t.Parallel()
	o := against(t, first(2),
		bare+onlyInbox+statusOf+
			"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 1)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:2 (UID FLAGS)\nC: A8 UID FETCH 3:* "+items+"\n"+
			selected("A6", 2, 3)+"S: A7 NO not now\nS: A8 OK done\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:2\nC: B3 UID FETCH 3:* "+items+"\n"+
			selected("B1", 2, 3)+"S: * SEARCH 1 2\nS: B2 OK done\nS: B3 OK done\n",
	)
	o.mustPass()
	then := o.inbox().LastSync
	o.mustPass()
	if now := o.inbox().LastSync; then.IsZero() || !now.Equal(then) {
		t.Errorf("in step at %v, and then at %v", then, now)
	}
}

// TestModSeqs: a mailbox without them, and one where they go backwards.
func TestModSeqs(t *testing.T) {
	t.Parallel()
	status := func(modseq, unseen int) string {
		return fmt.Sprintf("S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN %d HIGHESTMODSEQ %d)\nS: A1 OK done\n", unseen, modseq)
	}
	sel := func(tag string, code string) string {
		return "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 3] hm\nS: * OK [" + code + "] hm\nS: " + tag + " OK done\n"
	}
	flags := "C: A4 SELECT \"INBOX\" (CONDSTORE)\nC: A5 UID FETCH 1:2 (UID FLAGS)\nC: A6 UID FETCH 3:* " + richItems + "\n"
	o := against(t,
		rich+status(50, 2)+"C: A2 SELECT \"INBOX\" (CONDSTORE)\nC: A3 FETCH 1:* "+richItems+"\n"+
			sel("A2", "HIGHESTMODSEQ 50")+messages(1, 2)+"S: A3 OK done\n"+peek("1:2"),
		rich+status(40, 1)+flags+sel("A4", "HIGHESTMODSEQ 40")+
			"S: * 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (40))\n"+flagsOf(2, 2)+"S: A5 OK done\nS: A6 OK done\n",
		rich+status(41, 0)+
			"C: A4 SELECT \"INBOX\" (CONDSTORE)\nC: A5 UID FETCH 1:2 (UID FLAGS) (CHANGEDSINCE 40)\nC: A6 UID FETCH 3:* "+richItems+"\n"+
			sel("A4", "HIGHESTMODSEQ 41")+"S: * 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (41))\nS: A5 OK done\nS: A6 OK done\n",
		rich+status(0, 0)+flags+sel("A4", "NOMODSEQ")+
			"S: * 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen))\nS: * 2 FETCH (UID 2 FLAGS (\\Seen))\nS: A5 OK done\nS: A6 OK done\n",
	)
	for i, want := range []struct {
		new, changed int
		modseq       mail.ModSeq
	}{{2, 0, 50}, {0, 1, 40}, {0, 1, 41}, {0, 1, 0}} {
		if r := o.mustPass(); r.New != want.new || r.Changed != want.changed || o.inbox().Cursor.HighestModSeq != want.modseq {
			t.Errorf("pass %d: %+v, cursor %+v", i, r, o.inbox().Cursor)
		}
	}
}

// TestCondstoreExpunge: with CONDSTORE alone nothing tells what is gone but the
// number of messages.
func TestCondstoreExpunge(t *testing.T) {
	t.Parallel()
	sel := func(tag string, exists, modseq int) string {
		return fmt.Sprintf("S: * %d EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 4] hm\nS: * OK [HIGHESTMODSEQ %d] hm\nS: %s OK done\n", exists, modseq, tag)
	}
	o := against(t,
		rich+"S: * STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 3 HIGHESTMODSEQ 50)\nS: A1 OK done\n"+
			"C: A2 SELECT \"INBOX\" (CONDSTORE)\nC: A3 FETCH 1:* "+richItems+"\n"+sel("A2", 3, 50)+messages(1, 3)+"S: A3 OK done\n"+peek("1:3"),
		rich+"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 4 UIDVALIDITY 7 UNSEEN 2 HIGHESTMODSEQ 50)\nS: A1 OK done\n"+
			"C: A4 SELECT \"INBOX\" (CONDSTORE)\nC: A5 UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 50)\nC: A6 UID FETCH 4:* "+richItems+"\n"+
			// The last message is the answer to 4:* (RFC 3501 §6.4.8).
			sel("A4", 2, 50)+"S: A5 OK done\nS: * 2 FETCH (UID 3 "+data(3)+")\nS: A6 OK done\n"+
			"C: B1 SELECT \"INBOX\" (CONDSTORE)\nC: B2 UID SEARCH RETURN (ALL) UID 1:3\n"+
			"C: B3 UID FETCH 1:3 (UID FLAGS) (CHANGEDSINCE 50)\nC: B4 UID FETCH 4:* "+richItems+"\n"+
			sel("B1", 2, 50)+"S: * ESEARCH (TAG \"B2\") UID ALL 1,3\nS: B2 OK done\nS: B3 OK done\nS: B4 OK done\n",
	)
	o.mustPass()
	if r := o.mustPass(); r.Gone != 1 || r.New != 0 || !slices.Equal(o.uids(), []mail.UID{1, 3}) {
		t.Errorf("%+v, known are %v", r, o.uids())
	}
}

// TestNoUIDNext: a server that tells UIDNEXT nowhere, and has no inbox in its
// list, a folder without a delimiter, and one that only holds folders.
func TestNoUIDNext(t *testing.T) {
	t.Parallel()
	sel := "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\n"
	o := against(t,
		bare+"S: * LIST (\\Noselect) NIL Old\nS: A1 OK done\nS: A2 BAD what?\n"+statusOf+
			"S: * STATUS INBOX (MESSAGES 2 UIDVALIDITY 7 UNSEEN 0)\nS: A3 OK done\n"+
			"C: A4 SELECT \"INBOX\"\nC: A5 FETCH 1:* "+items+"\n"+sel+"S: A4 OK done\n"+messages(4, 5)+"S: A5 OK done\n"+
			"C: B1 SELECT \"INBOX\"\nC: B2 UID SEARCH UID 1:*\nC: B3 FETCH 1:* "+items+"\n"+sel+"S: B1 OK done\n"+
			"S: * SEARCH 4 5\nS: B2 OK done\n"+messages(4, 5)+"S: B3 OK done\n"+peek("4:5"))
	if r := o.mustPass(); r.New != 2 || o.inbox().Cursor.UIDNext != 6 {
		t.Errorf("%+v, cursor %+v", r, o.inbox().Cursor)
	}
	old, err := o.store.MailboxByPath(t.Context(), "odd", "Old")
	if err != nil || old.Selectable || old.Delimiter != "" {
		t.Errorf("%+v, %v", old, err)
	}
}

// TestRefusedOps: what the server will not do is taken back and said.
func TestRefusedOps(t *testing.T) {
	t.Parallel()
	permanent := "S: * OK [PERMANENTFLAGS (\\Seen \\Flagged)] hm\n"
	o := against(t, first(2),
		bare+onlyInbox+statusOf+"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 2)\nS: A3 OK done\n"+
			"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:2 (UID FLAGS)\nC: A8 UID FETCH 3:* "+items+"\n"+
			permanent+selected("A6", 2, 3)+flagsOf(1, 2)+"S: A7 OK done\nS: A8 OK done\n"+
			"C: B1 UID STORE 1 -FLAGS.SILENT (\\Flagged)\nC: B2 UID STORE 1 +FLAGS.SILENT (\\Seen)\nC: B3 UID FETCH 1 (UID)\n"+
			"S: B1 OK done\nS: B2 NO read only today\nS: * 1 FETCH (UID 1)\nS: B3 OK done\n")
	o.mustPass()
	page, err := o.store.Messages(t.Context(), store.MessageQuery{Mailboxes: []mail.MailboxID{o.inbox().ID}, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	id := page.Messages[slices.IndexFunc(page.Messages, func(m mail.Message) bool { return m.Location.UID == 1 })].ID
	var ops []mail.OpID
	for _, add := range []mail.Flag{"$work", mail.FlagSeen} {
		op, err := o.store.Enqueue(t.Context(), mail.Op{
			Account: "odd", Kind: mail.OpFlags, Targets: []mail.MessageID{id}, Add: mail.NewFlags(add), Remove: mail.NewFlags(mail.FlagFlagged),
		})
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, op.ID)
	}
	if r := o.mustPass(); r.OpsSent != 0 {
		t.Errorf("%+v", r)
	}
	for i, code := range []mail.Code{mail.CodeFolderFixed, mail.CodeRefusedCommand} {
		op, err := o.store.Op(t.Context(), ops[i])
		if err != nil || op.State != mail.OpFailed || op.Fault != string(code) {
			t.Errorf("op %d: %+v, %v", i, op, err)
		}
	}
	m, err := o.store.Message(t.Context(), id)
	if err != nil || len(m.Flags) > 0 || m.Pending {
		t.Errorf("the message has %v, pending %v, %v", m.Flags, m.Pending, err)
	}
}

// TestNamesStayOfOneKind: a server that named messages by X-GM-MSGID offers OBJECTID too
// one day. It is asked for the names that are known: a message with another would be
// another one, wherever it is moved.
func TestNamesStayOfOneKind(t *testing.T) {
	t.Parallel()
	named := func(s, caps string) string {
		return strings.NewReplacer("IMAP4rev1", "IMAP4rev1 "+caps, "INTERNALDATE)", "INTERNALDATE X-GM-MSGID)",
			"INTERNALDATE BODY.PEEK", "INTERNALDATE X-GM-MSGID BODY.PEEK", "FLAGS () RFC822", "X-GM-MSGID 1278455344230334865 FLAGS () RFC822").Replace(s)
	}
	o := against(t, named(first(1), "X-GM-EXT-1"), named(listsInbox(2)+"C: A6 SELECT \"INBOX\"\nC: A7 UID FETCH 1:1 (UID FLAGS)\nC: A8 UID FETCH 2:* "+peeking()+"\n"+
		selected("A6", 2, 3)+flagsOf(1, 1)+"S: A7 OK done\n"+messages(2, 2)+"S: A8 OK done\n", "OBJECTID X-GM-EXT-1"))
	o.mustPass()
	o.mustPass()
	for _, m := range o.list("INBOX") {
		if m.EmailID != "1278455344230334865" {
			t.Errorf("message %d is named %q", m.Location.UID, m.EmailID)
		}
	}
}
