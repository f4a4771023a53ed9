package engine

import "sync"

// beacon wakes whoever wants to read the status again. Signals that come while
// one is unread are one.
type beacon struct {
	mu   sync.Mutex
	subs map[chan struct{}]struct{}
}

func newBeacon() *beacon { return &beacon{subs: map[chan struct{}]struct{}{}} }

func (b *beacon) signal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.subs {
		select {
		case c <- struct{}{}:
		default: // one is unread already
		}
	}
}

func (b *beacon) subscribe() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, c)
	}
}
