package imapsync

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// quarantine returns the UIDs at or above lo whose data could not be read: they
// are known, and asked for again later. The rest goes on without them.
func (s *session) quarantine(box mail.MailboxID, bad []mail.UID, lo mail.UID) []mail.UID {
	var out []mail.UID
	for _, u := range bad {
		s.badFetches++
		s.log.Warn("the data of a message cannot be read", "mailbox", box, "uid", u, "so_far", s.badFetches)
		if u != 0 && u >= lo {
			out = append(out, u)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// maxUnread is how many messages the problem names.
const maxUnread = 100

// nameUnread tells the user which messages are in quarantine, by folder and UID, and
// takes it back when they are gone or here. That it cannot be kept is logged: nothing else
// hangs on it.
func (s *session) nameUnread(ctx context.Context, deltas []store.Delta) {
	for i := range deltas {
		d := &deltas[i]
		box := s.boxes[d.Mailbox]
		if box == nil || len(d.Uncertain)+len(d.Gone)+len(d.Added) == 0 && !d.Reset {
			continue
		}
		if err := s.nameIn(ctx, box.Path(), d); err != nil {
			s.log.Warn("the problem of an unreadable message cannot be kept", "mailbox", d.Mailbox, "err", err)
		}
	}
}

// nameIn brings the problem in step with what became of a folder. There is one
// problem an account: it names those of the folder in which the last one was met.
func (s *session) nameIn(ctx context.Context, folder string, d *store.Delta) error {
	p, told, err := s.unreadTold(ctx)
	if err != nil {
		return err
	}
	var uids []mail.UID
	switch {
	case told && p.Args["folder"] == folder && !d.Reset:
		set, err := wire.ParseSet([]byte(p.Args["uid"]))
		if err != nil {
			return err
		}
		uids = slices.Collect(set.UIDs())
	case p.Args["folder"] != folder && len(d.Uncertain) == 0:
		return nil
	}
	uids = slices.DeleteFunc(append(uids, d.Uncertain...), func(u mail.UID) bool {
		return slices.Contains(d.Gone, u) || slices.ContainsFunc(d.Added, func(f store.Fetched) bool { return f.UID == u })
	})
	if len(uids) == 0 {
		if folder, uids, err = s.otherUnread(ctx, d.Mailbox); err != nil {
			return err
		}
	}
	return s.tellUnread(ctx, p, folder, uids)
}

// keepUnread sees after a whole pass that the folder that the problem names is there.
func (s *session) keepUnread(ctx context.Context) error {
	p, told, err := s.unreadTold(ctx)
	if err != nil || !told || s.boxAt(p.Args["folder"]) != nil {
		return err
	}
	folder, uids, err := s.otherUnread(ctx, 0)
	if err != nil {
		return err
	}
	return s.tellUnread(ctx, p, folder, uids)
}

// boxAt finds a mailbox by its path, nil if there is none.
func (s *session) boxAt(path string) *mail.Mailbox {
	for _, box := range s.boxes {
		if box.Path() == path {
			return box
		}
	}
	return nil
}

// unreadTold is the problem as it stands, or as it would be.
func (s *session) unreadTold(ctx context.Context) (p mail.Problem, told bool, err error) {
	id := s.w.cfg.Account.ID
	ps, err := s.w.cfg.Store.Problems(ctx)
	at := slices.IndexFunc(ps, func(p mail.Problem) bool { return p.Account == id && p.Code == mail.CodeUnreadable })
	if at >= 0 {
		return ps[at], true, err
	}
	return mail.Problem{Account: id, Code: mail.CodeUnreadable, Class: mail.ClassProtocol}, false, err
}

// tellUnread tells of messages in a folder, or that there are none.
func (s *session) tellUnread(ctx context.Context, p mail.Problem, folder string, uids []mail.UID) error {
	if len(uids) == 0 {
		return s.w.cfg.Store.ClearProblem(ctx, p.Account, p.Code)
	}
	uids = uids[max(0, len(uids)-maxUnread):]
	p.Args = mail.Args{"folder": folder, "uid": wire.NewSet(uids).String()}
	return s.w.cfg.Store.RaiseProblem(ctx, p)
}

// otherUnread are messages in quarantine in some folder but one, if there are any.
func (s *session) otherUnread(ctx context.Context, but mail.MailboxID) (folder string, uids []mail.UID, err error) {
	all, err := s.w.cfg.Store.Unreadable(ctx, s.w.cfg.Account.ID)
	var in mail.MailboxID
	for _, u := range all {
		if box := s.boxes[u.Mailbox]; u.Mailbox != but && box != nil && (in == 0 || u.Mailbox == in) {
			in, folder, uids = u.Mailbox, box.Path(), append(uids, u.UID)
		}
	}
	return folder, uids, err
}
