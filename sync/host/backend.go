package host

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/engine"
	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// backend is control.Backend over an engine. Without a host it reads only.
type backend struct {
	engine *engine.Engine
	store  *store.Store
	host   *Host // nil: nobody holds the engine
	hello  api.Hello
}

var _ control.Backend = (*backend)(nil)

func (b *backend) readOnly() error {
	return &mail.Fault{Code: mail.CodeReadOnly, Class: mail.ClassLocal, Err: control.ErrNoHolder}
}

// Hello implements control.Backend.
func (b *backend) Hello(context.Context) (api.Hello, error) { return b.hello, nil }

// Accounts implements control.Backend.
func (b *backend) Accounts(context.Context) ([]api.Account, error) {
	accounts := b.engine.Accounts()
	out := make([]api.Account, len(accounts))
	for i, a := range accounts {
		out[i] = api.FromAccount(a)
	}
	return out, nil
}

// Check implements control.Backend.
func (b *backend) Check(ctx context.Context, d api.Draft, step func(api.Step)) error {
	return b.engine.Check(ctx, d.Account(), d.Password, toSteps(step))
}

// AddAccount implements control.Backend.
func (b *backend) AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	a, err := b.engine.Add(ctx, d.Account(), d.Password, toSteps(step))
	if err != nil {
		return api.Account{}, err
	}
	return api.FromAccount(a), nil
}

// TestAccount implements control.Backend.
func (b *backend) TestAccount(ctx context.Context, id mail.AccountID, step func(api.Step)) error {
	return b.engine.Test(ctx, id, toSteps(step))
}

// SignIn implements control.Backend.
func (b *backend) SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	return b.engine.SignIn(ctx, id, password, toSteps(step))
}

// RemoveAccount implements control.Backend.
func (b *backend) RemoveAccount(ctx context.Context, id mail.AccountID, keepData bool) (api.Removed, error) {
	dropped, err := b.engine.Remove(ctx, id, keepData)
	return api.Removed{Account: id, Dropped: dropped}, err
}

// Sync implements control.Backend.
func (b *backend) Sync(ctx context.Context, id mail.AccountID) ([]api.SyncReport, error) {
	reports, err := b.engine.Sync(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]api.SyncReport, len(reports))
	for i, r := range reports {
		out[i] = toReport(r)
	}
	return out, nil
}

// Kick implements control.Backend.
func (b *backend) Kick(ctx context.Context) error { return b.engine.Kick(ctx, imapsync.ReasonCheck) }

// Folders implements control.Backend.
func (b *backend) Folders(ctx context.Context, id mail.AccountID) ([]api.Folder, error) {
	if err := b.known(id); err != nil {
		return nil, err
	}
	boxes, err := b.store.Mailboxes(ctx, id)
	if err != nil {
		return nil, err
	}
	return toFolders(boxes), nil
}

// known is nil for an account that there is.
func (b *backend) known(id mail.AccountID) error {
	for _, a := range b.engine.Accounts() {
		if a.ID == id {
			return nil
		}
	}
	return &mail.Fault{Code: mail.CodeNoAccount, Class: mail.ClassLocal, Args: mail.Args{"account": string(id)}}
}

// SetWatched implements control.Backend.
func (b *backend) SetWatched(ctx context.Context, id mail.AccountID, path string, watched bool) error {
	return b.engine.SetWatched(ctx, id, path, watched)
}

// Body implements control.Backend.
func (b *backend) Body(ctx context.Context, id mail.MessageID) (api.Body, error) {
	body, err := b.engine.Body(ctx, id)
	if err != nil {
		return api.Body{}, err
	}
	m, err := b.row(ctx, body.Message, nil)
	if err != nil {
		return api.Body{}, err
	}
	out := api.Body{Message: m, Text: body.Text.Text, Truncated: body.Text.Truncated}
	for _, a := range body.Text.Attachments {
		out.Attachments = append(out.Attachments, api.Attachment(a))
	}
	return out, nil
}

// Raw implements control.Backend.
func (b *backend) Raw(ctx context.Context, id mail.MessageID) (io.ReadCloser, error) {
	return b.engine.Raw(ctx, id)
}

// ShowUI implements control.Backend.
func (b *backend) ShowUI(_ context.Context, r api.UIRequest) error {
	if b.host == nil {
		return b.readOnly()
	}
	if !b.host.ui.show(r) && b.hello.Holder != control.HolderAgent {
		return notSupported("showing a window without the agent")
	}
	return nil
}

// DismissNews implements control.Backend.
func (b *backend) DismissNews(ctx context.Context, id mail.AccountID, code mail.Code) ([]api.Problem, error) {
	ps, err := b.engine.DismissNews(ctx, id, code)
	return toProblems(ps), err
}

// PauseAlerts implements control.Backend.
func (b *backend) PauseAlerts(_ context.Context, until time.Time) error {
	return b.engine.PauseAlerts(until)
}

// Handover implements control.Backend.
func (b *backend) Handover(context.Context) error {
	switch {
	case b.host == nil:
		return b.readOnly()
	case b.hello.Holder == control.HolderAgent:
		return busy(nil)
	}
	b.host.finish(EndHandover)
	return nil
}

// Quit implements control.Backend.
func (b *backend) Quit(context.Context) error {
	if b.host == nil {
		return b.readOnly()
	}
	b.host.finish(EndQuit)
	return nil
}

// Restart implements control.Backend.
func (b *backend) Restart(context.Context) error {
	switch {
	case b.host == nil:
		return b.readOnly()
	case b.hello.Holder != control.HolderAgent:
		return notSupported("restarting a command")
	}
	b.host.finish(EndRestart)
	return nil
}

func notSupported(what string) error {
	return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": what}}
}

// reader answers from settings and store alone.
func reader(ctx context.Context, o Options) (*backend, error) {
	settings, problems, err := config.Open(o.Dirs)
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, o.Dirs.Data, store.Options{Log: o.Log, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	if f := st.Hindered(); f != nil {
		problems = append(problems, f.Problem())
	}
	return &backend{
		store: st,
		engine: engine.New(engine.Config{
			Store: st, Settings: settings, Secrets: o.Secrets, Log: o.Log, Dir: o.Dirs.Data,
			Problems: problems, ReadOnly: true,
		}),
		hello: api.Hello{API: api.Version, Build: o.Build, PID: os.Getpid(), Holder: o.Holder, Demo: o.Demo},
	}, nil
}
