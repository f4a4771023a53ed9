package mailtest

import (
	"net"
	"sync"
	"time"
)

// Bytes on their way are kept in chunks; a direction that holds this many
// takes no more, as a real way would.
const (
	chunkSize = 16 << 10
	chunksOut = 1 << 10
)

// link is one client's connection through a proxy.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	done           chan struct{}
	once           sync.Once
}

// chunk is what was read at once, and when.
type chunk struct {
	at   time.Time
	data []byte
}

func newLink(p *Proxy, client, server net.Conn) *link {
	return &link{proxy: p, client: client, server: server, done: make(chan struct{})}
}

// drop ends the link, with a TCP reset when hard.
func (l *link) drop(hard bool) {
	l.once.Do(func() {
		close(l.done)
		for _, c := range []net.Conn{l.client, l.server} {
			if hard {
				reset(c)
			} else {
				_ = c.Close()
			}
		}
	})
}

// carry moves bytes both ways until both have ended.
func (l *link) carry() {
	var wg sync.WaitGroup
	wg.Go(func() { l.move(Up, l.client, l.server) })
	wg.Go(func() { l.move(Down, l.server, l.client) })
	wg.Wait()
	l.drop(false)
}

// move carries one direction. Reading goes on while earlier bytes are held
// back, so that a delay is a latency and no limit to the throughput.
func (l *link) move(dir Dir, from, to net.Conn) {
	queue := make(chan chunk, chunksOut)
	var wg sync.WaitGroup
	wg.Go(func() { l.read(from, queue) })
	defer wg.Wait()
	for c := range queue {
		if !l.deliver(dir, to, c) {
			l.drop(false)
			return
		}
	}
	// What had to be delivered is: pass the end of the stream on.
	if t, ok := to.(*net.TCPConn); ok {
		_ = t.CloseWrite() // it can only fail when the connection is gone
	}
}

func (l *link) read(from net.Conn, queue chan<- chunk) {
	defer close(queue)
	for {
		buf := make([]byte, chunkSize)
		n, err := from.Read(buf)
		if n > 0 {
			select {
			case queue <- chunk{time.Now(), buf[:n]}:
			case <-l.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// deliver writes a chunk when and as the faults allow; false means the link
// has ended, or is to end.
func (l *link) deliver(dir Dir, to net.Conn, c chunk) bool {
	for len(c.data) > 0 {
		f, changed := l.proxy.now()
		if f.stalled {
			select {
			case <-changed:
				continue
			case <-l.done:
				return false
			}
		}
		if wait := time.Until(c.at.Add(f.delay)); f.delay > 0 && wait > 0 {
			if !l.wait(wait, changed) {
				return false
			}
			continue
		}
		n := len(c.data)
		if f.rate > 0 {
			n = min(n, max(1, f.rate/20))
		}
		n, cut := l.proxy.take(dir, n)
		if _, err := to.Write(c.data[:n]); err != nil || cut {
			return false
		}
		c.data = c.data[n:]
		if f.rate > 0 && !l.wait(time.Duration(n)*time.Second/time.Duration(f.rate), changed) {
			return false
		}
	}
	return true
}

// wait lets time pass, or less when the faults change; false: the link ended.
func (l *link) wait(d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-l.done:
		return false
	}
	return true
}
