package imapsync

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

const (
	// provenFactor is how many times longer PollInterval gets, at most, while NOTIFY
	// is kept: the poll only checks the promise then.
	provenFactor = 15
	// lapses is how often a server may end NOTIFY by itself on one connection.
	lapses = 3
)

// notifying is how NOTIFY stands on a connection.
type notifying struct {
	on      bool
	few     bool // the server does not know all events: asked for those of messages alone
	refused bool
	lapsed  int // how often the server ended it
}

// notifyTeller is told of all mailboxes on one connection, by NOTIFY and IDLE
// (RFC 5465). Both are needed: without IDLE there are servers that do not tell
// of flags.
type notifyTeller struct{}

func (notifyTeller) told() mail.ToldBy { return mail.ToldByNotify }
func (notifyTeller) why() mail.ToldWhy { return mail.ToldBest }

func (notifyTeller) wait(ctx context.Context, s *session, d time.Duration) error {
	for !s.notify.on && !s.notify.refused {
		if err := s.play(ctx, []step{s.notifyStep()}); err != nil {
			return err
		}
	}
	if s.notify.refused {
		s.log.Info("the server refuses NOTIFY")
		return s.demote(ctx, idleTeller{reason: mail.ToldRefused})
	}
	return s.idleOnInbox(ctx, d)
}

// notifyStep asks to be told of everything. It may go before a first look at
// the mailboxes, in one burst with it: what changes meanwhile is told then.
func (s *session) notifyStep() step {
	messages := []wire.NotifyEvent{wire.NotifyNew, wire.NotifyExpunge, wire.NotifyFlags}
	all := messages
	if !s.notify.few {
		all = append(all[:len(all):len(all)], wire.NotifyNames, wire.NotifySubscription)
	}
	return step{
		cmd: wire.NotifySet(messages, all),
		end: func(st wire.Status) {
			switch {
			case st.Type == "OK":
				s.notify.on = true
				s.hints.notifies(true)
			case st.Code == wire.CodeBadEvent && !s.notify.few:
				s.notify.few = true // it does not know all of them
			default:
				s.notify.refused = true
			}
		},
	}
}

// lapse begins NOTIFY anew after the server ended it, and asks all folders.
func (s *session) lapse() {
	s.log.Info("the server ended NOTIFY", "times", s.notify.lapsed+1)
	s.notify.on = false
	s.hints.notifies(false)
	s.notify.lapsed++
	s.notify.refused = s.notify.lapsed >= lapses // else the teller asks for it anew
	s.pollNow()
}

// demote takes a poorer rung for the rest of the connection.
func (s *session) demote(ctx context.Context, to teller) error {
	if s.notify.on {
		s.notify.on = false
		s.hints.notifies(false)
		s.ahead = append(s.ahead, step{cmd: wire.NotifyNone}) // refused or not, nothing depends on it
	}
	if to.told() != mail.ToldByIdle {
		s.endExtras()
	}
	s.teller = to
	s.promise = promise{}
	s.nextPoll = earlier(s.nextPoll, s.lastPoll.Add(s.pollEvery()))
	return s.w.online(ctx, to.told(), to.why())
}

// toldPass brings those mailboxes in step of whose flags the server told, and
// asks no others. Where messages came or went it asks all: one may have left a
// mailbox that was not told of yet, and it is seen as moved when both are looked
// at together.
func (s *session) toldPass(ctx context.Context, h hint) error {
	var ts []*target
	for name, st := range h.boxes {
		box := s.boxByName(name)
		switch {
		case box == nil:
			s.pollNow() // a name that we do not know: list again
		case !box.Kept() || box.ID == s.inbox && h.inbox() || agrees(box.Cursor, st):
		case box.Cursor.UIDNext == 0 || otherMessages(box.Cursor, st):
			return s.pass(ctx, h, false)
		default:
			t := &target{box: box, status: st, hasStatus: st.Complete(), askStatus: !st.Complete()}
			t.choose(s)
			ts = append(ts, t)
		}
	}
	if t := s.inboxTarget(h); t != nil {
		if t.expected > window {
			return s.pass(ctx, h, false)
		}
		ts = append(ts, t)
	}
	byBox(ts)
	return s.reconcile(ctx, ts)
}

// otherMessages reports whether what was told of a mailbox may be more than
// flags.
func otherMessages(c mail.Cursor, st wire.StatusData) bool {
	return st.Messages >= 0 && st.Messages != c.Messages || st.UIDNext != 0 && st.UIDNext != c.UIDNext ||
		st.UIDValidity != 0 && st.UIDValidity != c.UIDValidity
}

// agrees reports whether the numbers that were told are those that we know.
// Without any, something is new.
func agrees(c mail.Cursor, st wire.StatusData) bool {
	if !st.HasModSeq && (st.Messages < 0 || st.Unseen < 0 || st.UIDNext == 0) {
		return false
	}
	return (st.Messages < 0 || st.Messages == c.Messages) && (st.Unseen < 0 || st.Unseen == c.Unseen) &&
		(st.UIDNext == 0 || st.UIDNext == c.UIDNext) && (st.UIDValidity == 0 || st.UIDValidity == c.UIDValidity) &&
		(!st.HasModSeq || st.HighestModSeq == c.HighestModSeq)
}

func (s *session) boxByName(name string) *mail.Mailbox {
	for _, b := range s.boxes {
		if b.Name == name {
			return b
		}
	}
	return nil
}
