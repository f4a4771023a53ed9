package platform

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// listenNetwork hints at each change of an address or a route that the kernel
// tells of, until ctx ends. It sleeps in a read. For IPv6 the routes are enough,
// and better: addresses are told again with each router advertisement.
func listenNetwork(ctx context.Context, changed chan<- struct{}) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "netlink") // in the poller: it does not block
	const groups = 1<<(unix.RTNLGRP_IPV4_IFADDR-1) | 1<<(unix.RTNLGRP_IPV4_ROUTE-1) | 1<<(unix.RTNLGRP_IPV6_ROUTE-1)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = f.Close() // the error is that of bind
		return os.NewSyscallError("bind", err)
	}
	return readHints(ctx, f, changed, func([]byte) bool { return true })
}
