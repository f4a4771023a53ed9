package platform

import (
	"context"
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// listenNetwork hints at each change of an address or a route that the kernel
// tells of, until ctx ends. It sleeps in a read. For IPv6 the routes are enough,
// and better: addresses are told again with each router advertisement. Of IPv4's
// routes that go with an interface only the interface is told, and of VPNs that
// lead round a route of before, the rule.
func listenNetwork(ctx context.Context, changed chan<- struct{}) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "netlink") // in the poller: it does not block
	const groups = 1<<(unix.RTNLGRP_IPV4_IFADDR-1) | 1<<(unix.RTNLGRP_IPV4_ROUTE-1) | 1<<(unix.RTNLGRP_IPV6_ROUTE-1) |
		1<<(unix.RTNLGRP_IPV4_RULE-1) | 1<<(unix.RTNLGRP_IPV6_RULE-1) | 1<<(unix.RTNLGRP_LINK-1)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = f.Close() // the error is that of bind
		return os.NewSyscallError("bind", err)
	}
	return readHints(ctx, f, changed, ofTheWay)
}

// ofTheWay reports whether a message (netlink(7)) may be of a way out: of an
// interface (ifinfomsg of rtnetlink(7)) only that it goes up or down is. Wireless
// ones speak of much else.
func ofTheWay(msg []byte) bool {
	const change = unix.SizeofNlMsghdr + 12 // ifi_change: which flags changed
	if len(msg) < change+4 {
		return true
	}
	switch binary.NativeEndian.Uint16(msg[4:]) {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		return binary.NativeEndian.Uint32(msg[change:])&unix.IFF_UP != 0
	}
	return true
}
