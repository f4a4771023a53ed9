package agent

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/app/tray"
	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// scripted is a reader that says what a test wrote down.
type scripted struct {
	mu     sync.Mutex
	status api.Status
	page   api.Page
	err    error
	asked  []api.PageQuery
	reads  int
	shown  tray.View // the last view that was laid
}

// with lets a test look at the reader, or change what it says.
func (s *scripted) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *scripted) show(v tray.View) { s.with(func() { s.shown = v }) }

func (s *scripted) icon() (i badge.Spec) {
	s.with(func() { i = s.shown.Icon })
	return i
}

func (s *scripted) count() (n int) {
	s.with(func() { n = s.reads })
	return n
}

func (s *scripted) Status(context.Context) (api.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.status, s.err
}

func (s *scripted) Messages(_ context.Context, q api.PageQuery) (api.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q)
	return s.page, nil
}

func newModel(t *testing.T, r reader, show func(tray.View)) *model {
	t.Helper()
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	return &model{reader: r, printer: p, log: slog.New(slog.DiscardHandler), now: time.Now, show: show}
}

func TestModelReads(t *testing.T) {
	until := time.Now().Add(time.Hour)
	r := &scripted{
		status: api.Status{
			Unread: 3, AlertsPaused: until, Problems: []api.Problem{{Code: mail.CodeNoAlerts, Class: mail.ClassLocal}},
			Accounts: []api.AccountStatus{{
				ID: "work", Address: "ann@work.example", State: mail.StateConnecting, Unread: 3, Progress: &api.Progress{Done: 1, Total: 9},
				Problems: []api.Problem{{Code: mail.CodeTimeout, Class: mail.ClassOffline}},
			}},
		},
		page: api.Page{Messages: []api.Message{
			{ID: 7, Subject: "Lunch?", From: []mail.Address{{Name: "Ann", Addr: "ann@x"}, {Addr: "bob@x"}}},
			{ID: 6},
		}},
	}
	m := newModel(t, r, nil)
	got, err := m.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := tray.State{
		Now: got.Now, Unread: 3, PausedUntil: until,
		Problems: []mail.Problem{{Code: mail.CodeNoAlerts, Class: mail.ClassLocal}},
		Accounts: []tray.Account{{
			ID: "work", Address: "ann@work.example", State: mail.StateConnecting, Unread: 3, Done: 1, Total: 9,
			Problems: []mail.Problem{{Code: mail.CodeTimeout, Class: mail.ClassOffline}},
		}},
		Newest: []tray.Entry{{ID: 7, From: "Ann", Subject: "Lunch?"}, {ID: 6}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if len(r.asked) != 1 || !r.asked[0].Unread || r.asked[0].Limit != newestShown {
		t.Errorf("asked %+v", r.asked)
	}
	r.status.Unread = 0
	if _, err := m.read(t.Context()); err != nil || len(r.asked) != 1 {
		t.Errorf("asked for messages when nothing is unread: %+v, %v", r.asked, err)
	}
}

// Many changes are few redraws, the last of them is never lost, and nothing
// happens while nothing changes.
func TestModelCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &scripted{}
		m := newModel(t, r, r.show)
		committed, changed := make(chan struct{}, 1), make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.run(ctx, committed, changed); close(done) }()
		for n := range 100 { // a second of changes
			r.with(func() { r.status.Unread = n })
			newest(committed, struct{}{})
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := r.count(); n > 6 {
			t.Errorf("%d redraws in a second", n)
		}
		if r.icon().Unread != 99 {
			t.Errorf("the last redraw shows %d", r.icon().Unread)
		}
		reads := r.count()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := r.count() - reads; n != 0 {
			t.Errorf("%d redraws while nothing changed", n)
		}
		r.with(func() { r.err = errors.New("the disk is away for a moment") })
		newest(changed, struct{}{})
		time.Sleep(time.Second)
		r.with(func() { r.err, r.status.Unread = nil, 5 })
		newest(changed, struct{}{})
		time.Sleep(time.Second)
		synctest.Wait()
		if r.icon().Unread != 5 {
			t.Errorf("after an error the tray shows %d", r.icon().Unread)
		}
		cancel()
		<-done
	})
}

// The end of a pause is shown although nothing else changes.
func TestModelShowsTheEndOfAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &scripted{status: api.Status{
			AlertsPaused: time.Now().Add(time.Hour),
			Accounts:     []api.AccountStatus{{ID: "work", State: mail.StateOnline}},
		}}
		m := newModel(t, r, r.show)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.run(ctx, nil, nil); close(done) }()
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if r.icon().State != badge.Paused {
			t.Errorf("paused, and shown as %s", r.icon().State)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if r.icon().State != badge.Online {
			t.Errorf("the pause is over, and shown as %s", r.icon().State)
		}
		cancel()
		<-done
	})
}
