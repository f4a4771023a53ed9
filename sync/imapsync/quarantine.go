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
	id := s.w.cfg.Account.ID
	ps, err := s.w.cfg.Store.Problems(ctx)
	if err != nil {
		return err
	}
	p := mail.Problem{Account: id, Code: mail.CodeUnreadable, Class: mail.ClassProtocol}
	var uids []mail.UID
	if at := slices.IndexFunc(ps, func(p mail.Problem) bool { return p.Account == id && p.Code == mail.CodeUnreadable }); at >= 0 {
		if p = ps[at]; p.Args["folder"] == folder && !d.Reset {
			set, err := wire.ParseSet([]byte(p.Args["uid"]))
			if err != nil {
				return err
			}
			uids = slices.Collect(set.UIDs())
		}
	}
	if p.Args["folder"] != folder && len(d.Uncertain) == 0 {
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
	if len(uids) == 0 {
		return s.w.cfg.Store.ClearProblem(ctx, id, mail.CodeUnreadable)
	}
	uids = uids[max(0, len(uids)-maxUnread):]
	p.Args = mail.Args{"folder": folder, "uid": wire.NewSet(uids).String()}
	return s.w.cfg.Store.RaiseProblem(ctx, p)
}

// otherUnread are messages in quarantine in a folder but one, if there are any.
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
