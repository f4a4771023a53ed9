package engine

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
)

// group is what an action does to the messages of one account.
type group struct {
	account  mail.AccountID
	messages []mail.Message
	boxes    []mail.Mailbox // of the account, as they are shown
	home     string         // what the path of a new folder begins with
}

// groups sorts messages by account, in the order in which the accounts come.
func (e *Engine) groups(ctx context.Context, ids []mail.MessageID) ([]group, error) {
	var out []group
	at := map[mail.AccountID]int{}
	var missing error
	for _, id := range ids {
		m, err := e.store.Message(ctx, id)
		switch {
		case err != nil && mail.FaultOf(err).Code == mail.CodeNoMessage:
			missing = err
			continue
		case err != nil:
			return nil, err
		}
		i, known := at[m.Account]
		if !known {
			i = len(out)
			at[m.Account] = i
			boxes, err := e.store.Mailboxes(ctx, m.Account)
			if err != nil {
				return nil, err
			}
			home, err := e.home(ctx, m.Account, boxes)
			if err != nil {
				return nil, err
			}
			out = append(out, group{account: m.Account, boxes: boxes, home: home})
		}
		out[i].messages = append(out[i].messages, m)
	}
	if len(out) == 0 {
		return nil, missing
	}
	return out, nil
}

// plan is the ops that an action is, in one account.
func (e *Engine) plan(ctx context.Context, a Action, g group) ([]mail.Op, error) {
	switch a.Kind {
	case mail.ActFlags:
		return []mail.Op{{
			Account: g.account, Kind: mail.OpFlags, Targets: ids(g.messages),
			Add: mail.NewFlags(a.Add...), Remove: mail.NewFlags(a.Remove...), Created: e.cfg.Now(),
		}}, nil
	case mail.ActMove, mail.ActCopy:
		to, err := e.store.MailboxByPath(ctx, g.account, a.To)
		if err != nil {
			return nil, err
		}
		if !to.Selectable {
			return nil, folderFault(mail.CodeFolderNoMail, to.Path())
		}
		if a.Kind == mail.ActCopy {
			return e.transfer(mail.OpCopy, g, g.messages, to.ID), nil
		}
		return e.transfer(mail.OpMove, g, g.outside(to.ID), to.ID), nil
	case mail.ActArchive:
		return e.moveToRole(g, mail.RoleArchive)
	case mail.ActJunk:
		return e.moveToRole(g, mail.RoleJunk)
	case mail.ActDelete:
		ops, err := e.moveToRole(g, mail.RoleTrash)
		if trash, ok := g.ofRole(mail.RoleTrash); ok {
			// What is in the trash already goes for good.
			ops = append(ops, e.transfer(mail.OpDelete, g, g.inside(trash.ID), 0)...)
		}
		return ops, err
	default:
		return nil, notSupported(string(a.Kind))
	}
}

// transfer is the op that takes messages to a folder, none for no messages.
func (e *Engine) transfer(kind mail.OpKind, g group, ms []mail.Message, to mail.MailboxID) []mail.Op {
	if len(ms) == 0 {
		return nil
	}
	return []mail.Op{{Account: g.account, Kind: kind, Targets: ids(ms), Mailbox: to, Created: e.cfg.Now()}}
}

// moveToRole moves messages to the folder of a role, which is made if there is
// none.
func (e *Engine) moveToRole(g group, role mail.Role) ([]mail.Op, error) {
	if to, ok := g.ofRole(role); ok {
		return e.transfer(mail.OpMove, g, g.outside(to.ID), to.ID), nil
	}
	name, err := mail.NewName(g.home+usualName(role), delimiter(g.boxes, ""))
	if err != nil {
		return nil, err
	}
	create := mail.Op{Account: g.account, Kind: mail.OpFolderCreate, Name: name, Created: e.cfg.Now()}
	return append([]mail.Op{create}, e.transfer(mail.OpMove, g, g.messages, 0)...), nil
}

// usualName is what a folder is called that is made for a role. Servers and
// other programs know these names.
func usualName(r mail.Role) string {
	switch r {
	case mail.RoleArchive:
		return "Archive"
	case mail.RoleJunk:
		return "Junk"
	default:
		return "Trash"
	}
}

// ofRole finds the folder of a role, also one that was made for it and that the
// server has not told the role of yet.
func (g group) ofRole(r mail.Role) (mail.Mailbox, bool) {
	for _, b := range g.boxes {
		if b.Role == r && b.Selectable {
			return b, true
		}
	}
	for _, b := range g.boxes {
		if b.Role == mail.RoleNone && b.Selectable && b.Path() == g.home+usualName(r) {
			return b, true
		}
	}
	return mail.Mailbox{}, false
}

// outside are the messages that are not in a folder, inside those that are.
func (g group) outside(box mail.MailboxID) []mail.Message {
	return g.filter(func(m mail.Message) bool { return m.Location.Mailbox != box })
}

func (g group) inside(box mail.MailboxID) []mail.Message {
	return g.filter(func(m mail.Message) bool { return m.Location.Mailbox == box })
}

func (g group) filter(wanted func(mail.Message) bool) []mail.Message {
	var out []mail.Message
	for _, m := range g.messages {
		if wanted(m) {
			out = append(out, m)
		}
	}
	return out
}

func ids(ms []mail.Message) []mail.MessageID {
	out := make([]mail.MessageID, len(ms))
	for i, m := range ms {
		out[i] = m.ID
	}
	return out
}

func folderFault(c mail.Code, path string) *mail.Fault {
	return &mail.Fault{Code: c, Class: mail.ClassLocal, Args: mail.Args{"folder": path}}
}

func notSupported(what string) *mail.Fault {
	return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": what}}
}
