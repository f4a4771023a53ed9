package engine

import (
	"context"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// FolderAction is something the user does to a folder.
type FolderAction struct {
	Kind mail.FolderActionKind
	Path string // display path of the folder
	To   string // of mail.FolderRename: its new display path
	// A path that a new folder or name gets at the top level is within the user's
	// own folders, where the server keeps these elsewhere (RFC 2342).
}

// FolderDone is what a FolderAction queued.
type FolderDone struct {
	Ops   []mail.Op // none if nothing had to change
	Path  string    // of the folder, that of a new name if it gets one
	Role  mail.Role // of the folder
	Count int       // messages that mail.FolderEmpty deletes
}

// DoFolder queues an action on a folder, which shows at once, and wakes the
// worker to send it. Faults: no-such-account, no-such-folder, folder-exists,
// folder-stays for the inbox, bad-folder-name, not-supported; those of the disk.
func (e *Engine) DoFolder(ctx context.Context, id mail.AccountID, a FolderAction) (FolderDone, error) {
	if e.cfg.ReadOnly {
		return FolderDone{}, e.readOnly()
	}
	if _, err := e.settings.Account(id); err != nil {
		return FolderDone{}, err
	}
	boxes, err := e.store.Mailboxes(ctx, id)
	if err != nil {
		return FolderDone{}, err
	}
	if a, err = e.place(ctx, id, boxes, a); err != nil {
		return FolderDone{}, err
	}
	op, done, err := e.folderOp(ctx, boxes, a)
	if err != nil || op.Kind == "" {
		return done, err
	}
	op.Account, op.Created = id, e.cfg.Now()
	done.Ops, err = e.queue(ctx, 0, []mail.Op{op})
	return done, err
}

// place gives an action the path that a new folder, or a new name, gets in truth.
func (e *Engine) place(ctx context.Context, id mail.AccountID, boxes []mail.Mailbox, a FolderAction) (FolderAction, error) {
	if a.Kind != mail.FolderCreate && a.Kind != mail.FolderRename {
		return a, nil
	}
	home, err := e.home(ctx, id, boxes)
	if err != nil {
		return a, err
	}
	if a.Kind == mail.FolderCreate {
		a.Path = placed(boxes, home, a.Path)
	} else {
		a.To = placed(boxes, home, a.To)
	}
	return a, nil
}

// folderOp is the op that an action is; no kind if nothing has to change.
func (e *Engine) folderOp(ctx context.Context, boxes []mail.Mailbox, a FolderAction) (mail.Op, FolderDone, error) {
	if a.Kind == mail.FolderCreate {
		name, err := newName(boxes, a.Path)
		return mail.Op{Kind: mail.OpFolderCreate, Name: name}, FolderDone{Path: a.Path}, err
	}
	box, ok := byPath(boxes, a.Path)
	if !ok {
		return mail.Op{}, FolderDone{}, folderFault(mail.CodeNoFolder, a.Path)
	}
	done := FolderDone{Path: box.Path(), Role: box.Role}
	op := mail.Op{Mailbox: box.ID}
	fixed := box.Role == mail.RoleInbox || strings.EqualFold(box.Name, "INBOX")
	switch a.Kind {
	case mail.FolderRename:
		if fixed {
			return op, done, folderFault(mail.CodeFolderStays, box.Path())
		}
		if a.To == box.Path() {
			return mail.Op{}, done, nil
		}
		if strings.HasPrefix(a.To, box.Path()+"/") {
			f := folderFault(mail.CodeBadFolder, a.To)
			f.Args["reason"] = mail.NameInside
			return op, done, f
		}
		var err error
		op.Kind, done.Path = mail.OpFolderRename, a.To
		op.Name, err = newName(boxes, a.To)
		return op, done, err
	case mail.FolderDelete:
		if fixed {
			return op, done, folderFault(mail.CodeFolderStays, box.Path())
		}
		op.Kind = mail.OpFolderDelete
	case mail.FolderSubscribe, mail.FolderUnsubscribe:
		want := a.Kind == mail.FolderSubscribe
		if box.Subscribed == want {
			return mail.Op{}, done, nil
		}
		op.Kind = mail.OpFolderUnsubscribe
		if want {
			op.Kind = mail.OpFolderSubscribe
		}
	case mail.FolderEmpty:
		if box.Role != mail.RoleTrash && box.Role != mail.RoleJunk {
			return op, done, notSupported("emptying a folder other than trash and junk")
		}
		all, err := e.allOf(ctx, box.ID)
		if err != nil || len(all) == 0 {
			return mail.Op{}, done, err
		}
		op, done.Count = mail.Op{Kind: mail.OpDelete, Targets: all}, len(all)
	default:
		return op, done, notSupported(string(a.Kind))
	}
	return op, done, nil
}

// allOf lists the messages of a folder that are known here.
func (e *Engine) allOf(ctx context.Context, box mail.MailboxID) ([]mail.MessageID, error) {
	const page = 500
	var out []mail.MessageID
	seen := map[mail.MessageID]bool{} // one that comes meanwhile shifts the pages
	for offset := 0; ; offset += page {
		p, err := e.store.Messages(ctx, store.MessageQuery{Mailboxes: []mail.MailboxID{box}, Offset: offset, Limit: page})
		if err != nil {
			return nil, err
		}
		for _, m := range p.Messages {
			if !seen[m.ID] {
				seen[m.ID] = true
				out = append(out, m.ID)
			}
		}
		if len(p.Messages) < page {
			return out, nil
		}
	}
}

// newName is the server's name of a folder that is to get a path. It must be
// free, without regard to case for the inbox.
func newName(boxes []mail.Mailbox, path string) (string, error) {
	if b, taken := byPath(boxes, path); taken {
		return "", folderFault(mail.CodeFolderExists, b.Path())
	}
	return mail.NewName(path, delimiter(boxes, path))
}

func byPath(boxes []mail.Mailbox, path string) (mail.Mailbox, bool) {
	for _, b := range boxes {
		if p := b.Path(); p == path || strings.EqualFold(p, "INBOX") && strings.EqualFold(path, "INBOX") {
			return b, true
		}
	}
	return mail.Mailbox{}, false
}

// delimiter is what parts the levels of a new path: that of the folder which it
// is to be in, as each namespace of a server may have its own (RFC 2342), else
// that of the inbox, else of any.
func delimiter(boxes []mail.Mailbox, path string) string {
	best, length := "", -1
	for _, b := range boxes {
		p := b.Path()
		n := -1
		switch {
		case b.Delimiter == "":
		case strings.HasPrefix(path, p+"/"):
			n = 1 + len(p)
		case b.Role == mail.RoleInbox:
			n = 1
		default:
			n = 0
		}
		if n > length {
			best, length = b.Delimiter, n
		}
	}
	return best
}
