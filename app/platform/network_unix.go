//go:build !windows

package platform

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// readHints hints at each message of a socket of the kernel's that means
// something, until ctx ends or it cannot be read. It closes f.
func readHints(ctx context.Context, f *os.File, changed chan<- struct{}, means func([]byte) bool) error {
	stop := context.AfterFunc(ctx, func() { _ = f.Close() }) // it ends the read
	defer func() {
		if stop() {
			_ = f.Close() // only read from
		}
	}()
	buf := make([]byte, 4096) // the rest of a longer message is dropped, and not needed
	for {
		n, err := f.Read(buf)
		switch {
		case errors.Is(err, syscall.ENOBUFS): // more came than was kept
			hint(changed)
		case err != nil:
			return err
		case means(buf[:n]):
			hint(changed)
		}
	}
}
