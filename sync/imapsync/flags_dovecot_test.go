package imapsync

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestFlagsFollowWithoutModSeqs: a server without mod-sequences, which tells nothing
// by itself, says OK to flags of a message that another machine has just moved. They
// reach it where it is now.
func TestFlagsFollowWithoutModSeqs(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: "IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE UIDPLUS MOVE"})
	r := newRig(t, dc, 0)
	r.deliver("INBOX", "stays")
	uid := r.deliver("INBOX", "is moved")
	r.settled()
	ids := []mail.MessageID{idOf(r, "INBOX", "stays"), idOf(r, "INBOX", "is moved")}
	if _, err := r.other("INBOX").Move(imap.UIDSetNum(uid), "Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	op := r.do(mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagFlagged)})
	r.ended(op.ID, mail.OpDone)
	r.sync()
	for i, path := range []string{"INBOX", "Archive"} {
		got, err := r.other(path).Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Flags: true}).Collect()
		if err != nil || len(got) != 1 || !slices.Contains(got[0].Flags, imap.FlagFlagged) {
			t.Errorf("%s on the server: %+v, %v", path, got, err)
		}
		if m := r.list(path)[0]; m.ID != ids[i] || m.Pending || !m.Flags.Has(mail.FlagFlagged) {
			t.Errorf("%s here: %+v", path, m)
		}
	}
}
