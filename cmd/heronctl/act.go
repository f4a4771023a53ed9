package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// actTargets is how many messages one request may name.
const actTargets = 10_000

// waiting are the flags of every command that queues an action.
type waiting struct {
	Wait    bool          ``
	Timeout time.Duration `default:"1m" placeholder:"T"`
}

// actResult is what --json prints. Op is what undo takes; it is 0, and State
// "done", when nothing had to change. State is else that of the op that is
// least far.
type actResult struct {
	Op    mail.OpID    `json:"op"`
	Ops   []mail.OpID  `json:"ops"`
	State mail.OpState `json:"state"`
}

// actOn does something to the messages that the arguments name.
func (a *app) actOn(ctx context.Context, target []string, act api.Action, w waiting) error {
	refs, err := parseRefs(a, target)
	if err != nil {
		return err
	}
	n := 0
	res, err := a.act(ctx, w, func(s session) (api.ActionResult, error) {
		ids, err := refs.resolve(ctx, s)
		if err != nil {
			return api.ActionResult{}, err
		}
		n = len(ids)
		return doAll(ctx, s, act, ids)
	})
	if err != nil {
		return a.adviseFolder(err, refs.account, act.To)
	}
	if a.json {
		return writeJSON(a.Stdout, res)
	}
	return a.say("%s", a.p.T("ctl.act."+string(act.Kind)+"."+res.how(), "Count", n, "Folder", clean(act.To)))
}

// doAll sends as many requests as the messages need.
func doAll(ctx context.Context, s session, act api.Action, ids []mail.MessageID) (api.ActionResult, error) {
	var out api.ActionResult
	for part := range slices.Chunk(ids, actTargets) {
		act.IDs = part
		if len(out.Ops) > 0 {
			act.With = out.Ops[0] // one action, for undo
		}
		res, err := s.Do(ctx, act)
		if err != nil {
			return out, err
		}
		out.Ops = append(out.Ops, queued(res)...)
		if res.Op != 0 {
			out.Op = res.Op
		}
	}
	return out, nil
}

// act queues something, and sees to it that it gets to the server as far as the
// flags ask, or this process can.
func (a *app) act(ctx context.Context, w waiting, do func(session) (api.ActionResult, error)) (actResult, error) {
	out := actResult{Ops: []mail.OpID{}, State: mail.OpDone}
	if w.Timeout <= 0 {
		return out, usage(a.p.T("ctl.usage.timeout"))
	}
	err := a.with(ctx, toWork, func(s session) error {
		st, err := s.Status(ctx)
		if err != nil {
			return err
		}
		res, err := do(s)
		if err != nil {
			return err
		}
		out.Op, out.Ops = res.Op, queued(res)
		out.State, err = w.settle(ctx, s, st.Revision, out.Ops)
		return err
	})
	return out, err
}

// settle returns how far ops got that were queued after a revision.
func (w waiting) settle(ctx context.Context, s session, since mail.Revision, ops []mail.OpID) (mail.OpState, error) {
	switch {
	case len(ops) == 0:
		return mail.OpDone, nil
	case w.Wait:
		return w.wait(ctx, s, ops)
	case s.Holding():
		return linger(ctx, s, since, ops)
	default:
		return mail.OpWaiting, nil
	}
}

// how is the word in the ids of the texts that tell of a result.
func (r actResult) how() string {
	switch {
	case len(r.Ops) == 0:
		return "unchanged"
	case r.State == mail.OpDone:
		return "done"
	case r.State == mail.OpUndone:
		return "undone"
	default:
		return "queued"
	}
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

// advised is an error whose remedy is a command line.
type advised struct {
	error
	remedy string
}

func (e advised) Unwrap() error { return e.error }

// adviseFolder says how to make a folder that is not there and should be.
func (a *app) adviseFolder(err error, id mail.AccountID, path string) error {
	f := mail.FaultOf(err)
	if path == "" || f.Code != mail.CodeNoFolder || f.Args["folder"] != path {
		return err
	}
	account := string(id)
	if account == "" {
		account = "ID"
	}
	return advised{err, a.p.T("ctl.folder.make-it", "Command", "heronctl folder create "+account+" "+shellWord(clean(path)))}
}

// shellWord writes a word as it is typed in a shell.
func shellWord(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return strings.ContainsRune(" \\'\"$`&|;<>()*?[]{}#~!", r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// wait returns after the server's answer. When none comes in time the op stays
// queued, and the error is what keeps the account from its server.
func (w waiting) wait(ctx context.Context, s session, ids []mail.OpID) (mail.OpState, error) {
	limit, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	state := mail.OpDone
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
		if op.State == mail.OpUndone {
			state = mail.OpUndone
		}
	}
	return state, nil
}
