package engine

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
)

// changesAtOnce is how much of the change log is read in one go.
const changesAtOnce = 256

// SetWatched says whether new mail in a folder alerts, in the store and, for
// folders other than the inbox, in the account's settings. Faults:
// no-such-account, no-such-folder, those of the disk.
func (e *Engine) SetWatched(ctx context.Context, id mail.AccountID, path string, watched bool) error {
	end, err := e.change()
	if err != nil {
		return err
	}
	defer end()
	a, err := e.settings.Account(id)
	if err != nil {
		return err
	}
	box, err := e.store.MailboxByPath(ctx, id, path)
	if err != nil {
		return err
	}
	if box.Role != mail.RoleInbox {
		a.Policy.Watch = withPath(a.Policy.Watch, box.Path(), watched)
		if err := e.settings.SaveAccount(a); err != nil {
			e.note(err)
			return err
		}
	}
	if err := e.store.SetWatched(ctx, box.ID, watched); err != nil {
		e.note(err)
		return err
	}
	e.beacon.signal()
	return nil
}

// withPath returns the list with or without a path.
func withPath(list []string, path string, in bool) []string {
	out := slices.DeleteFunc(slices.Clone(list), func(p string) bool { return p == path })
	if in {
		out = append(out, path)
	}
	return out
}

// followPolicies sees that the folders that the settings name are watched as
// soon as they are known, and that the settings follow a folder that is renamed.
func (e *Engine) followPolicies(ctx context.Context) error {
	sub := e.store.Subscribe()
	defer sub.Close()
	rev, err := e.store.Revision(ctx)
	if err != nil {
		return err
	}
	for _, a := range e.settings.Accounts() {
		for _, path := range a.Policy.Watch {
			if err := e.watchPath(ctx, a.ID, path); err != nil {
				return err
			}
		}
	}
	for {
		for {
			changes, err := e.store.Changes(ctx, rev, changesAtOnce)
			if err != nil {
				return err
			}
			for _, c := range changes {
				rev = c.Meta().Rev
				if err := e.followChange(ctx, c); err != nil {
					return err
				}
			}
			if len(changes) < changesAtOnce {
				break
			}
		}
		select {
		case <-sub.C():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (e *Engine) followChange(ctx context.Context, c mail.Change) error {
	switch c := c.(type) {
	case mail.MailboxAdded:
		a, err := e.settings.Account(c.Account)
		if err != nil || !slices.Contains(a.Policy.Watch, c.Folder.Path) {
			return nil // removed meanwhile, or of no interest
		}
		return e.watchPath(ctx, c.Account, c.Folder.Path)
	case mail.MailboxRenamed:
		end, err := e.change()
		if err != nil {
			return err
		}
		defer end()
		a, err := e.settings.Account(c.Account)
		if err != nil || !slices.Contains(a.Policy.Watch, c.From) {
			return nil // as above
		}
		a.Policy.Watch = withPath(withPath(a.Policy.Watch, c.From, false), c.Folder.Path, true)
		e.note(e.settings.SaveAccount(a))
		e.beacon.signal()
	}
	return nil
}

// watchPath marks a folder as watched if it is known.
func (e *Engine) watchPath(ctx context.Context, id mail.AccountID, path string) error {
	box, err := e.store.MailboxByPath(ctx, id, path)
	switch {
	case err != nil && mail.FaultOf(err).Code == mail.CodeNoFolder:
		return nil // not yet, or no more
	case err != nil:
		return err
	case box.Watched:
		return nil
	}
	if err := e.store.SetWatched(ctx, box.ID, true); err != nil {
		return err
	}
	e.beacon.signal()
	return nil
}
