package imapsync

import (
	"context"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// StepName is a step of Check, in the order they run.
type StepName string

// The steps of Check.
const (
	StepResolve      StepName = "resolve"
	StepConnect      StepName = "connect"
	StepTLS          StepName = "tls" // left out for mail.Plain
	StepSignIn       StepName = "sign-in"
	StepCapabilities StepName = "capabilities"
	StepFolders      StepName = "folders"
)

// StepState is how a step stands.
type StepState string

// The states of a step.
const (
	StepRunning StepState = "running"
	StepOK      StepState = "ok"
	StepFailed  StepState = "failed"
)

// Step is what Check tells of one step. It tells of each at least twice: that
// it runs, and how it ended.
type Step struct {
	Name      StepName
	State     StepState
	Detail    string         // addresses, the server's words, a number; not translated
	Fault     *mail.Fault    // of a failed step
	Mailboxes []mail.Mailbox // of StepFolders when it is ok; they have no ids
}

// Check tries an account that may not be kept yet, with a secret that is kept
// nowhere: it resolves, connects, signs in and lists the folders, and changes
// nothing on the server or here. step is called for everything that happens,
// from the calling goroutine or one that ends before Check does. The error is
// the *mail.Fault of the step that failed, or ctx's.
func Check(ctx context.Context, account mail.Account, secret string, step func(Step)) error {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	p := newProgress(account.Endpoint.Security, step)
	o := wireOptions(account, secret, "")
	o.Dial.OnStep, o.OnStep = p.done, p.done
	conn, err := wire.Dial(ctx, o)
	if err != nil {
		return p.failed(err)
	}
	defer func() { _ = conn.Close() }() // nothing is left to be sent
	p.upTo(StepFolders)
	s := newSession(New(Config{Account: account}), conn, newHints())
	list, err := s.list(ctx)
	if err != nil {
		return p.failed(err)
	}
	boxes := make([]mail.Mailbox, 0, len(list))
	for i := range list {
		l := &list[i]
		boxes = append(boxes, mail.Mailbox{
			Account: account.ID, Name: l.Name, Delimiter: l.Delimiter, Role: l.role,
			Selectable: l.canSelect(), Subscribed: l.subscribed,
			Counts: mail.Counts{Total: max(0, l.status.Messages), Unread: max(0, l.status.Unseen)},
		})
	}
	slices.SortStableFunc(boxes, func(a, b mail.Mailbox) int { return strings.Compare(a.Path(), b.Path()) })
	p.ended(Step{Name: StepFolders, State: StepOK, Mailboxes: boxes})
	return nil
}

// progress turns "this is done" into "this runs" and "this ended", for steps
// that follow each other.
type progress struct {
	tell  func(Step)
	steps []StepName // still to be done; the first one runs
}

func newProgress(sec mail.Security, tell func(Step)) *progress {
	p := &progress{tell: tell, steps: []StepName{StepResolve, StepConnect, StepTLS, StepSignIn, StepCapabilities, StepFolders}}
	if sec == mail.Plain {
		p.steps = slices.DeleteFunc(p.steps, func(n StepName) bool { return n == StepTLS })
	}
	p.tell(Step{Name: p.steps[0], State: StepRunning})
	return p
}

// done is told by dial and wire.
func (p *progress) done(name, detail string) {
	n := StepName(name)
	if !slices.Contains(p.steps, n) {
		return
	}
	p.upTo(n)
	p.ended(Step{Name: n, State: StepOK, Detail: detail})
}

// upTo ends the steps before name, of which nobody told.
func (p *progress) upTo(name StepName) {
	for len(p.steps) > 0 && p.steps[0] != name {
		p.ended(Step{Name: p.steps[0], State: StepOK})
	}
}

// ended tells how the running step ended, and that the next one runs.
func (p *progress) ended(s Step) {
	p.tell(s)
	p.steps = p.steps[1:]
	if s.State == StepOK && len(p.steps) > 0 {
		p.tell(Step{Name: p.steps[0], State: StepRunning})
	}
}

// failed ends the running step.
func (p *progress) failed(err error) error {
	f := mail.FaultOf(err)
	if len(p.steps) > 0 {
		p.ended(Step{Name: p.steps[0], State: StepFailed, Fault: f})
	}
	return f
}
