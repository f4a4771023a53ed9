package platform

import (
	"context"
	"log/slog"
	"sync"
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
	// clockEvery is how often the clock, and the ways out, are looked at.
	clockEvery = 30 * time.Second
	// clockGap is how much later than it was due a look is a sign of sleep.
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
// address on the way out. As a net, every half minute both are looked at
// unasked: a gap in the clock of which no timer knew means sleep.
func WatchWakes(ctx context.Context, log *slog.Logger, told func(Wake)) {
	h := hints{slept: make(chan struct{}, 1), network: make(chan struct{}, 1)}
	var listeners sync.WaitGroup
	listeners.Go(func() { listenSleep(ctx, log, h.slept) })
	listeners.Go(func() {
		if err := listenNetwork(ctx, h.network); err != nil && ctx.Err() == nil {
			log.Info("the system does not tell of the network; it is looked at by the clock", "error", err)
		}
	})
	gather(ctx, h, waysOut, told)
	listeners.Wait()
}

// hints hold a token each while there is something to be looked at.
type hints struct{ slept, network chan struct{} }

// hint leaves a token in a channel that may hold one already.
func hint(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// gather tells of what is hinted at and true, and of gaps in the clock.
func gather(ctx context.Context, h hints, look func(context.Context) ways, told func(Wake)) {
	clock := time.NewTicker(clockEvery)
	defer clock.Stop()
	quiet := time.NewTimer(0)
	<-quiet.C
	defer quiet.Stop()
	out, last, slept := look(ctx), wall(), false
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
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.slept:
			slept = true
			quiet.Reset(calm)
		case <-h.network:
			quiet.Reset(calm)
		case <-quiet.C:
			tell()
		case <-clock.C:
			now := wall()
			slept = slept || now.Sub(last) > clockEvery+clockGap
			last = now
			tell()
		}
	}
}

// wall is the time without the monotonic clock, which stands still in sleep.
func wall() time.Time { return time.Now().Round(0) }
