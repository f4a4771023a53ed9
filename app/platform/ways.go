package platform

import (
	"context"
	"net"
	"net/netip"
)

// ways are our own addresses on the way out by IPv4 and by IPv6; one that is not
// valid says that there is no such way. A network that leads nowhere is none.
type ways struct{ v4, v6 netip.Addr }

// waysOut asks the system for the ways out. Nothing is sent: to connect a UDP
// socket only chooses a route. Where to is for documents alone (RFC 5737, RFC
// 3849) and takes the default route.
func waysOut(ctx context.Context) ways {
	return ways{v4: source(ctx, "udp4", "192.0.2.1:9"), v6: source(ctx, "udp6", "[2001:db8::1]:9")}
}

// source is our address towards another one.
func source(ctx context.Context, network, to string) netip.Addr {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, to)
	if err != nil {
		return netip.Addr{} // no way there
	}
	defer func() { _ = c.Close() }() // nothing was sent
	a, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}
	}
	return a.AddrPort().Addr().Unmap()
}

// to says what it means that the ways out are others now; "" is nothing. A way
// that is another or gone takes its sockets with it. One that comes beside
// another, as IPv6 does a second after IPv4, breaks nothing.
func (w ways) to(now ways) Wake {
	switch {
	case w == now:
		return ""
	case w == ways{}, w.v4.IsValid() && w.v4 != now.v4, w.v6.IsValid() && w.v6 != now.v6:
		return Network
	default:
		return Gained
	}
}
