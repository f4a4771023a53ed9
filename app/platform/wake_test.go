package platform

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	home  = ways{v4: netip.MustParseAddr("192.168.1.5")}
	both  = ways{v4: home.v4, v6: netip.MustParseAddr("2001:db8:1::5")}
	cable = ways{v4: netip.MustParseAddr("192.168.1.6"), v6: both.v6}
)

// TestWakesAreGathered: what the system says in several steps is told once, and
// only if it is true; sleep is told rather than the network that came with it;
// the clock finds what nobody hinted at.
func TestWakesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := newHints()
		var out atomic.Pointer[ways]
		out.Store(&home)
		told, done := make(chan Wake, 8), make(chan struct{})
		go func() {
			defer close(done)
			look := func(context.Context) ways { return *out.Load() }
			gather(ctx, h, look, func(w Wake) { told <- w })
		}()
		synctest.Wait()
		wants := func(story string, after time.Duration, want ...Wake) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			var got []Wake
			for range len(told) {
				got = append(got, <-told)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: told %q, want %q", story, got, want)
			}
		}
		hint(h.network)
		wants("a router says again what is so", time.Second)
		out.Store(&ways{})
		hint(h.network)
		time.Sleep(calm / 2)
		out.Store(&cable)
		hint(h.network)
		wants("not yet calm", calm/2+time.Millisecond)
		wants("another network, in two steps", time.Second, Network)
		hint(h.slept)
		out.Store(&home)
		hint(h.network)
		wants("sleep, and another network", time.Second, Resumed)
		out.Store(&both)
		hint(h.network)
		wants("IPv6 as well", time.Second, Gained)
		hint(h.clock)
		wants("the clock was set by a little", time.Second)
		wants("nothing for long", 2*clockRarely)
		out.Store(&ways{})
		wants("nobody hinted", clockRarely, Network)
		h.deaf.Store(true)
		hint(h.clock)
		out.Store(&home)
		wants("and nobody will", clockEvery, Network)
		cancel()
		<-done
	})
}

// TestWhatWaysMean: only what breaks sockets, or may help, is told.
func TestWhatWaysMean(t *testing.T) {
	v6 := ways{v6: both.v6}
	for _, c := range []struct {
		story    string
		was, now ways
		want     Wake
	}{
		{"no network, still", ways{}, ways{}, ""},
		{"the same network", both, both, ""},
		{"the first network", ways{}, home, Network},
		{"both at once", ways{}, both, Network},
		{"another address", both, cable, Network},
		{"the network is gone", both, ways{}, Network},
		{"IPv6 is gone", both, home, Network},
		{"IPv4 is gone", both, v6, Network},
		{"the one for the other", home, v6, Network},
		{"IPv6 beside IPv4", home, both, Gained},
		{"IPv4 beside IPv6", v6, both, Gained},
	} {
		if got := c.was.to(c.now); got != c.want {
			t.Errorf("%s: %q, want %q", c.story, got, c.want)
		}
	}
}

// TestListening: this system takes us as a listener to its network, and lets go.
func TestListening(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := listenNetwork(ctx, make(chan struct{}, 1))
	if ctx.Err() == nil {
		t.Errorf("it ended by itself: %v", err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	listenSleep(ctx, log, make(chan struct{}, 1)) // it ends with ctx
	t.Logf("ways out: %v; at the end: %v", waysOut(t.Context()), err)
}
