//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// mostMarks is how many keywords of its own a message gets: a Maildir has room for
// 26 in all.
const mostMarks = 20

// fate is where a message is, and with which of the flags that only Heron sets.
type fate struct {
	box   string // "": it was deleted for good
	flags mail.Flags
}

func (f fate) String() string {
	return fmt.Sprintf("%s %v", cmp.Or(f.box, "nowhere"), f.flags)
}

func (f fate) equal(o fate) bool { return f.box == o.box && f.flags.Equal(o.flags) }

// after is the fate of a message after an action on it.
func (f fate) after(act api.Action) fate {
	switch act.Kind {
	case mail.ActMove:
		return fate{act.To, f.flags}
	case mail.ActDelete:
		if f.box == "Trash" {
			return fate{}
		}
		return fate{"Trash", f.flags}
	default:
		return fate{f.box, f.flags.With(act.Add, act.Remove)}
	}
}

// heronsOnly are those of a message's flags that only Heron sets: the other client
// flags mail and does nothing else to that of the ledger.
func heronsOnly(fs mail.Flags) mail.Flags { return fs.With(nil, mail.NewFlags(mail.FlagFlagged)) }

// entry is what the agent said of one message.
type entry struct {
	may   []fate // any of these: more than one after an answer that was lost
	marks int    // keywords that were asked for, each once
	wrong bool   // and told so
}

// ledger is what the agent accepted to do to the messages that only it moves and
// deletes, see agents. A goroutine may write while none else uses it.
type ledger struct {
	by                      map[string]*entry // by Message-ID
	accepted, refused, lost int
}

// of is the entry of a message; one that nothing was done to is new in the inbox.
func (l *ledger) of(id string) *entry {
	e, known := l.by[id]
	if !known {
		e = &entry{may: []fate{{box: "INBOX"}}}
		l.by[id] = e
	}
	return e
}

// mark is a keyword that the message was never asked to have, as long as there are.
func (l *ledger) mark(id string) mail.Flag {
	e := l.of(id)
	e.marks++
	return mail.Flag(fmt.Sprintf("%s-%d", ours, e.marks%mostMarks))
}

// did notes an action and how the agent answered it. An action is done or not
// done; if the answer was lost, either.
func (l *ledger) did(id string, act api.Action, err error) {
	e := l.of(id)
	var then []fate
	for _, f := range e.may {
		then = append(then, f.after(act))
	}
	switch {
	case err == nil:
		l.accepted++
		e.may = then
	case errors.Is(err, control.ErrNoHolder), errors.Is(err, context.Canceled): // see liveAndDie
		l.lost++
		e.may = append(e.may, then...)
	default:
		l.refused++
	}
}

// shown takes what the agent shows of a message; "" if that is as it said. It
// settles what a lost answer left open: from then on it is that.
func (l *ledger) shown(m api.Message) string {
	e := l.of(m.MessageID)
	f := fate{m.Folder, heronsOnly(m.Flags)}
	if slices.ContainsFunc(e.may, f.equal) {
		e.may = []fate{f}
		return ""
	}
	if e.wrong {
		return "" // told already
	}
	e.wrong = true
	return fmt.Sprintf("the agent shows %s in %v, and accepted %v", m.MessageID, f, e.may)
}

// unlike compares the server with what was accepted: each message is there once,
// in the folder and with the flags of its fate, or was deleted and is nowhere.
func (l *ledger) unlike(server mailtest.View, ids []string) string {
	is := map[string][]fate{}
	for box, in := range server {
		for _, s := range in {
			is[s.ID] = append(is[s.ID], fate{box, heronsOnly(s.Flags)})
		}
	}
	var out []string
	for _, id := range ids {
		there := is[id]
		if there == nil {
			there = []fate{{}}
		}
		if e := l.of(id); len(there) != 1 || !slices.ContainsFunc(e.may, there[0].equal) {
			out = append(out, fmt.Sprintf("%s is in %v, and accepted was %v", id, there, e.may))
		}
	}
	return strings.Join(out, "\n")
}
