package wire

import (
	"context"
	"sync"
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
	bark  func()

	mu    sync.Mutex
	timer *time.Timer // nil while nothing is due
}

func newWatchdog(limit time.Duration, bark func()) *watchdog {
	return &watchdog{limit: limit, begun: time.Now(), bark: bark}
}

// start: from now on an answer is due. The timer is a new one: when one that was
// stopped is set again, the runtime wakes at its time though it is stopped once more.
func (w *watchdog) start() {
	w.touch()
	w.due.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = time.AfterFunc(w.limit, w.check)
}

// stop: nothing is due.
func (w *watchdog) stop() {
	w.due.Store(false)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
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
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer = time.AfterFunc(w.limit-silent, w.check)
	}
}
