package window

import (
	"context"
	"errors"
	"time"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// intents is a session as the pages see it. Its methods are called on Fyne's
// goroutine and return at once.
type intents struct{ s *session }

var _ view.Intents = intents{}

// GoTo implements view.Intents.
func (i intents) GoTo(p view.Place) { i.s.postSoon(func() { i.s.goTo(p) }) }

// Open implements view.Intents.
func (i intents) Open(id mail.MessageID) { i.s.postSoon(func() { i.s.open(id) }) }

// MarkRead implements view.Intents.
func (i intents) MarkRead(id mail.MessageID, read bool) {
	seen := mail.NewFlags(mail.FlagSeen)
	a := api.Action{Kind: mail.ActFlags, IDs: []mail.MessageID{id}}
	if read {
		a.Add = seen
	} else {
		a.Remove = seen
	}
	i.s.ask(func(ctx context.Context, ag agent) error {
		_, err := ag.Do(ctx, a)
		return err
	})
}

// CheckNow implements view.Intents.
func (i intents) CheckNow() { i.s.postSoon(i.s.checkNow) }

// PauseAlerts implements view.Intents.
func (i intents) PauseAlerts(d time.Duration) {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	i.s.ask(func(ctx context.Context, ag agent) error { return ag.PauseAlerts(ctx, until) })
}

// AddAccount implements view.Intents.
func (i intents) AddAccount() { i.s.out.wizard() }

// SignIn implements view.Intents.
func (i intents) SignIn(id mail.AccountID) {
	i.s.ask(func(ctx context.Context, ag agent) error {
		accounts, err := ag.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if a.ID == id {
				i.s.out.signIn(a)
				return nil
			}
		}
		return &mail.Fault{Code: mail.CodeNoAccount, Class: mail.ClassLocal, Args: mail.Args{"account": string(id)}}
	})
}

// StartAgent implements view.Intents.
func (i intents) StartAgent() {
	i.s.postSoon(func() {
		if i.s.agent != nil || i.s.launch == nil {
			return
		}
		i.s.tries = 0
		i.s.st.Link, i.s.dirty = view.LinkConnecting, true
		i.s.start()
		i.s.attach()
	})
}

// DismissNews implements view.Intents.
func (i intents) DismissNews(id mail.AccountID, code mail.Code) {
	i.s.ask(func(ctx context.Context, ag agent) error {
		_, err := ag.DismissNews(ctx, id, code)
		return err
	})
}

// Dismiss implements view.Intents.
func (i intents) Dismiss() {
	i.s.postSoon(func() { i.s.st.Failed, i.s.dirty = nil, true })
}

// ask runs one call of the agent and tells when it fails.
func (s *session) ask(call func(context.Context, agent) error) {
	s.postSoon(func() {
		a, ctx := s.agent, s.ctx
		if a == nil {
			s.failed(noAgent())
			return
		}
		s.begin(func() func() {
			err := call(ctx, a)
			return func() { //nolint:contextcheck // all that the session begins ends with the session
				if err != nil {
					s.failed(err)
					return
				}
				s.changed()
			}
		})
	})
}

func (s *session) goTo(p view.Place) {
	if p == s.st.Place && p.Kind != view.PlaceActivity {
		return
	}
	s.st.Place, s.st.Trouble = p, nil
	s.st.Activity = nil
	s.newPages()
	s.open(0)
	s.dirty = true
	s.lastRead = time.Time{} // the user waits for it
	s.changed()
}

// open shows a message in the preview, 0 none.
func (s *session) open(id mail.MessageID) {
	if id == s.st.Open.ID && s.st.Open.Problem == nil {
		return
	}
	s.bodyGone()
	s.st.Open, s.dirty = view.Opened{ID: id}, true
	if id == 0 {
		return
	}
	if i, ok := s.pages.Find(id); ok {
		if row, ok := s.pages.At(i); ok {
			s.st.Open.Row = row
		}
	}
	a := s.agent
	if a == nil {
		s.st.Open.Problem = problemOf(noAgent())
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.bodyGone = cancel
	s.begin(func() func() {
		defer cancel()
		body, err := a.Body(ctx, id)
		return func() { s.opened(id, body, err) }
	})
}

func (s *session) opened(id mail.MessageID, body api.Body, err error) {
	if id != s.st.Open.ID || errors.Is(err, context.Canceled) {
		return
	}
	s.dirty = true
	if err != nil {
		s.st.Open.Problem = problemOf(err)
		return
	}
	s.st.Open.Body = &body
	if s.st.Open.Row.ID == 0 {
		s.st.Open.Row = body.Message
	}
}

func (s *session) checkNow() {
	a, ctx := s.agent, s.ctx
	if a == nil || s.st.Checking {
		return
	}
	s.st.Checking, s.dirty = true, true
	s.begin(func() func() {
		_, err := a.Sync(ctx, "")
		return func() { //nolint:contextcheck // all that the session begins ends with the session
			s.st.Checking, s.dirty = false, true
			if err != nil {
				s.failed(err)
			}
			s.changed()
		}
	})
}

// current is the agent that the session is attached to now. It may be called
// from any goroutine but the session's.
func (s *session) current(ctx context.Context) (agent, error) {
	got := make(chan agent, 1)
	s.postSoon(func() { got <- s.agent })
	select {
	case a := <-got:
		if a == nil {
			return nil, noAgent()
		}
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.ended:
		return nil, noAgent()
	}
}

func noAgent() error {
	return &mail.Fault{Code: mail.CodeInternal, Class: mail.ClassLocal, Args: mail.Args{"text": control.ErrNoHolder.Error()}, Err: control.ErrNoHolder}
}
