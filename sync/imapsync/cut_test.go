package imapsync

import (
	"net"
	"os"
	"strconv"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestCutAnywhere: a connection that ends after any byte of either direction, be it
// in the midst of the TLS handshake, of the sign-in or of a record, is a connection
// that ended: no certificate is doubted and no password refused for it. What the user
// did meanwhile is done once, whoever saw the answer.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	every := int64(151)
	if os.Getenv("HERON_LONG") != "" {
		every = 13
	}
	for name, security := range map[string]mail.Security{"TLS": mail.TLS, "STARTTLS": mail.StartTLS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
			target := dc.IMAP()
			if security == mail.TLS {
				target = dc.IMAPS()
			}
			proxy := mailtest.StartProxy(t, target)
			r := newRig(t, dc, 0, func(c *Config) {
				c.Account = dc.Account(0, security)
				_, port, err := net.SplitHostPort(proxy.Addr())
				if err == nil {
					c.Account.Endpoint.Port, err = strconv.Atoi(port)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
			r.deliver("INBOX", "Hello")
			pass := func() error {
				_, err := New(r.cfg).Pass(t.Context())
				return err
			}
			if err := pass(); err != nil {
				t.Fatal(err)
			}
			c := cutting{rig: r, proxy: proxy, pass: pass, at: "INBOX"}
			before := proxy.Drained()
			c.act()
			if err := pass(); err != nil {
				t.Fatal(err)
			}
			after := proxy.Drained()
			c.done()
			c.sweep(mailtest.Up, after.Up-before.Up, every)
			c.sweep(mailtest.Down, after.Down-before.Down, every)
			for _, ch := range r.changes() {
				switch ch := ch.(type) {
				case mail.MessagesMoved:
					if ch.Origin != mail.Here {
						t.Errorf("told as done elsewhere: %+v", ch)
					}
				case mail.FlagsChanged:
					if ch.Origin != mail.Here {
						t.Errorf("told as done elsewhere: %+v", ch)
					}
				case mail.ProblemRaised:
					if ch.Problem.Class != mail.ClassOffline {
						t.Errorf("a problem: %+v", ch.Problem)
					}
				}
			}
		})
	}
}

// cutting is one message that is marked and moved to and fro over a way that is cut.
type cutting struct {
	*rig
	proxy *mailtest.Proxy
	pass  func() error
	at    string // the folder that it is to be in
	seen  bool   // and whether it is to be read
}

// act marks and moves the message; nothing is sent yet.
func (c *cutting) act() {
	c.Helper()
	id := idOf(c.rig, c.at, "Hello")
	mark := mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{id}}
	if c.seen = !c.seen; c.seen {
		mark.Add = mail.NewFlags(mail.FlagSeen)
	} else {
		mark.Remove = mail.NewFlags(mail.FlagSeen)
	}
	c.do(mark)
	if c.at == "INBOX" {
		c.at = "Archive"
	} else {
		c.at = "INBOX"
	}
	c.do(c.moving(c.at, id))
}

// done checks that the server has the message once, where and as it is to be.
func (c *cutting) done() {
	c.Helper()
	server := c.dc.View(c, c.user)
	n := 0
	for _, s := range server[c.at] {
		n++
		if s.Flags.Has(mail.FlagSeen) != c.seen {
			c.Errorf("it has %v, but is to be read: %v", s.Flags, c.seen)
		}
	}
	if total := len(server["INBOX"]) + len(server["Archive"]); n != 1 || total != 1 {
		c.Errorf("it is %d times in %s, and %d times in all", n, c.at, total)
	}
	if ops, err := c.store.Ops(c.Context(), ""); err != nil || len(ops) > 0 {
		c.Errorf("there waits %+v, %v", ops, err)
	}
}

// sweep cuts a pass after so many bytes, and then ever more, up to all that it
// takes.
func (c *cutting) sweep(dir mailtest.Dir, all, every int64) {
	c.Helper()
	cuts, points := 0, 0
	for n := int64(1); n < all; n += every {
		points++
		c.act()
		c.proxy.CutAfter(n, dir)
		if err := c.pass(); err != nil {
			cuts++
			if f := mail.FaultOf(err); f.Class != mail.ClassOffline {
				c.Errorf("cut after %d of %d bytes, direction %d: %v", n, all, dir, err)
			}
		}
		c.proxy.Heal()
		if err := c.pass(); err != nil {
			c.Fatalf("after a cut at %d, direction %d: %v", n, dir, err)
		}
		c.done()
		if c.Failed() {
			c.Fatalf("it was cut after %d of %d bytes, direction %d", n, all, dir)
		}
	}
	c.Logf("direction %d: cut %d times within %d bytes", dir, cuts, all)
	if cuts < points*3/4 {
		c.Errorf("direction %d: only %d of %d passes were cut", dir, cuts, points)
	}
}
