package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
)

// listen collects what a handler is given, as text.
type listener struct {
	mu    sync.Mutex
	lines []string
}

func (l *listener) add(i int, r *Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := r.Type
	if r.Num > 0 {
		text = fmt.Sprint(r.Num, " ", text)
	}
	if r.Bad != nil {
		text += " bad"
	}
	l.lines = append(l.lines, fmt.Sprint(i, " ", text))
}

func (l *listener) events(r *Response) { l.add(-1, r) }

func (l *listener) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

func TestBurst(t *testing.T) {
	var events, got listener
	told := make(chan struct{})
	c := connect(t, `
	S: * 3 EXISTS
	C: a SELECT "one"
	C: b UID FETCH 1:* (FLAGS)
	C: c SELECT "two"
	S: * 1 FETCH (UID 3 FLAGS (\Seen))
	S: a OK done
	S: * 2 FETCH (UID 4 FLAGS ()
	S: torn " FLAGS (\Seen))
	S: * 3 FETCH (UID 5 FLAGS (
	S: H99 OK of nobody
	S: b OK done
	S: * OK [CLOSED]
	S: c NO [NONEXISTENT] gone
	drain`, func(o *Options) {
		o.Events = func(r *Response) {
			events.events(r)
			close(told)
		}
	})
	<-told // else it would be the burst's
	err := c.Burst(t.Context(), []string{"SELECT " + c.Mailbox("one"), "UID FETCH 1:* (FLAGS)", "SELECT " + c.Mailbox("two")}, func(i int, r *Response) error {
		got.add(i, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0 1 FETCH", "0 OK", "1 2 FETCH", "1 3 FETCH", "1 OK", "2 OK", "2 NO"}
	if lines := got.take(); !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
	if lines := events.take(); !slices.Equal(lines, []string{"-1 3 EXISTS"}) {
		t.Errorf("events %q", lines)
	}
	if n := c.Malformed(); n != 4 { // two repaired, one torn, one of nobody
		t.Errorf("%d malformed", n)
	}
	if n := c.Commands(); n != 4 {
		t.Errorf("%d commands", n)
	}
	if n := c.Counters(); n.RoundTrips != 2 {
		t.Errorf("%d round trips", n.RoundTrips)
	}
}

func TestBurstWaitsForLiterals(t *testing.T) {
	c := connect(t, `
	C: a NOOP
	C: b SEARCH TEXT {2}
	S: a OK
	S: + go on
	C:  ä UNSEEN
	C: c SEARCH TEXT {3}
	S: * SEARCH 1
	S: b OK
	S: c NO not that
	C: d NOOP
	S: d OK
	drain`, nil)
	var got listener
	err := c.Burst(t.Context(), []string{"NOOP", "SEARCH TEXT {2}\r\nä UNSEEN", "SEARCH TEXT {3}\r\nabc", "NOOP"}, func(i int, r *Response) error {
		got.add(i, r)
		return nil
	})
	if want := []string{"0 OK", "1 SEARCH", "1 OK", "2 NO", "3 OK"}; err != nil || !slices.Equal(got.take(), want) {
		t.Errorf("%v %q", err, got.lines)
	}
}

func TestBurstRefusesInjection(t *testing.T) {
	c := connect(t, "drain", nil)
	err := c.Burst(t.Context(), []string{"NOOP", "SELECT a\r\nX DELETE INBOX"}, nil)
	if f := faultOf(t, err); f.Code != mail.CodeInternal {
		t.Errorf("%v", err)
	}
	if n := c.Commands(); n != 1 || c.Err() != nil {
		t.Errorf("%d commands sent, %v", n, c.Err())
	}
}

func TestBurstHandlerError(t *testing.T) {
	c := connect(t, `
	C: a NOOP
	S: * 1 EXISTS
	S: * 2 EXISTS
	S: a OK
	C: b NOOP
	S: b OK
	drain`, nil)
	mine, calls := errors.New("mine"), 0
	err := c.Burst(t.Context(), []string{"NOOP"}, func(int, *Response) error { calls++; return mine })
	if !errors.Is(err, mine) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	if _, err := c.Do(t.Context(), "NOOP", nil); err != nil { // the connection lives on
		t.Error(err)
	}
}

func TestDoAndSelect(t *testing.T) {
	c := connect(t, `
	C: a SELECT "R&-D" (CONDSTORE)
	S: * 2 EXISTS
	S: * OK [UIDVALIDITY 9] ok
	S: a OK [READ-WRITE] done
	C: b UID STORE 1 +FLAGS (x)
	S: b NO [LIMIT] Suggested Backoff Time: 2000 milliseconds
	C: c LIST "" "*"
	S: * LIST () "/" "S&P"
	S: * LIST () "/" "Entw&APw-rfe"
	S: c OK
	C: d SELECT "S&P"
	S: d OK
	drain`, nil)
	d, err := c.Select(t.Context(), SelectOptions{Mailbox: "R&D", CondStore: true, UIDValidity: 1, ModSeq: 2}, nil)
	if err != nil || d.Exists != 2 || d.UIDValidity != 9 || d.ReadOnly {
		t.Errorf("%+v, %v", d, err)
	}
	_, err = c.Do(t.Context(), "UID STORE 1 +FLAGS (x)", nil)
	if f := faultOf(t, err); f.Code != mail.CodeThrottled || f.RetryAfter != 2*time.Second || f.Args["command"] != "UID STORE" {
		t.Errorf("%+v", f)
	}
	var names []string
	if _, err := c.Do(t.Context(), `LIST "" "*"`, func(r *Response) error {
		l, err := ParseList(r)
		names = append(names, l.Name)
		return err
	}); err != nil || !slices.Equal(names, []string{"S&P", "Entwürfe"}) {
		t.Errorf("%q, %v", names, err)
	}
	// The server's own spelling is kept, though it is not proper.
	if _, err := c.Select(t.Context(), SelectOptions{Mailbox: "S&P"}, nil); err != nil {
		t.Error(err)
	}
	if got := c.Mailbox("inbox"); got != `"INBOX"` {
		t.Error(got)
	}
}

func TestQresyncCommand(t *testing.T) {
	c := &Conn{enabled: []string{"QRESYNC"}}
	got := c.SelectCommand(SelectOptions{Mailbox: "a", ReadOnly: true, UIDValidity: 5, ModSeq: 90, Known: Set{{1, 3}}})
	if want := `EXAMINE "a" (QRESYNC (5 90 1:3))`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, `
		C: a NOOP
		wait 59s
		S: * 1 EXISTS
		wait 59s
		S: a OK
		wait 10h
		C: b NOOP
		S> * 1 EX
		drain`, nil)
		if _, err := c.Do(t.Context(), "NOOP", nil); err != nil { // slow, and alive
			t.Fatal(err)
		}
		time.Sleep(10 * time.Hour) // silence that nobody minds
		begun := time.Now()
		_, err := c.Do(t.Context(), "NOOP", nil)
		if f := faultOf(t, err); f.Code != mail.CodeTimeout || time.Since(begun) != defaultStall {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		<-c.Done()
		if faultOf(t, c.Err()).Code != mail.CodeTimeout {
			t.Errorf("%v", c.Err())
		}
		if _, err := c.Do(t.Context(), "NOOP", nil); faultOf(t, err).Code != mail.CodeTimeout {
			t.Errorf("%v", err)
		}
	})
}

func TestStalledWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "wait 100s", nil) // reads nothing
		_, err := c.Do(t.Context(), "NOOP", nil)
		if f := faultOf(t, err); f.Code != mail.CodeTimeout {
			t.Errorf("%v", err)
		}
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, "drain", nil)
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() {
			_, err := c.Do(t.Context(), "NOOP", nil)
			first <- err
		}()
		synctest.Wait()
		// Who waits for its turn may give up; nothing was sent.
		second, drop := context.WithTimeout(t.Context(), time.Second)
		_, err := c.Do(second, "NOOP", nil)
		drop()
		if faultOf(t, err).Code != mail.CodeTimeout && faultOf(t, err).Code != mail.CodeUnreachable || c.Err() != nil {
			t.Errorf("%v, %v", err, c.Err())
		}
		cancel()
		if _, err := c.Do(ctx, "NOOP", nil); !errors.Is(err, context.Canceled) || c.Err() != nil {
			t.Errorf("%v, %v", err, c.Err())
		}
		_ = c.Close()
		if err := <-first; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}

		// In the middle of a command there is only one way to stop.
		c = connect(t, "drain", nil)
		caused, cancelFor := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancelFor(errors.New("asleep")) })
		_, err = c.Do(caused, "NOOP", nil)
		if f := faultOf(t, err); f.Code != mail.CodeConnectionLost || !strings.Contains(err.Error(), "asleep") {
			t.Errorf("%v", err)
		}
		<-c.Done()
	})
}

func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name, script string
		want         mail.Code
	}{
		{"hangs up", "C: a NOOP\nS> * 1 EXI", mail.CodeConnectionLost},
		{"BYE", "C: a NOOP\nS: * BYE [UNAVAILABLE] moving\n", mail.CodeThrottled},
		{"BYE, plain", "C: a NOOP\nS: * BYE idle for too long\n", mail.CodeServerClosed},
		{"line without end", "C: a NOOP\nS: * X " + strings.Repeat("a", 200) + "\ndrain", mail.CodeBadAnswer},
		{"large literal", "C: a NOOP\nS: * X {5000}\ndrain", mail.CodeBadAnswer},
		{"tagged nonsense", "C: a NOOP\nS: a FETCH (UID 3)\ndrain", mail.CodeBadAnswer},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := connect(t, test.script, func(o *Options) { o.MaxLine, o.MaxLiteral = 100, 1000 })
			_, err := c.Do(t.Context(), "NOOP", nil)
			if f := faultOf(t, err); f.Code != test.want {
				t.Errorf("%s (%v), want %s", f.Code, f.Err, test.want)
			}
			<-c.Done()
		})
	}
}

func TestGreetingNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := play(t, "drain")
		begun := time.Now()
		_, err := Dial(t.Context(), o)
		<-s.ended
		if f := faultOf(t, err); f.Code != mail.CodeTimeout || f.Class != mail.ClassOffline {
			t.Errorf("%v", err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("a supervisor would read this as its own end")
		}
		if took := time.Since(begun); took != dial.DefaultTimeout {
			t.Errorf("took %v", took)
		}
	})
}
