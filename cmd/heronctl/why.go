package main

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// opFault is why an op was taken back, nil if it was not.
func opFault(ctx context.Context, s session, op api.Op) error {
	if op.State != mail.OpFailed {
		return nil
	}
	code := mail.Code(op.Fault)
	// The problem that was raised with it knows more than the code.
	if st, err := s.Status(ctx); err == nil {
		if pr, ok := newest(problemsOf(st, op.Account), hasCode(code)); ok {
			return faultOfProblem(pr.Mail())
		}
	}
	return &mail.Fault{Code: code, Class: mail.ClassProtocol}
}

// whyNot finds what keeps a queued op from its server: the problem that it met
// itself, else the newest that keeps its account away.
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
	i := slices.IndexFunc(ops, func(op api.Op) bool { return op.ID == id })
	if i < 0 {
		return late
	}
	problems, code := problemsOf(st, ops[i].Account), mail.Code(ops[i].Fault)
	if pr, ok := newest(problems, hasCode(code)); ok {
		return faultOfProblem(pr.Mail())
	}
	if pr, ok := newest(problems, keepsAway); ok {
		return faultOfProblem(pr.Mail())
	}
	return late
}

// problemsOf are the problems of an account.
func problemsOf(st api.Status, id mail.AccountID) []api.Problem {
	for _, acc := range st.Accounts {
		if acc.ID == id {
			return acc.Problems
		}
	}
	return nil
}

// newest finds the problem that fits and began last.
func newest(problems []api.Problem, fits func(api.Problem) bool) (found api.Problem, ok bool) {
	for _, pr := range problems {
		if fits(pr) && (!ok || !pr.Since.Before(found.Since)) {
			found, ok = pr, true
		}
	}
	return found, ok
}

func hasCode(code mail.Code) func(api.Problem) bool {
	return func(pr api.Problem) bool { return pr.Code == code }
}

// keepsAway reports whether nothing is sent while a problem stands; others concern
// one folder, or an action that is over.
func keepsAway(pr api.Problem) bool {
	if pr.News {
		return false
	}
	switch pr.Class {
	case mail.ClassOffline, mail.ClassAuth, mail.ClassTLS, mail.ClassLimit, mail.ClassLocal:
		return true
	default:
		return pr.Code == mail.CodeNotIMAP || pr.Code == mail.CodeBadAnswer
	}
}
