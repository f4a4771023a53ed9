package agent

import (
	"context"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// diary writes down what an agent does, and when.
type diary struct {
	began time.Time
	lines []string
}

func (d *diary) note(what string) { d.lines = append(d.lines, time.Since(d.began).String()+" "+what) }
func (d *diary) giveBack()        { d.note("gives back") }
func (d *diary) rest()            { d.note("rests") }
func (d *diary) work()            { d.note("works") }

// TestRest: an agent rests half a minute after the last that happened, gives
// memory back once for what happened, at most every ten minutes, and does nothing
// while nothing happens.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		d := &diary{began: time.Now()}
		busy := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			restWhenQuiet(ctx, busy, d)
		}()
		happens := func(when time.Duration) {
			time.Sleep(when - time.Since(d.began))
			busy <- struct{}{}
		}
		happens(20 * time.Second) // the start takes long
		happens(2 * time.Minute)  // soon after the first rest
		happens(30 * time.Minute)
		happens(30*time.Minute + time.Second)
		time.Sleep(24 * time.Hour) // nothing happens
		cancel()
		<-done
		want := []string{
			"50s gives back", "50s rests",
			"2m0s works", "2m30s rests", "10m50s gives back",
			"30m0s works", "30m31s gives back", "30m31s rests",
		}
		if !slices.Equal(d.lines, want) {
			t.Errorf("it did\n%s\nwant\n%s", strings.Join(d.lines, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestMemoryAtRest: who rests collects by need alone, with some room left; who works
// as it was.
func TestMemoryAtRest(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	now := func() (int, int64) {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p, debug.SetMemoryLimit(-1)
	}
	var m memory
	m.rest()
	if p, l := now(); p != -1 || l < restGrowth || l > 1<<30 {
		t.Errorf("at rest: %d %%, limit %d", p, l)
	}
	m.work()
	if p, l := now(); p != collectAtHalf || l != memoryTarget {
		t.Errorf("at work: %d %%, limit %d", p, l)
	}
}
