package imapsync

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// bubble is a worker in a synctest bubble, where time passes by itself.
type bubble struct {
	*testing.T
	w     *Worker
	store *store.Store

	mu     sync.Mutex
	secret string
	dials  []time.Time
}

// dialer makes a connection. It is given the test inside of the bubble.
type dialer func(context.Context, *testing.T, wire.Options) (*wire.Conn, error)

// inBubble runs test with a worker whose connections are made by dial.
func inBubble(t *testing.T, dial dialer, change func(*Config), test func(*bubble)) {
	t.Helper()
	dir := emptyStore(t)
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{T: t, secret: "one"}
		var err error
		if b.store, err = store.Open(t.Context(), dir, store.Options{}); err != nil {
			t.Fatal(err)
		}
		cfg := Config{
			Account: mail.Account{
				ID: "a", Policy: mail.Policy{AllowPlaintext: true},
				Endpoint: mail.Endpoint{Protocol: mail.IMAP, Host: "mail.example", Port: 143, Security: mail.Plain},
			},
			Store: b.store,
			Secret: func(context.Context) (string, error) {
				b.mu.Lock()
				defer b.mu.Unlock()
				return b.secret, nil
			},
			Dial: func(ctx context.Context, o wire.Options) (*wire.Conn, error) {
				b.mu.Lock()
				b.dials = append(b.dials, time.Now())
				b.mu.Unlock()
				return dial(ctx, t, o)
			},
		}
		if change != nil {
			change(&cfg)
		}
		b.w = New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.w.Serve(ctx) }()
		test(b)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve ended with %v", err)
		}
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

// dialled returns when connections were tried, after everything has settled.
func (b *bubble) dialled() []time.Time {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.dials)
}

func (b *bubble) state() store.AccountState {
	b.Helper()
	st, err := b.store.States(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return st["a"]
}

func refuses(f mail.Fault) dialer {
	return func(context.Context, *testing.T, wire.Options) (*wire.Conn, error) { return nil, &f }
}

func TestOfflineBacksOff(t *testing.T) {
	inBubble(t, refuses(mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline}), nil, func(t *bubble) {
		time.Sleep(30 * time.Minute)
		tries := t.dialled()
		if len(tries) < 12 || len(tries) > 22 {
			t.Errorf("%d tries in half an hour", len(tries))
		}
		for i := 1; i < len(tries); i++ {
			if gap := tries[i].Sub(tries[i-1]); gap < time.Second || gap > backoffMax || i < 4 && gap > 20*time.Second {
				t.Errorf("gap %d is %v", i, gap)
			}
		}
		st := t.state()
		if st.State != mail.StateOffline || st.NextTry.Before(time.Now()) || time.Until(st.NextTry) > backoffMax {
			t.Errorf("the state is %+v", st)
		}
		t.w.Kick(ReasonCheck)
		if n := len(t.dialled()); n != len(tries)+1 {
			t.Errorf("a kick made %d tries", n-len(tries))
		}
		ps, err := t.store.Problems(t.Context())
		if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeUnreachable || ps[0].Account != "a" {
			t.Errorf("problems: %+v, %v", ps, err)
		}
		if _, err := t.w.Sync(t.Context()); mail.FaultOf(err) == nil || mail.FaultOf(err).Code != mail.CodeUnreachable {
			t.Errorf("Sync: %v", err)
		}
	})
}

// TestASyncIsAnsweredByATryOfItsOwn: who asks while the worker waits to try
// again must not be told how the try before went.
func TestASyncIsAnsweredByATryOfItsOwn(t *testing.T) {
	tries := 0
	numbered := func(context.Context, *testing.T, wire.Options) (*wire.Conn, error) {
		tries++
		return nil, &mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline, Args: mail.Args{"try": strconv.Itoa(tries)}}
	}
	inBubble(t, numbered, nil, func(t *bubble) {
		for range 20 {
			before := len(t.dialled())
			_, err := t.w.Sync(t.Context())
			if got, want := mail.FaultOf(err).Args["try"], strconv.Itoa(before+1); got != want {
				t.Fatalf("Sync was answered by try %s, want %s", got, want)
			}
		}
	})
}

func TestRefusedSignInIsNotRepeated(t *testing.T) {
	inBubble(t, refuses(mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}), nil, func(t *bubble) {
		time.Sleep(24 * time.Hour)
		if n := len(t.dialled()); n != 1 {
			t.Errorf("the password was sent %d times", n)
		}
		if st := t.state(); st.State != mail.StateNeedsSignIn || !st.NextTry.IsZero() {
			t.Errorf("the state is %+v", st)
		}
		t.mu.Lock()
		t.secret = "two"
		t.mu.Unlock()
		time.Sleep(2 * secretPoll)
		if n := len(t.dialled()); n != 2 {
			t.Errorf("after a new password there were %d tries", n-1)
		}
		t.w.Kick(ReasonSecret)
		if n := len(t.dialled()); n != 3 {
			t.Errorf("after a kick there were %d tries", n-2)
		}
	})
}

func TestPausedDoesNothing(t *testing.T) {
	pause := func(c *Config) { c.Account.Policy.Paused = true }
	inBubble(t, refuses(mail.Fault{}), pause, func(t *bubble) {
		time.Sleep(time.Hour)
		if n := len(t.dialled()); n != 0 {
			t.Errorf("%d connections", n)
		}
		if st := t.state(); st.State != mail.StatePaused {
			t.Errorf("the state is %+v", st)
		}
	})
}

// TestKickDropsADeadTry: what is under way on a network that is gone is not
// waited for.
func TestKickDropsADeadTry(t *testing.T) {
	hangs := func(ctx context.Context, _ *testing.T, _ wire.Options) (*wire.Conn, error) {
		<-ctx.Done()
		return nil, &mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline, Err: ctx.Err()}
	}
	inBubble(t, hangs, nil, func(t *bubble) {
		time.Sleep(time.Second)
		for _, r := range []Reason{ReasonNetwork, ReasonResume} {
			before := t.dialled()
			t.w.Kick(r)
			if after := t.dialled(); len(after) != len(before)+1 || time.Since(after[len(before)]) > 0 {
				t.Errorf("%s: tried at %v", r, after)
			}
		}
		if ps, err := t.store.Problems(t.Context()); err != nil || len(ps) > 0 {
			t.Errorf("problems: %+v, %v", ps, err)
		}
		// Without a kick the limit of a connection ends it.
		time.Sleep(connectLimit + time.Second)
		if st := t.state(); st.State == mail.StateOnline || len(t.dialled()) != 3 {
			t.Errorf("%+v after %d tries", st, len(t.dialled()))
		}
	})
}

// TestRefusedFolder: a folder that is listed and never to be had is shown as
// one that cannot be opened, and does not keep the account from being in step.
func TestRefusedFolder(t *testing.T) {
	ask := `
	C: ? LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))
	S: * LIST () "/" INBOX
	S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)
	S: * LIST () "/" Secret
	S: ? OK done
	C: ? STATUS "Secret" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
	S: ? NO [NOPERM] no
`
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		script := mailtest.NewScript(t, "S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED LIST-STATUS] ready\n"+
			ask+"C: ? SELECT \"Secret\"\nS: ? NO [NOPERM] no\n"+ask+"C: <anything>\n")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, nil, func(t *bubble) {
		time.Sleep(5 * time.Second)
		synctest.Wait()
		box, err := t.store.MailboxByPath(t.Context(), "a", "Secret")
		if err != nil || box.Selectable {
			t.Errorf("%+v, %v", box, err)
		}
		inbox, err := t.store.MailboxByPath(t.Context(), "a", "INBOX")
		if err != nil || inbox.LastSync.IsZero() || t.state().State != mail.StateOnline {
			t.Errorf("%+v, %+v, %v", inbox, t.state(), err)
		}
	})
}

// idling is a server at which nothing ever happens.
const idling = `
	S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE LIST-EXTENDED LIST-STATUS] ready
	C: A1 LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))
	S: * LIST () "/" INBOX
	S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7 UNSEEN 0)
	S: A1 OK done
	C: A2 SELECT "INBOX"
	S: * 0 EXISTS
	S: * OK [UIDVALIDITY 7] hm
	S: * OK [UIDNEXT 1] hm
	S: A2 OK done
`

// TestIdleIsRenewed: no router gets the time to forget the connection.
func TestIdleIsRenewed(t *testing.T) {
	const times = 6
	var mu sync.Mutex
	var began []time.Time
	var script *mailtest.Script
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		mu.Lock()
		if script == nil {
			script = mailtest.NewScript(t, idling+strings.Repeat("C: ? IDLE\nS: + go\nC: DONE\nS: ? OK done\n", times)+"C: ? IDLE\nS: + go\nC: <anything>\n")
		}
		mu.Unlock()
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		o.Dial.Trace = func(dir byte, line []byte) {
			if dir == 'C' && strings.Contains(string(line), "IDLE") {
				mu.Lock()
				defer mu.Unlock()
				began = append(began, time.Now())
			}
		}
		return wire.Dial(ctx, o)
	}
	far := func(c *Config) { c.PollInterval = 100 * time.Hour }
	inBubble(t, dial, far, func(t *bubble) {
		time.Sleep(times * defaultIdleMax)
		t.dialled()
		mu.Lock()
		defer mu.Unlock()
		if len(began) < times {
			t.Errorf("it idled %d times", len(began))
		}
		for i := 1; i < len(began); i++ {
			if d := began[i].Sub(began[i-1]); d > defaultIdleMax || d < defaultIdleMax*8/10 {
				t.Errorf("an IDLE lasted %v", d)
			}
		}
	})
}

// TestSilentServer: a server that answers nothing more is left, and is offline.
func TestSilentServer(t *testing.T) {
	var script *mailtest.Script
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		if script != nil {
			if !o.EndIdle {
				t.Error("the next connection does not spare the server commands behind DONE")
			}
			return nil, &mail.Fault{Code: mail.CodeUnreachable, Class: mail.ClassOffline}
		}
		script = mailtest.NewScript(t, idling+"C: ? IDLE\nS: + go\nC: DONE\nC: <anything>\n")
		o.Dial.DialContext = func(context.Context, string, string) (net.Conn, error) { return script.NewConn(), nil }
		return wire.Dial(ctx, o)
	}
	inBubble(t, dial, nil, func(t *bubble) {
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if st := t.state(); st.State != mail.StateOnline || st.ToldBy != mail.ToldByIdle {
			t.Errorf("the state is %+v", st)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if st := t.state(); st.State != mail.StateOffline {
			t.Errorf("the state is %+v", st)
		}
		if n := len(t.dialled()); n < 2 {
			t.Error("it was not tried again")
		}
	})
}

// TestCutFirstSync: a first sync that is cut anywhere goes on where it was, and
// nothing is lost or double.
func TestCutFirstSync(t *testing.T) {
	t.Parallel()
	const inbox, archive = 700, 600
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	proxy := mailtest.StartProxy(t, dc.IMAP())
	host, port, err := net.SplitHostPort(proxy.Addr())
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, dc, 0, func(c *Config) {
		c.Account.Endpoint.Host = host
		if c.Account.Endpoint.Port, err = strconv.Atoi(port); err != nil {
			t.Fatal(err)
		}
	})
	r.fill("INBOX", inbox)
	r.fill("Archive", archive)
	cuts := 0
	for _, n := range []int64{2_000, 5_000, 30_000, 70_000, 150_000, 210_000, 260_000} {
		proxy.CutAfter(n, mailtest.Down)
		if _, err := New(r.cfg).Pass(t.Context()); err != nil {
			cuts++
			if f := mail.FaultOf(err); f.Class != mail.ClassOffline {
				t.Errorf("a cut connection is %v", err)
			}
		}
		proxy.Heal()
	}
	if cuts < 4 {
		t.Errorf("it was cut only %d times", cuts)
	}
	rep, err := New(r.cfg).Pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the last pass after %d cuts: %+v", cuts, rep)
	seen := map[string]int{}
	for _, c := range only[mail.MessagesAdded](r) {
		if c.Origin != mail.Backfill {
			t.Errorf("origin %s", c.Origin)
		}
		for _, u := range c.UIDs {
			seen[c.Folder.Path+strconv.Itoa(int(u))]++
		}
	}
	for path, n := range map[string]int{"INBOX": inbox, "Archive": archive} {
		uids, err := r.store.UIDs(t.Context(), r.box(path).ID)
		if err != nil || len(uids) != n || uids[0] != 1 || uids[n-1] != mail.UID(n) {
			t.Errorf("%s has %d messages, %v", path, len(uids), err)
		}
		for u := 1; u <= n; u++ {
			if k := seen[path+strconv.Itoa(u)]; k != 1 {
				t.Fatalf("%s %d was told %d times", path, u, k)
			}
		}
	}
}
