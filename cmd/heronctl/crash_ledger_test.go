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
	box    string // "": it was deleted for good; a plan is what it was called first
	flags  mail.Flags
	copies int // beside it, in the folder for copies
}

func (f fate) String() string {
	return fmt.Sprintf("%s %v and %d copies", cmp.Or(f.box, "nowhere"), f.flags, f.copies)
}

func (f fate) equal(o fate) bool { return f.looks(o) && f.copies == o.copies }

// looks is equal as far as is seen of the message itself.
func (f fate) looks(o fate) bool { return f.box == o.box && f.flags.Equal(o.flags) }

// after is the fate of a message after an action on it.
func (f fate) after(act api.Action) fate {
	switch act.Kind {
	case mail.ActMove:
		f.box = planOf(act.To)
	case mail.ActArchive:
		f.box = "Archive"
	case mail.ActJunk:
		f.box = "Junk"
	case mail.ActCopy:
		f.copies++
	case mail.ActDelete:
		if f.box == "Trash" {
			return f.deleted()
		}
		f.box = "Trash"
	default:
		f.flags = f.flags.With(act.Add, act.Remove)
	}
	return f
}

func (f fate) deleted() fate { return fate{copies: f.copies} }

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
// deletes, see agents, and to the folders that only it makes. A goroutine may write
// while none else uses it.
type ledger struct {
	by                      map[string]*entry // by Message-ID
	called                  [plans][]string   // each plan: any of these; "": it is not there
	names                   int               // that were given
	accepted, refused, lost int
}

func newLedger() ledger {
	l := ledger{by: map[string]*entry{}}
	for n := range l.called {
		l.called[n] = []string{""}
	}
	return l
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

// did notes an action and how the agent answered it.
func (l *ledger) did(id string, act api.Action, err error) {
	e := l.of(id)
	e.may = came(e.may, l.count(err), func(f fate) fate { return f.after(act) }, fate.equal)
}

// answer is how the agent answered.
type answer int

const (
	accepted answer = iota
	refused
	lost // it was killed, see liveAndDie
)

// count notes how the agent answered an action.
func (l *ledger) count(err error) answer {
	switch {
	case err == nil:
		l.accepted++
		return accepted
	case errors.Is(err, control.ErrNoHolder), errors.Is(err, context.Canceled):
		l.lost++
		return lost
	default:
		l.refused++
		return refused
	}
}

// came is what may be after an action. It is done or not done; if the answer was
// lost, either.
func came[E any](may []E, how answer, after func(E) E, equal func(E, E) bool) []E {
	if how == refused {
		return may
	}
	var out []E
	if how == lost {
		out = slices.Clone(may)
	}
	for _, e := range may {
		then := after(e)
		if !slices.ContainsFunc(out, func(o E) bool { return equal(o, then) }) {
			out = append(out, then)
		}
	}
	return out
}

// shown takes what the agent shows of a message; "" if that is as it said. It
// settles what a lost answer left open: from then on it is that.
func (l *ledger) shown(m api.Message) string {
	e := l.of(m.MessageID)
	f := fate{box: planOf(m.Folder), flags: heronsOnly(m.Flags)}
	may := slices.DeleteFunc(slices.Clone(e.may), func(o fate) bool { return !f.looks(o) })
	if len(may) > 0 {
		e.may = may
		return ""
	}
	if e.wrong {
		return "" // told already
	}
	e.wrong = true
	return fmt.Sprintf("the agent shows %s in %v, and accepted %v", m.MessageID, f, e.may)
}

// unlike compares the server with what was accepted: each message is there once,
// in the folder and with the flags of its fate, or was deleted and is nowhere; and its
// copies are.
func (l *ledger) unlike(server mailtest.View, ids []string) string {
	is, copied := map[string][]fate{}, map[string]int{}
	for box, in := range server {
		for _, s := range in {
			if box == copies {
				copied[s.ID]++
			} else {
				is[s.ID] = append(is[s.ID], fate{box: planOf(box), flags: heronsOnly(s.Flags)})
			}
		}
	}
	var out []string
	for _, id := range ids {
		there := is[id]
		if there == nil {
			there = []fate{{}}
		}
		there[0].copies = copied[id]
		if e := l.of(id); len(there) != 1 || !slices.ContainsFunc(e.may, there[0].equal) {
			out = append(out, fmt.Sprintf("%s is in %v, and accepted was %v", id, there, e.may))
		}
	}
	return strings.Join(out, "\n")
}
