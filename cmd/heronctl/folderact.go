package main

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// folderResult is what --json prints. Path is the folder as it is called now,
// Count how many messages emptying it deleted.
type folderResult struct {
	Account mail.AccountID `json:"account"`
	Path    string         `json:"path"`
	Count   *int           `json:"count,omitempty"`
	actResult
}

type folderCreate struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
	waiting
}

// Run makes a folder.
func (c *folderCreate) Run(ctx context.Context, a *app) error {
	return a.actOnFolder(ctx, c.ID, api.FolderAction{Kind: mail.FolderCreate, Path: c.Path}, c.waiting)
}

type folderDelete struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
	waiting
}

// Run deletes a folder with the messages in it.
func (c *folderDelete) Run(ctx context.Context, a *app) error {
	return a.actOnFolder(ctx, c.ID, api.FolderAction{Kind: mail.FolderDelete, Path: c.Path}, c.waiting)
}

type folderRename struct {
	ID  mail.AccountID `arg:"" name:"id"`
	Old string         `arg:""`
	New string         `arg:""`
	waiting
}

// Run gives a folder another path.
func (c *folderRename) Run(ctx context.Context, a *app) error {
	return a.actOnFolder(ctx, c.ID, api.FolderAction{Kind: mail.FolderRename, Path: c.Old, To: c.New}, c.waiting)
}

type folderSubscribe struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
	waiting
}

// Run subscribes to a folder.
func (c *folderSubscribe) Run(ctx context.Context, a *app) error {
	return a.actOnFolder(ctx, c.ID, api.FolderAction{Kind: mail.FolderSubscribe, Path: c.Path}, c.waiting)
}

type folderUnsubscribe struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
	waiting
}

// Run ends the subscription of a folder.
func (c *folderUnsubscribe) Run(ctx context.Context, a *app) error {
	return a.actOnFolder(ctx, c.ID, api.FolderAction{Kind: mail.FolderUnsubscribe, Path: c.Path}, c.waiting)
}

type folderEmpty struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
	Yes  bool           `name:"yes"`
	waiting
}

// Run deletes for good what is in the trash or the junk folder.
func (c *folderEmpty) Run(ctx context.Context, a *app) error {
	if !c.Yes {
		if err := a.confirm(a.p.T("ctl.folder.empty-question", "Folder", clean(c.Path))); err != nil {
			return err
		}
	}
	return a.actOnFolder(ctx, c.ID, api.FolderAction{Kind: mail.FolderEmpty, Path: c.Path}, c.waiting)
}

// actOnFolder does something to a folder and tells how far that got.
func (a *app) actOnFolder(ctx context.Context, id mail.AccountID, act api.FolderAction, w waiting) error {
	var done api.ActionResult
	res, err := a.act(ctx, w, func(s session) (r api.ActionResult, err error) {
		done, err = s.DoFolder(ctx, id, act)
		return done, err
	})
	if err != nil {
		return err
	}
	switch { // a server may keep the user's folders elsewhere than at the top level
	case done.Path == "":
	case act.Kind == mail.FolderRename:
		act.To = done.Path
	default:
		act.Path = done.Path
	}
	out := folderResult{Account: id, Path: act.Path, actResult: res}
	if act.To != "" {
		out.Path = act.To
	}
	if act.Kind == mail.FolderEmpty {
		out.Count = &done.Count
	}
	if a.json {
		return writeJSON(a.Stdout, out)
	}
	text := "ctl.folder." + string(act.Kind) + "." + res.how()
	if err := a.say("%s", a.p.T(text, "Folder", clean(act.Path), "To", clean(act.To), "Count", done.Count)); err != nil {
		return err
	}
	if act.Kind == mail.FolderCreate || act.Kind == mail.FolderEmpty || len(res.Ops) == 0 {
		return nil
	}
	return a.noteRole(done.Role, act.Kind)
}

// noteRole says what it means that a special folder is no more what it was.
func (a *app) noteRole(r mail.Role, kind mail.FolderActionKind) error {
	if kind != mail.FolderDelete && kind != mail.FolderRename {
		return nil
	}
	switch r {
	case mail.RoleArchive, mail.RoleJunk, mail.RoleTrash:
		return a.say("%s", a.p.T("ctl.folder.was-needed."+string(r)))
	case mail.RoleDrafts, mail.RoleSent:
		return a.say("%s", a.p.T("ctl.folder.was-special."+string(r)))
	default:
		return nil
	}
}
