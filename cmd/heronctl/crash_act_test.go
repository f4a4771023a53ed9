//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// copies is the folder that the agent copies into; nothing else is done in it.
const copies = "Sent"

// deeds are what the agent has to have done for the end to show anything.
var deeds = []string{
	"flags", "move", "copy", "archive", "junk", "delete",
	"folder create", "folder rename", "folder delete", "folder empty",
}

// actHere works through the agent until it is dead.
func (k *killing) actHere(ctx context.Context, rnd *rand.Rand) {
	c, err := control.Dial(ctx, k.dirs().SocketPath())
	if err != nil {
		return // it was killed first
	}
	defer func() { _ = c.Close() }()
	for ctx.Err() == nil {
		boxes, err := k.look(ctx, c)
		if err != nil {
			return
		}
		page, err := c.Messages(ctx, api.PageQuery{Account: "work", Folder: boxes[rnd.IntN(len(boxes))], Limit: 50})
		if err != nil {
			return
		}
		if len(page.Messages) == 0 {
			continue
		}
		for _, m := range page.Messages {
			if agents(m.MessageID) {
				if wrong := k.ledger.shown(m); wrong != "" {
					k.t.Error(wrong)
				}
			}
		}
		m := page.Messages[rnd.IntN(len(page.Messages))]
		if mine := slices.DeleteFunc(page.Messages, func(m api.Message) bool { return !agents(m.MessageID) }); len(mine) > 0 && rnd.IntN(4) > 0 {
			m = mine[rnd.IntN(len(mine))] // most can be done to them
		}
		k.actOn(ctx, c, rnd, m, boxes)
		if rnd.IntN(6) == 0 {
			k.actOnFolder(ctx, c, rnd)
		}
	}
}

// look takes the agent's folders as it shows them, and returns those to work in.
func (k *killing) look(ctx context.Context, c *control.Client) ([]string, error) {
	folders, err := c.Folders(ctx, "work")
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(folders))
	for i, f := range folders {
		paths[i] = f.Path
	}
	if wrong := k.ledger.folders(paths); wrong != "" {
		k.t.Errorf("the agent shows %s; its problems are %+v", wrong, k.told(ctx, c))
	}
	return append([]string{"INBOX", "Archive", "Trash", "Junk"}, k.ledger.plans()...), nil
}

// told is what the agent tells the user of the account: it may be why something is
// not as was accepted.
func (k *killing) told(ctx context.Context, c *control.Client) []api.Problem {
	st, err := c.Status(ctx)
	if err != nil || len(st.Accounts) != 1 {
		return nil
	}
	return st.Accounts[0].Problems
}

// actOn does something to a message. Those of the other client are only marked.
func (k *killing) actOn(ctx context.Context, c *control.Client, rnd *rand.Rand, m api.Message, boxes []string) {
	act := api.Action{Kind: mail.ActFlags, IDs: []mail.MessageID{m.ID}}
	f := mail.NewFlags([]mail.Flag{ours, mail.FlagSeen}[rnd.IntN(2)])
	to, mine := boxes[rnd.IntN(len(boxes))], agents(m.MessageID)
	switch what := rnd.IntN(12); {
	case what < 4 && mine && m.Folder != to:
		act.Kind, act.To = mail.ActMove, to
	case what == 4 && mine:
		act.Kind = mail.ActArchive
	case what == 5 && mine:
		act.Kind = mail.ActJunk
	case what == 6 && mine:
		act.Kind = mail.ActDelete
	case what == 7 && mine:
		act.Kind, act.To = mail.ActCopy, copies
	case what == 8 && mine:
		act.Add = mail.NewFlags(k.ledger.mark(m.MessageID))
	case what < 11:
		act.Add = f
	default:
		act.Remove = f
	}
	_, err := c.Do(ctx, act)
	if err == nil {
		k.did[string(act.Kind)]++
	}
	if mine {
		k.ledger.did(m.MessageID, act, err)
	}
}

// actOnFolder makes, renames or deletes a folder that only the agent has to do
// with, or empties the junk folder.
func (k *killing) actOnFolder(ctx context.Context, c *control.Client, rnd *rand.Rand) {
	n := rnd.IntN(plans)
	act := api.FolderAction{Kind: mail.FolderCreate, Path: k.ledger.fresh(n)}
	if is := k.ledger.plan(n); is != "" {
		act = api.FolderAction{Kind: mail.FolderRename, Path: is, To: act.Path}
		if rnd.IntN(3) == 0 {
			act = api.FolderAction{Kind: mail.FolderDelete, Path: is}
		}
	}
	if rnd.IntN(6) == 0 {
		act = api.FolderAction{Kind: mail.FolderEmpty, Path: "Junk"}
	}
	_, err := c.DoFolder(ctx, "work", act)
	if err == nil {
		k.did[fmt.Sprintf("folder %s", act.Kind)]++
	}
	k.ledger.didToFolder(n, act, err)
}
