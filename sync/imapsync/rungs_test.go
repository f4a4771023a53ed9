package imapsync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestServerStops: what is lost is said, and caught up with when it is back.
func TestServerStops(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, dc, 0)
	r.settled()
	dc.Stop()
	r.until("offline", func() bool {
		st, err := r.store.States(t.Context())
		s := st[r.cfg.Account.ID]
		return err == nil && s.State == mail.StateOffline && !s.NextTry.IsZero() && time.Until(s.NextTry) < time.Minute
	})
	if got := awaits[mail.ProblemRaised](r); got.Problem.Class != mail.ClassOffline {
		t.Errorf("told %+v", got.Problem)
	}
	if err := r.w.FetchBody(t.Context(), 1); mail.FaultOf(err) == nil || mail.FaultOf(err).Class != mail.ClassOffline {
		t.Errorf("a body while offline: %v", err)
	}
	dc.Start()
	r.deliver("INBOX", "while away")
	r.w.Kick(ReasonNetwork)
	if c := awaits[mail.MessagesAdded](r); c.Origin != mail.Elsewhere {
		t.Errorf("told %+v", c)
	}
	awaits[mail.ProblemCleared](r)
}

// TestPoorerServers plays the rungs of both ladders.
func TestPoorerServers(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string]string{
		"no QRESYNC":     "IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS MOVE",
		"no ESEARCH":     "IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE UIDPLUS MOVE",
		"no CONDSTORE":   "IMAP4rev1 IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS MOVE",
		"no LIST-STATUS": "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE UIDPLUS MOVE",
		"no IDLE":        "IMAP4rev1 ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS UIDPLUS MOVE",
		"bare":           "IMAP4rev1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: caps})
			r := newRig(t, dc, 0, func(c *Config) { c.PollInterval = time.Second })
			everyChange(r, strings.Contains(caps, "IDLE"))
		})
	}
}

// everyChange makes each kind of change elsewhere and here, and waits for it.
func everyChange(r *rig, idle bool) {
	seen := r.deliver("INBOX", "read there")
	moved := r.deliver("INBOX", "moved there")
	gone := r.deliver("INBOX", "deleted there")
	r.deliver("INBOX", "marked here")
	if err := r.dc.Client(r.T, r.user).Create("Other", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	r.deliver("Other", "quiet")
	r.settled()
	want := mail.ToldByPoll
	if idle {
		want = mail.ToldByIdle
	}
	if st, err := r.store.States(r.Context()); err != nil || st[r.cfg.Account.ID].ToldBy != want {
		r.Errorf("told by %q, %v", st[r.cfg.Account.ID].ToldBy, err)
	}
	for path, role := range map[string]mail.Role{"INBOX": mail.RoleInbox, "Archive": mail.RoleArchive, "Trash": mail.RoleTrash} {
		if b := r.box(path); b.Role != role || !b.Subscribed && path != "INBOX" {
			r.Errorf("%s: role %q, subscribed %v", path, b.Role, b.Subscribed)
		}
	}
	c := r.other("INBOX")
	r.flag(c, imap.FlagSeen, seen)
	if got := awaits[mail.FlagsChanged](r); !got.Added.Has(mail.FlagSeen) || got.Origin != mail.Elsewhere {
		r.Errorf("told %+v", got)
	}
	if _, err := c.Copy(imap.UIDSetNum(moved), "Archive").Wait(); err != nil {
		r.Fatal(err)
	}
	r.flag(c, imap.FlagDeleted, moved, gone)
	if err := c.Expunge().Close(); err != nil {
		r.Fatal(err)
	}
	r.until("both have left the inbox", func() bool {
		return slices.Equal(r.subjects("INBOX"), []string{"marked here", "read there"})
	})
	r.until("one is in Archive", func() bool { return slices.Equal(r.subjects("Archive"), []string{"moved there"}) })
	r.mark()
	r.deliver("Other", "loud")
	r.deliver("INBOX", "new")
	r.until("new mail in both", func() bool { return len(only[mail.MessagesAdded](r)) == 2 })
	for _, a := range only[mail.MessagesAdded](r) {
		if a.Origin != mail.Elsewhere || len(a.Messages) != 1 {
			r.Errorf("told %+v", a)
		}
	}
	r.mark()
	if _, err := r.store.Enqueue(r.Context(), mail.Op{
		Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagFlagged),
		Targets: []mail.MessageID{idOf(r, "INBOX", "marked here")},
	}); err != nil {
		r.Fatal(err)
	}
	r.w.OpsQueued()
	r.until("the op is done", func() bool { ops, err := r.store.Ops(r.Context(), ""); return err == nil && len(ops) == 0 })
	r.sync()
	for _, f := range only[mail.FlagsChanged](r) {
		if f.Origin != mail.Here {
			r.Errorf("our own change came back: %+v", f)
		}
	}
}
