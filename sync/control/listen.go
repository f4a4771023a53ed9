package control

import (
	"errors"
	"net"

	"github.com/heronmail/heron/sync/mail"
)

// errPeer says that the process at the other end belongs to somebody else.
var errPeer = errors.New("the other end belongs to another user")

func listenFault(path string, err error) error {
	if code := mail.DiskCode(err); code != "" {
		return &mail.Fault{Code: code, Class: mail.ClassLocal, Args: mail.Args{"path": path}, Err: err}
	}
	return &mail.Fault{
		Code: mail.CodeInternal, Class: mail.ClassLocal,
		Args: mail.Args{"text": "the control socket cannot be opened: " + err.Error(), "path": path}, Err: err,
	}
}

// ownerListener hands out only connections of this user's processes.
type ownerListener struct {
	net.Listener
	check func(net.Conn) error
}

// Accept waits for the next connection of the owner; others are closed.
func (l ownerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.check(c) == nil {
			return c, nil
		}
		_ = c.Close()
	}
}
