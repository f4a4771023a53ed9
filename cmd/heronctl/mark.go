package main

import (
	"context"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type messageMark struct {
	Target    []string      `arg:"" placeholder:"ID PATH UID..."`
	Seen      bool          `xor:"seen"`
	Unseen    bool          `xor:"seen"`
	Flagged   bool          `xor:"flagged"`
	Unflagged bool          `xor:"flagged"`
	Answered  bool          ``
	Keyword   []string      `placeholder:"K" sep:"none"`
	Wait      bool          ``
	Timeout   time.Duration `default:"1m" placeholder:"T"`
}

// markResult is what --json prints. Op is the first of Ops; both are empty, and
// State is "done", when nothing had to change. State is else that of the op that
// is least far.
type markResult struct {
	Op    mail.OpID    `json:"op"`
	Ops   []mail.OpID  `json:"ops"`
	State mail.OpState `json:"state"`
}

// Run queues the change and, if asked, waits for the server's word.
func (c *messageMark) Run(ctx context.Context, a *app) error {
	refs, err := parseRefs(a, c.Target)
	if err != nil {
		return err
	}
	act := c.action()
	if len(act.Add)+len(act.Remove) == 0 {
		return usage(a.p.T("ctl.usage.no-mark"))
	}
	for _, k := range c.Keyword {
		if !mail.Flag(strings.ToLower(k)).Keyword() {
			return usage(a.p.T("ctl.usage.keyword", "Keyword", clean(k)))
		}
	}
	if c.Timeout <= 0 {
		return usage(a.p.T("ctl.usage.timeout"))
	}
	return a.with(ctx, toWork, func(s session) error {
		if act.IDs, err = refs.resolve(ctx, s); err != nil {
			return err
		}
		st, err := s.Status(ctx)
		if err != nil {
			return err
		}
		res, err := s.Do(ctx, act)
		if err != nil {
			return err
		}
		out := markResult{Op: res.Op, Ops: queued(res), State: mail.OpDone}
		switch {
		case len(out.Ops) == 0:
		case c.Wait:
			out.State, err = c.wait(ctx, s, out.Ops)
		case s.Holding():
			out.State, err = linger(ctx, s, st.Revision, out.Ops)
		default:
			out.State = mail.OpWaiting
		}
		if err != nil {
			return err
		}
		return a.writeMarked(out, len(act.IDs))
	})
}

// queued are the ops of a result: messages of several accounts need several.
func queued(r api.ActionResult) []mail.OpID {
	switch {
	case len(r.Ops) > 0:
		return r.Ops
	case r.Op != 0:
		return []mail.OpID{r.Op}
	default:
		return []mail.OpID{}
	}
}

func (c *messageMark) action() api.Action {
	var add, remove []mail.Flag
	put := func(on bool, list *[]mail.Flag, f mail.Flag) {
		if on {
			*list = append(*list, f)
		}
	}
	put(c.Seen, &add, mail.FlagSeen)
	put(c.Unseen, &remove, mail.FlagSeen)
	put(c.Flagged, &add, mail.FlagFlagged)
	put(c.Unflagged, &remove, mail.FlagFlagged)
	put(c.Answered, &add, mail.FlagAnswered)
	for _, k := range c.Keyword {
		put(true, &add, mail.ParseFlag(k))
	}
	return api.Action{Kind: mail.OpFlags, Add: mail.NewFlags(add...), Remove: mail.NewFlags(remove...)}
}

// wait returns after the server's answer. When none comes in time the op stays
// queued, and the error is what keeps the account from its server.
func (c *messageMark) wait(ctx context.Context, s session, ids []mail.OpID) (mail.OpState, error) {
	limit, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	for _, id := range ids {
		op, err := s.WaitOp(limit, id)
		switch {
		case err != nil && limit.Err() != nil && ctx.Err() == nil:
			return mail.OpWaiting, whyNot(ctx, s, id)
		case err != nil:
			return mail.OpWaiting, err
		}
		if err := opFault(ctx, s, op); err != nil {
			return op.State, err
		}
	}
	return mail.OpDone, nil
}

// opFault is why an op was taken back, nil if it was not.
func opFault(ctx context.Context, s session, op api.Op) error {
	if op.State != mail.OpFailed {
		return nil
	}
	code := mail.Code(op.Fault)
	// The problem that was raised with it knows more than the code.
	if st, err := s.Status(ctx); err == nil {
		for _, acc := range st.Accounts {
			for _, pr := range acc.Problems {
				if acc.ID == op.Account && pr.Code == code {
					return faultOfProblem(pr.Mail())
				}
			}
		}
	}
	return &mail.Fault{Code: code, Class: mail.ClassProtocol}
}

// whyNot finds what keeps a queued op from its server.
func whyNot(ctx context.Context, s session, id mail.OpID) error {
	late := &mail.Fault{Code: mail.CodeTimeout, Class: mail.ClassOffline}
	st, err := s.Status(ctx)
	if err != nil {
		return late
	}
	ops, err := s.Ops(ctx, "")
	if err != nil {
		return late
	}
	for _, op := range ops {
		for _, acc := range st.Accounts {
			if op.ID == id && acc.ID == op.Account && len(acc.Problems) > 0 {
				return faultOfProblem(acc.Problems[0].Mail())
			}
		}
	}
	return late
}

func (a *app) writeMarked(r markResult, n int) error {
	if a.json {
		return writeJSON(a.Stdout, r)
	}
	switch {
	case len(r.Ops) == 0:
		return a.say("%s", a.p.T("ctl.message.unchanged"))
	case r.State == mail.OpDone:
		return a.say("%s", a.p.T("ctl.message.marked", "Count", n))
	default:
		return a.say("%s", a.p.T("ctl.message.queued", "Count", n))
	}
}
