package agent

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/heronmail/heron/app/platform"
)

// An agent that has been quiet for quietFor gives memory back, but not more
// often than every restGap: what it gave back it has to fetch again.
const (
	quietFor = 30 * time.Second
	restGap  = 10 * time.Minute
)

// rest calls giveBack when nothing has come from busy for quietFor: once after
// the start, then after each time that something happened. Between these no
// timer runs. It returns when ctx ends.
func rest(ctx context.Context, busy <-chan struct{}, giveBack func()) {
	quiet := time.NewTimer(quietFor)
	defer quiet.Stop()
	earliest := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-busy:
			quiet.Reset(max(quietFor, time.Until(earliest)))
		case <-quiet.C:
			giveBack()
			earliest = time.Now().Add(restGap)
		}
	}
}

// giveMemoryBack returns to the system what starting, a first sync or a large
// pass needed and a quiet agent does not.
func giveMemoryBack(log *slog.Logger) {
	debug.FreeOSMemory()
	if err := platform.ReleaseProgram(); err != nil {
		log.Debug("the program's pages stay mapped", "error", err)
	}
}
