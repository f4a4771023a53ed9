package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
)

func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events listener
		c := connect(t, `
		C: a IDLE
		S: + idling
		wait 1m
		S: * 4 EXISTS
		wait 9m
		S: * 5 EXISTS
		C:  DONE
		C: b NOOP
		S: * 6 EXISTS
		S: a OK done
		S: * 7 EXISTS
		S: b OK
		C: c IDLE
		S: + idling
		C:  DONE
		S: c OK done
		C: d IDLE
		S: d NO not now
		C: e IDLE
		S: + idling
		C:  DONE
		C: f NOOP
		drain`, func(o *Options) { o.Events = events.events })

		idle := func(ctx context.Context, limit, want time.Duration) error {
			t.Helper()
			begun := time.Now()
			err := c.Idle(ctx, limit)
			if d := time.Since(begun); d != want {
				t.Errorf("it returned after %v, want %v", d, want)
			}
			return err
		}
		// Nobody wants anything: it goes on, and events come all the while.
		if err := idle(t.Context(), 5*time.Minute, 5*time.Minute); err != nil {
			t.Error(err)
		}
		if err := idle(t.Context(), 9*time.Minute, 4*time.Minute); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := events.take(); !slices.Equal(got, []string{"-1 4 EXISTS", "-1 5 EXISTS"}) {
			t.Errorf("events %q", got)
		}
		// The end goes out with the next command.
		turns := c.Counters().RoundTrips
		var own []string
		if _, err := c.Do(t.Context(), "NOOP", func(r *Response) error { own = append(own, fmt.Sprint(r.Num, " ", r.Type)); return nil }); err != nil {
			t.Error(err)
		}
		if got := events.take(); c.Counters().RoundTrips != turns+1 || !slices.Equal(got, []string{"-1 6 EXISTS"}) || !slices.Equal(own, []string{"7 EXISTS"}) {
			t.Errorf("%d round trips, events %q, the command's %q", c.Counters().RoundTrips-turns, got, own)
		}

		// It is renewed when it is old enough, and refused.
		if err := idle(t.Context(), 9*time.Minute, 9*time.Minute); err != nil {
			t.Error(err)
		}
		if f := faultOf(t, c.Idle(t.Context(), time.Minute)); f.Code != mail.CodeRefusedCommand {
			t.Errorf("%v", f)
		}

		// The end of a context is not that of the connection.
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := idle(ctx, time.Minute, time.Second); !errors.Is(err, context.Canceled) || c.Err() != nil {
			t.Errorf("%v, %v", err, c.Err())
		}
		// Nor is the next look of somebody who is in no hurry.
		time.AfterFunc(time.Second, c.Wake)
		if err := idle(t.Context(), time.Minute, time.Second); err != nil {
			t.Error(err)
		}
		// A server that does not end it is dead.
		begun := time.Now()
		if _, err := c.Do(t.Context(), "NOOP", nil); faultOf(t, err).Code != mail.CodeTimeout || time.Since(begun) != endQuiet {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestIdleGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "C: a IDLE\nS: + idling\nC:  DONE\nC: b NOOP\nS: a OK\nS: b OK\n"+
			"C: c IDLE\nS: + idling\nC:  DONE\nS: c OK\nC: d NOOP\nS: d OK\n"+
			"C: e IDLE\nS: + idling\nwait 1s\nS: e OK enough\nC: f NOOP\nS: f OK\ndrain", nil)
		begin := func() chan error {
			idle := make(chan error, 1)
			go func() { idle <- c.Idle(t.Context(), 9*time.Minute) }()
			synctest.Wait()
			return idle
		}
		begun := time.Now()
		idle := begin()
		if _, err := c.Do(t.Context(), "NOOP", nil); err != nil || <-idle != nil {
			t.Error(err)
		}
		idle = begin()
		if err := c.Lib(t.Context(), func(cl *imapclient.Client) error { return cl.Noop().Wait() }); err != nil || <-idle != nil {
			t.Error(err)
		}
		if time.Since(begun) != 0 {
			t.Errorf("it took %v", time.Since(begun))
		}
		// One that the server ended needs no end.
		if err := <-begin(); err != nil {
			t.Error(err)
		}
		if _, err := c.Do(t.Context(), "NOOP", nil); err != nil {
			t.Error(err)
		}
	})
}

// TestEndIdle: for a server that loses what comes behind DONE.
func TestEndIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "C: a IDLE\nS: + idling\nC:  DONE\nwait 1s\nS: a OK\n"+
			"C: b IDLE\nS: + idling\nC:  DONE\nwait 1s\nS: b OK\nC: c NOOP\nS: c OK\ndrain", func(o *Options) { o.EndIdle = true })
		begun := time.Now()
		if err := c.Idle(t.Context(), time.Minute); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		if err := c.Idle(ctx, time.Minute); !errors.Is(err, context.Canceled) || time.Since(begun) != 64*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if _, err := c.Do(t.Context(), "NOOP", nil); err != nil {
			t.Error(err)
		}
	})
}

// TestIdleEndsFastOnDeadServer: who was interrupted wants to get on.
func TestIdleEndsFastOnDeadServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "C: a IDLE\nS: + idling\ndrain", nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.Idle(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		begun := time.Now()
		if _, err := c.Do(t.Context(), "NOOP", nil); faultOf(t, err).Code != mail.CodeTimeout || time.Since(begun) != endIdle {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestIdleNotOffered(t *testing.T) {
	o, _ := play(t, "S: * PREAUTH [CAPABILITY IMAP4rev1] in\ndrain")
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if f := faultOf(t, c.Idle(t.Context(), time.Minute)); f.Code != mail.CodeNotSupported {
		t.Errorf("%v", f)
	}
}

// TestGate: many burst and idle on one connection; none waits for ever, and
// no answer goes to the wrong one.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go echo(server)
		o, _ := play(t, "close")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
		c, err := Dial(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		idle := make(chan error, 1)
		go func() {
			for {
				if err := c.Idle(ctx, 9*time.Minute); err != nil {
					idle <- err
					return
				}
			}
		}()
		begun := time.Now()
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for range 20 {
					var got uint32
					_, err := c.Do(t.Context(), fmt.Sprintf("ECHO %d", i+1), func(r *Response) error { got = r.Num; return nil })
					if err != nil || got != uint32(i+1) {
						t.Errorf("%d: got %d, %v", i+1, got, err)
					}
				}
			})
		}
		wg.Wait()
		if took := time.Since(begun); took != 0 {
			t.Errorf("took %v", took)
		}
		cancel()
		if err := <-idle; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		_ = c.Close()
	})
}
