package host

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/engine"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// Do implements control.Backend.
func (b *backend) Do(ctx context.Context, a api.Action) (api.ActionResult, error) {
	ops, err := b.engine.Do(ctx, engine.Action{Kind: a.Kind, IDs: a.IDs, Add: a.Add, Remove: a.Remove, To: a.To, With: a.With})
	return toResult(ops), err
}

// DoFolder implements control.Backend.
func (b *backend) DoFolder(ctx context.Context, id mail.AccountID, a api.FolderAction) (api.ActionResult, error) {
	done, err := b.engine.DoFolder(ctx, id, engine.FolderAction{Kind: a.Kind, Path: a.Path, To: a.To})
	out := toResult(done.Ops)
	out.Path, out.Role, out.Count = done.Path, done.Role, done.Count
	return out, err
}

// toResult names the ops that were queued. The one that a user waits for, and
// would undo, is the last: a folder may have had to be made first.
func toResult(ops []mail.Op) api.ActionResult {
	var out api.ActionResult
	for _, op := range ops {
		out.Op = op.ID
		out.Ops = append(out.Ops, op.ID)
	}
	return out
}

// Undo implements control.Backend.
func (b *backend) Undo(ctx context.Context, id mail.OpID) (api.Undone, error) {
	u, err := b.engine.Undo(ctx, id)
	if err != nil {
		return api.Undone{}, err
	}
	out := api.Undone{Op: b.toOp(ctx, u.Op), Ops: append([]mail.OpID{}, u.Queued...)}
	out.Count = 0
	for _, op := range u.Parts {
		out.Parts = append(out.Parts, b.toOp(ctx, op))
		if op.Kind == u.Kind {
			out.Count += len(op.Targets)
		}
	}
	for _, p := range u.Passed {
		out.Passed = append(out.Passed, api.PassedOver{Op: p.Op, Why: p.Why, Count: p.Count})
	}
	return out, nil
}

// WaitOp implements control.Backend.
func (b *backend) WaitOp(ctx context.Context, id mail.OpID) (api.Op, error) {
	op, err := b.engine.WaitOp(ctx, id)
	if err != nil {
		return api.Op{}, err
	}
	return b.toOp(ctx, op), nil
}

// Ops implements control.Backend.
func (b *backend) Ops(ctx context.Context, id mail.AccountID) ([]api.Op, error) {
	ops, err := b.engine.Ops(ctx, id)
	if err != nil {
		return nil, err
	}
	out := make([]api.Op, len(ops))
	for i, op := range ops {
		out[i] = b.toOp(ctx, op)
	}
	return out, nil
}

// toOp converts an op, and finds the path of its folder if that is known: one that
// it deletes has a name too.
func (b *backend) toOp(ctx context.Context, op mail.Op) api.Op {
	path := ""
	if op.Mailbox != 0 {
		// One that is long gone, or that cannot be read, has no path: the op is told
		// all the same.
		if p, err := b.store.PathOf(ctx, op.Mailbox); err == nil {
			path = p
		}
	}
	return api.FromOp(op, path)
}

// Search implements control.Backend.
func (b *backend) Search(ctx context.Context, q api.SearchQuery) (api.Page, error) {
	if q.Account != "" {
		if err := b.known(q.Account); err != nil {
			return api.Page{}, err
		}
	}
	page, err := b.store.Search(ctx, store.SearchQuery{Text: q.Text, Account: q.Account, Limit: q.Limit})
	if err != nil {
		return api.Page{}, err
	}
	out := api.Page{Total: page.Total, Unread: page.Unread, Messages: []api.Message{}}
	paths := map[mail.MailboxID]string{}
	for _, m := range page.Messages {
		row, err := b.row(ctx, m, paths)
		if err != nil {
			return api.Page{}, err
		}
		paths[m.Location.Mailbox] = row.Folder
		out.Messages = append(out.Messages, row)
	}
	return out, nil
}
