package agent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		busy := make(chan struct{})
		var at []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			rest(ctx, busy, func() { at = append(at, time.Since(began)) })
		}()
		happens := func(when time.Duration) {
			time.Sleep(when - time.Since(began))
			busy <- struct{}{}
		}
		happens(20 * time.Second) // the start takes long
		happens(2 * time.Minute)  // soon after the first rest
		happens(30 * time.Minute)
		time.Sleep(24 * time.Hour) // nothing happens
		cancel()
		<-done
		want := []time.Duration{50 * time.Second, 50*time.Second + restGap, 30*time.Minute + quietFor}
		if len(at) != len(want) {
			t.Fatalf("rested at %v, want %v", at, want)
		}
		for i := range want {
			if at[i] != want[i] {
				t.Errorf("rested at %v, want %v", at, want)
			}
		}
	})
}
