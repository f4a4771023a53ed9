package imapsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestAnActionThatEndsTheConnection: a server falls over the move of a message. From
// the second time on what else the user did goes first, and after the fifth the move is
// given up, and that is said; unless it is answered in time, or had been done.
func TestAnActionThatEndsTheConnection(t *testing.T) {
	t.Parallel()
	const (
		caps = "MOVE UIDPLUS"
		move = "C: M0 UID FETCH 1 (UID)\nC: M1 UID MOVE 1 \"Work\"\nS: * 1 FETCH (UID 1)\nS: M0 OK done\n"
		mark = "C: F1 UID STORE 2 +FLAGS.SILENT (\\Flagged)\nC: F2 UID FETCH 2 (UID)\nS: F1 OK done\nS: * 2 FETCH (UID 2)\nS: F2 OK done\n"
	)
	falls := unchanged(caps) + move + closes
	bye := unchanged(caps) + move + "S: * BYE oops\n" + closes
	for name, c := range map[string]struct {
		parts []string // from the third connection on
		state mail.OpState
		told  bool
	}{
		"it is given up":       {[]string{falls, bye, falls, unchanged(caps)}, mail.OpFailed, true},
		"it is done at last":   {[]string{falls, falls, unchanged(caps) + move + "S: M1 OK [COPYUID 9 1 1] done\n"}, mail.OpDone, false},
		"it had been done":     {[]string{falls, falls, falls, signedIn(caps, 1, 1, 2) + copyInWork() + lookAtInbox(1)}, mail.OpDone, false},
		"the server tells why": {[]string{falls, falls, unchanged(caps) + move + "S: M1 NO no\n"}, mail.OpFailed, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := append([]string{falls, unchanged(caps) + mark + move + closes}, c.parts...)
			o := against(t, append([]string{twoMessages(caps)}, parts...)...)
			o.mustPass()
			ids := o.inboxIDs()
			op, other := o.enqueue(mail.Op{Kind: mail.OpMove, Targets: ids[1:], Mailbox: o.box("Work").ID}),
				o.enqueue(mail.Op{Kind: mail.OpFlags, Targets: ids[:1], Add: mail.NewFlags(mail.FlagFlagged)})
			o.passes(parts, func(i int) {
				if state := o.state(other); (state == mail.OpDone) != (i >= 1) {
					t.Errorf("after connection %d the other is %s", i+1, state)
				}
			})
			ps, err := o.store.Problems(t.Context())
			told := slices.ContainsFunc(ps, func(p mail.Problem) bool { return p.Code == mail.CodeGivenUp && p.Args["command"] == "UID MOVE" })
			if state := o.state(op); state != c.state || told != c.told || err != nil {
				t.Errorf("it is %s; problems %+v, %v", state, ps, err)
			}
			in := 1 + boolInt(c.state == mail.OpFailed)
			if len(o.list("INBOX")) != in || len(o.list("Work")) != 2-in {
				t.Errorf("the inbox shows %d messages, Work %d", len(o.list("INBOX")), len(o.list("Work")))
			}
		})
	}
}

// TestWhatFollowsOnAMessageDoesNotGoFirst: a message is copied, over which the server
// falls, and then deleted: it is not deleted before there is a copy.
func TestWhatFollowsOnAMessageDoesNotGoFirst(t *testing.T) {
	t.Parallel()
	falls := unchanged("UIDPLUS") + "C: M1 UID COPY 1 \"Work\"\n" + closes
	parts := append(slices.Repeat([]string{falls}, opEnds), unchanged("UIDPLUS"))
	o := against(t, append([]string{twoMessages("UIDPLUS")}, parts...)...)
	o.mustPass()
	ids := o.inboxIDs()
	cp, del := o.enqueue(mail.Op{Kind: mail.OpCopy, Targets: ids[1:], Mailbox: o.box("Work").ID}),
		o.enqueue(mail.Op{Kind: mail.OpDelete, Targets: ids[1:]})
	o.passes(parts, func(int) {})
	if o.state(cp) != mail.OpFailed || o.state(del) != mail.OpFailed || len(o.list("INBOX")) != 2 {
		t.Errorf("the copy is %s, the deletion %s; the inbox shows %d messages", o.state(cp), o.state(del), len(o.list("INBOX")))
	}
}

// passes meets the parts, one a connection of another process each; then is called after
// each.
func (o *odd) passes(parts []string, then func(i int)) {
	o.Helper()
	for i, part := range parts {
		_, err := New(o.cfg).Pass(o.Context())
		if serr := o.script.Err(); serr != nil {
			o.Fatal(serr)
		}
		if fell := strings.HasSuffix(part, closes); (err != nil) != fell {
			o.Fatal(fmt.Errorf("connection %d: %w", i+1, err))
		}
		then(i)
	}
}

func (o *odd) enqueue(op mail.Op) mail.OpID {
	o.Helper()
	op, err := o.store.Enqueue(o.Context(), op)
	if err != nil {
		o.Fatal(err)
	}
	return op.ID
}

func (o *odd) state(id mail.OpID) mail.OpState {
	o.Helper()
	op, err := o.store.Op(o.Context(), id)
	if err != nil {
		o.Fatal(err)
	}
	return op.State
}
