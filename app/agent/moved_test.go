package agent

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestMovedMailIsNoNews: another machine brings read-later mail back into the
// inbox, by MOVE and by a copy first. Nothing alerts but the new mail after it.
func TestMovedMailIsNoNews(t *testing.T) {
	for _, told := range []string{"IDLE NOTIFY", "IDLE"} {
		for _, way := range []string{"MOVE", "COPY"} {
			t.Run(told+", "+way, func(t *testing.T) {
				r := newRig(t)
				dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: "IMAP4rev1 LIST-STATUS UIDPLUS MOVE ENABLE CONDSTORE " + told})
				letter := func(subject string) []byte {
					return []byte("From: Ann <ann@x.example>\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "@x>\r\n\r\nHello\r\n")
				}
				c := dc.Client(t, 0)
				long := &imap.AppendOptions{Time: time.Now().Add(-time.Hour)}
				cmd := c.Append("Archive", int64(len(letter("later"))), long)
				if _, err := cmd.Write(letter("later")); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := cmd.Wait(); err != nil {
					t.Fatal(err)
				}
				work(t, r, dc)
				r.start()
				if _, err := c.Select("Archive", nil).Wait(); err != nil {
					t.Fatal(err)
				}
				all := imap.UIDSetNum(1)
				if way == "MOVE" {
					if _, err := c.Move(all, "INBOX").Wait(); err != nil {
						t.Fatal(err)
					}
				} else {
					if _, err := c.Copy(all, "INBOX").Wait(); err != nil {
						t.Fatal(err)
					}
				}
				inbox := func() int {
					b, err := r.store.MailboxByPath(t.Context(), dc.Account(0, mail.Plain).ID, "INBOX")
					if err != nil {
						t.Fatal(err)
					}
					return b.Counts.Unread
				}
				r.until("it is in the inbox", func() bool { return inbox() == 1 })
				if way == "COPY" {
					flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}
					if err := c.Store(all, flags, nil).Close(); err != nil {
						t.Fatal(err)
					}
					if err := c.UIDExpunge(all).Close(); err != nil {
						t.Fatal(err)
					}
				}
				dc.Deliver(t, 0, "INBOX", letter("news"))
				r.until("the alert", func() bool { return len(r.out.titles()) > 0 })
				r.settle()
				if got := r.out.titles(); !slices.Equal(got, []string{"Ann|news\nHello"}) {
					t.Errorf("shown %q", got)
				}
			})
		}
	}
}

// work brings an account in step until the test ends.
func work(t *testing.T, r *rig, dc *mailtest.Dovecot) {
	t.Helper()
	w := imapsync.New(imapsync.Config{
		Account: dc.Account(0, mail.Plain), Store: r.store,
		Secret: func(context.Context) (string, error) { return dc.Password(0), nil },
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	r.until("it is online", func() bool {
		st, err := r.store.States(t.Context())
		return err == nil && st[dc.Account(0, mail.Plain).ID].State == mail.StateOnline
	})
	if _, err := w.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := r.store.MailboxByPath(t.Context(), dc.Account(0, mail.Plain).ID, "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.store.SetWatched(t.Context(), b.ID, true); err != nil {
		t.Fatal(err)
	}
}
