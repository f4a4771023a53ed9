package main

import (
	"context"
	"errors"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// sendGrace is how long a process that runs the engine itself stays to get an
// action to the server. With a running Heron nobody has to stay.
const sendGrace = 10 * time.Second

// errEnough ends reading a stream.
var errEnough = errors.New("enough was read")

// linger stays until each of the ops got to its server, or it shows that it will
// not soon: queued is done as far as this command goes.
func linger(ctx context.Context, s session, since mail.Revision, ids []mail.OpID) (mail.OpState, error) {
	list, err := s.Ops(ctx, "")
	if err != nil {
		return mail.OpWaiting, err
	}
	l := lingering{open: map[mail.OpID]mail.AccountID{}, down: map[mail.AccountID]bool{}}
	for _, id := range ids {
		l.open[id] = "" // one that has ended already: the stream tells how
	}
	for _, op := range list {
		if _, ours := l.open[op.ID]; ours {
			l.open[op.ID] = op.Account
		}
	}
	limit, cancel := context.WithTimeout(ctx, sendGrace)
	defer cancel()
	err = s.Events(limit, api.EventsQuery{Since: since}, l.see)
	switch {
	case l.failed.ID != 0:
		return mail.OpFailed, opFault(ctx, s, l.failed)
	case len(l.open) == 0 && !l.inVain:
		return mail.OpDone, nil
	case errors.Is(err, errEnough), err == nil, limit.Err() != nil && ctx.Err() == nil:
		return mail.OpWaiting, nil // tried in vain, handed over, or slow: it is queued
	default:
		return mail.OpWaiting, err
	}
}

// lingering is what is known of ops that are on their way.
type lingering struct {
	open   map[mail.OpID]mail.AccountID // not heard of yet
	down   map[mail.AccountID]bool      // those that have no server now
	inVain bool                         // an op was tried and waits again
	failed api.Op                       // one that was taken back
}

// see looks at a line of the stream; errEnough when nothing is to be waited for.
func (l *lingering) see(e api.Event) error {
	switch {
	case e.Op != nil:
		l.seeOp(*e.Op)
	case e.Kind == (mail.AccountState{}).Kind():
		switch e.State {
		case mail.StateOffline, mail.StateNeedsSignIn, mail.StateError, mail.StatePaused:
			l.down[e.Account] = true
		case mail.StateOnline, mail.StateConnecting:
			delete(l.down, e.Account)
		}
	}
	for _, account := range l.open {
		if !l.down[account] {
			return nil
		}
	}
	return errEnough
}

func (l *lingering) seeOp(op api.Op) {
	if _, ours := l.open[op.ID]; !ours {
		return
	}
	switch op.State {
	case mail.OpDone, mail.OpUndone:
		delete(l.open, op.ID)
	case mail.OpFailed:
		delete(l.open, op.ID)
		l.failed = op
	case mail.OpWaiting:
		if op.Tries > 0 {
			delete(l.open, op.ID)
			l.inVain = true
		}
	case mail.OpSending:
	}
}
