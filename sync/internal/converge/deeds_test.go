package converge

import (
	"context"
	"errors"
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// deed is what an action of a machine was about.
type deed struct {
	letter string // "" for a folder
	kind   mail.OpKind
}

// queue queues an action, as an engine does for its user. It reports whether
// that made sense.
func (m *machine) queue(op mail.Op, letter string) bool {
	what := op
	op, err := m.store.Enqueue(context.Background(), op)
	m.r.tell("%s: op %d: %s %s %q into %d +%v -%v: %v", m.name, op.ID, what.Kind, letter, what.Name, what.Mailbox, what.Add, what.Remove, err)
	if refused(err) {
		return false
	}
	m.r.must(err)
	if op.ID != 0 {
		m.ops[op.ID] = deed{letter, op.Kind}
	}
	if m.stop != nil {
		m.w.OpsQueued()
	}
	return true
}

// refused reports that an action makes no sense: what it is for is no more, or
// is there already.
func refused(err error) bool {
	var f *mail.Fault
	return errors.As(err, &f) && slices.Contains([]mail.Code{
		mail.CodeNoMessage, mail.CodeGone, mail.CodeNoFolder, mail.CodeUsage, mail.CodeNotSupported, mail.CodeNothingToUndo,
		mail.CodeFolderExists,
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
	if m.queue(op, msg.Envelope.HeaderID) && f == m.own {
		m.r.letters[msg.Envelope.HeaderID].own[m.name] = s.On
	}
}

// carry moves, copies or deletes a message that this machine sees.
func (m *machine) carry(s step) {
	msg, ok := m.pick(s)
	if !ok {
		return
	}
	l := m.r.letters[msg.Envelope.HeaderID]
	op := mail.Op{Kind: mail.OpKind(s.What), Targets: []mail.MessageID{msg.ID}}
	if op.Kind == mail.OpDelete {
		l.gone++
		m.queue(op, l.id)
		return
	}
	to, ok := at(m.folders(), s.B)
	if !ok {
		return
	}
	op.Mailbox = to.ID
	if op.Kind == mail.OpCopy {
		l.copies++
	}
	if m.queue(op, l.id) && op.Kind == mail.OpMove {
		l.movers[m.name] = to.ID
	}
}

// folder makes, renames or deletes a folder.
func (m *machine) folder(s step) {
	name, _ := at(places, s.A)
	if s.What == "create" {
		m.queue(mail.Op{Kind: mail.OpFolderCreate, Account: m.account(), Name: name}, "")
		return
	}
	box, err := m.store.MailboxByPath(context.Background(), m.account(), name)
	if refused(err) {
		return
	}
	m.r.must(err)
	if s.What == "rename" {
		to, _ := at(places, s.B)
		m.queue(mail.Op{Kind: mail.OpFolderRename, Mailbox: box.ID, Name: to}, "")
		return
	}
	m.queue(mail.Op{Kind: mail.OpFolderDelete, Mailbox: box.ID}, "")
}

// undo takes back what this machine did last.
func (m *machine) undo() {
	op, err := m.store.Undo(context.Background(), 0)
	m.r.tell("%s takes back: %+v: %v", m.name, op, err)
	if refused(err) {
		return
	}
	m.r.must(err)
	was := m.ops[op.ID]
	if op.Inverse != 0 {
		was = m.ops[op.Inverse]
		m.ops[op.ID] = was
	}
	if l := m.r.letters[was.letter]; l != nil {
		delete(l.own, m.name)
		l.movers["undo"] = 0
		if was.kind == mail.OpCopy {
			l.gone++
		}
	}
	if m.stop != nil {
		m.w.OpsQueued()
	}
}

// folders are what messages can be put into.
func (m *machine) folders() []mail.Mailbox {
	boxes, err := m.store.Mailboxes(context.Background(), m.account())
	m.r.must(err)
	return slices.DeleteFunc(boxes, func(b mail.Mailbox) bool { return !b.Selectable })
}
