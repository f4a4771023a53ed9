package platform

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// What the system says in several steps is told once, and sleep is told rather
// than the network that came with it.
func TestWakesAreGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		said, told := make(chan Wake), []Wake{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			gather(ctx, said, func(w Wake) { told = append(told, w) })
		}()
		said <- Network
		said <- Network
		time.Sleep(time.Second)
		said <- Resumed
		said <- Network
		time.Sleep(10 * time.Minute) // without a gap: nothing more
		cancel()
		<-done
		if !slices.Equal(told, []Wake{Network, Resumed}) {
			t.Errorf("told %v", told)
		}
	})
}
