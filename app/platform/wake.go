package platform

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Wake is something after which open sockets, or the wait before the next try,
// are not to be trusted.
type Wake string

// The wakes, the strongest first.
const (
	Resumed Wake = "resumed" // the computer slept
	Network Wake = "network" // it is in another network, or in none, or in one again
	Gained  Wake = "gained"  // there is one more way out, and the one there was is as it was
)

const (
	// clockEvery is how often the clock, and the ways out, are looked at unasked.
	clockEvery = 30 * time.Second
	// clockRarely is the same while the kernel tells of both.
	clockRarely = 10 * time.Minute
	// clockGap is how much more of the clock's time than was waited for is a sign
	// of sleep.
	clockGap = 15 * time.Second
	// calm is how long the system says nothing more before it is told: one change
	// of the network comes in several steps.
	calm = 200 * time.Millisecond
)

// WatchWakes calls told after the computer slept and when its network changed,
// one call at a time, until ctx ends; never for what is so at the start. The
// system says when to look: for sleep logind over the system bus, and Windows;
// for the network a netlink socket on Linux, Windows, and a routing socket on
// macOS and the BSDs. Whether the network is another one is seen by our own
// address on the way out. As a net both are looked at unasked: a gap in the clock
// of which no timer knew means sleep. That is every half minute, or every ten
// minutes where the kernel itself tells of the network and of gaps in the clock,
// as Linux does: to look wakes the computer.
func WatchWakes(ctx context.Context, log *slog.Logger, told func(Wake)) {
	h := newHints()
	var listeners sync.WaitGroup
	listeners.Go(func() { listenSleep(ctx, log, h.slept) })
	kernel := func(what string, listen func(context.Context, chan<- struct{}) error, to chan<- struct{}) {
		listeners.Go(func() {
			if err := listen(ctx, to); ctx.Err() == nil {
				log.Info("the system does not tell of this; it is looked at by the clock", "what", what, "error", err)
				h.deaf.Store(true)
				hint(h.clock)
			}
		})
	}
	kernel("network", listenNetwork, h.network)
	kernel("clock", listenClock, h.clock)
	gather(ctx, h, waysOut, told)
	listeners.Wait()
}

// hints hold a token each while there is something to be looked at.
type hints struct {
	slept, network, clock chan struct{}
	deaf                  atomic.Bool // the kernel tells not of all
}

func newHints() *hints {
	return &hints{slept: make(chan struct{}, 1), network: make(chan struct{}, 1), clock: make(chan struct{}, 1)}
}

// every is how often to look unasked.
func (h *hints) every() time.Duration {
	if h.deaf.Load() {
		return clockEvery
	}
	return clockRarely
}

// hint leaves a token in a channel that may hold one already.
func hint(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// gather tells of what is hinted at and true, and of gaps in the clock.
func gather(ctx context.Context, h *hints, look func(context.Context) ways, told func(Wake)) {
	every := h.every()
	clock := time.NewTimer(every)
	defer clock.Stop()
	quiet := time.NewTimer(0)
	<-quiet.C
	defer quiet.Stop()
	out, last, slept := look(ctx), time.Now(), false
	tell := func() {
		now := look(ctx)
		w := out.to(now)
		if slept {
			w = Resumed
		}
		out, slept = now, false
		if w != "" && ctx.Err() == nil {
			told(w)
		}
	}
	clockSlept := func() bool {
		now := time.Now()
		gone := now.Round(0).Sub(last.Round(0)) - min(every, now.Sub(last))
		last, every = now, h.every()
		clock.Reset(every)
		return gone > clockGap
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.slept:
			slept = true
			quiet.Reset(calm)
		case <-h.network:
			quiet.Reset(calm)
		case <-h.clock:
			if clockSlept() {
				slept = true
				quiet.Reset(calm)
			}
		case <-quiet.C:
			tell()
		case <-clock.C:
			slept = clockSlept() || slept
			tell()
		}
	}
}
