package main

import (
	"bytes"
	"context"
	"net"
	"sync"

	"github.com/heronmail/heron/sync/mailtest"
)

// traffic is what two programs said to each other.
type traffic struct {
	trips int   // how often the client spoke and then listened
	bytes int64 // both ways
}

// meter is a way to an IMAP server without TLS. It counts what passes once the
// sign-in was answered, for any client alike.
type meter struct {
	target   string
	listener net.Listener
	wg       sync.WaitGroup

	mu  sync.Mutex
	sum traffic
}

func startMeter(ctx context.Context, t mailtest.TB, target string) *meter {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("meter: %v", err)
	}
	m := &meter{target: target, listener: l}
	m.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the bench has ended
			}
			m.wg.Go(func() { m.serve(ctx, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		m.wg.Wait()
	})
	return m
}

// take returns what was counted, and begins anew. The clients have ended.
func (m *meter) take() traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := m.sum
	m.sum = traffic{}
	return sum
}

// talk is one connection through a meter.
type talk struct {
	m    *meter
	tag  []byte // of the command that signs in
	line []byte // what came of a line, before the sign-in
	in   bool   // it was answered
	up   bool   // the client spoke last
}

func (m *meter) serve(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.target)
	if err != nil {
		return // the client is told by the end of its connection
	}
	defer func() { _ = server.Close() }()
	t := &talk{m: m}
	var both sync.WaitGroup
	pass := func(to, from net.Conn, note func([]byte)) {
		buf := make([]byte, 64<<10)
		for {
			n, err := from.Read(buf)
			note(buf[:n])
			if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
				break
			}
		}
		// Either end ends both.
		_ = to.Close()
		_ = from.Close()
	}
	both.Go(func() { pass(server, client, t.said) })
	both.Go(func() { pass(client, server, t.answered) })
	both.Wait()
}

// said notes what the client sent.
func (t *talk) said(b []byte) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if len(b) == 0 {
		return
	}
	if !t.in {
		for line := range bytes.Lines(b) {
			f := bytes.Fields(line)
			if len(f) > 1 && (bytes.EqualFold(f[1], []byte("LOGIN")) || bytes.EqualFold(f[1], []byte("AUTHENTICATE"))) {
				t.tag = bytes.Clone(f[0])
			}
		}
		return
	}
	if !t.up {
		t.up = true
		t.m.sum.trips++
	}
	t.m.sum.bytes += int64(len(b))
}

// answered notes what the server sent.
func (t *talk) answered(b []byte) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if t.in {
		t.up = t.up && len(b) == 0
		t.m.sum.bytes += int64(len(b))
		return
	}
	t.line = append(t.line, b...)
	for {
		line, rest, whole := bytes.Cut(t.line, []byte("\n"))
		if !whole {
			return
		}
		t.line = rest
		if t.tag != nil && bytes.HasPrefix(line, append(bytes.Clone(t.tag), " OK"...)) {
			t.in = true
			t.m.sum.bytes += int64(len(rest))
			return
		}
	}
}
