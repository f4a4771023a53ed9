package imapsync

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestFlagsOfSeveralActionsGoOutAtOnce: read and flagged before they were sent are
// one command; if the server refuses it, each has an answer of its own.
func TestFlagsOfSeveralActionsGoOutAtOnce(t *testing.T) {
	t.Parallel()
	const both = "C: F1 UID STORE 1:2 +FLAGS.SILENT (\\Flagged \\Seen)\n"
	for name, c := range map[string]struct {
		parts       []string
		seen, other mail.OpState
	}{
		"taken": {[]string{both + "S: F1 OK done\n"}, mail.OpDone, mail.OpDone},
		"refused": {[]string{both + "S: F1 NO [CANNOT] which\n" +
			"C: F2 UID STORE 1:2 +FLAGS.SILENT (\\Seen)\nS: F2 OK done\n" +
			"C: F3 UID STORE 1:2 +FLAGS.SILENT (\\Flagged)\nS: F3 NO [CANNOT] this one\n"}, mail.OpDone, mail.OpFailed},
		"cut": {[]string{both + "S: <close>\n", both + "S: F1 OK done\n"}, mail.OpDone, mail.OpDone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := []string{twoMessages("")}
			for _, p := range c.parts {
				parts = append(parts, unchanged("")+p)
			}
			o := against(t, parts...)
			o.mustPass()
			var ids []mail.MessageID
			for _, m := range o.list("INBOX") {
				ids = append(ids, m.ID)
			}
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
