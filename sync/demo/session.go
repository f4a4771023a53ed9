package demo

import (
	"crypto/rand"
	"math/big"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// delimiter parts the levels of a folder's name.
const delimiter = '/'

// postOffice is the one user's mail and those who look at it.
type postOffice struct {
	user     *imapmemserver.User
	sessions sync.WaitGroup
	closed   chan struct{}
	once     sync.Once

	// moving is held by COPY and MOVE: imapmemserver locks both mailboxes, in
	// the order it is asked, so that two opposite moves could block each other.
	moving sync.Mutex

	mu      sync.Mutex
	boxes   map[string]*box // by name, as imapmemserver cannot be asked
	changed chan struct{}   // closed and replaced when something may have changed
}

// box is what LIST tells of a mailbox.
type box struct {
	attr       imap.MailboxAttr // special use, "" if none
	subscribed bool
}

func (p *postOffice) note(name string, attr imap.MailboxAttr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.boxes[name] = &box{attr: attr, subscribed: true}
}

// skipUIDValidity uses up a random number of UIDVALIDITY values: imapmemserver
// counts from 1, and a store that is kept must not take the mail of this start
// for that of the last.
func (p *postOffice) skipUIDValidity() error {
	n, err := rand.Int(rand.Reader, big.NewInt(20_000))
	if err != nil {
		return err
	}
	for range n.Int64() {
		if err := p.user.Create("x", nil); err != nil {
			return err
		}
		if err := p.user.Delete("x"); err != nil {
			return err
		}
	}
	return nil
}

// wake tells those who idle to look again.
func (p *postOffice) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *postOffice) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// close ends those who idle; wait waits until every session has ended.
func (p *postOffice) close() { p.once.Do(func() { close(p.closed) }) }
func (p *postOffice) wait()  { p.sessions.Wait() }

func (p *postOffice) newSession() imapserver.Session {
	p.sessions.Add(1)
	return &session{post: p}
}

// session is one connection: imapmemserver's, with what that lacks.
type session struct {
	*imapmemserver.UserSession // nil before sign-in
	post                       *postOffice
	idling                     sync.Mutex // held by Idle
}

var _ imapserver.SessionIMAP4rev2 = (*session)(nil)

// Login checks the name and the password.
func (s *session) Login(username, password string) error {
	if err := s.post.user.Login(username, password); err != nil {
		return err
	}
	s.UserSession = imapmemserver.NewUserSession(s.post.user)
	return nil
}

// Close ends the session, after its IDLE: imapserver does not wait for that
// when the connection breaks.
func (s *session) Close() error {
	defer s.post.sessions.Done()
	s.idling.Lock()
	defer s.idling.Unlock()
	return s.UserSession.Close()
}

// Idle tells of changes as they come. imapmemserver's own would keep what came
// between the last command and the IDLE until the next change.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	s.idling.Lock()
	defer s.idling.Unlock()
	for {
		changed := s.post.next()
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		case <-s.post.closed:
			return nil
		}
	}
}

// List tells of the mailboxes with their special use and children, which
// imapmemserver knows nothing of.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	for _, data := range s.post.list(ref, patterns, o) {
		if o.ReturnStatus != nil {
			status, err := s.post.user.Status(data.Mailbox, o.ReturnStatus)
			if err != nil {
				continue // it was deleted since
			}
			data.Status = status
		}
		if err := w.WriteList(&data); err != nil {
			return err
		}
	}
	return nil
}

// list is what matches, by name.
func (p *postOffice) list(ref string, patterns []string, o *imap.ListOptions) []imap.ListData {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []imap.ListData
	for name, b := range p.boxes {
		if !slices.ContainsFunc(patterns, func(pattern string) bool {
			return imapserver.MatchList(name, delimiter, ref, pattern)
		}) {
			continue
		}
		if o.SelectSubscribed && !b.subscribed || o.SelectSpecialUse && b.attr == "" {
			continue
		}
		data := imap.ListData{Mailbox: name, Delim: delimiter}
		if b.attr != "" {
			data.Attrs = append(data.Attrs, b.attr)
		}
		if b.subscribed && (o.ReturnSubscribed || o.SelectSubscribed) {
			data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
		}
		if o.ReturnChildren {
			data.Attrs = append(data.Attrs, p.childrenLocked(name))
		}
		out = append(out, data)
	}
	slices.SortFunc(out, func(a, b imap.ListData) int { return strings.Compare(a.Mailbox, b.Mailbox) })
	return out
}

func (p *postOffice) childrenLocked(name string) imap.MailboxAttr {
	for other := range p.boxes {
		if strings.HasPrefix(other, name+string(delimiter)) {
			return imap.MailboxAttrHasChildren
		}
	}
	return imap.MailboxAttrHasNoChildren
}

// Create makes a mailbox.
func (s *session) Create(name string, o *imap.CreateOptions) error {
	name = strings.TrimRight(name, string(delimiter))
	if err := s.UserSession.Create(name, o); err != nil {
		return err
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.boxes[name] = &box{}
	return nil
}

// Delete removes a mailbox with its mail; INBOX stays (RFC 3501 §6.3.4).
func (s *session) Delete(name string) error {
	if strings.EqualFold(name, inbox) {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "INBOX stays"}
	}
	if err := s.UserSession.Delete(name); err != nil {
		return err
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	delete(s.post.boxes, name)
	return nil
}

// Rename renames a mailbox and those below it (RFC 3501 §6.3.5).
func (s *session) Rename(from, to string, o *imap.RenameOptions) error {
	to = strings.TrimRight(to, string(delimiter))
	if strings.EqualFold(from, inbox) {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "INBOX keeps its name"}
	}
	if err := s.UserSession.Rename(from, to, o); err != nil {
		return err
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	moved := map[string]string{from: to}
	for name := range s.post.boxes {
		if rest, ok := strings.CutPrefix(name, from+string(delimiter)); ok {
			moved[name] = to + string(delimiter) + rest
		}
	}
	for old, name := range moved {
		if old != from {
			if err := s.UserSession.Rename(old, name, o); err != nil {
				return err
			}
		}
		s.post.boxes[name] = s.post.boxes[old]
		delete(s.post.boxes, old)
	}
	return nil
}

// Subscribe marks a mailbox as subscribed.
func (s *session) Subscribe(name string) error { return s.subscribe(name, true) }

// Unsubscribe is the reverse.
func (s *session) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *session) subscribe(name string, on bool) error {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	b := s.post.boxes[name]
	if b == nil {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNonExistent, Text: "No such mailbox"}
	}
	b.subscribed = on
	return nil
}

// Append, Fetch (which may set \Seen), Store, Expunge, Copy and Move do what
// imapmemserver does and wake those who idle.

// Append adds a message.
func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	defer s.post.wake()
	return s.UserSession.Append(name, r, o)
}

// Fetch reads messages.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	err := s.UserSession.Fetch(w, set, o)
	if slices.ContainsFunc(o.BodySection, func(b *imap.FetchItemBodySection) bool { return !b.Peek }) {
		s.post.wake()
	}
	return err
}

// Store changes flags.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, o *imap.StoreOptions) error {
	defer s.post.wake()
	return s.UserSession.Store(w, set, flags, o)
}

// Expunge removes what is marked \Deleted.
func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	defer s.post.wake()
	return s.UserSession.Expunge(w, uids)
}

// Copy copies messages. Of none it tells nothing, where imapmemserver would
// write a COPYUID without numbers.
func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	defer s.post.wake()
	s.post.moving.Lock()
	defer s.post.moving.Unlock()
	data, err := s.UserSession.Copy(set, dest)
	if err != nil || len(data.SourceUIDs) == 0 {
		return nil, err
	}
	return data, nil
}

// Move moves messages, as a copy and an expunge of the originals:
// imapmemserver's own tells its client of every expunge twice, once with a
// number that is wrong or even 0.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	data, err := s.Copy(set, dest)
	if err != nil || data == nil {
		return err
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	defer s.post.wake()
	gone := data.SourceUIDs
	// Neither writes to the client; the expunges come with the command's end.
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.UserSession.Store(nil, gone, deleted, nil); err != nil {
		return err
	}
	return s.UserSession.Expunge(nil, &gone)
}
