package converge

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/news"
	"github.com/heronmail/heron/sync/rule"
)

// watch lets a machine alert of what is new, as an agent does, until its store is
// to be closed.
func (m *machine) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	sub := m.store.Subscribe()
	go func() {
		defer sub.Close()
		for {
			if err := m.record(ctx); err != nil && ctx.Err() == nil {
				ended <- err
				return
			}
			select {
			case <-sub.C():
			case <-ctx.Done():
				ended <- nil
				return
			}
		}
	}()
	m.unwatch = func() {
		m.unwatch = func() {}
		cancel()
		if err := <-ended; err != nil {
			m.r.Errorf("machine %s: alerts: %v", m.name, err)
		}
	}
}

// record records alerts for all that changed since the last time.
func (m *machine) record(ctx context.Context) error {
	desk := &news.Desk{
		Store: m.store, Settings: func() rule.Settings { return rule.Settings{} },
		Now: func() time.Time { return time.Now().Add(-slow) }, Log: slog.New(slog.DiscardHandler),
	}
	for {
		cursor, err := m.store.AlertCursor(ctx)
		if err != nil {
			return err
		}
		changes, err := m.store.Changes(ctx, cursor, 256)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := m.watchFolders(ctx, changes); err != nil {
			return err
		}
		items, err := desk.Find(ctx, changes)
		if err != nil {
			return err
		}
		recorded, err := m.store.RecordAlerts(ctx, changes[len(changes)-1].Meta().Rev, news.Group(items))
		if err != nil {
			return err
		}
		for _, a := range recorded {
			for _, id := range a.Messages {
				i := slices.IndexFunc(items, func(i news.Item) bool { return i.Brief.ID == id })
				m.alerted[items[i].Brief.Subject]++
			}
		}
	}
}

// watchFolders lets most folders alert: between them, too, nothing may be told twice.
func (m *machine) watchFolders(ctx context.Context, changes []mail.Change) error {
	for _, c := range changes {
		c, ok := c.(mail.MailboxAdded)
		if !ok || slices.Contains([]string{"Trash", "Plans"}, c.Folder.Path) {
			continue
		}
		if err := m.store.SetWatched(ctx, c.Folder.ID, true); err != nil && !refused(err) {
			return err
		}
	}
	return nil
}
