package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// errorLine is what --json writes to stderr.
type errorLine struct {
	Error errorBody `json:"error"`
}

type errorBody struct {
	Code   mail.Code `json:"code"`
	Title  string    `json:"title"`
	Text   string    `json:"text"`
	Remedy string    `json:"remedy"`
}

// usage is a command line that makes no sense; text says why, in the user's
// language.
func usage(text string) error {
	return &mail.Fault{Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": text}}
}

// accountsError is why a pass over several accounts failed, each account's problem.
type accountsError []mail.Problem

func (e accountsError) Error() string { return fmt.Sprintf("%d accounts failed", len(e)) }

// worst is the problem that decides the exit code.
func (e accountsError) worst() mail.Problem {
	want := e.exitCode()
	for _, p := range e {
		if health.ExitCode(p) == want {
			return p
		}
	}
	return e[0]
}

func (e accountsError) exitCode() int {
	codes := make([]int, 0, len(e))
	for _, p := range e {
		codes = append(codes, health.ExitCode(p))
	}
	return health.WorstExit(codes...)
}

// exitCode is what the process ends with.
func exitCode(err error) int {
	var many accountsError
	switch {
	case err == nil:
		return health.ExitDone
	case errors.As(err, &many):
		return many.exitCode()
	}
	if c := health.ExitCode(problemOf(err)); c != health.ExitDone {
		return c
	}
	return health.ExitFailed
}

// problemOf is what a person is told of an error.
func problemOf(err error) mail.Problem {
	var many accountsError
	if errors.As(err, &many) {
		return many.worst()
	}
	return mail.FaultOf(err).Problem()
}

// report tells an error on stderr.
func report(w io.Writer, p *i18n.Printer, asJSON bool, err error) {
	pr := problemOf(err)
	t := health.Describe(p, pr)
	var hint advised
	switch {
	case errors.As(err, &hint):
		t.Remedy = hint.remedy
	case errors.Is(err, errDeclined):
		pr.Code, t = "declined", health.Text{Title: p.T("ctl.declined")}
	case errors.Is(err, context.Canceled):
		pr.Code, t = "interrupted", health.Text{Title: p.T("ctl.interrupted")}
	}
	if asJSON {
		// Nobody is left to tell when stderr cannot be written.
		_ = writeJSON(w, errorLine{errorBody{pr.Code, t.Title, t.Text, t.Remedy}})
		return
	}
	lines := []string{"heronctl: " + clean(t.Title)}
	for _, s := range []string{t.Text, t.Remedy} {
		if s != "" {
			lines = append(lines, "  "+clean(s))
		}
	}
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n") // as above
}

// spoken fills in the words of a problem.
func spoken(p *i18n.Printer, pr api.Problem) api.Problem {
	t := health.Describe(p, pr.Mail())
	pr.Title, pr.Text, pr.Remedy = t.Title, t.Text, t.Remedy
	return pr
}

// errDeclined: a question was answered with no.
var errDeclined = errors.New("declined")

func faultOfProblem(p mail.Problem) *mail.Fault {
	return &mail.Fault{Code: p.Code, Class: p.Class, Args: p.Args}
}
