package imapsync

import (
	"context"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// pushFolder sends an op on a folder.
func (s *session) pushFolder(ctx context.Context, w *store.OpWork) error {
	box := s.boxes[w.Op.Mailbox]
	var f *mail.Fault
	var err error
	found := false
	switch {
	case w.Op.Kind == mail.OpFolderCreate:
		found, f, err = s.createFolder(ctx, w)
	case box == nil && w.Op.Kind == mail.OpFolderDelete && w.Op.State == mail.OpSending:
		err = s.finishDeletion(ctx, w.OldName)
	case box == nil:
		f = goneFault("folder", nil)
	case w.Op.Kind == mail.OpFolderRename:
		f, err = s.renameFolder(ctx, box, w)
	case w.Op.Kind == mail.OpFolderDelete:
		f, err = s.deleteFolder(ctx, box, w)
	case w.Op.Kind == mail.OpFolderSubscribe:
		f, err = s.onFolder(ctx, "SUBSCRIBE", box.Name)
	default:
		f, err = s.onFolder(ctx, "UNSUBSCRIBE", box.Name)
	}
	switch {
	case err != nil:
		return err
	case f != nil && f.Code == mail.CodeGone:
		// Another machine deleted it, or gave it another name: the next pass
		// finds out, and the op ends with the folder or goes on under that name.
		s.pollNow()
		f.RetryAfter = pollGap
		return s.endRefused(ctx, w, f)
	case f != nil:
		return s.endRefused(ctx, w, f)
	}
	if found {
		err = s.w.cfg.Store.FinishFound(ctx, w.Op.ID)
	} else {
		err = s.w.cfg.Store.FinishOp(ctx, w.Op.ID, nil)
	}
	if err != nil {
		return err
	}
	s.tally.OpsSent++
	return nil
}

// onFolder sends a command with one folder's name.
func (s *session) onFolder(ctx context.Context, cmd, name string) (*mail.Fault, error) {
	st, err := s.command(ctx, cmd+" "+s.conn.Mailbox(name))
	if err != nil {
		return nil, err
	}
	return st.Fault(cmd), nil
}

// createFolder makes a folder and, as a person who makes one wants to see it
// everywhere, subscribes to it. One that is there already is as good; found says that
// it was, and not by a try of ours that was cut off.
func (s *session) createFolder(ctx context.Context, w *store.OpWork) (found bool, refused *mail.Fault, err error) {
	st, err := s.command(ctx, "CREATE "+s.conn.Mailbox(w.Op.Name))
	if err != nil {
		return false, nil, err
	}
	f := st.Fault("CREATE")
	if f != nil && !saysItExists(st) {
		return false, f, nil
	}
	return f != nil && w.Op.State != mail.OpSending, nil, s.subscribe(ctx, w.Op.Name)
}

// saysItExists reports whether a server refused CREATE for the folder is there
// (RFC 5530 §3 ALREADYEXISTS, or in words).
func saysItExists(st wire.Status) bool {
	text := strings.ToLower(st.Text)
	return st.Code == "ALREADYEXISTS" || st.Code == "" && strings.Contains(text, "exists") && !strings.Contains(text, "not exist")
}

// subscribe subscribes to a folder. That it cannot be done is no fault: the
// folder is there.
func (s *session) subscribe(ctx context.Context, name string) error {
	_, err := s.command(ctx, "SUBSCRIBE "+s.conn.Mailbox(name))
	return err
}

// renameFolder renames a folder. Subscriptions are by name, on most servers
// (RFC 3501 §6.3.6): those of the folder and of what is inside it are renewed.
func (s *session) renameFolder(ctx context.Context, box *mail.Mailbox, w *store.OpWork) (*mail.Fault, error) {
	old, name := box.Name, w.Op.Name
	// A try before this one was cut off, and the folder is called otherwise since: the
	// subscriptions may not have followed, whoever renamed it.
	behind := w.Op.State == mail.OpSending && w.OldName != "" && w.OldName != old
	if old == name {
		if behind {
			return nil, s.followSubscriptions(ctx, w.OldName, name, box.Delimiter)
		}
		return nil, nil // it is called so, whoever did it
	}
	if open := s.boxes[s.open.id]; open != nil && isInside(open, box) {
		// Some servers end a connection whose mailbox goes from under it.
		if err := s.leave(ctx); err != nil {
			return nil, err
		}
	}
	st, err := s.command(ctx, "RENAME "+s.conn.Mailbox(old)+" "+s.conn.Mailbox(name))
	if err != nil {
		return nil, err
	}
	if f := st.Fault("RENAME"); f != nil {
		return f, nil
	}
	for _, b := range s.boxes {
		if !b.Subscribed || !isInside(b, box) {
			continue
		}
		if err := s.subscribe(ctx, name+strings.TrimPrefix(b.Name, old)); err != nil {
			return nil, err
		}
		if err := s.unsubscribe(ctx, b.Name); err != nil {
			return nil, err
		}
	}
	if behind {
		return nil, s.followSubscriptions(ctx, w.OldName, name, box.Delimiter)
	}
	return nil, nil
}

// followSubscriptions gives a folder, and what is inside it, the subscriptions that
// its old name still has. Servers that rename them too have none there.
func (s *session) followSubscriptions(ctx context.Context, old, name, delimiter string) error {
	cmd, kind := `LSUB "" "*"`, "LSUB"
	if caps := s.conn.Caps(); caps.Has("LIST-EXTENDED") || caps.Has("IMAP4REV2") {
		cmd, kind = `LIST (SUBSCRIBED) "" "*"`, "LIST" // names that are no more, too (RFC 5258 §3.1)
	}
	var names []string
	err := s.play(ctx, []step{{cmd: cmd, each: func(r *wire.Response) bool {
		if r.Type != kind {
			return false
		}
		if n := wire.DecodeMailbox(r.Args().At(2).Bytes()); n == old || below(n, old, delimiter) {
			names = append(names, n)
		}
		return true
	}}})
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := s.subscribe(ctx, name+strings.TrimPrefix(n, old)); err != nil {
			return err
		}
		if s.boxByName(n) != nil {
			continue // there is another folder of that name by now
		}
		if err := s.unsubscribe(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// unsubscribe ends the subscription of a name that is no more, as far as the server
// has one.
func (s *session) unsubscribe(ctx context.Context, name string) error {
	_, err := s.command(ctx, "UNSUBSCRIBE "+s.conn.Mailbox(name))
	return err
}

// isInside reports whether b is box, or is inside it by its name.
func isInside(b, box *mail.Mailbox) bool {
	return b.ID == box.ID || below(b.Name, box.Name, box.Delimiter)
}

// below reports whether a name is one of a level below another.
func below(name, other, delimiter string) bool {
	return delimiter != "" && strings.HasPrefix(name, other+delimiter)
}

// deleteFolder deletes a folder, if what is in it is known to be what the user saw.
// Only a name that holds nothing but folders needs no look.
func (s *session) deleteFolder(ctx context.Context, box *mail.Mailbox, w *store.OpWork) (*mail.Fault, error) {
	if !s.levels[box.Name] {
		if f, err := s.asSeen(ctx, box, w); f != nil || err != nil {
			return f, err
		}
	}
	st, err := s.command(ctx, "DELETE "+s.conn.Mailbox(box.Name))
	if err != nil {
		return nil, err
	}
	f := st.Fault("DELETE")
	if f == nil {
		// The name stays subscribed on most servers.
		err = s.unsubscribe(ctx, box.Name)
	}
	return f, err
}

// finishDeletion does what is left of a deletion that was cut off, when the folder is
// gone: its name may still be subscribed. There may be another of that name by now.
func (s *session) finishDeletion(ctx context.Context, name string) error {
	if name == "" || s.boxByName(name) != nil {
		return nil
	}
	return s.unsubscribe(ctx, name)
}

// asSeen returns nil if a folder holds nothing but what the user knew of when they
// deleted it, and what is flagged \Deleted, as moving leaves it behind where a server
// cannot expunge it alone: it is hidden. Then the inbox is open.
func (s *session) asSeen(ctx context.Context, box *mail.Mailbox, w *store.OpWork) (*mail.Fault, error) {
	var known, found wire.Set
	if w.Known != "" {
		var err error
		if known, err = wire.ParseSet([]byte(w.Known)); err != nil {
			return &mail.Fault{Code: mail.CodeInternal, Class: mail.ClassLocal, Err: err}, nil
		}
	}
	var data wire.SelectData
	var ok, answered bool
	var why wire.Status
	examine := s.selectStep(wire.SelectOptions{Mailbox: box.Name, ReadOnly: true}, 0, &data, &ok, nil)
	end := examine.end
	examine.end = func(st wire.Status) { why = st; end(st) }
	// Some servers end a connection whose mailbox goes from under it.
	if err := s.play(ctx, []step{examine, s.searchStep("1:* UNDELETED", &found, &answered), s.leaveStep()}); err != nil {
		return nil, err
	}
	switch {
	case !ok && s.w.falls.leavesOut(box.Name):
		return s.leftOutFault(box), nil
	case !ok:
		return why.Fault("EXAMINE"), nil
	case !answered:
		return refused("UID SEARCH", ""), nil
	case len(found) == 0:
		return nil, nil
	case data.UIDValidity == 0:
		return refused("EXAMINE", "no UIDVALIDITY"), nil
	case data.UIDValidity == w.KnownUnder && found.Within(known):
		return nil, nil
	}
	return &mail.Fault{Code: mail.CodeFolderChanged, Class: mail.ClassConflict, Args: mail.Args{"folder": box.Path()}}, nil
}

// leave selects the inbox in place of the mailbox that is open.
func (s *session) leave(ctx context.Context) error {
	return s.play(ctx, []step{s.leaveStep()})
}

func (s *session) leaveStep() step {
	return s.selectStep(wire.SelectOptions{Mailbox: "INBOX", CondStore: s.condstore}, s.inbox, &wire.SelectData{}, new(bool), nil)
}
