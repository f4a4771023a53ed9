package rule

import (
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

func TestDecide(t *testing.T) {
	now := time.Date(2026, 3, 4, 10, 42, 0, 0, time.UTC)
	unread := mail.Brief{ID: 7, Unread: true}
	read := mail.Brief{ID: 8}
	added := func(o mail.Origin, at time.Time, ms ...mail.Brief) mail.MessagesAdded {
		return mail.MessagesAdded{Stamp: mail.Stamp{Origin: o, Time: at}, Messages: ms}
	}
	for _, c := range []struct {
		name    string
		change  mail.MessagesAdded
		watched bool
		s       Settings
		want    Why
		alerts  int
	}{
		{"new mail in a watched folder", added(mail.Elsewhere, now, unread), true, Settings{}, WhyNew, 1},
		{"only the unread ones", added(mail.Elsewhere, now, read, unread), true, Settings{}, WhyNew, 1},
		{"read already on another machine", added(mail.Elsewhere, now, read), true, Settings{}, WhyRead, 0},
		{"our own doing", added(mail.Here, now, unread), true, Settings{}, WhyHere, 0},
		{"a first sync", added(mail.Backfill, now, unread), true, Settings{}, WhyBackfill, 0},
		{"a folder that does not alert", added(mail.Elsewhere, now, unread), false, Settings{}, WhyNotWatched, 0},
		{"alerts switched off", added(mail.Elsewhere, now, unread), true, Settings{Disabled: true}, WhyDisabled, 0},
		{"alerts paused", added(mail.Elsewhere, now, unread), true, Settings{PausedUntil: now.Add(time.Second)}, WhyPaused, 0},
		{"a pause that is over", added(mail.Elsewhere, now, unread), true, Settings{PausedUntil: now}, WhyNew, 1},
		{"written a day ago", added(mail.Elsewhere, now.Add(-MaxAge-time.Second), unread), true, Settings{}, WhyOld, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decide(c.change, c.watched, c.s, now)
			if d.Why != c.want || len(d.Messages) != c.alerts || d.Alert != (c.alerts > 0) {
				t.Errorf("Decide = %+v, want %s with %d messages", d, c.want, c.alerts)
			}
		})
	}
}

// A copy is news only while its delivery may still go on, and nobody was told of
// the original.
func TestCopyIsNews(t *testing.T) {
	now := time.Date(2026, 3, 4, 10, 42, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		received time.Time
		alerted  bool
		want     bool
	}{
		{"kept in two folders by a filter", now.Add(-time.Second), false, true},
		{"by a server whose clock is ahead", now.Add(time.Minute), false, true},
		{"and alerted in the other", now.Add(-time.Second), true, false},
		{"copied back into the inbox", now.Add(-MaxDelivery - time.Second), false, false},
		{"received nobody knows when", time.Time{}, false, false},
	} {
		if got := CopyIsNews(c.received, now, c.alerted); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
