package imapsync

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestWatchedFolderIsIdledOn: without NOTIFY a watched folder has a connection
// of its own, where one is allowed, and is told of at once.
func TestWatchedFolderIsIdledOn(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        string
		connections int // of the policy
		watched     []string
		opened      int
		why         mail.ToldWhy
	}{
		{"one", 0, []string{"Lists"}, 2, mail.ToldNotOffered},
		{"more than connections", 0, []string{"Lists", "Archive"}, 2, mail.ToldLimit},
		{"no connection to spare", 1, []string{"Lists"}, 1, mail.ToldLimit},
	}
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{
		Users: len(cases), Capability: "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS MOVE",
	})
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			proxy := mailtest.StartProxy(t, dc.IMAP())
			host, port, err := net.SplitHostPort(proxy.Addr())
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, dc, i, func(cfg *Config) {
				cfg.PollInterval = time.Hour
				cfg.Account.Policy.MaxConnections = c.connections
				cfg.Account.Endpoint.Host = host
				if cfg.Account.Endpoint.Port, err = strconv.Atoi(port); err != nil {
					t.Fatal(err)
				}
			})
			if err := dc.Client(t, i).Create("Lists", nil).Wait(); err != nil {
				t.Fatal(err)
			}
			old := r.deliver("Lists", "old")
			if _, err := New(r.cfg).Pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			before := proxy.Counters().Connections
			for _, path := range c.watched {
				if err := r.store.SetWatched(t.Context(), r.box(path).ID, true); err != nil {
					t.Fatal(err)
				}
			}
			r.settled()
			r.until("it says by what it is told", func() bool {
				st, err := r.store.States(t.Context())
				s := st[r.cfg.Account.ID]
				return err == nil && s.ToldBy == mail.ToldByIdle && s.ToldWhy == c.why
			})
			mailtest.Eventually(t, patience, "all connections stand", func() string {
				if n := proxy.Counters().Connections - before; n < c.opened {
					return strconv.Itoa(n) + " do"
				}
				return ""
			})
			if c.opened > 1 {
				r.deliver("Lists", "new")
				if got := awaits[mail.MessagesAdded](r); got.Folder.Path != "Lists" || got.Origin != mail.Elsewhere {
					t.Errorf("told %+v", got)
				}
				r.mark()
				r.flag(r.other("Lists"), imap.FlagSeen, old)
				if got := awaits[mail.FlagsChanged](r); got.Folder.Path != "Lists" {
					t.Errorf("told %+v", got)
				}
			}
			r.stop()
			if p := proxy.Counters(); p.Connections-before != c.opened {
				t.Errorf("%d connections were made", p.Connections-before)
			}
			mailtest.Eventually(t, patience, "all connections end with the worker", func() string {
				if n := proxy.Counters().Open; n != 0 {
					return strconv.Itoa(n) + " are open"
				}
				return ""
			})
		})
	}
}
