package platform

import (
	"context"
	"log/slog"
	"time"
)

// Wake is something after which no open socket is to be trusted.
type Wake string

// The wakes.
const (
	Resumed Wake = "resumed" // the computer slept
	Network Wake = "network" // it is in another network, or in none, or in one again
)

const (
	// clockEvery is how often the clock is looked at.
	clockEvery = 30 * time.Second
	// clockGap is how much later than it was due a look is a sign of sleep.
	clockGap = 15 * time.Second
	// calm is how long the system says nothing more before it is told: one change
	// of the network comes in several steps.
	calm = 200 * time.Millisecond
)

// WatchWakes calls told after the computer slept and when its network changed,
// one call at a time, until ctx ends. On Linux the system says so (logind and
// NetworkManager, on a connection of our own to the system bus). Everywhere the
// clock is looked at too: a gap in it, of which no timer knew, means sleep; it is
// seen within half a minute. Neither there nor without NetworkManager is a
// change of the network told.
func WatchWakes(ctx context.Context, log *slog.Logger, told func(Wake)) {
	said := make(chan Wake)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		listen(ctx, log, said)
	}()
	gather(ctx, said, told)
	<-ended
}

// gather tells of what is said, and of gaps in the clock.
func gather(ctx context.Context, said <-chan Wake, told func(Wake)) {
	clock := time.NewTicker(clockEvery)
	defer clock.Stop()
	quiet := time.NewTimer(0)
	<-quiet.C
	defer quiet.Stop()
	var next Wake
	last := wall()
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-said:
			if next != Resumed { // it is the stronger one
				next = w
			}
			quiet.Reset(calm)
		case <-quiet.C:
			told(next)
			next = ""
		case <-clock.C:
			now := wall()
			if now.Sub(last) > clockEvery+clockGap {
				told(Resumed)
			}
			last = now
		}
	}
}

// wall is the time without the monotonic clock, which stands still in sleep.
func wall() time.Time { return time.Now().Round(0) }
