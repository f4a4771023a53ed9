package mailtest

import (
	"net"
	"sync"
	"time"
)

// Dir is a direction through a [Proxy].
type Dir int

// The directions.
const (
	Up   Dir = iota // from client to server
	Down            // from server to client
)

// ProxyCounters is what went through a [Proxy].
type ProxyCounters struct {
	Connections int   // that clients made, ever
	Open        int   // of them, now
	Up, Down    int64 // bytes delivered
}

// Proxy is a TCP way to a server that can be made bad: every fault is switched
// on by a method, holds for all connections, open ones and later ones, and is
// taken back by Heal. Faults add up. All methods may be called from any
// goroutine.
type Proxy struct {
	tb     TB
	target string
	addr   string
	done   chan struct{}
	wg     sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while refusing
	links    map[*link]struct{}
	faults   faults
	changed  chan struct{} // closed and replaced when faults change
	counters ProxyCounters
}

// faults are what is wrong with the way.
type faults struct {
	stalled bool
	rate    int           // bytes a second in each direction, 0: no limit
	delay   time.Duration // in each direction
	cut     [2]bool       // by Dir: a cut is due
	left    [2]int64      // by Dir: bytes until then
}

// StartProxy makes a faultless way to target, "host:port", and takes it away
// when the test ends.
func StartProxy(t TB, target string) *Proxy {
	t.Helper()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatalf("mailtest: proxy: %v", err)
	}
	p := &Proxy{
		tb: t, target: target, addr: loopback(ports[0]), done: make(chan struct{}),
		links: map[*link]struct{}{}, changed: make(chan struct{}),
	}
	if err := p.open(); err != nil {
		t.Fatalf("mailtest: proxy: %v", err)
	}
	t.Cleanup(func() {
		close(p.done)
		p.Refuse()
		p.dropAll(false)
		p.wg.Wait()
	})
	return p
}

// Addr is where clients connect, "127.0.0.1:port"; it never changes.
func (p *Proxy) Addr() string { return p.addr }

// Counters tells what went through.
func (p *Proxy) Counters() ProxyCounters {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counters
	c.Open = len(p.links)
	return c
}

// Drained waits, a minute at most, until no connection is open, and tells what
// went through: what a server says last may still be on its way when the client
// has gone.
func (p *Proxy) Drained() ProxyCounters {
	p.tb.Helper()
	late := time.After(time.Minute)
	for {
		_, changed := p.now()
		c := p.Counters()
		if c.Open == 0 {
			return c
		}
		select {
		case <-changed:
		case <-late:
			p.tb.Fatalf("mailtest: proxy: connections stay open: %+v", c)
		}
	}
}

// CutAfter lets n more bytes pass in a direction, counted over all
// connections, and then closes every connection, once. With n 0 it closes them
// at once.
func (p *Proxy) CutAfter(n int64, dir Dir) {
	if n <= 0 {
		p.dropAll(false)
		return
	}
	p.change(func(f *faults) { f.cut[dir], f.left[dir] = true, n })
}

// Stall holds all bytes back, in both directions, while connections stay open
// and are even taken: what a dead way looks like. Heal delivers them.
func (p *Proxy) Stall() { p.change(func(f *faults) { f.stalled = true }) }

// Reset drops every open connection with a TCP reset, on both sides. Later
// connections work.
func (p *Proxy) Reset() { p.dropAll(true) }

// Slow limits each connection to a number of bytes a second in each direction.
func (p *Proxy) Slow(bytesPerSecond int) {
	p.change(func(f *faults) { f.rate = bytesPerSecond })
}

// Delay adds a latency to each direction: a round trip takes 2d longer, while
// what is sent without waiting for an answer is late only once.
func (p *Proxy) Delay(d time.Duration) { p.change(func(f *faults) { f.delay = d }) }

// Refuse makes new connections fail with "connection refused". Open ones stay.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// Heal takes every fault back. Connections that were dropped stay dropped.
func (p *Proxy) Heal() {
	p.tb.Helper()
	if err := p.open(); err != nil {
		p.tb.Fatalf("mailtest: proxy: heal: %v", err)
	}
	p.change(func(f *faults) { *f = faults{} })
}

// open takes connections, unless it does already.
func (p *Proxy) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return err
	}
	p.listener = l
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // refusing, or the test has ended
			}
			p.wg.Go(func() { p.serve(c) })
		}
	})
	return nil
}

// serve carries one client's connection.
func (p *Proxy) serve(client net.Conn) {
	p.mu.Lock()
	p.counters.Connections++
	p.mu.Unlock()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		reset(client) // as near to the server's own refusal as is left
		return
	}
	l := newLink(p, client, server)
	p.mu.Lock()
	p.links[l] = struct{}{}
	p.mu.Unlock()
	select {
	case <-p.done: // dropAll may have come too early for this one
		l.drop(false)
	default:
	}
	l.carry()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
	p.change(func(*faults) {})
}

func (p *Proxy) dropAll(hard bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.drop(hard)
	}
}

// change edits the faults and wakes whoever waits because of them.
func (p *Proxy) change(edit func(*faults)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	edit(&p.faults)
	close(p.changed)
	p.changed = make(chan struct{})
}

// now is the state of the way, and a channel that closes when it changes.
func (p *Proxy) now() (faults, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults, p.changed
}

// take says how many of n bytes may pass, and whether the cut is then due. It
// counts them as passed.
func (p *Proxy) take(dir Dir, n int) (pass int, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := &p.faults
	if f.cut[dir] {
		n = int(min(int64(n), f.left[dir]))
		f.left[dir] -= int64(n)
		if f.left[dir] == 0 {
			f.cut[dir], cut = false, true
		}
	}
	if dir == Up {
		p.counters.Up += int64(n)
	} else {
		p.counters.Down += int64(n)
	}
	return n, cut
}
