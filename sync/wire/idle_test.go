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
		C:  DONE
		S: * 5 EXISTS
		S: a OK done
		C: b IDLE
		S: + idling
		C:  DONE
		S: b OK done
		C: c NOOP
		S: c OK
		C: d IDLE
		S: d NO not now
		C: e IDLE
		S: + idling
		C:  DONE
		S: e OK done
		C: f IDLE
		S: + idling
		C:  DONE
		drain`, func(o *Options) { o.Events = events.events })

		begun := time.Now()
		if err := c.Idle(t.Context(), 9*time.Minute); err != nil || time.Since(begun) != 9*time.Minute {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if want := []string{"-1 4 EXISTS", "-1 5 EXISTS"}; !slices.Equal(events.take(), want) {
			t.Error("events are missing")
		}

		// It gives way.
		idle := make(chan error, 1)
		go func() { idle <- c.Idle(t.Context(), 9*time.Minute) }()
		synctest.Wait()
		begun = time.Now()
		if _, err := c.Do(t.Context(), "NOOP", nil); err != nil || time.Since(begun) != 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if err := <-idle; err != nil {
			t.Error(err)
		}

		if f := faultOf(t, c.Idle(t.Context(), time.Minute)); f.Code != mail.CodeRefusedCommand {
			t.Errorf("%v", f)
		}

		// The end of a context is that of the IDLE, not the connection.
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.Idle(ctx, time.Minute); !errors.Is(err, context.Canceled) || c.Err() != nil {
			t.Errorf("%v, %v", err, c.Err())
		}

		// A server that does not answer DONE is dead.
		time.AfterFunc(time.Second, c.Wake)
		begun = time.Now()
		if f := faultOf(t, c.Idle(t.Context(), time.Minute)); f.Code != mail.CodeTimeout || time.Since(begun) != time.Second+defaultStall {
			t.Errorf("%v after %v", f, time.Since(begun))
		}
	})
}

func TestIdleEndsFastOnDeadServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "C: a IDLE\nS: + idling\ndrain", nil)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		if err := c.Idle(ctx, time.Hour); !errors.Is(err, context.Canceled) || time.Since(begun) != time.Second+endIdle {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if faultOf(t, c.Err()).Code != mail.CodeTimeout {
			t.Errorf("%v", c.Err())
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
