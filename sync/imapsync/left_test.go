package imapsync

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mailtest"
)

// TestWhatAMoveLeftBehindIsShownAgain: after a move on a server that cannot expunge one
// message alone, another program takes the \Deleted off the original.
func TestWhatAMoveLeftBehindIsShownAgain(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string]string{
		"flags":     "IMAP4rev1 IDLE LIST-EXTENDED SPECIAL-USE",
		"CONDSTORE": "IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH",
		"QRESYNC":   "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: caps})
			r := newRig(t, dc, 0)
			uid := r.deliver("INBOX", "travels")
			r.deliver("INBOX", "stays")
			r.settled()
			r.done(r.moving("Archive", idOf(r, "INBOX", "travels")))
			r.sync()
			r.agree("INBOX", "stays")
			c := r.other("INBOX")
			off := &imap.StoreFlags{Op: imap.StoreFlagsDel, Flags: []imap.Flag{imap.FlagDeleted}}
			if err := c.Store(imap.UIDSetNum(uid), off, nil).Close(); err != nil {
				t.Fatal(err)
			}
			r.stop()
			r.start()
			r.sync()
			r.agree("INBOX", "stays", "travels")
			r.agree("Archive", "travels")
		})
	}
}
