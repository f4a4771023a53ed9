package imapsync

import (
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
)

// TestTheLastCopyIsNotTakenBack: a copy was made, and the user takes it back. Another
// machine deletes what was copied meanwhile, while we are away or just before we send
// that: the copy is all there is then, and stays. One that only moves it, or that
// deletes something else, leaves the copy to be taken back.
func TestTheLastCopyIsNotTakenBack(t *testing.T) {
	t.Parallel()
	// Nobody tells of other folders than the inbox.
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 4, Capability: "IMAP4rev1 IDLE UIDPLUS MOVE CONDSTORE QRESYNC"})
	for user, c := range []struct {
		name       string
		away       bool
		mark, move bool // in place of deleting it
		last       bool
	}{
		{name: "deleted while we were away", away: true, last: true},
		{name: "deleted since we looked", last: true},
		{name: "flagged Deleted since we looked", mark: true, last: true},
		{name: "moved while we were away", away: true, move: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dc, user)
			r.cfg.Dial = r.dial
			r.longGone()
			for _, box := range []string{"Work", "Kept"} {
				if err := dc.Client(t, user).Create(box, nil).Wait(); err != nil {
					t.Fatal(err)
				}
			}
			uid := r.deliver("Work", "egret")
			r.deliver("Work", "stays")
			r.settled()
			made := r.done(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{idOf(r, "Work", "egret")}, Mailbox: r.box("Archive").ID})
			r.sync()
			r.agree("Archive", "egret")
			if c.away {
				r.stop()
			} else {
				r.syncIdle()
			}
			other := r.other("Work")
			if c.move {
				if _, err := other.Move(imap.UIDSetNum(uid), "Kept").Wait(); err != nil {
					t.Fatal(err)
				}
			} else {
				r.flag(other, imap.FlagDeleted, uid)
			}
			if !c.move && !c.mark {
				if err := other.UIDExpunge(imap.UIDSetNum(uid)).Close(); err != nil {
					t.Fatal(err)
				}
			}
			back, err := r.store.Undo(t.Context(), made.ID)
			if err != nil {
				t.Fatal(err)
			}
			if c.away {
				r.start()
			} else {
				r.w.OpsQueued()
			}
			state, archived := mail.OpDone, []string(nil)
			if c.last {
				state, archived = mail.OpFailed, []string{"egret"}
			}
			r.ended(back.ID, state)
			r.sync()
			r.agree("Archive", archived...)
			ps, err := r.store.Problems(t.Context())
			if err != nil || (len(ps) > 0) != c.last {
				t.Fatalf("the problems are %+v, %v", ps, err)
			}
			if c.last && (ps[0].Code != mail.CodeNotUndoable || ps[0].Args["reason"] != string(mail.PassLast)) {
				t.Errorf("what is said is %+v", ps[0])
			}
		})
	}
}

// longGone sets the store's clock behind: what goes is gone for long at once.
func (r *rig) longGone() {
	r.Helper()
	if err := r.store.Close(); err != nil {
		r.Fatal(err)
	}
	var err error
	behind := func() time.Time { return time.Now().Add(-3 * time.Minute) }
	if r.store, err = store.Open(r.Context(), r.dir, store.Options{Now: behind}); err != nil {
		r.Fatal(err)
	}
	r.cfg.Store = r.store
}
