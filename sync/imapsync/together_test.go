package imapsync

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestFlagsOfSeveralActionsGoOutAtOnce: read and flagged before they were sent are
// one command; if the server refuses it, each has an answer of its own.
func TestFlagsOfSeveralActionsGoOutAtOnce(t *testing.T) {
	t.Parallel()
	send := func(n, flags, answer string) string {
		return "C: F" + n + " UID STORE 1:2 +FLAGS.SILENT (" + flags + ")\nC: G" + n + " UID FETCH 1:2 (UID)\n" +
			"S: F" + n + " " + answer + "\nS: * 1 FETCH (UID 1)\nS: * 2 FETCH (UID 2)\nS: G" + n + " OK done\n"
	}
	const both = "\\Flagged \\Seen"
	for name, c := range map[string]struct {
		parts       []string
		seen, other mail.OpState
	}{
		"taken": {[]string{send("1", both, "OK done")}, mail.OpDone, mail.OpDone},
		"refused": {[]string{send("1", both, "NO [CANNOT] which") + send("2", "\\Seen", "OK done") +
			send("3", "\\Flagged", "NO [CANNOT] this one")}, mail.OpDone, mail.OpFailed},
		"cut": {[]string{
			"C: F1 UID STORE 1:2 +FLAGS.SILENT (" + both + ")\nC: F2 UID FETCH 1:2 (UID)\nS: <close>\n",
			send("1", both, "OK done"),
		}, mail.OpDone, mail.OpDone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := []string{twoMessages("")}
			for _, p := range c.parts {
				parts = append(parts, unchanged("")+p)
			}
			o := against(t, parts...)
			o.mustPass()
			ids := o.inboxIDs()
			var ops []mail.Op
			for _, f := range []mail.Flag{mail.FlagSeen, mail.FlagFlagged} {
				op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(f)})
				if err != nil {
					t.Fatal(err)
				}
				ops = append(ops, op)
			}
			for i := range c.parts {
				if _, err := o.pass(); (err != nil) != (i < len(c.parts)-1) {
					t.Fatalf("connection %d: %v", i, err)
				}
			}
			for i, want := range []mail.OpState{c.seen, c.other} {
				if op, err := o.store.Op(t.Context(), ops[i].ID); err != nil || op.State != want {
					t.Errorf("op %d is %s (%s), %v, want %s", i, op.State, op.Fault, err, want)
				}
			}
			for _, m := range o.list("INBOX") {
				if m.Unread() || m.Pending || m.Flags.Has(mail.FlagFlagged) != (c.other == mail.OpDone) {
					t.Errorf("message %d has %v, pending %v", m.Location.UID, m.Flags, m.Pending)
				}
			}
		})
	}
}
