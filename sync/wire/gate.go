package wire

import (
	"context"
	"sync/atomic"
	"time"
)

// gate has one token; who holds it may send.
type gate struct {
	token   chan struct{} // holds one value while the gate is free
	wanted  chan struct{} // tells a running Idle that somebody waits
	waiting atomic.Int32
}

func newGate() *gate {
	g := &gate{token: make(chan struct{}, 1), wanted: make(chan struct{}, 1)}
	g.token <- struct{}{}
	return g
}

// enter takes the token; false if ctx ended or closed was closed before.
func (g *gate) enter(ctx context.Context, closed <-chan struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case <-closed:
		return false
	default:
	}
	// First counted, then told: an Idle that starts in between sees one of both.
	g.waiting.Add(1)
	defer g.waiting.Add(-1)
	g.wake()
	select {
	case <-g.token:
		return true
	case <-ctx.Done():
	case <-closed:
	}
	return false
}

// wake ends a running Idle.
func (g *gate) wake() {
	select {
	case g.wanted <- struct{}{}:
	default:
	}
}

func (g *gate) leave() { g.token <- struct{}{} }

// watchdog calls bark when an answer is due and no byte came for limit.
type watchdog struct {
	limit time.Duration
	begun time.Time
	due   atomic.Bool
	last  atomic.Int64 // when the last byte came or went, since begun
	timer *time.Timer
	bark  func()
}

func newWatchdog(limit time.Duration, bark func()) *watchdog {
	w := &watchdog{limit: limit, begun: time.Now(), bark: bark}
	w.timer = time.AfterFunc(limit, w.check)
	w.timer.Stop()
	return w
}

// start: from now on an answer is due.
func (w *watchdog) start() {
	w.touch()
	w.due.Store(true)
	w.timer.Reset(w.limit)
}

// stop: nothing is due.
func (w *watchdog) stop() {
	w.due.Store(false)
	w.timer.Stop()
}

func (w *watchdog) touch() { w.last.Store(int64(time.Since(w.begun))) }

func (w *watchdog) check() {
	if !w.due.Load() {
		return
	}
	silent := time.Since(w.begun) - time.Duration(w.last.Load())
	if silent >= w.limit {
		w.bark()
		return
	}
	w.timer.Reset(w.limit - silent)
}
