//go:build !windows

package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// Listen opens the control socket. Only who holds the lock may call it: a
// socket that lies at path is taken for one that a dead holder left, and is
// replaced. The folder is made 0700 and must belong to this user.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	if err := ownFolder(filepath.Dir(path)); err != nil {
		return nil, listenFault(path, err)
	}
	switch st, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, listenFault(path, err)
	case st.Mode().Type() != fs.ModeSocket:
		return nil, listenFault(path, errors.New("something else is at its place"))
	default:
		if err := os.Remove(path); err != nil {
			return nil, listenFault(path, err)
		}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, listenFault(path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, listenFault(path, err)
	}
	return ownerListener{Listener: ln, check: checkPeer}, nil
}

// ownFolder makes dir if need be, and sees that nobody else can put a socket
// of theirs into it.
func ownFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); !st.IsDir() || !ok || int(sys.Uid) != os.Getuid() {
		return fmt.Errorf("%w: %s", errPeer, dir)
	}
	if st.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700) //nolint:gosec // a folder needs its x bit
	}
	return nil
}

// dial connects to the socket, and to a process of this user only.
func dial(ctx context.Context, path string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := checkPeer(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// checkPeer sees whether the process at the other end is this user's.
func checkPeer(c net.Conn) error {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return errPeer
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return err
	}
	var uid int
	var uerr error
	if err := raw.Control(func(fd uintptr) { uid, uerr = peerUID(int(fd)) }); err != nil {
		return err
	}
	if uerr != nil {
		return uerr
	}
	if uid != os.Getuid() {
		return errPeer
	}
	return nil
}
