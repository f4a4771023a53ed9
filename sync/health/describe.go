package health

import (
	"strings"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// maxArg bounds a value that a text names, in runes: a server's words can be
// as long as it likes.
const maxArg = 300

// Text is a problem in the user's words.
type Text struct {
	Title  string // a few words
	Text   string // what happened
	Remedy string // what Heron does about it and what the user can do
}

// Describe puts a problem into words. Values from servers are shortened and
// freed of control and bidi characters.
func Describe(p *i18n.Printer, pr mail.Problem) Text {
	args := make([]any, 0, 2*len(pr.Args))
	known := map[string]bool{}
	for k, v := range pr.Args {
		known[k] = true
		if k == "what" {
			v = whatWord(p, v)
		}
		args = append(args, k, shorten(mail.Printable(v)))
	}
	// A value that the fault did not know is a dash, not "<no value>".
	for _, k := range []string{"host", "port", "user", "text", "account", "path", "fingerprint", "date", "names", "command", "what", "folder", "message", "address", "uid", "op"} {
		if !known[k] {
			args = append(args, k, "–")
		}
	}
	for _, k := range []string{"line", "backup", "reason", "delimiter", "last", "before"} {
		if !known[k] {
			args = append(args, k, "")
		}
	}
	id := "health." + string(pr.Code)
	t := Text{
		Title:  p.T(id+".title", args...),
		Text:   p.T(id+".text", args...),
		Remedy: p.T(id+".remedy", args...),
	}
	if t.Title == id+".title" { // a code of a newer agent
		return Text{Title: string(pr.Code), Text: strings.TrimSpace(pr.Args["text"]), Remedy: p.T("health.internal.remedy")}
	}
	return t
}

// whatWord translates what a fault names in English ("a paused account"). What
// has no text, such as IDLE or POP3, is a name.
func whatWord(p *i18n.Printer, what string) string {
	id := "health.what." + strings.ReplaceAll(what, " ", "-")
	if text := p.T(id); text != id {
		return text
	}
	return what
}

func shorten(s string) string {
	if r := []rune(s); len(r) > maxArg {
		return string(r[:maxArg]) + "…"
	}
	return s
}

// Exit codes of heronctl.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitSignIn      = 3
	ExitUnreachable = 4
	ExitTLS         = 5
	ExitNotFound    = 6
	ExitBusy        = 7
)

// ExitCode is what a program that ends with this problem returns.
func ExitCode(pr mail.Problem) int {
	switch pr.Code {
	case mail.CodeUsage, mail.CodeBadAddress, mail.CodeBadFolder:
		return ExitUsage
	case mail.CodeNoAccount, mail.CodeNoFolder, mail.CodeNoMessage:
		return ExitNotFound
	case mail.CodeBusy:
		return ExitBusy
	case mail.CodeNoDisplay:
		return ExitUnreachable
	case mail.CodeNotTLS, mail.CodeTLSOnPlain, mail.CodeStartTLSMissing:
		return ExitTLS
	}
	switch pr.Class {
	case mail.ClassAuth:
		return ExitSignIn
	case mail.ClassOffline:
		return ExitUnreachable
	case mail.ClassTLS:
		return ExitTLS
	default:
		return ExitFailed
	}
}

// WorstExit picks the exit code for several accounts: the first that applies
// of 3, 5, 4 and 1, else 0.
func WorstExit(codes ...int) int {
	for _, want := range []int{ExitSignIn, ExitTLS, ExitUnreachable} {
		for _, c := range codes {
			if c == want {
				return want
			}
		}
	}
	for _, c := range codes {
		if c != ExitDone {
			return ExitFailed
		}
	}
	return ExitDone
}
