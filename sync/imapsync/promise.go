package imapsync

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

const (
	// grace is how late a server may tell of what a poll found.
	grace = 5 * time.Second
	// strikes is how many polls in a row may find what was not told.
	strikes = 2
	// keptMost is when there is no need to count further.
	keptMost = 4
)

// promise checks by polls whether the server tells what it agreed to tell.
type promise struct {
	inStep   map[mail.MailboxID]bool // mailboxes in which nothing was to be found after the last poll
	excused  bool                    // we changed something ourselves: of that nobody has to be told
	broken   int                     // polls in a row that found what was not told
	doubted  map[string]bool         // mailboxes in which the last one found it
	since    time.Time               // when that was
	everTold map[string]bool         // mailboxes of which the server told on this connection
	silent   map[string]bool         // mailboxes of which it does not tell, as it does of others
	names    bool                    // names of mailboxes changed without a word
}

// pollEvery is how often all folders are asked. While NOTIFY was not seen to work,
// that is the less often the longer there was nothing that it left untold: twice
// as long after each poll.
func (s *session) pollEvery() time.Duration {
	switch {
	case s.trusted():
		return provenFactor * s.w.cfg.PollInterval
	case s.promises():
		return time.Duration(min(1<<s.w.kept, provenFactor)) * s.w.cfg.PollInterval
	default:
		return s.w.cfg.PollInterval
	}
}

// promises reports whether the server agreed to tell of all that changes, and
// nothing shows that it does not.
func (s *session) promises() bool {
	return s.notify.on && !s.notify.few && s.promise.broken == 0 && len(s.promise.silent) == 0 && !s.promise.names
}

// trusted reports whether the server is seen to tell of all that changes.
func (s *session) trusted() bool { return s.w.proven && s.promises() }

// checkPromise looks at what a poll found that nobody had told of. It is called
// before anything is done about it. A poorer rung is returned when the server
// broke its promise once more than it may.
func (s *session) checkPromise(byName map[string]*listed) teller {
	p := &s.promise
	told, much := s.hints.takeTold()
	p.excused = p.excused || much
	if p.everTold == nil {
		p.everTold, p.silent = map[string]bool{}, map[string]bool{}
	}
	for name := range told {
		if s.boxByName(name) != nil {
			p.everTold[name] = true
		}
		// Of the inbox IDLE alone tells, and of it nothing was in doubt.
		s.w.proven = s.w.proven || s.notify.on && name != "INBOX"
	}
	if p.late(told) {
		p.broken--
	}
	p.doubted = map[string]bool{}
	for id := range p.inStep {
		box := s.boxes[id]
		if box == nil || !s.promised(id) {
			continue
		}
		l := byName[box.Name]
		if l == nil || !l.hasStatus || p.excused || p.silent[box.Name] || !s.untold(box, l) {
			continue
		}
		if _, ok := told[box.Name]; ok {
			continue
		}
		if s.notify.on && s.w.proven && !p.everTold[box.Name] {
			// NOTIFY works, but not for this one, which may be another user's:
			// it is polled as often as without.
			p.silent[box.Name] = true
			continue
		}
		p.doubted[box.Name] = true
	}
	p.excused, p.since = false, time.Now()
	if s.w.kept = min(s.w.kept+1, keptMost); len(p.doubted) > 0 || !s.notify.on {
		s.w.kept = 0
	}
	switch {
	case len(p.doubted) > 0:
		p.broken++
		s.log.Info("a poll found what was not told", "mailboxes", len(p.doubted), "in_a_row", p.broken)
	case len(told) > 0:
		p.broken = 0
	}
	if p.broken < strikes {
		return nil
	}
	s.w.proven = false
	if s.notify.on {
		return idleTeller{reason: mail.ToldBroken}
	}
	return pollTeller{reason: mail.ToldBroken}
}

// late reports whether all that the last poll found was told soon after.
func (p *promise) late(told map[string]time.Time) bool {
	if p.broken == 0 || len(p.doubted) == 0 {
		return false
	}
	for name := range p.doubted {
		if at, ok := told[name]; !ok || at.Sub(p.since) > grace {
			return false
		}
	}
	return true
}

// promised reports whether the rung in use tells of a mailbox.
func (s *session) promised(id mail.MailboxID) bool {
	switch s.teller.told() {
	case mail.ToldByNotify:
		return s.notify.on
	case mail.ToldByIdle:
		return id == s.inbox
	default:
		return false
	}
}

// untold reports whether a mailbox differs in what the rung tells of: IDLE need
// not tell of flags (RFC 2177).
func (s *session) untold(box *mail.Mailbox, l *listed) bool {
	if s.teller.told() == mail.ToldByIdle {
		c, st := box.Cursor, l.status
		return st.UIDNext != 0 && st.UIDNext != c.UIDNext || st.Messages >= 0 && st.Messages != c.Messages
	}
	return (&target{box: box, status: l.status, hasStatus: true}).dirty()
}

// keepPromise takes the rung that is left when one was lost.
func (s *session) keepPromise(ctx context.Context, byName map[string]*listed) error {
	lost := s.checkPromise(byName)
	if lost == nil {
		return nil
	}
	s.log.Warn("the server does not tell what it promised", "rung", string(s.teller.told()))
	return s.demote(ctx, lost)
}
