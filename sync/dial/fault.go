package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"

	"github.com/heronmail/heron/sync/mail"
)

// errLimit is the cause of our own time limit. It is no
// context.DeadlineExceeded, which a supervisor would read as "stop".
var errLimit = errors.New("time limit reached")

// Fault turns an error of a connection to e into a *mail.Fault. A *mail.Fault
// in err's chain is returned as it is.
func Fault(e mail.Endpoint, err error) *mail.Fault { return classify(e, err, true) }

// Ended is the fault of work on a connection to e that ctx, which has ended,
// cut short: the *mail.Fault in its cause if there is one, timeout for a time
// limit, else connection-lost, in which errors.Is finds the cause.
func Ended(ctx context.Context, e mail.Endpoint) *mail.Fault {
	f := &mail.Fault{Code: mail.CodeTimeout, Class: mail.ClassOffline, Args: mail.Args{"host": e.Host}, Err: errLimit}
	cause := context.Cause(ctx)
	if known := (*mail.Fault)(nil); errors.As(cause, &known) {
		return known
	}
	if !errors.Is(cause, errLimit) && !errors.Is(cause, context.DeadlineExceeded) {
		f.Code, f.Err = mail.CodeConnectionLost, fmt.Errorf("called off: %w", cause)
	}
	return f
}

// classify sorts an error; connected tells a silent server from one that could
// not be reached.
func classify(e mail.Endpoint, err error, connected bool) *mail.Fault {
	if known := (*mail.Fault)(nil); errors.As(err, &known) {
		return known
	}
	f := &mail.Fault{Class: mail.ClassOffline, Args: mail.Args{"host": e.Host}, Err: err}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		// Only a server's word that the name does not exist is about the
		// name; all else is about the way to it.
		f.Code = mail.CodeUnreachable
		if dns.IsNotFound {
			f.Code = mail.CodeUnknownHost
		}
	case isRefused(err):
		f.Code = mail.CodeRefused
		f.Args["port"] = strconv.Itoa(e.Port)
	case errors.As(err, &timeout) && timeout.Timeout():
		// The text is kept and the chain is cut, see errLimit.
		f.Code, f.Err = mail.CodeUnreachable, errors.New(err.Error())
		if connected {
			f.Code = mail.CodeTimeout
		}
	case connected, errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		f.Code = mail.CodeConnectionLost
	default:
		f.Code = mail.CodeUnreachable
	}
	return f
}
