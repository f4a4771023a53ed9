package imapsync

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
)

const (
	// blameAfter is how many connections in a row have to end over the messages
	// of a mailbox before they are suspected: once is the way of networks.
	blameAfter = 2
	// narrower is by how much fewer messages are asked for when a connection
	// ended over more of them.
	narrower = 16
	// lethalEnds is how many connections in a row have to end over one message,
	// asked for alone, before it is asked for no more.
	lethalEnds = 2
	// lethalMost is how many messages in a row are taken for such: then it is
	// the server that does not work.
	lethalMost = 10
)

// question is a FETCH of messages that are new here. A server may come to grief
// over one of them, or its answer be more than we take.
type question struct {
	of  share
	n   int      // messages, at most; 0: as many as there are
	uid mail.UID // of the one that is asked for, if n is 1
	got int      // messages that were answered
}

// share is the part of a mailbox's messages that a question is about: new mail,
// or what was there when it was first looked at.
type share struct {
	box mail.MailboxID
	old bool
}

// doubt is what is remembered, from one connection to the next, of messages over
// which a connection ended.
type doubt struct {
	cuts int      // connections that ended over them
	full int      // messages that were asked for at first; 0: all
	most int      // as many may be at once
	uid  mail.UID // the last one that was asked for alone,
	ends int      // and how many connections in a row ended over it
}

// suspect is what is remembered of messages, nil if nothing speaks against asking
// for as many as is wise.
func (w *Worker) suspect(of share) *doubt {
	if d := w.doubts[of]; d != nil && d.cuts >= blameAfter {
		return d
	}
	return nil
}

// most is how many messages may be asked for at once; 0: they are not in doubt.
func (w *Worker) most(of share) int {
	if d := w.suspect(of); d != nil {
		return d.most
	}
	return 0
}

// lethal reports whether a message must not be asked for: connections end over it.
func (w *Worker) lethal(of share, uid mail.UID) bool {
	d := w.suspect(of)
	return d != nil && d.uid == uid && d.ends >= lethalEnds && w.spared < lethalMost
}

// spare notes that a lethal message is known now, and was not asked for.
func (w *Worker) spare(of share) {
	w.spared++
	if d := w.doubts[of]; d != nil {
		d.uid, d.ends = 0, 0
	}
}

// blame notes which questions had no answer when the connection ended. Of
// several commands it is not known which was too much for the server: later they
// are sent one by one, and certain says that it was this one.
func (w *Worker) blame(open []*question, certain bool) {
	for _, q := range open {
		d := w.doubts[q.of]
		if d == nil {
			d = &doubt{full: min(q.n, window), most: max(1, q.n)}
			if w.doubts == nil {
				w.doubts = map[share]*doubt{}
			}
			w.doubts[q.of] = d
		}
		d.cuts++
		switch {
		case !certain || d.cuts < blameAfter:
		case q.n != 1:
			d.most = max(1, q.n/narrower)
		case d.uid == q.uid:
			d.ends++
		default:
			d.uid, d.ends = q.uid, 1
		}
		if d.ends <= lethalEnds {
			w.setNarrowed()
		}
	}
}

// passed notes that a question was answered. Where no message came nothing is
// proved: "*" stands for the last message even where nothing is new (RFC 3501
// §6.4.8), and that may be the one.
func (w *Worker) passed(q *question) {
	d := w.doubts[q.of]
	if d == nil {
		return
	}
	d.most = min(2*max(d.most, q.n), 2*window)
	if q.got == 0 {
		return
	}
	w.spared = 0
	if d.cuts < blameAfter || q.n == 0 || d.most > max(1, d.full) {
		delete(w.doubts, q.of)
	}
}

// setNarrowed notes that the next connection will know better than the last one.
func (w *Worker) setNarrowed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.narrowed = true
}

// takeNarrowed reports whether a connection was of use although it ended.
func (w *Worker) takeNarrowed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.narrowed
	w.narrowed = false
	return n
}

// inDoubt reports whether one of the steps asks for messages that are in doubt.
func (w *Worker) inDoubt(steps []step) bool {
	for i := range steps {
		if q := steps[i].asks; q != nil && w.suspect(q.of) != nil {
			return true
		}
	}
	return false
}

// apart are the targets in the parts in which they are asked: one that is in doubt
// comes alone, after all others, for what they answered would be lost with it.
func (s *session) apart(ts []*target) [][]*target {
	var sure []*target
	var alone [][]*target
	for _, t := range ts {
		if s.w.suspect(share{box: t.box.ID}) != nil {
			alone = append(alone, []*target{t})
		} else {
			sure = append(sure, t)
		}
	}
	return append([][]*target{sure}, alone...)
}

// blame finds out what the connection may have ended over, when it was not us
// who ended it, and not the server's wish to be left in peace.
func (s *session) blame(ctx context.Context, steps []step, answered []bool) {
	f := mail.FaultOf(s.conn.Err())
	if ctx.Err() != nil || f == nil || f.Class == mail.ClassLimit || s.w.wasDropped() {
		return
	}
	var open []*question
	left := 0
	for i := range steps {
		if answered[i] {
			continue
		}
		left++
		if q := steps[i].asks; q != nil {
			open = append(open, q)
		}
	}
	s.w.blame(open, left == 1)
	s.noteFalls(f, steps, answered)
	s.noteOpFalls(f, steps, answered)
}
