package control

import (
	"context"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// ownerOnly is a protected DACL that lets the pipe's owner alone do everything.
const ownerOnly = "D:P(A;;GA;;;OW)"

// Listen opens the control pipe. Only who holds the lock may call it.
func Listen(path string) (net.Listener, error) {
	ln, err := winio.ListenPipe(path, &winio.PipeConfig{SecurityDescriptor: ownerOnly})
	if err != nil {
		return nil, listenFault(path, err)
	}
	// The pipe's own access list has kept everybody else out already.
	return ownerListener{Listener: ln, check: func(net.Conn) error { return nil }}, nil
}

// dial connects to the pipe, and to one that this user owns only: pipe names
// are free for all, so somebody else may have been there first.
func dial(ctx context.Context, path string) (net.Conn, error) {
	c, err := winio.DialPipeContext(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := checkOwner(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// checkOwner sees whether the pipe at the other end is this user's.
func checkOwner(c net.Conn) error {
	h, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return errPeer
	}
	sd, err := windows.GetSecurityInfo(windows.Handle(h.Fd()), windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return err
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return err
	}
	if owner.Equals(user.User.Sid) {
		return nil
	}
	// An elevated process's objects belong to the group of administrators, who
	// may read everything of this user's anyway.
	admins, err := windows.CreateWellKnownSid(windows.WinBuiltinAdministratorsSid)
	if err != nil {
		return err
	}
	if !owner.Equals(admins) {
		return errPeer
	}
	return nil
}
