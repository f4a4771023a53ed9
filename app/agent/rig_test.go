package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heronmail/heron/app/alert"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/news"
	"github.com/heronmail/heron/sync/rule"
	"github.com/heronmail/heron/sync/store"
)

// played is an alerter that a test plays.
type played struct {
	mu        sync.Mutex
	shown     []alert.Alert
	withdrawn []string
	missing   bool
	actions   chan alert.Action
}

func (p *played) Show(_ context.Context, a alert.Alert) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = append(p.shown, a)
	if p.missing {
		return "", &mail.Fault{Code: mail.CodeNoAlerts, Class: mail.ClassLocal}
	}
	return fmt.Sprintf("h%d", len(p.shown)), nil
}

func (p *played) Withdraw(_ context.Context, handle string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.withdrawn = append(p.withdrawn, handle)
	return nil
}

func (p *played) Actions() <-chan alert.Action { return p.actions }

func (p *played) Caps() alert.Caps { return alert.Caps{Actions: true, Withdraw: true, Outlive: true} }

func (p *played) Close() {}

// titles returns the titles and bodies that were shown, taken out handles.
func (p *played) titles() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, a := range p.shown {
		out = append(out, a.Title+"|"+a.Body)
	}
	return out
}

func (p *played) gone() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.withdrawn)
}

// rig is a store with an inbox that alerts and a folder that does not, in
// step and empty.
type rig struct {
	t              *testing.T
	dir            string
	store          *store.Store
	inbox, filed   mail.Mailbox
	out            *played
	settings       rule.Settings
	opened         []mail.MessageID
	marked         []mail.MessageID
	next           mail.UID
	cancel         context.CancelFunc
	ended          chan struct{}
	printer        *i18n.Printer
	refuseMarkRead bool
}

func newRig(t *testing.T) *rig {
	t.Helper()
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir(), printer: p, out: &played{actions: make(chan alert.Action)}, next: 1}
	r.openStore()
	t.Cleanup(func() {
		r.stop()
		_ = r.store.Close()
	})
	r.apply(store.Batch{Listing: &store.Listing{Mailboxes: []store.ListedMailbox{
		{Name: "INBOX", Delimiter: "/", Role: mail.RoleInbox, Selectable: true, UIDValidity: 1},
		{Name: "Filed", Delimiter: "/", Selectable: true, UIDValidity: 1},
	}}})
	for path, box := range map[string]*mail.Mailbox{"INBOX": &r.inbox, "Filed": &r.filed} {
		if *box, err = r.store.MailboxByPath(t.Context(), "work", path); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.store.SetWatched(t.Context(), r.inbox.ID, true); err != nil {
		t.Fatal(err)
	}
	if err := r.store.SetWatched(t.Context(), r.filed.ID, false); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) openStore() {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), r.dir, store.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.store = s
}

func (r *rig) apply(b store.Batch) {
	r.t.Helper()
	if b.Origin == "" {
		b.Origin = mail.Elsewhere
	}
	if _, err := r.store.Apply(r.t.Context(), "work", b); err != nil {
		r.t.Fatal(err)
	}
}

// message is the n-th message as a server tells of it.
func message(uid mail.UID, n int, flags ...mail.Flag) store.Fetched {
	return store.Fetched{
		UID: uid, Flags: mail.NewFlags(flags...), Size: 100, Received: time.Unix(int64(n), 0), Preview: "Hello",
		Envelope: mail.Envelope{
			HeaderID: fmt.Sprintf("m%d@x", n), Subject: fmt.Sprintf("subject %d", n),
			From: []mail.Address{{Name: fmt.Sprintf("Ann %d", n), Addr: "ann@x.example"}},
		},
	}
}

// deliver puts new messages into a folder, in one go.
func (r *rig) deliver(box mail.Mailbox, flags ...[]mail.Flag) []mail.MessageID {
	r.t.Helper()
	d := store.Delta{Mailbox: box.ID, SetCursor: true}
	first := r.next
	for _, f := range flags {
		d.Added = append(d.Added, message(r.next, int(r.next), f...))
		r.next++
	}
	d.Cursor = mail.Cursor{UIDValidity: 1, UIDNext: r.next, Messages: int(r.next)}
	r.apply(store.Batch{Deltas: []store.Delta{d}})
	var ids []mail.MessageID
	for uid := first; uid < r.next; uid++ {
		m, err := r.store.MessageAt(r.t.Context(), box.ID, uid)
		if err != nil {
			r.t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	return ids
}

func (r *rig) alerts() *alerts {
	return &alerts{
		store: r.store, out: r.out, printer: r.printer, log: slog.New(slog.DiscardHandler),
		desk: news.Desk{
			Store: r.store, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Settings: func() rule.Settings { return r.settings },
		},
		address: func(id mail.AccountID) string { return string(id) + "@x.example" },
		open:    func(_ context.Context, id mail.MessageID) { r.opened = append(r.opened, id) },
		markRead: func(_ context.Context, ids []mail.MessageID) error {
			if r.refuseMarkRead {
				return errors.New("no")
			}
			r.marked = append(r.marked, ids...)
			return nil
		},
	}
}

func (r *rig) start() {
	r.t.Helper()
	a := r.alerts()
	ctx, cancel := context.WithCancel(r.t.Context())
	r.cancel, r.ended = cancel, make(chan struct{})
	go func() {
		defer close(r.ended)
		a.run(ctx)
	}()
}

func (r *rig) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	<-r.ended
	r.cancel = nil
}

// until waits until ok.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("not in time: %s; shown %q, withdrawn %q", what, r.out.titles(), r.out.gone())
		}
	}
}

// settle ends the alerts that run, and has others look at all that is left in
// the log.
func (r *rig) settle() *alerts {
	r.t.Helper()
	r.stop()
	a := r.alerts()
	ctx := r.t.Context()
	if err := a.catchUp(ctx); err != nil {
		r.t.Fatal(err)
	}
	a.end(ctx)
	return a
}

func unread() []mail.Flag { return nil }

func seen() []mail.Flag { return []mail.Flag{mail.FlagSeen} }
