package converge

import (
	"context"
	"errors"
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// deed is what an action of a machine was about.
type deed struct {
	letter string
}

// queue queues an action, as an engine does for its user.
func (m *machine) queue(op mail.Op, letter string) (mail.Op, bool) {
	op, err := m.store.Enqueue(context.Background(), op)
	m.r.tell("%s: op %d: %s %s +%v -%v: %v", m.name, op.ID, op.Kind, letter, op.Add, op.Remove, err)
	if refused(err) {
		return op, false
	}
	m.r.must(err)
	if op.ID != 0 {
		m.ops[op.ID] = deed{letter}
	}
	if m.stop != nil {
		m.w.OpsQueued()
	}
	return op, true
}

// refused reports that an action makes no sense: what it is for is no more, or
// is there already.
func refused(err error) bool {
	var f *mail.Fault
	return errors.As(err, &f) && slices.Contains([]mail.Code{
		mail.CodeNoMessage, mail.CodeGone, mail.CodeNoFolder,
	}, f.Code)
}

// marks are what a machine marks with, beside the flag that is its own. They are
// no keywords: sessions of Dovecot 2.3 with Maildirs miss a keyword that another
// one brought into a mailbox in the same second, and take one for another.
var marks = []mail.Flag{mail.FlagSeen, mail.FlagDraft}

// mark puts a flag on a message that this machine sees, or takes it away.
func (m *machine) mark(s step) {
	msg, ok := m.pick(s)
	if !ok {
		return
	}
	f, _ := at(marks, s.B)
	if s.What == "own" {
		f = m.own
	}
	op := mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{msg.ID}}
	if s.On {
		op.Add = mail.NewFlags(f)
	} else {
		op.Remove = mail.NewFlags(f)
	}
	if _, ok := m.queue(op, msg.Envelope.HeaderID); ok && f == m.own {
		m.r.letters[msg.Envelope.HeaderID].own[m.name] = s.On
	}
}
