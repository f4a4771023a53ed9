package imapsync

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

func TestRenewal(t *testing.T) {
	r := newRenewal(9 * time.Minute)
	r.died(30 * time.Second) // no router
	if r.every != 9*time.Minute {
		t.Errorf("after a quick death every %v", r.every)
	}
	r.died(8 * time.Minute)
	if r.every != 4*time.Minute {
		t.Errorf("after a silent death every %v", r.every)
	}
	for range 10 {
		r.died(4 * time.Minute)
	}
	if r.every != renewMin {
		t.Errorf("at least every %v", r.every)
	}
	before := r.every
	for range renewKept - 1 {
		r.lived(before)
	}
	r.lived(10 * time.Second) // proves nothing
	if r.every != before {
		t.Errorf("too soon every %v", r.every)
	}
	r.lived(before)
	if r.every <= before || r.every > before*3/2 {
		t.Errorf("after some renewals every %v", r.every)
	}
	for range 1000 {
		r.lived(r.every)
	}
	if r.every != 9*time.Minute {
		t.Errorf("at most every %v", r.every)
	}
}

// TestIdleFollowsTheRouter: behind a router that forgets, IDLE is renewed
// sooner on the next connection.
func TestIdleFollowsTheRouter(t *testing.T) {
	var mu sync.Mutex
	var lasted []time.Duration
	var began time.Time
	play := plays(idling + "C: ? IDLE\nS: + go\nC: DONE\nC: <anything>\n---\n" + idling +
		strings.Repeat("C: ? IDLE\nS: + go\nC: DONE\nS: ? OK done\n", 3) + "C: ? IDLE\nS: + go\nC: <anything>\n")
	dial := func(ctx context.Context, t *testing.T, o wire.Options) (*wire.Conn, error) {
		t.Helper()
		o.Dial.Trace = func(dir byte, line []byte) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case dir == 'C' && strings.Contains(string(line), "IDLE"):
				began = time.Now()
			case dir == 'C' && strings.Contains(string(line), "DONE"):
				lasted = append(lasted, time.Since(began))
			}
		}
		return play(ctx, t, o)
	}
	far := func(c *Config) { c.PollInterval = 100 * time.Hour }
	inBubble(t, dial, far, func(t *bubble) {
		// Four have ended by then at the latest, and a fifth at the earliest after.
		time.Sleep(22*time.Minute + 45*time.Second)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(lasted) != 4 {
			t.Errorf("IDLEs lasted %v", lasted)
			return
		}
		if lasted[0] < 8*time.Minute || lasted[0] > 9*time.Minute {
			t.Errorf("the first IDLE lasted %v", lasted[0])
		}
		for _, d := range lasted[1:] {
			if d > lasted[0]/2 || d < renewMin {
				t.Errorf("behind a router an IDLE lasted %v", d)
			}
		}
		if n := len(t.dials); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestBackWhenTheNetworkIs: whatever became of the old connection, mail that
// came meanwhile is here within 5 seconds of the network's return.
func TestBackWhenTheNetworkIs(t *testing.T) {
	t.Parallel()
	reset := func(p *mailtest.Proxy) { p.Refuse(); p.Reset() }
	cases := []struct {
		name string
		down func(*mailtest.Proxy)
		told bool // somebody says when the network is back
	}{
		{"nothing gets through, and its return is told", (*mailtest.Proxy).Stall, true},
		{"sockets are reset, and its return is told", reset, true},
		{"sockets are reset, and nobody tells", reset, false},
	}
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(cases)})
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			proxy := mailtest.StartProxy(t, dc.IMAP())
			host, port, err := net.SplitHostPort(proxy.Addr())
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, dc, i, func(c *Config) {
				c.PollInterval = time.Hour
				c.Account.Endpoint.Host = host
				if c.Account.Endpoint.Port, err = strconv.Atoi(port); err != nil {
					t.Fatal(err)
				}
			})
			r.settled()
			c.down(proxy)
			r.w.Kick(ReasonNetwork) // as when the way out is lost
			r.deliver("INBOX", "while away")
			r.until("a new try", func() bool {
				st, err := r.store.States(r.Context())
				return err == nil && st[r.cfg.Account.ID].State != mail.StateOnline
			})
			proxy.Heal()
			back := time.Now()
			if c.told {
				r.w.Kick(ReasonNetwork)
			}
			got := awaits[mail.MessagesAdded](r)
			if d := got.Time.Sub(back); d > 5*time.Second {
				t.Errorf("caught up after %v", d)
			} else {
				t.Logf("caught up after %v", d)
			}
		})
	}
}
