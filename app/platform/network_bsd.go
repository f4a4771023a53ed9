//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package platform

import (
	"context"
	"os"

	"golang.org/x/sys/unix"
)

// listenNetwork hints at each change of an address, an interface or a route that
// the kernel tells of (route(4)), until ctx ends. It sleeps in a read.
func listenNetwork(ctx context.Context, changed chan<- struct{}) error {
	fd, err := unix.Socket(unix.AF_ROUTE, unix.SOCK_RAW, unix.AF_UNSPEC)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd) // the error is that of before
		return os.NewSyscallError("setnonblock", err)
	}
	return readHints(ctx, os.NewFile(uintptr(fd), "route"), changed, ofRoutes)
}

// ofRoutes reports whether a message is of a change, not of a look-up. All begin
// with length (2 bytes), version and type.
func ofRoutes(msg []byte) bool {
	if len(msg) < 4 {
		return false
	}
	switch msg[3] {
	case unix.RTM_NEWADDR, unix.RTM_DELADDR, unix.RTM_IFINFO, unix.RTM_ADD, unix.RTM_DELETE, unix.RTM_CHANGE:
		return true
	default:
		return false
	}
}
