package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

func TestEvents(t *testing.T) {
	unread := 0
	lines := []api.Event{
		{Kind: api.KindSnapshot, Rev: 3},
		{Kind: "counts", Rev: 4, Folder: "INBOX", Unread: &unread},
		{Kind: api.KindUI, UI: &api.UIRequest{Show: "main"}},
		{Kind: api.KindHandover, Rev: 4, Reason: "quit"},
	}
	stop := errors.New("enough")
	for _, c := range []struct {
		name   string
		events func(ctx context.Context, fn func(api.Event) error) error
		reader func(n int) error
		lines  int
		err    error
	}{
		{
			name:   "handed over",
			events: func(_ context.Context, fn func(api.Event) error) error { return sendAll(fn, lines) },
			lines:  4,
		},
		{
			name:   "the holder vanishes",
			events: func(_ context.Context, fn func(api.Event) error) error { return sendAll(fn, lines[:2]) },
			lines:  2, err: ErrNoHolder,
		},
		{
			name: "the reader has enough",
			events: func(ctx context.Context, fn func(api.Event) error) error {
				if err := sendAll(fn, lines[:2]); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			},
			reader: func(n int) error {
				if n == 2 {
					return stop
				}
				return nil
			},
			lines: 2, err: stop,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{events: c.events}
			path, _ := serve(t, f)
			var got []api.Event
			q := api.EventsQuery{Since: api.FromNow, UI: true}
			err := client(t, path).Events(t.Context(), q, func(e api.Event) error {
				got = append(got, e)
				if c.reader != nil {
					return c.reader(len(got))
				}
				return nil
			})
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if !reflect.DeepEqual(got, lines[:c.lines]) {
				t.Errorf("lines %+v", got)
			}
			if f.last() != `events[{"Since":-1,"UI":true}]` {
				t.Errorf("the backend was asked %s", f.last())
			}
		})
	}
}

func sendAll(fn func(api.Event) error, lines []api.Event) error {
	for _, e := range lines {
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

func TestEventsRefused(t *testing.T) {
	f := &fake{err: &mail.Fault{Code: mail.CodeReadOnly}}
	path, _ := serve(t, f)
	err := client(t, path).Events(t.Context(), api.EventsQuery{}, func(api.Event) error { return nil })
	if mail.FaultOf(err).Code != mail.CodeReadOnly {
		t.Errorf("error %v", err)
	}
}

// A reader that takes nothing holds up its own stream only, and not the end of
// the server.
func TestSlowReader(t *testing.T) {
	sent := make(chan struct{}, 1)
	f := &fake{events: func(_ context.Context, fn func(api.Event) error) error {
		e := api.Event{Kind: "counts", Folder: strings.Repeat("x", 64<<10)}
		for {
			if err := fn(e); err != nil {
				return err
			}
			select {
			case sent <- struct{}{}:
			default:
			}
		}
	}}
	path, _ := serve(t, f)
	c := client(t, path)
	res, err := c.send(t.Context(), http.MethodGet, "/events", map[string][]string{"since": {"0"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() }) // after the server has ended
	stuck := false
	for !stuck {
		select {
		case <-sent:
		case <-time.After(200 * time.Millisecond):
			stuck = true // the socket takes no more
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if s, err := c.Status(ctx); err != nil || s.Unread != 3 {
		t.Errorf("status beside a stuck stream: %+v, %v", s, err)
	}
}

// The caller's own wish to end is told from the holder's having vanished.
func TestEventsCancelled(t *testing.T) {
	f := &fake{events: func(ctx context.Context, fn func(api.Event) error) error {
		if err := fn(api.Event{Kind: api.KindSnapshot}); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	path, _ := serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	err := client(t, path).Events(ctx, api.EventsQuery{}, func(api.Event) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrNoHolder) {
		t.Errorf("error %v", err)
	}
	if s := fmt.Sprint(err); strings.Contains(s, "http") {
		t.Errorf("the error speaks of HTTP: %s", s)
	}
}
