package agent

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/sync/punctual"
)

// An agent that has been quiet for quietFor rests, and gives memory back, but that
// not more often than every restGap: what it gave back it has to fetch again.
const (
	quietFor = 30 * time.Second
	restGap  = 10 * time.Minute
)

// rester is what an agent does as it comes to rest and when it has to work again.
type rester interface {
	giveBack()
	rest()
	work()
}

// restWhenQuiet has r rest each time that nothing came from busy for quietFor, and
// work again when something does. While it rests no timer runs, but for giving
// memory back. It returns when ctx ends.
func restWhenQuiet(ctx context.Context, busy <-chan struct{}, r rester) {
	quiet := punctual.NewTimer(quietFor)
	defer func() { quiet.Stop() }()
	wait := func(d time.Duration) {
		quiet.Stop()
		quiet = punctual.NewTimer(d)
	}
	resting, used := false, true
	earliest := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-busy:
			if resting {
				r.work()
			}
			resting, used = false, true
			wait(quietFor)
		case <-quiet.C:
			early := time.Until(earliest)
			if used && early <= 0 {
				r.giveBack()
				used, earliest = false, time.Now().Add(restGap)
			}
			if !resting {
				r.rest()
				resting = true
			}
			if used {
				wait(early)
			}
		}
	}
}

// memory is how the agent treats its memory.
type memory struct{ log *slog.Logger }

// The Go runtime collects when the heap has grown by half, and gives memory back
// early near memoryTarget: most of the agent's memory is not the heap's. At rest it
// would collect every two minutes even so, which wakes more than all that happens
// then; there it collects only when restGrowth more is used.
const (
	memoryTarget  = 48 << 20
	collectAtHalf = 50
	restGrowth    = 6 << 20
)

func (memory) work() {
	debug.SetGCPercent(collectAtHalf)
	debug.SetMemoryLimit(memoryTarget)
}

func (memory) rest() {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetMemoryLimit(int64(now.Sys-now.HeapReleased) + restGrowth)
	debug.SetGCPercent(-1)
}

// giveBack returns to the system what starting, a first sync or a large pass needed
// and a quiet agent does not.
func (m memory) giveBack() {
	debug.FreeOSMemory()
	if err := platform.ReleaseProgram(); err != nil {
		m.log.Debug("the program's pages stay mapped", "error", err)
	}
}
