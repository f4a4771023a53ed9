package fakeagent

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Agent answers from what it was given. It is safe for use by several
// goroutines.
type Agent struct {
	mu       sync.Mutex
	status   api.Status
	rows     func(q api.PageQuery) (total int, row func(i int) api.Message)
	flags    map[mail.MessageID]mail.Flags
	activity []api.Event
	check    CheckScript
	queries  []api.PageQuery
	added    []api.Draft
	fault    map[string]error
	slow     map[string]time.Duration
	readers  map[chan api.Event]bool
	gone     chan struct{}
}

var _ control.Backend = (*Agent)(nil)

// CheckScript is what a sign-in check tells: Steps in order, Pause apart, then
// Err unless Accept says that the draft is right.
type CheckScript struct {
	Steps  []api.Step
	Pause  time.Duration
	Accept func(api.Draft) error
}

// New makes an agent with that status.
func New(st api.Status) *Agent {
	return &Agent{
		status: st, flags: map[mail.MessageID]mail.Flags{}, fault: map[string]error{}, slow: map[string]time.Duration{},
		readers: map[chan api.Event]bool{}, gone: make(chan struct{}),
	}
}

// SetRows says what lists hold.
func (a *Agent) SetRows(f func(q api.PageQuery) (int, func(int) api.Message)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rows = f
}

// SetCheck says how a sign-in check goes.
func (a *Agent) SetCheck(c CheckScript) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.check = c
}

// SetActivity says what the activity page holds.
func (a *Agent) SetActivity(es []api.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.activity = es
}

// Change changes the status and tells the readers.
func (a *Agent) Change(f func(*api.Status)) {
	a.mu.Lock()
	f(&a.status)
	a.status.Revision++
	rev := a.status.Revision
	a.mu.Unlock()
	a.Tell(api.Event{Rev: rev, Kind: "counts"})
}

// Alter changes the status without a word to the readers.
func (a *Agent) Alter(f func(*api.Status)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.status)
}

// Fail makes a method fail; nil makes it work again.
func (a *Agent) Fail(method string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault[method] = err
}

// Slow has Status or Messages take so long to answer, until it is cancelled.
func (a *Agent) Slow(method string, d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slow[method] = d
}

func (a *Agent) dawdle(ctx context.Context, method string) {
	a.mu.Lock()
	d := a.slow[method]
	a.mu.Unlock()
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Tell sends a line to all readers of events.
func (a *Agent) Tell(e api.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for r := range a.readers {
		r <- e
	}
}

// Vanish ends all streams, as an agent that was killed.
func (a *Agent) Vanish() { close(a.gone) }

// Queries are the pages that were asked for.
func (a *Agent) Queries() []api.PageQuery {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.queries)
}

// Added are the drafts of accounts that were added.
func (a *Agent) Added() []api.Draft {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.added)
}

// Readers is how many read events now.
func (a *Agent) Readers() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.readers)
}

func (a *Agent) failure(method string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fault[method]
}

// Close implements the window's side: there is nothing to close.
func (a *Agent) Close() error { return nil }

// Hello implements control.Backend.
func (a *Agent) Hello(context.Context) (api.Hello, error) {
	return api.Hello{API: api.Version, Build: "fake", Holder: control.HolderAgent}, a.failure("Hello")
}

// Status implements control.Backend.
func (a *Agent) Status(ctx context.Context) (api.Status, error) {
	a.dawdle(ctx, "Status")
	err := a.failure("Status")
	a.mu.Lock()
	defer a.mu.Unlock()
	st := a.status
	st.Accounts = slices.Clone(st.Accounts)
	return st, err
}

// Accounts implements control.Backend.
func (a *Agent) Accounts(context.Context) ([]api.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]api.Account, 0, len(a.status.Accounts))
	for _, s := range a.status.Accounts {
		out = append(out, api.Account{ID: s.ID, Address: s.Address, Protocol: mail.IMAP, Host: "imap.example.org", Port: 993, Security: mail.TLS, User: s.Address})
	}
	return out, nil
}

// Check implements control.Backend.
func (a *Agent) Check(ctx context.Context, d api.Draft, step func(api.Step)) error {
	a.mu.Lock()
	script := a.check
	a.mu.Unlock()
	var err error
	if script.Accept != nil {
		err = script.Accept(d)
	}
	for i, s := range script.Steps {
		step(api.Step{Name: s.Name, State: api.StepRunning})
		select {
		case <-time.After(script.Pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.State == api.StepFailed || i == len(script.Steps)-1 {
			if err != nil {
				p := api.FromProblem(mail.FaultOf(err).Problem())
				step(api.Step{Name: s.Name, State: api.StepFailed, Problem: &p})
				return err
			}
			s.State = api.StepOK
		}
		step(s)
	}
	return err
}

// AddAccount implements control.Backend.
func (a *Agent) AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	if err := a.failure("AddAccount"); err != nil {
		return api.Account{}, err
	}
	if err := a.Check(ctx, d, step); err != nil {
		return api.Account{}, err
	}
	a.mu.Lock()
	a.added = append(a.added, d)
	a.mu.Unlock()
	return api.Account{ID: "new", Address: d.Address}, nil
}

// SignIn implements control.Backend.
func (a *Agent) SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	return a.Check(ctx, api.Draft{ID: id, Password: password}, step)
}

// Sync implements control.Backend.
func (a *Agent) Sync(context.Context, mail.AccountID) ([]api.SyncReport, error) {
	return nil, a.failure("Sync")
}

// Messages implements control.Backend.
func (a *Agent) Messages(ctx context.Context, q api.PageQuery) (api.Page, error) {
	a.dawdle(ctx, "Messages")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.queries = append(a.queries, q)
	if err := a.fault["Messages"]; err != nil {
		return api.Page{}, err
	}
	p := api.Page{Offset: q.Offset, Messages: []api.Message{}}
	if a.rows == nil {
		return p, nil
	}
	total, row := a.rows(q)
	p.Total = total
	for i := q.Offset; i < min(total, q.Offset+q.Limit); i++ {
		p.Messages = append(p.Messages, a.marked(row(i)))
	}
	return p, nil
}

// marked lays what was done over a row.
func (a *Agent) marked(m api.Message) api.Message {
	if f, ok := a.flags[m.ID]; ok {
		m.Flags = f
	}
	return m
}

// Message implements control.Backend.
func (a *Agent) Message(_ context.Context, id mail.MessageID) (api.Message, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.fault["Message"]; err != nil {
		return api.Message{}, err
	}
	if a.rows != nil {
		total, row := a.rows(api.PageQuery{})
		for i := range min(total, 1000) {
			if m := row(i); m.ID == id {
				return a.marked(m), nil
			}
		}
	}
	return api.Message{}, &mail.Fault{Code: mail.CodeNoMessage, Class: mail.ClassLocal}
}

// MessageAt implements control.Backend.
func (a *Agent) MessageAt(context.Context, mail.AccountID, string, mail.UID) (api.Message, error) {
	return api.Message{}, unsupported("MessageAt")
}

// Body implements control.Backend.
func (a *Agent) Body(ctx context.Context, id mail.MessageID) (api.Body, error) {
	if err := a.failure("Body"); err != nil {
		return api.Body{}, err
	}
	m, err := a.Message(ctx, id)
	if err != nil {
		return api.Body{}, err
	}
	return sampleBody(m), nil
}

// Raw implements control.Backend.
func (a *Agent) Raw(context.Context, mail.MessageID) (io.ReadCloser, error) {
	return nil, unsupported("Raw")
}

// Do implements control.Backend.
func (a *Agent) Do(ctx context.Context, act api.Action) (api.ActionResult, error) {
	if err := a.failure("Do"); err != nil {
		return api.ActionResult{}, err
	}
	for _, id := range act.IDs {
		m, err := a.Message(ctx, id)
		if err != nil {
			return api.ActionResult{}, err
		}
		a.mu.Lock()
		a.flags[id] = m.Flags.With(act.Add, act.Remove)
		a.mu.Unlock()
	}
	a.Tell(api.Event{Kind: "flags.changed", IDs: act.IDs})
	return api.ActionResult{Op: 1}, nil
}

func unsupported(what string) error {
	return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": what}}
}
