package control

import (
	"context"
	"errors"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// ownerOnly is a protected DACL that lets the pipe's owner alone do everything.
const ownerOnly = "D:P(A;;GA;;;OW)"

// Listen opens the control pipe. Only who holds the lock may call it.
func Listen(_ context.Context, path string) (net.Listener, error) {
	ln, err := winio.ListenPipe(path, &winio.PipeConfig{SecurityDescriptor: ownerOnly})
	if err != nil {
		return nil, listenFault(path, err)
	}
	// The pipe's own access list has kept everybody else out already.
	return ownerListener{Listener: ln, check: func(net.Conn) error { return nil }}, nil
}

// dial connects to the pipe, and to one that a process of this user serves
// only: pipe names are free for all, so somebody else may have been there first.
func dial(ctx context.Context, path string) (net.Conn, error) {
	c, err := winio.DialPipeContext(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := checkPeer(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// checkPeer sees whether the process that serves the pipe is this user's. Who
// may not look at it is not its user.
func checkPeer(c net.Conn) error {
	pipe, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return errPeer
	}
	var pid uint32
	if err := windows.GetNamedPipeServerProcessId(windows.Handle(pipe.Fd()), &pid); err != nil {
		return err
	}
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return errors.Join(errPeer, err)
	}
	defer func() { _ = windows.CloseHandle(process) }()
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return errors.Join(errPeer, err)
	}
	defer func() { _ = token.Close() }()
	theirs, err := token.GetTokenUser()
	if err != nil {
		return err
	}
	ours, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	if !theirs.User.Sid.Equals(ours.User.Sid) {
		return errPeer
	}
	return nil
}
