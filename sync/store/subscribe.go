package store

import "github.com/heronmail/heron/sync/mail"

// Subscription wakes one reader of the change log. However slow the reader,
// the writer never waits for it, and it always learns that there is something
// newer than what it read.
type Subscription struct {
	s *Store
	c chan struct{}
}

// Subscribe returns a subscription that is woken by every commit from now on.
// The caller closes it.
func (s *Store) Subscribe() *Subscription {
	u := &Subscription{s: s, c: make(chan struct{}, 1)}
	s.subsMu.Lock()
	defer s.subsMu.Unlock()
	s.subs[u] = struct{}{}
	return u
}

// C has one token in it when something was committed since it was last
// received from. It is never closed.
func (u *Subscription) C() <-chan struct{} { return u.c }

// Revision is the last revision that was committed.
func (u *Subscription) Revision() mail.Revision { return mail.Revision(u.s.rev.Load()) }

// Close ends the subscription.
func (u *Subscription) Close() {
	u.s.subsMu.Lock()
	defer u.s.subsMu.Unlock()
	delete(u.s.subs, u)
}

// committed makes rev known and wakes everybody.
func (s *Store) committed(rev mail.Revision) {
	s.rev.Store(int64(rev))
	s.subsMu.Lock()
	defer s.subsMu.Unlock()
	for u := range s.subs {
		select {
		case u.c <- struct{}{}:
		default: // a token is there already
		}
	}
}
