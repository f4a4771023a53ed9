package control

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Hello implements Backend.
func (c *Client) Hello(ctx context.Context) (api.Hello, error) {
	var out api.Hello
	err := c.quick(ctx, http.MethodGet, "/hello", nil, nil, &out)
	return out, err
}

// Status implements Backend.
func (c *Client) Status(ctx context.Context) (api.Status, error) {
	var out api.Status
	err := c.quick(ctx, http.MethodGet, "/status", nil, nil, &out)
	return out, err
}

// Accounts implements Backend.
func (c *Client) Accounts(ctx context.Context) ([]api.Account, error) {
	var out []api.Account
	err := c.quick(ctx, http.MethodGet, "/accounts", nil, nil, &out)
	return out, err
}

// RemoveAccount implements Backend.
func (c *Client) RemoveAccount(ctx context.Context, id mail.AccountID, keepData bool) (api.Removed, error) {
	out := api.Removed{Account: id}
	q := accountQuery(id)
	q.Set("keep_data", strconv.FormatBool(keepData))
	err := c.call(ctx, http.MethodDelete, "/accounts", q, nil, &out)
	return out, err
}

// Sync implements Backend.
func (c *Client) Sync(ctx context.Context, id mail.AccountID) ([]api.SyncReport, error) {
	var out []api.SyncReport
	err := c.call(ctx, http.MethodPost, "/sync", accountQuery(id), nil, &out)
	return out, err
}

// Kick implements Backend.
func (c *Client) Kick(ctx context.Context) error {
	return c.quick(ctx, http.MethodPost, "/kick", nil, nil, nil)
}

// Folders implements Backend.
func (c *Client) Folders(ctx context.Context, id mail.AccountID) ([]api.Folder, error) {
	var out []api.Folder
	err := c.quick(ctx, http.MethodGet, "/folders", accountQuery(id), nil, &out)
	return out, err
}

// SetWatched implements Backend.
func (c *Client) SetWatched(ctx context.Context, id mail.AccountID, path string, watched bool) error {
	return c.quick(ctx, http.MethodPost, "/watch", accountQuery(id), api.Watch{Path: path, Watched: watched}, nil)
}

// Messages implements Backend.
func (c *Client) Messages(ctx context.Context, q api.PageQuery) (api.Page, error) {
	v := accountQuery(q.Account)
	v.Set("folder", q.Folder)
	v.Set("unread", strconv.FormatBool(q.Unread))
	v.Set("offset", strconv.Itoa(q.Offset))
	v.Set("limit", strconv.Itoa(q.Limit))
	var out api.Page
	err := c.quick(ctx, http.MethodGet, "/messages", v, nil, &out)
	return out, err
}

// Search implements Backend.
func (c *Client) Search(ctx context.Context, q api.SearchQuery) (api.Page, error) {
	v := accountQuery(q.Account)
	v.Set("text", q.Text)
	v.Set("limit", strconv.Itoa(q.Limit))
	var out api.Page
	err := c.quick(ctx, http.MethodGet, "/search", v, nil, &out)
	return out, err
}

// Message implements Backend.
func (c *Client) Message(ctx context.Context, id mail.MessageID) (api.Message, error) {
	var out api.Message
	err := c.quick(ctx, http.MethodGet, messagePath(id, ""), nil, nil, &out)
	return out, err
}

// MessageAt implements Backend.
func (c *Client) MessageAt(ctx context.Context, id mail.AccountID, path string, uid mail.UID) (api.Message, error) {
	v := accountQuery(id)
	v.Set("folder", path)
	v.Set("uid", strconv.FormatUint(uint64(uid), 10))
	var out api.Message
	err := c.quick(ctx, http.MethodGet, "/message-at", v, nil, &out)
	return out, err
}

// Body implements Backend.
func (c *Client) Body(ctx context.Context, id mail.MessageID) (api.Body, error) {
	var out api.Body
	err := c.call(ctx, http.MethodGet, messagePath(id, "/body"), nil, nil, &out)
	return out, err
}

// Raw implements Backend.
func (c *Client) Raw(ctx context.Context, id mail.MessageID) (io.ReadCloser, error) {
	res, err := c.send(ctx, http.MethodGet, messagePath(id, "/raw"), nil, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// Do implements Backend.
func (c *Client) Do(ctx context.Context, a api.Action) (api.ActionResult, error) {
	var out api.ActionResult
	err := c.quick(ctx, http.MethodPost, "/actions", nil, a, &out)
	return out, err
}

// DoFolder implements Backend.
func (c *Client) DoFolder(ctx context.Context, id mail.AccountID, a api.FolderAction) (api.ActionResult, error) {
	var out api.ActionResult
	// Emptying a folder with very much mail in it takes its time.
	err := c.call(ctx, http.MethodPost, "/folders", accountQuery(id), a, &out)
	return out, err
}

// Undo implements Backend.
func (c *Client) Undo(ctx context.Context, id mail.OpID) (api.Undone, error) {
	var out api.Undone
	err := c.quick(ctx, http.MethodPost, "/ops/"+strconv.FormatInt(int64(id), 10)+"/undo", nil, nil, &out)
	return out, err
}

// WaitOp implements Backend.
func (c *Client) WaitOp(ctx context.Context, id mail.OpID) (api.Op, error) {
	var out api.Op
	err := c.call(ctx, http.MethodGet, "/ops/"+strconv.FormatInt(int64(id), 10)+"/wait", nil, nil, &out)
	return out, err
}

// Ops implements Backend.
func (c *Client) Ops(ctx context.Context, id mail.AccountID) ([]api.Op, error) {
	var out []api.Op
	err := c.quick(ctx, http.MethodGet, "/ops", accountQuery(id), nil, &out)
	return out, err
}

// Doctor implements Backend.
func (c *Client) Doctor(ctx context.Context) ([]api.Check, error) {
	var out []api.Check
	err := c.call(ctx, http.MethodPost, "/doctor", nil, nil, &out)
	return out, err
}

// Activity implements Backend.
func (c *Client) Activity(ctx context.Context, since time.Time, limit int) ([]api.Event, error) {
	v := url.Values{"limit": {strconv.Itoa(limit)}}
	if !since.IsZero() {
		v.Set("since", since.UTC().Format(time.RFC3339Nano))
	}
	var out []api.Event
	err := c.quick(ctx, http.MethodGet, "/activity", v, nil, &out)
	return out, err
}

// ShowUI implements Backend.
func (c *Client) ShowUI(ctx context.Context, r api.UIRequest) error {
	return c.quick(ctx, http.MethodPost, "/ui", nil, r, nil)
}

// DismissNews implements Backend.
func (c *Client) DismissNews(ctx context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error) {
	var out []api.Problem
	q := accountQuery(id)
	q.Set("code", string(code))
	err := c.quick(ctx, http.MethodPost, "/news/dismiss", q, nil, &out)
	return out, err
}

// PauseAlerts implements Backend.
func (c *Client) PauseAlerts(ctx context.Context, until time.Time) error {
	return c.quick(ctx, http.MethodPost, "/alerts", nil, api.Pause{Until: until}, nil)
}

// Handover implements Backend.
func (c *Client) Handover(ctx context.Context) error {
	return c.quick(ctx, http.MethodPost, "/handover", nil, nil, nil)
}

// Quit implements Backend.
func (c *Client) Quit(ctx context.Context) error {
	return c.quick(ctx, http.MethodPost, "/quit", nil, nil, nil)
}

// Restart implements Backend.
func (c *Client) Restart(ctx context.Context) error {
	return c.quick(ctx, http.MethodPost, "/restart", nil, nil, nil)
}

func messagePath(id mail.MessageID, rest string) string {
	return "/messages/" + strconv.FormatInt(int64(id), 10) + rest
}

func accountQuery(id mail.AccountID) url.Values {
	return url.Values{"account": {string(id)}}
}
