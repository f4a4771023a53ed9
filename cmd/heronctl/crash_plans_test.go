//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// plans is how many folders there are, at most, that only the agent makes. Each gets
// a new name whenever it is made or renamed: "Plan 2-17".
const plans = 3

// planOf is what a folder stays, however it is renamed: "Plan 2" for "Plan 2-17".
func planOf(path string) string {
	if !strings.HasPrefix(path, "Plan ") {
		return path
	}
	plan, _, _ := strings.Cut(path, "-")
	return plan
}

func planName(n int) string { return fmt.Sprintf("Plan %d", n) }

// fresh is a name that a plan never had.
func (l *ledger) fresh(n int) string {
	l.names++
	return fmt.Sprintf("%s-%d", planName(n), l.names)
}

// plan is what a plan is called now, "" if it is not there, after folders settled it.
func (l *ledger) plan(n int) string { return l.called[n][0] }

// plans are those that are there.
func (l *ledger) plans() []string {
	var out []string
	for n := range l.called {
		if is := l.plan(n); is != "" {
			out = append(out, is)
		}
	}
	return out
}

// folders takes the folders that somebody shows; "" if the plans among them are as
// was accepted. It settles what lost answers left open.
func (l *ledger) folders(paths []string) string {
	var wrong []string
	for n, may := range l.called {
		is := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return planOf(p) != planName(n) })
		if len(is) == 0 {
			is = []string{""}
		}
		if len(is) > 1 || !slices.Contains(may, is[0]) {
			wrong = append(wrong, fmt.Sprintf("%s as %q, and accepted %q", planName(n), is, may))
		}
		l.called[n] = is[:1]
	}
	return strings.Join(wrong, "\n")
}

// didToFolder notes an action on a plan, or on the junk folder, and how the agent
// answered it.
func (l *ledger) didToFolder(n int, act api.FolderAction, err error) {
	how := l.count(err)
	ends := ""
	switch act.Kind {
	case mail.FolderEmpty:
		ends = "Junk"
	case mail.FolderDelete:
		ends = planName(n)
		fallthrough
	default:
		to := map[mail.FolderActionKind]string{mail.FolderCreate: act.Path, mail.FolderRename: act.To}[act.Kind]
		l.called[n] = came(l.called[n], how, func(string) string { return to }, func(a, b string) bool { return a == b })
	}
	for _, e := range l.by {
		e.may = came(e.may, how, func(f fate) fate {
			if ends == "" || f.box != ends {
				return f
			}
			return f.deleted()
		}, fate.equal)
	}
}
