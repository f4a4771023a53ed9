package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// ErrNoHolder says that no process holds the engine: nobody listens, or who
// did went away. It is in the chain of a Fault.
var ErrNoHolder = errors.New("no running Heron")

// Bounds of a client. An answer larger than maxAnswer is refused.
const (
	handshakeLimit = 2 * time.Second // one try of the handshake, dial included
	handshakeTries = 2
	answerLimit    = 30 * time.Second // calls that touch no network
	maxAnswer      = 64 << 20         // bytes of one JSON value
	maxLine        = 16 << 20         // bytes of one line of a stream
)

// Client speaks to the holder. It is safe for use by several goroutines.
type Client struct {
	http  *http.Client
	hello api.Hello
}

var _ Backend = (*Client)(nil)

// Dial connects to the holder behind path and shakes hands, twice at most and
// within 2 s each. The error is a Fault around ErrNoHolder when nobody listens,
// busy when somebody does but does not answer, and not-supported when the
// holder speaks a newer version of the interface than this client. An older
// holder is accepted, see Hello: a window asks it to restart.
func Dial(ctx context.Context, path string) (*Client, error) {
	c := &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, path)
		},
		DisableCompression: true,
		MaxIdleConns:       4,
		IdleConnTimeout:    time.Minute,
	}}}
	hello, err := c.handshake(ctx)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	if hello.API > api.Version {
		_ = c.Close()
		return nil, &mail.Fault{
			Code: mail.CodeNotSupported, Class: mail.ClassLocal,
			Args: mail.Args{"what": fmt.Sprintf("control interface %d", hello.API)},
		}
	}
	c.hello = hello
	return c, nil
}

// handshake asks who is there. A try that ran out of time is made again: under
// Wine the first dial to a new pipe reaches nobody.
func (c *Client) handshake(ctx context.Context) (api.Hello, error) {
	for try := 1; ; try++ {
		tctx, cancel := context.WithTimeout(ctx, handshakeLimit)
		hello, err := c.Hello(tctx)
		slow := tctx.Err() != nil
		cancel()
		switch {
		case err == nil:
			return hello, nil
		case ctx.Err() != nil:
			return hello, ctx.Err()
		case !slow:
			return hello, err
		case try == handshakeTries:
			return hello, &mail.Fault{Code: mail.CodeBusy, Class: mail.ClassLocal, Err: err}
		}
		c.http.CloseIdleConnections()
	}
}

// Holder is what the holder answered to the handshake.
func (c *Client) Holder() api.Hello { return c.hello }

// Close gives the idle connections back. Calls that are under way end with
// their own contexts.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// send makes a request and returns its answer, whose body the caller closes.
// in is nil for a request without a body.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			// The value may hold a secret: say its type only.
			return nil, mail.FaultOf(fmt.Errorf("cannot encode %T", in))
		}
		body = bytes.NewReader(b)
	}
	u := url.URL{Scheme: "http", Host: "heron", Path: prefix + path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, mail.FaultOf(err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		defer func() { _ = res.Body.Close() }()
		return nil, answerError(res)
	}
	return res, nil
}

// call makes a request whose answer is one JSON value, read into out unless
// that is nil.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	res, err := c.send(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if out == nil {
		// Read to the end so that the connection can be used again.
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	} else {
		err = json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out)
	}
	if err != nil {
		return transportError(ctx, err)
	}
	return nil
}

// quick is call for what the holder answers without asking a server.
func (c *Client) quick(ctx context.Context, method, path string, query url.Values, in, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerLimit, &mail.Fault{Code: mail.CodeBusy, Class: mail.ClassLocal})
	defer cancel()
	return c.call(ctx, method, path, query, in, out)
}

// transportError classifies what went wrong below HTTP.
func transportError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if f := (*mail.Fault)(nil); errors.As(err, &f) {
		return f
	}
	// The url.Error around it names the request, which tells a person nothing.
	if ue := (*url.Error)(nil); errors.As(err, &ue) {
		err = ue.Err
	}
	return &mail.Fault{
		Code: mail.CodeInternal, Class: mail.ClassLocal,
		Args: mail.Args{"text": ErrNoHolder.Error()},
		Err:  fmt.Errorf("%w: %w", ErrNoHolder, err),
	}
}

// answerError reads the Problem of an answer.
func answerError(res *http.Response) error {
	var e api.Error
	if json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&e) != nil || e.Problem.Code == "" {
		return mail.FaultOf(fmt.Errorf("control answer %d", res.StatusCode))
	}
	return faultOf(e.Problem)
}

func faultOf(p api.Problem) *mail.Fault {
	return &mail.Fault{Code: p.Code, Class: p.Class, Args: p.Args}
}
