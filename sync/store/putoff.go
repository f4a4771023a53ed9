package store

import (
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// putOffOften is how many times in a row a server has to ask for patience with an op
// before the user is told: it is busy now and then.
const putOffOften = 3

// raisePutOff tells the user that the server asks for patience with an op again and again.
func (t *tx) raisePutOff(op *mail.Op, f *mail.Fault) error {
	p := mail.Problem{Account: op.Account, Code: mail.CodePutOff, Class: mail.ClassLimit, Args: mail.Args{}}
	for _, arg := range []string{"host", "command", "text"} {
		p.Args[arg] = f.Args[arg]
	}
	return t.raise(p)
}

// endPutOff ends what raisePutOff told, when no op of an account is put off so often
// any more.
func (t *tx) endPutOff(account mail.AccountID) error {
	ps, err := list(t, scanProblem, selectProblem+`WHERE account = ? AND code = ?`, string(account), string(mail.CodePutOff))
	if err != nil || len(ps) == 0 {
		return err
	}
	ops, err := list(t, scanOp, selectOp+`WHERE a.name = ? AND o.state = 'waiting' AND o.tries >= ?`, string(account), putOffOften)
	if err != nil || slices.ContainsFunc(ops, func(op mail.Op) bool {
		return op.Fault == string(mail.CodeThrottled) || op.Fault == string(mail.CodeTooMany)
	}) {
		return err
	}
	return t.end(ps)
}
