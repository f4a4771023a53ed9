package punctual

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestTimer: it ends when it should, or not at all once it is stopped; in a bubble
// by the bubble's time.
func TestTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, d := range []time.Duration{0, time.Millisecond, long, 9 * time.Minute} {
			began := time.Now()
			timer := NewTimer(d)
			<-timer.C
			timer.Stop()
			if got := time.Since(began); got != d {
				t.Errorf("it lasted %v, want %v", got, d)
			}
		}
		timer := NewTimer(long)
		timer.Stop()
		select {
		case <-timer.C:
			t.Error("a timer that was stopped ended")
		case <-time.After(2 * long):
		}
	})
}
