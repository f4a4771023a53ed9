package demo

import (
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// The most messages that the story lets a folder grow to. What is more goes to
// the trash, and from there for good.
const (
	mostInbox  = 40
	mostOther  = 30
	mostTrash  = 20
	mostSingle = 10 // are tidied up in one act
	tidyEvery  = 8  // acts
)

// letter is a message as the second machine sees it.
type letter struct {
	uid     imap.UID
	subject string
	from    string
	flags   []imap.Flag
}

func (l letter) has(f imap.Flag) bool { return slices.Contains(l.flags, f) }

func (l letter) unread() bool { return !l.has(imap.FlagSeen) }

// pile is what a folder holds, oldest first.
type pile []letter

func (p pile) where(is func(letter) bool) pile {
	var out pile
	for _, l := range p {
		if is(l) {
			out = append(out, l)
		}
	}
	return out
}

// look selects a folder and reads what is in it.
func (m *machine) look(folder string) (pile, error) {
	sel, err := m.client.Select(folder, nil).Wait()
	if err != nil {
		return nil, err
	}
	if sel.NumMessages == 0 {
		return nil, nil
	}
	var all imap.UIDSet
	all.AddRange(1, 0)
	msgs, err := m.client.Fetch(all, &imap.FetchOptions{UID: true, Flags: true}).Collect()
	if err != nil {
		return nil, err
	}
	out := make(pile, 0, len(msgs))
	for _, msg := range msgs {
		out = append(out, letter{uid: msg.UID, flags: msg.Flags})
	}
	return out, nil
}

// open reads who wrote a message of the selected folder, and about what.
func (m *machine) open(l letter) (letter, error) {
	msgs, err := m.client.Fetch(imap.UIDSetNum(l.uid), &imap.FetchOptions{Envelope: true}).Collect()
	if err != nil || len(msgs) == 0 || msgs[0].Envelope == nil {
		return l, err
	}
	e := msgs[0].Envelope
	l.subject = e.Subject
	if len(e.From) > 0 {
		if l.from = e.From[0].Name; l.from == "" {
			l.from = e.From[0].Addr()
		}
	}
	return l, nil
}

// deliver brings the next message.
func (m *machine) deliver() error {
	all := incoming()
	s := all[m.next%len(all)]
	m.next++
	now := m.opts.Now()
	msg := s.compose(now)
	cmd := m.client.Append(s.folder, int64(len(msg)), &imap.AppendOptions{Time: now})
	_, writeErr := cmd.Write(msg)
	closeErr := cmd.Close()
	if _, err := cmd.Wait(); err != nil {
		return err
	}
	if err := errors.Join(writeErr, closeErr); err != nil {
		return err
	}
	m.tell(Delivered, letter{subject: s.subject, from: s.from.Name}, s.folder)
	return nil
}

// read reads the newest unread message of the selected folder, or now and then
// another.
func (m *machine) read(folder string, unread pile) error {
	if len(unread) == 0 {
		return m.deliver()
	}
	l := unread[len(unread)-1]
	if m.rng.IntN(3) == 0 {
		l = unread[m.rng.IntN(len(unread))]
	}
	return m.mark(l, folder, imap.StoreFlagsAdd, imap.FlagSeen, Read)
}

// readElsewhere reads a message in one of the other folders that get mail.
func (m *machine) readElsewhere() error {
	folder := []string{receipts, listsGo}[m.rng.IntN(2)]
	box, err := m.look(folder)
	if err != nil {
		return err
	}
	return m.read(folder, box.where(letter.unread))
}

// star gives a message a star, or takes one away.
func (m *machine) star(box pile) error {
	if len(box) == 0 {
		return m.deliver()
	}
	l := box[m.rng.IntN(len(box))]
	if l.has(imap.FlagFlagged) {
		return m.mark(l, inbox, imap.StoreFlagsDel, imap.FlagFlagged, Unstarred)
	}
	return m.mark(l, inbox, imap.StoreFlagsAdd, imap.FlagFlagged, Starred)
}

// mark changes a flag of a message in the selected folder.
func (m *machine) mark(l letter, folder string, op imap.StoreFlagsOp, flag imap.Flag, kind StoryKind) error {
	l, err := m.open(l)
	if err != nil {
		return err
	}
	store := &imap.StoreFlags{Op: op, Silent: true, Flags: []imap.Flag{flag}}
	if err := m.client.Store(imap.UIDSetNum(l.uid), store, nil).Close(); err != nil {
		return err
	}
	m.tell(kind, l, folder)
	return nil
}

// file moves a message that was read out of the inbox.
func (m *machine) file(box pile) error {
	done := box.where(func(l letter) bool { return l.has(imap.FlagSeen) && !l.has(imap.FlagFlagged) })
	if len(done) == 0 {
		return m.deliver()
	}
	l := done[m.rng.IntN(len(done))]
	l, err := m.open(l)
	if err != nil {
		return err
	}
	to := archive
	if slices.Contains(shops(), l.from) {
		to = receipts
	}
	return m.move(l, to, Filed, inbox)
}

// remove moves a message that was read to the trash.
func (m *machine) remove(box pile) error {
	done := box.where(func(l letter) bool { return l.has(imap.FlagSeen) })
	if len(done) == 0 {
		return m.deliver()
	}
	return m.move(done[m.rng.IntN(len(done))], trash, Deleted, inbox)
}

// move moves a message of the selected folder. A filed one is told with where
// it went, a deleted one with where it was.
func (m *machine) move(l letter, to string, kind StoryKind, from string) error {
	l, err := m.open(l)
	if err != nil {
		return err
	}
	if _, err := m.client.Move(imap.UIDSetNum(l.uid), to).Wait(); err != nil {
		return err
	}
	if kind == Filed {
		from = to
	}
	m.tell(kind, l, from)
	return nil
}

// folders makes a folder, or removes one of those it makes when it is empty.
func (m *machine) folders() error {
	name := extraFolders()[m.rng.IntN(len(extraFolders()))]
	st, err := m.client.Status(name, &imap.StatusOptions{NumMessages: true}).Wait()
	var refused *imap.Error
	switch {
	case errors.As(err, &refused):
		if err := m.client.Create(name, nil).Wait(); err != nil {
			return err
		}
		if err := m.client.Subscribe(name).Wait(); err != nil {
			return err
		}
		m.tell(FolderCreated, letter{}, name)
		return nil
	case err != nil:
		return err
	case st.NumMessages == nil || *st.NumMessages > 0:
		return m.deliver() // somebody put mail there: it is theirs now
	}
	if err := m.client.Delete(name).Wait(); err != nil {
		return err
	}
	m.tell(FolderRemoved, letter{}, name)
	return nil
}

// tidy keeps the story bounded: it moves the oldest messages of a folder that
// grew too large to the trash, and out of the trash for good. It reports
// whether it did something.
func (m *machine) tidy() (bool, error) {
	if m.acts++; m.acts%tidyEvery != 0 {
		return false, nil
	}
	for _, f := range []struct {
		name string
		most uint32
	}{{trash, mostTrash}, {inbox, mostInbox}, {receipts, mostOther}, {listsGo, mostOther}, {archive, mostOther}} {
		st, err := m.client.Status(f.name, &imap.StatusOptions{NumMessages: true}).Wait()
		var refused *imap.Error
		if errors.As(err, &refused) {
			continue // it was renamed or deleted
		}
		if err != nil {
			return false, err
		}
		if st.NumMessages == nil || *st.NumMessages <= f.most {
			continue
		}
		box, err := m.look(f.name)
		if err != nil {
			return false, err
		}
		old := box[:min(mostSingle, len(box))]
		if f.name == trash {
			return true, m.purge(old)
		}
		for _, l := range old {
			if err := m.move(l, trash, Deleted, f.name); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	return false, nil
}

// purge removes messages of the selected folder for good.
func (m *machine) purge(old pile) error {
	var uids imap.UIDSet
	for _, l := range old {
		uids.AddNum(l.uid)
	}
	store := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := m.client.Store(uids, store, nil).Close(); err != nil {
		return err
	}
	return m.client.UIDExpunge(uids).Close()
}
