package host

import (
	"context"
	"strconv"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/engine"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// Status implements control.Backend.
func (b *backend) Status(ctx context.Context) (api.Status, error) {
	s, err := b.engine.Status(ctx)
	if err != nil {
		return api.Status{}, err
	}
	out := api.Status{
		Accounts: []api.AccountStatus{}, Problems: toProblems(s.Problems),
		AlertsPaused: s.AlertsPaused, Revision: s.Revision, Running: s.Running,
	}
	for _, a := range s.Accounts {
		as := api.AccountStatus{
			ID: a.Account.ID, Address: a.Account.Address, Protocol: a.Account.Endpoint.Protocol,
			State: a.State, ToldBy: a.ToldBy, ToldWhy: a.ToldWhy, LastSync: a.LastSync, NextTry: a.NextTry,
			PendingOps: a.PendingOps, Unread: a.Unread,
			Folders: toFolders(a.Mailboxes), Problems: toProblems(a.Problems),
		}
		if p := a.Progress; p != nil {
			as.Progress = &api.Progress{Done: p.Done, Total: p.Total}
		}
		out.Unread += a.Unread
		out.Accounts = append(out.Accounts, as)
	}
	return out, nil
}

// Messages implements control.Backend.
func (b *backend) Messages(ctx context.Context, q api.PageQuery) (api.Page, error) {
	boxes, err := b.list(ctx, q)
	if err != nil {
		return api.Page{}, err
	}
	out := api.Page{Offset: q.Offset, Messages: []api.Message{}}
	if len(boxes) == 0 {
		return out, nil
	}
	paths := map[mail.MailboxID]string{}
	mq := store.MessageQuery{Unread: q.Unread, Offset: q.Offset, Limit: q.Limit}
	for _, box := range boxes {
		paths[box.ID] = box.Path()
		mq.Mailboxes = append(mq.Mailboxes, box.ID)
	}
	page, err := b.store.Messages(ctx, mq)
	if err != nil {
		return api.Page{}, err
	}
	out.Total, out.Unread = page.Total, page.Unread
	for _, m := range page.Messages {
		row, err := b.row(ctx, m, paths)
		if err != nil {
			return api.Page{}, err
		}
		out.Messages = append(out.Messages, row)
	}
	return out, nil
}

// list finds the mailboxes that a query names: one by its path, the inbox of
// an account, or all inboxes.
func (b *backend) list(ctx context.Context, q api.PageQuery) ([]mail.Mailbox, error) {
	if q.Account != "" {
		if err := b.known(q.Account); err != nil {
			return nil, err
		}
		if q.Folder != "" {
			box, err := b.store.MailboxByPath(ctx, q.Account, q.Folder)
			return []mail.Mailbox{box}, err
		}
	}
	var out []mail.Mailbox
	for _, a := range b.engine.Accounts() {
		if q.Account != "" && a.ID != q.Account {
			continue
		}
		boxes, err := b.store.Mailboxes(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		for _, box := range boxes {
			if box.Role == mail.RoleInbox {
				out = append(out, box)
			}
		}
	}
	return out, nil
}

// Message implements control.Backend.
func (b *backend) Message(ctx context.Context, id mail.MessageID) (api.Message, error) {
	m, err := b.store.Message(ctx, id)
	if err != nil {
		return api.Message{}, err
	}
	return b.row(ctx, m, nil)
}

// MessageAt implements control.Backend.
func (b *backend) MessageAt(ctx context.Context, id mail.AccountID, path string, uid mail.UID) (api.Message, error) {
	if err := b.known(id); err != nil {
		return api.Message{}, err
	}
	box, err := b.store.MailboxByPath(ctx, id, path)
	if err != nil {
		return api.Message{}, err
	}
	m, err := b.store.MessageAt(ctx, box.ID, uid)
	if err == nil && m.Flags.Has(mail.FlagDeleted) {
		// It is in no list: to the user it is gone.
		err = &mail.Fault{
			Code: mail.CodeNoMessage, Class: mail.ClassLocal, Args: mail.Args{"message": strconv.FormatUint(uint64(uid), 10)},
		}
	}
	if err != nil {
		return api.Message{}, err
	}
	return api.FromMessage(m, box.Path()), nil
}

// row converts a message. paths may know the path of its folder already; a
// message that is nowhere for a while has none.
func (b *backend) row(ctx context.Context, m mail.Message, paths map[mail.MailboxID]string) (api.Message, error) {
	if p, ok := paths[m.Location.Mailbox]; ok || m.Location.Mailbox == 0 {
		return api.FromMessage(m, p), nil
	}
	box, err := b.store.Mailbox(ctx, m.Location.Mailbox)
	if err != nil {
		return api.Message{}, err
	}
	return api.FromMessage(m, box.Path()), nil
}

func toFolders(boxes []mail.Mailbox) []api.Folder {
	out := make([]api.Folder, len(boxes))
	for i, b := range boxes {
		out[i] = api.Folder{
			ID: b.ID, Path: b.Path(), Role: b.Role, Total: b.Counts.Total, Unread: b.Counts.Unread,
			Watched: b.Watched, Selectable: b.Selectable,
		}
	}
	return out
}

func toProblems(ps []mail.Problem) []api.Problem {
	out := make([]api.Problem, len(ps))
	for i, p := range ps {
		out[i] = api.FromProblem(p)
	}
	return out
}

func toReport(r engine.Report) api.SyncReport {
	p := r.Pass
	out := api.SyncReport{
		Account: r.Account, Folders: p.Folders, New: p.New, Changed: p.Changed, Gone: p.Gone, Moved: p.Moved,
		OpsSent: p.OpsSent, Commands: p.Commands, RoundTrips: p.RoundTrips,
		BytesRead: p.BytesRead, BytesWritten: p.BytesWritten, ElapsedMS: int64(p.Elapsed / time.Millisecond),
		NotRead: p.NotRead,
	}
	if r.Err != nil {
		pr := r.Err.Problem()
		pr.Account = r.Account
		ap := api.FromProblem(pr)
		out.Problem = &ap
	}
	return out
}

// toSteps converts what a check tells; nil stays nil.
func toSteps(step func(api.Step)) func(engine.Step) {
	if step == nil {
		return nil
	}
	return func(s engine.Step) { step(toStep(s)) }
}

func toStep(s engine.Step) api.Step {
	out := api.Step{Name: api.StepName(s.Name), State: api.StepState(s.State), Detail: s.Detail}
	if s.Fault != nil {
		p := api.FromProblem(s.Fault.Problem())
		out.Problem = &p
	}
	if len(s.Mailboxes) > 0 {
		out.Folders = toFolders(s.Mailboxes)
	}
	return out
}
