package mailtest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startEcho is a server that says back what it hears.
func startEcho(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

// through is a proxy before an echo server, and a connection through it.
func through(t *testing.T) (*Proxy, net.Conn) {
	t.Helper()
	echo := startEcho(t)
	p := StartProxy(t, echo)
	return p, connectTo(t, p)
}

func connectTo(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// echo sends and reads the same number of bytes back.
func echo(t *testing.T, c net.Conn, data []byte) {
	t.Helper()
	go func() { _, _ = c.Write(data) }()
	got := make([]byte, len(data))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, data) {
		t.Fatal("other bytes came back")
	}
}

func TestProxyPassesAndCounts(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	echo(t, c, bytes.Repeat([]byte("heron"), 100_000))
	got := p.Counters()
	if want := (ProxyCounters{Connections: 1, Open: 1, Up: 500_000, Down: 500_000}); got != want {
		t.Errorf("counters are %+v, want %+v", got, want)
	}
	if tcp, ok := c.(*net.TCPConn); !ok {
		t.Fatalf("%T is no TCP connection", c)
	} else if err := tcp.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c); err != nil || len(rest) != 0 {
		t.Errorf("the end of the stream reads as %q, %v", rest, err)
	}
}

// TestProxyDrained: nothing is on its way any more when the proxy says so.
func TestProxyDrained(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	echo(t, c, []byte("hello"))
	if n := p.Counters().Open; n != 1 {
		t.Fatalf("%d connections are open", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.Drained(); got.Open != 0 || got.Down != 5 {
		t.Fatalf("%+v", got)
	}
}

func TestProxyCutsAfterBytes(t *testing.T) {
	t.Parallel()
	for _, dir := range []Dir{Up, Down} {
		p, c := through(t)
		echo(t, c, []byte("hello"))
		p.CutAfter(7, dir)
		if _, err := io.WriteString(c, "0123456789"); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		if dir == Down && string(got) != "0123456" {
			t.Errorf("%q came before the cut", got)
		}
		if n := p.Counters(); dir == Up && n.Up != 12 || dir == Down && n.Down != 12 {
			t.Errorf("direction %d: counters are %+v", dir, n)
		}
		echo(t, connectTo(t, p), []byte("once only, the next one works"))
	}
}

func TestProxyCutsAtOnce(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	echo(t, c, []byte("hello"))
	p.CutAfter(0, Up)
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("a cut reads as %v, want the end of the stream", err)
	}
}

func TestProxyResets(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	echo(t, c, []byte("hello"))
	p.Reset()
	if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a reset reads as %v", err)
	}
}

func TestProxyStallsAndHeals(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	p.Stall()
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if n, err := c.Read(buf); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a stalled way gives %d bytes, %v", n, err)
	}
	p.Heal()
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "hello" {
		t.Errorf("after Heal: %q, %v", buf, err)
	}
}

func TestProxyRefusesAndHeals(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	echo(t, c, []byte("hello"))
	p.Refuse()
	if _, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused reads as %v", err)
	}
	echo(t, c, []byte("still here"))
	p.Heal()
	echo(t, connectTo(t, p), []byte("hello"))
}

func TestProxyResetsWhenTheServerIsGone(t *testing.T) {
	t.Parallel()
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", StartProxy(t, loopback(ports[0])).Addr())
	if err == nil { // the reset may come that early
		defer func() { _ = c.Close() }()
		_, err = io.ReadAll(c)
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("no server reads as %v", err)
	}
}

func TestProxyDelayIsALatency(t *testing.T) {
	t.Parallel()
	const delay = 100 * time.Millisecond
	p, c := through(t)
	echo(t, c, []byte("warm"))
	p.Delay(delay)
	start := time.Now()
	for range 10 {
		if _, err := io.WriteString(c, "x"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // so that they are writes of their own
	}
	if _, err := io.ReadFull(c, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	// One after the other it would be 10 round trips, 2 s.
	if took := time.Since(start); took < 2*delay || took > 8*delay {
		t.Errorf("ten writes took %v, want little more than %v", took, 2*delay)
	}
}

func TestProxyIsSlow(t *testing.T) {
	t.Parallel()
	p, c := through(t)
	p.Slow(100_000)
	start := time.Now()
	echo(t, c, make([]byte, 30_000))
	if took := time.Since(start); took < 200*time.Millisecond || took > 3*time.Second {
		t.Errorf("30 kB at 100 kB/s took %v", took)
	}
	p.Heal()
	start = time.Now()
	echo(t, c, make([]byte, 300_000))
	if took := time.Since(start); took > time.Second {
		t.Errorf("after Heal 300 kB took %v", took)
	}
}
