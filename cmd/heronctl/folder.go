package main

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type folderList struct {
	ID mail.AccountID `arg:"" name:"id"`
}

// Run lists the folders of an account with their numbers.
func (c *folderList) Run(ctx context.Context, a *app) error {
	return a.with(ctx, toRead, func(s session) error {
		list, err := s.Folders(ctx, c.ID)
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, append([]api.Folder{}, list...))
		}
		if len(list) == 0 {
			return a.say("%s", a.p.T("ctl.folder.none"))
		}
		t := table{right: map[int]bool{1: true, 2: true}}
		t.add(a.p.T("ctl.folder.name"), a.p.T("ctl.folder.unread"), a.p.T("ctl.folder.total"), "")
		for _, f := range list {
			unread, total, watched := a.p.Number(f.Unread), a.p.Number(f.Total), ""
			if !f.Selectable {
				unread, total = "", ""
			}
			if f.Watched {
				watched = a.p.T("ctl.folder.watched")
			}
			t.add(clean(f.Path), unread, total, watched)
		}
		return t.write(a.Stdout)
	})
}

type folderWatch struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
}

// Run lets new mail of a folder alert.
func (c *folderWatch) Run(ctx context.Context, a *app) error {
	return a.setWatched(ctx, c.ID, c.Path, true)
}

type folderUnwatch struct {
	ID   mail.AccountID `arg:"" name:"id"`
	Path string         `arg:""`
}

// Run keeps new mail of a folder quiet.
func (c *folderUnwatch) Run(ctx context.Context, a *app) error {
	return a.setWatched(ctx, c.ID, c.Path, false)
}

func (a *app) setWatched(ctx context.Context, id mail.AccountID, path string, on bool) error {
	return a.with(ctx, toWork, func(s session) error {
		if err := s.SetWatched(ctx, id, path, on); err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, struct {
				Account mail.AccountID `json:"account"`
				Path    string         `json:"path"`
				Watched bool           `json:"watched"`
			}{id, path, on})
		}
		text := a.p.T("ctl.folder.now-watched", "Folder", clean(path))
		if !on {
			text = a.p.T("ctl.folder.now-unwatched", "Folder", clean(path))
		}
		return a.say("%s", text)
	})
}
