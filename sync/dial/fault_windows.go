package dial

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// isRefused: Windows has its own number for it beside the POSIX one.
func isRefused(err error) bool {
	return errors.Is(err, windows.WSAECONNREFUSED) || errors.Is(err, syscall.ECONNREFUSED)
}
