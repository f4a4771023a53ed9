package converge

import (
	"context"
	"errors"
	"slices"

	"github.com/heronmail/heron/sync/engine"
	"github.com/heronmail/heron/sync/mail"
)

// deed is what an op of a machine was about.
type deed struct {
	about []string // letters, or the folder that is the machine's own
	all   []string // what the whole action was about
	kind  mail.OpKind
}

// refused reports that an action makes no sense: what it is for is no more, or
// is there already.
func refused(err error) bool {
	var f *mail.Fault
	return errors.As(err, &f) && slices.Contains([]mail.Code{
		mail.CodeNoMessage, mail.CodeGone, mail.CodeNoFolder, mail.CodeUsage, mail.CodeNotSupported, mail.CodeNothingToUndo, mail.CodeNotUndoable,
		mail.CodeFolderExists, mail.CodeFolderNoMail, mail.CodeBadFolder,
	}, f.Code)
}

// act does something to messages, as their user. It reports whether that made
// sense.
func (m *machine) act(a engine.Action) ([]mail.Op, bool) {
	ops, err := m.e.Do(context.Background(), a)
	m.r.tell("%s: %s %v to %q +%v -%v: %+v, %v", m.name, a.Kind, m.letters(a.IDs), a.To, a.Add, a.Remove, ops, err)
	m.note(ops, "")
	if refused(err) {
		return nil, false
	}
	m.r.must(err)
	return ops, true
}

// actOn does something to a folder.
func (m *machine) actOn(a engine.FolderAction) ([]mail.Op, bool) {
	done, err := m.e.DoFolder(context.Background(), m.account(), a)
	m.r.tell("%s: %s folder %q to %q: %+v, %v", m.name, a.Kind, a.Path, a.To, done.Ops, err)
	m.note(done.Ops, a.Path)
	if refused(err) {
		return nil, false
	}
	m.r.must(err)
	return done.Ops, true
}

// note keeps what the ops of an action are about.
func (m *machine) note(ops []mail.Op, folder string) {
	var all []string
	for _, op := range ops {
		all = append(all, m.letters(op.Targets)...)
	}
	for _, op := range ops {
		about := m.letters(op.Targets)
		if len(about) == 0 && folder == m.own.folder {
			about = []string{folder}
		}
		m.ops[op.ID] = deed{about, append(all, about...), op.Kind}
	}
}

// letters says which letters messages are, also those that nobody saw before an
// action took them along.
func (m *machine) letters(ids []mail.MessageID) []string {
	var out []string
	for _, id := range ids {
		if m.names[id] == "" {
			m.names[id] = m.newcomer(id)
		}
		out = append(out, m.names[id])
	}
	return out
}

// newcomer finds a message among those that were told of as new.
func (m *machine) newcomer(id mail.MessageID) string {
	for _, c := range m.changes() {
		if c, ok := c.(mail.MessagesAdded); ok {
			for _, b := range c.Messages {
				if b.ID == id {
					return m.r.bySubject(b.Subject)
				}
			}
		}
	}
	m.r.Fatalf("machine %s acted on message %d, which it never showed", m.name, id)
	return ""
}

// mark puts a flag on messages that this machine sees, or takes it away.
func (m *machine) mark(s step) {
	ms := m.pick(s)
	f, _ := at(m.r.marks, s.B)
	if s.What == "own" {
		f = m.own.flag
	}
	a := engine.Action{Kind: mail.ActFlags, IDs: ids(ms)}
	if s.On {
		a.Add = mail.NewFlags(f)
	} else {
		a.Remove = mail.NewFlags(f)
	}
	if len(ms) == 0 {
		return
	}
	if _, ok := m.act(a); !ok || f != m.own.flag {
		return
	}
	for _, l := range m.letters(a.IDs) {
		m.r.letters[l].own[m.name] = s.On
	}
}

// roles are the folders that actions take messages to.
var roles = map[mail.ActionKind]mail.Role{
	mail.ActArchive: mail.RoleArchive, mail.ActJunk: mail.RoleJunk, mail.ActDelete: mail.RoleTrash,
}

// carry moves, copies or deletes messages that this machine sees.
func (m *machine) carry(s step) {
	ms := m.pick(s)
	a := engine.Action{Kind: mail.ActionKind(s.What), IDs: ids(ms)}
	boxes := m.folders()
	to, ok := at(boxes, s.B)
	if role := roles[a.Kind]; role != mail.RoleNone {
		i := slices.IndexFunc(boxes, func(b mail.Mailbox) bool { return b.Role == role })
		if ok = i >= 0; ok {
			to = boxes[i]
		}
	} else if ok {
		a.To = to.Path()
	}
	if len(ms) == 0 || !ok {
		return
	}
	ops, ok := m.act(a)
	if !ok {
		return
	}
	deleted := m.deleted(ops)
	for _, id := range a.IDs {
		l := m.r.letters[m.names[id]]
		switch {
		case a.Kind == mail.ActCopy:
			l.copies++
		case slices.Contains(deleted, id):
			l.gone++
		default:
			l.movers[m.name] = to.ID
		}
	}
}

// empty deletes all that this machine sees in the trash, or in the junk folder.
func (m *machine) empty(s step) {
	m.list(m.folders()...) // which learns their names
	ops, _ := m.actOn(engine.FolderAction{Kind: mail.FolderEmpty, Path: []string{"Trash", "Trash", "Junk"}[s.A%3]})
	for _, l := range m.letters(m.deleted(ops)) {
		m.r.letters[l].gone++
	}
}

// deleted are the messages that ops delete for good.
func (m *machine) deleted(ops []mail.Op) []mail.MessageID {
	var out []mail.MessageID
	for _, op := range ops {
		if op.Kind == mail.OpDelete {
			out = append(out, op.Targets...)
		}
	}
	return out
}

// folder makes, renames, deletes or subscribes to a folder.
func (m *machine) folder(s step) {
	name, _ := at(places, s.A)
	a := engine.FolderAction{Path: name}
	switch s.What {
	case "create":
		a.Kind = mail.FolderCreate
	case "rename":
		a.Kind = mail.FolderRename
		a.To, _ = at(places, s.B)
	case "remove":
		a.Kind = mail.FolderDelete
	case "subscribe":
		a.Kind = mail.FolderUnsubscribe
		if s.On {
			a.Kind = mail.FolderSubscribe
		}
		if s.B%3 > 0 {
			a.Path = m.own.folder
		}
	}
	if _, ok := m.actOn(a); ok && a.Path == m.own.folder {
		m.left = &s.On
	}
}

// undo takes back what this machine did last.
func (m *machine) undo() {
	u, err := m.e.Undo(context.Background(), 0)
	m.r.tell("%s takes back: %+v: %v", m.name, u, err)
	if refused(err) {
		return
	}
	m.r.must(err)
	was := m.ops[u.ID]
	if u.Inverse != 0 {
		was = m.ops[u.Inverse]
	}
	for _, id := range u.Queued {
		m.ops[id] = was
	}
	for _, about := range was.all {
		l := m.r.letters[about]
		if l == nil {
			m.left = nil
			continue
		}
		switch was.kind {
		case mail.OpFlags:
			delete(l.own, m.name)
		case mail.OpCopy:
			l.gone++
		default:
			l.movers["undo"] = 0
		}
	}
}

// folders are what messages can be put into.
func (m *machine) folders() []mail.Mailbox {
	boxes, err := m.store.Mailboxes(context.Background(), m.account())
	m.r.must(err)
	return slices.DeleteFunc(boxes, func(b mail.Mailbox) bool { return !b.Selectable })
}

func ids(ms []mail.Message) []mail.MessageID {
	out := make([]mail.MessageID, len(ms))
	for i, m := range ms {
		out[i] = m.ID
	}
	return out
}
