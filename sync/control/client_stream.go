package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Check implements Backend. step is not called for the closing line: what it
// says is the error.
func (c *Client) Check(ctx context.Context, d api.Draft, step func(api.Step)) error {
	_, err := c.steps(ctx, "/check", nil, d, step)
	return err
}

// AddAccount implements Backend.
func (c *Client) AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	last, err := c.steps(ctx, "/accounts", nil, d, step)
	if err != nil {
		return api.Account{}, err
	}
	if last.Account == nil {
		return api.Account{}, mail.FaultOf(errors.New("the answer names no account"))
	}
	return *last.Account, nil
}

// TestAccount implements Backend.
func (c *Client) TestAccount(ctx context.Context, id mail.AccountID, step func(api.Step)) error {
	_, err := c.steps(ctx, "/test", accountQuery(id), nil, step)
	return err
}

// SignIn implements Backend.
func (c *Client) SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	_, err := c.steps(ctx, "/sign-in", accountQuery(id), api.Password{Password: password}, step)
	return err
}

// steps reads a stream of steps and returns its closing line.
func (c *Client) steps(
	ctx context.Context, path string, query url.Values, in any, step func(api.Step),
) (api.Step, error) {
	res, err := c.send(ctx, http.MethodPost, path, query, in)
	if err != nil {
		return api.Step{}, err
	}
	defer func() { _ = res.Body.Close() }()
	var last api.Step
	err = lines(ctx, res.Body, func(line []byte) error {
		var s api.Step
		if err := json.Unmarshal(line, &s); err != nil {
			return mail.FaultOf(fmt.Errorf("a step cannot be read: %w", err))
		}
		if s.Done {
			last = s
			return errStop
		}
		if step != nil {
			step(s)
		}
		return nil
	})
	switch {
	case err != nil:
		return last, err
	case !last.Done:
		return last, transportError(ctx, io.ErrUnexpectedEOF)
	case last.Problem != nil:
		return last, faultOf(*last.Problem)
	}
	return last, nil
}

// Events implements Backend.
func (c *Client) Events(ctx context.Context, q api.EventsQuery, fn func(api.Event) error) error {
	v := url.Values{
		"since": {strconv.FormatInt(int64(q.Since), 10)},
		"ui":    {strconv.FormatBool(q.UI)},
	}
	res, err := c.send(ctx, http.MethodGet, "/events", v, nil)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	handover := false
	err = lines(ctx, res.Body, func(line []byte) error {
		var e api.Event
		if err := json.Unmarshal(line, &e); err != nil {
			return mail.FaultOf(fmt.Errorf("an event cannot be read: %w", err))
		}
		if err := fn(e); err != nil {
			return err
		}
		if e.Kind == api.KindHandover {
			handover = true
			return errStop
		}
		return nil
	})
	if err == nil && !handover {
		return transportError(ctx, io.ErrUnexpectedEOF)
	}
	return err
}

// errStop ends lines without an error.
var errStop = errors.New("stop")

// lines calls fn for each line of r until r ends or fn returns an error.
func lines(ctx context.Context, r io.Reader, fn func([]byte) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4<<10), maxLine)
	for sc.Scan() {
		if len(sc.Bytes()) == 0 {
			continue
		}
		if err := fn(sc.Bytes()); err != nil {
			if errors.Is(err, errStop) {
				return nil
			}
			return err
		}
	}
	if err := sc.Err(); err != nil {
		return transportError(ctx, err)
	}
	return nil
}
