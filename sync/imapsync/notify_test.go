package imapsync

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestToldOfEveryFolder: with NOTIFY one connection hears of everything that is
// done to any folder, and nobody polls.
func TestToldOfEveryFolder(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	proxy := mailtest.StartProxy(t, dc.IMAP())
	host, port, err := net.SplitHostPort(proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, dc, 0, func(c *Config) {
		c.PollInterval = time.Hour
		c.Account.Endpoint.Host = host
		if c.Account.Endpoint.Port, err = strconv.Atoi(port); err != nil {
			t.Fatal(err)
		}
	})
	first := r.deliver("Work/Lists & more/Ünïcode", "first")
	inbox := r.deliver("INBOX", "in the inbox")
	r.settled()

	deep := "Work/Lists & more/Ünïcode"
	r.deliver(deep, "second")
	if got := awaits[mail.MessagesAdded](r); got.Folder.Path != deep || got.Origin != mail.Elsewhere || got.Messages[0].Subject != "second" {
		t.Errorf("told %+v", got)
	}
	r.mark()
	c := r.other(deep)
	r.flag(c, imap.FlagSeen, first)
	if got := awaits[mail.FlagsChanged](r); got.Folder.Path != deep || !got.Added.Has(mail.FlagSeen) {
		t.Errorf("told %+v", got)
	}
	r.mark()
	if _, err := c.Move(imap.UIDSetNum(first), "Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	if got := awaits[mail.MessagesMoved](r); got.From.Path != deep || got.To.Path != "Archive" {
		t.Errorf("told %+v", got)
	}
	r.mark()
	c = r.other("INBOX")
	if _, err := c.Move(imap.UIDSetNum(inbox), deep).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := awaits[mail.MessagesMoved](r); got.From.Path != "INBOX" || got.To.Path != deep {
		t.Errorf("told %+v", got)
	}
	if n := len(only[mail.MessagesAdded](r)) + len(only[mail.MessagesGone](r)); n != 0 {
		t.Errorf("%d messages were told to be new or gone", n)
	}
	r.mark()
	c = r.other("Archive")
	r.flag(c, imap.FlagDeleted, 1)
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	if got := awaits[mail.MessagesGone](r); got.Folder.Path != "Archive" {
		t.Errorf("told %+v", got)
	}

	r.mark()
	if err := c.Create("Pläne", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := awaits[mail.MailboxAdded](r); got.Folder.Path != "Pläne" {
		t.Errorf("told %+v", got)
	}
	if err := c.Rename("Pläne", "Geplant", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	nudged[mail.MailboxRenamed](r, c)
	if got := awaits[mail.MailboxRenamed](r); got.Folder.Path != "Geplant" || got.From != "Pläne" {
		t.Errorf("told %+v", got)
	}
	if err := c.Delete("Geplant").Wait(); err != nil {
		t.Fatal(err)
	}
	nudged[mail.MailboxGone](r, c)
	if got := awaits[mail.MailboxGone](r); got.Folder.Path != "Geplant" {
		t.Errorf("told %+v", got)
	}
	if n := proxy.Counters().Connections; n != 1 {
		t.Errorf("%d connections were made", n)
	}
	st, err := r.store.States(t.Context())
	if err != nil || st[r.cfg.Account.ID].ToldBy != mail.ToldByNotify || st[r.cfg.Account.ID].ToldWhy != mail.ToldBest {
		t.Errorf("told by %+v, %v", st, err)
	}
}

// nudged waits for a change of a folder's name. Dovecot 2.3 tells of some only
// with the next one: it makes further folders meanwhile.
func nudged[C mail.Change](r *rig, c *imapclient.Client) {
	r.Helper()
	for i := range 6 {
		if len(only[C](r)) > 0 {
			return
		}
		if err := c.Create(fmt.Sprintf("Another %T %d", *new(C), i), nil).Wait(); err != nil {
			r.Fatal(err)
		}
		n := i + 1
		r.until("it tells of a folder", func() bool {
			made := 0
			for _, a := range only[mail.MailboxAdded](r) {
				if strings.HasPrefix(a.Folder.Path, fmt.Sprintf("Another %T", *new(C))) {
					made++
				}
			}
			return made == n || len(only[C](r)) > 0
		})
	}
}

// TestOwnActionsBreakNoPromise: what is done here is echoed by nobody's fault,
// and leaves the rung as it is.
func TestOwnActionsBreakNoPromise(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, dc, 0, func(c *Config) { c.PollInterval = 200 * time.Millisecond })
	for _, box := range []string{"INBOX", "Archive", "Junk"} {
		r.deliver(box, box+" mail")
	}
	r.settled()
	for i := range 12 {
		box := []string{"INBOX", "Archive", "Junk"}[i%3]
		op := mail.Op{Account: r.cfg.Account.ID, Kind: mail.OpFlags, Targets: []mail.MessageID{idOf(r, box, box+" mail")}}
		if set := mail.NewFlags(mail.FlagFlagged); i/3%2 == 0 {
			op.Add = set
		} else {
			op.Remove = set
		}
		if _, err := r.store.Enqueue(r.Context(), op); err != nil {
			t.Fatal(err)
		}
		r.w.OpsQueued()
		r.until("the op is done", func() bool { ops, err := r.store.Ops(r.Context(), ""); return err == nil && len(ops) == 0 })
		r.sync()
	}
	st, err := r.store.States(t.Context())
	if err != nil || st[r.cfg.Account.ID].ToldBy != mail.ToldByNotify {
		t.Errorf("told by %+v, %v", st, err)
	}
	if cs := only[mail.FlagsChanged](r); slices.ContainsFunc(cs, func(c mail.FlagsChanged) bool { return c.Origin != mail.Here }) {
		t.Errorf("told %+v", cs)
	}
}
