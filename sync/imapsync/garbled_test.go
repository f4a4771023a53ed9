package imapsync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestALineOfTheListThatCannotBeRead: on a new connection one line of LIST cannot be
// read. Nobody knows which folder it was about: none of those that are known is taken
// for gone. One that tells its numbers is used as ever; what is to go into another one
// waits until a listing tells whether it is there.
func TestALineOfTheListThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const (
		garbled = "S: * LIST (\\HasNoChildren \"/\" Work\n"
		ask     = "C: G1 STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"
		copied  = "C: M1 UID COPY 1 \"Work\"\nS: M1 OK done\nC: M4 UID FETCH 1 (UID)\nS: * 1 FETCH (UID 1)\nS: M4 OK done\n"
	)
	all := []string{"INBOX", "Level", "Lists", "Plans", "Work"}
	level := func(s string) string {
		return strings.Replace(s, "S: A1 OK done", "S: * LIST (\\Noselect) \"/\" Level\nS: A1 OK done", 1)
	}
	lost := strings.Replace(have("Lists", "Plans"), "S: A1 OK done", garbled+"S: A1 OK done", 1)
	first := level(have("Lists", "Plans", "Work")) + "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
	for name, c := range map[string]struct {
		second, third string
		states        [2]mail.OpState // of what goes into Work, after each
		shown         []string        // at the end
	}{
		"it tells its numbers": {
			lost + ask + "S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 20 UNSEEN 0)\nS: G1 OK done\n" + lookAtInbox(2) + copied,
			level(have("Lists", "Plans", "Work")) + lookAtInbox(2),
			[2]mail.OpState{mail.OpDone, mail.OpDone},
			all,
		},
		"it does not, and is there": {
			lost + ask + "S: G1 NO not now\n" + lookAtInbox(2),
			level(have("Lists", "Plans", "Work")) + lookAtInbox(2) + copied,
			[2]mail.OpState{mail.OpWaiting, mail.OpDone},
			all,
		},
		"it does not, and is gone": {
			lost + ask + "S: G1 NO [NONEXISTENT] no such mailbox\n" + lookAtInbox(2),
			level(have("Lists", "Plans")) + isGone("Work") + lookAtInbox(2),
			[2]mail.OpState{mail.OpWaiting, mail.OpFailed},
			[]string{"INBOX", "Level", "Lists", "Plans"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, first, c.second, c.third)
			o.mustPass()
			target := o.list("INBOX")
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{target[len(target)-1].ID}, Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range c.states {
				o.mustPass()
				if i == 0 && len(paths(o)) != len(all) {
					t.Errorf("folders: %q", paths(o))
				}
				if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != want {
					t.Fatalf("after pass %d the op is %s (%s), %v", i, op.State, op.Fault, err)
				}
				if want == mail.OpWaiting {
					if err := o.store.RetryOp(t.Context(), op.ID, time.Time{}, nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			if got := paths(o); !slices.Equal(got, c.shown) {
				t.Errorf("folders: %q, want %q", got, c.shown)
			}
		})
	}
}

// paths are the folders that show.
func paths(o *odd) []string {
	o.Helper()
	boxes, err := o.store.Mailboxes(o.Context(), "odd")
	if err != nil {
		o.Fatal(err)
	}
	var out []string
	for _, b := range boxes {
		out = append(out, b.Path())
	}
	return out
}
