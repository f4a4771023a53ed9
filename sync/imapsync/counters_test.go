package imapsync

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestCountersAreTrue: what a report says of its pass is what somebody on the
// way counted, with TLS and without.
func TestCountersAreTrue(t *testing.T) {
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{})
	t.Run("bytes with TLS", func(t *testing.T) {
		p := mailtest.StartProxy(t, dc.IMAPS())
		r := newRig(t, dc, 0, func(c *Config) { c.Account = through(t, dc.Account(0, mail.TLS), p.Addr()) })
		r.fill("INBOX", 30)
		var before mailtest.ProxyCounters
		for _, what := range []string{"first", "nothing new"} {
			rep := pass(r)
			c := p.Drained() // with what came last
			// The server may answer the end of the connection, which nobody reads.
			down := c.Down - before.Down
			if down-rep.BytesRead < 0 || down-rep.BytesRead > goodbye || rep.BytesWritten != c.Up-before.Up || c.Connections != before.Connections+1 {
				t.Errorf("%s: %d bytes read and %d written, %+v passed, before it %+v", what, rep.BytesRead, rep.BytesWritten, c, before)
			}
			before = c
		}
	})
	t.Run("commands and round trips", func(t *testing.T) {
		tap := startTap(t, dc.IMAP())
		r := newRig(t, dc, 1, func(c *Config) { c.Account = through(t, dc.Account(1, mail.Plain), tap.addr) })
		r.fill("INBOX", 30)
		for _, what := range []string{"first", "nothing new"} {
			rep, saw := pass(r), tap.take()
			if rep.Commands != saw.commands || rep.RoundTrips != saw.turns || rep.BytesRead != saw.down || rep.BytesWritten != saw.up {
				t.Errorf("%s: the report is %+v, on the way were %+v", what, rep, saw)
			}
			if what == "nothing new" && (saw.turns != 2 || rep.New != 0) {
				t.Errorf("%d round trips, want one to sign in and one to ask", saw.turns)
			}
		}
	})
}

// TestSlowWay: on a slow way to a server that can, what comes is compressed, and
// the report counts what passed; on a fast one nothing is.
func TestSlowWay(t *testing.T) {
	t.Parallel()
	const messages, rate = 2900, 200 << 10 // a burst has 2000, and the next one is compressed
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{
		Users: 1, Extra: "protocol imap {\n  mail_plugins = $mail_plugins imap_zlib\n}\n",
	})
	var down [2]int64
	for i, bytes := range []int{0, rate} {
		p := mailtest.StartProxy(t, dc.IMAP())
		r := newRig(t, dc, 0, func(c *Config) { c.Account = through(t, dc.Account(0, mail.Plain), p.Addr()) })
		if i == 0 {
			r.fill("INBOX", messages)
		}
		p.Slow(bytes)
		rep := pass(r)
		c := p.Drained()
		if rep.New != messages || rep.BytesRead != c.Down || rep.BytesWritten != c.Up {
			t.Errorf("%+v, %+v passed", rep, c)
		}
		down[i] = c.Down
	}
	if down[1] > down[0]*9/10 {
		t.Errorf("%d bytes passed the fast way, %d the slow one", down[0], down[1])
	}
}

// goodbye is the size of a TLS alert, at most (RFC 8446 §5.2).
const goodbye = 40

func pass(r *rig) Report {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 3*patience) // one of them takes its time
	defer cancel()
	rep, err := New(r.cfg).Pass(ctx)
	if err != nil {
		r.Fatal(err)
	}
	return rep
}

// through is the account by way of another address.
func through(t *testing.T, a mail.Account, addr string) mail.Account {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	if a.Endpoint.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	return a
}

// sight is what a tap saw pass.
type sight struct {
	commands, turns int
	up, down        int64
}

// tap is a way to a server without TLS that reads along, one connection after
// the other.
type tap struct {
	addr string
	mu   sync.Mutex
	sum  sight
	over chan struct{} // a token for each connection that ended
}

func startTap(t *testing.T, target string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{addr: l.Addr().String(), over: make(chan struct{}, 10)}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return // the test has ended
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				t.Error(err)
				return
			}
			p.carry(client, server)
			p.over <- struct{}{}
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return p
}

// take returns what was seen of the connection that ends now.
func (p *tap) take() sight {
	<-p.over
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := p.sum
	p.sum = sight{}
	return sum
}

func (p *tap) carry(client, server net.Conn) {
	up := false // the client spoke last
	copying := func(to, from net.Conn, note func([]byte)) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			p.mu.Lock()
			note(buf[:n])
			p.mu.Unlock()
			if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
				break
			}
		}
		_ = to.Close()
		_ = from.Close()
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		copying(server, client, func(b []byte) {
			if len(b) > 0 && !up {
				p.sum.turns++
			}
			up = up || len(b) > 0
			p.sum.up += int64(len(b))
			p.sum.commands += bytes.Count(b, []byte("\r\n")) // none of these has a literal
		})
	})
	wg.Go(func() {
		copying(client, server, func(b []byte) {
			up = up && len(b) == 0
			p.sum.down += int64(len(b))
		})
	})
	wg.Wait()
}

// TestAFailedPassCountsToo: what a pass that cannot sign in sends and reads is in its
// report, whether the account is served or not.
func TestAFailedPassCountsToo(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	for _, served := range []bool{false, true} {
		p := mailtest.StartProxy(t, dc.IMAP())
		r := newRig(t, dc, 0, func(c *Config) {
			c.Account = through(t, dc.Account(0, mail.Plain), p.Addr())
			c.Secret = func(context.Context) (string, error) { return "wrong", nil }
		})
		pass := New(r.cfg).Pass
		if served {
			r.start()
			pass = r.w.Sync
		}
		rep, err := pass(t.Context())
		if err == nil {
			t.Fatal("it signed in")
		}
		if c := p.Drained(); rep.BytesRead == 0 || rep.BytesRead > c.Down || rep.BytesWritten > c.Up || rep.Commands == 0 ||
			!served && (rep.BytesRead != c.Down || rep.BytesWritten != c.Up) {
			t.Errorf("served %v: the report is %+v, %+v passed", served, rep, c)
		}
	}
}

// TestWhatIsCountedIsOfThisPass: one that fails before anything is dialled reports nothing.
func TestWhatIsCountedIsOfThisPass(t *testing.T) {
	t.Parallel()
	locked := false
	r := newRig(t, mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1}), 0, func(c *Config) {
		c.Secret = func(context.Context) (string, error) {
			if locked {
				return "", errors.New("locked")
			}
			return "wrong", nil
		}
	})
	w := New(r.cfg)
	if rep, err := w.Pass(t.Context()); err == nil || rep.BytesRead == 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	locked = true
	if rep, err := w.Pass(t.Context()); err == nil || rep.BytesRead != 0 || rep.Commands != 0 {
		t.Errorf("the report is %+v, %v", rep, err)
	}
}
