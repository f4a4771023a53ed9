package imapsync

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// What connections end over is found in the course of several. A process that makes a
// single pass, or does not live long, leaves what it found to the next one.

// learnt is that in the form in which it is kept. The zero value is nothing.
type learnt struct {
	Messages []learntDoubt     `json:"messages,omitempty"`
	Spared   int               `json:"spared,omitempty"`
	Folders  []learntFall      `json:"folders,omitempty"`
	Actions  map[mail.OpID]int `json:"actions,omitempty"`
}

// learntDoubt is a doubt about the share of a mailbox's messages.
type learntDoubt struct {
	Box              mail.MailboxID
	Old              bool `json:",omitempty"`
	Cuts, Full, Most int
	UID              mail.UID `json:",omitempty"`
	Ends             int      `json:",omitempty"`
}

// learntFall is a fall over a question for a folder.
type learntFall struct {
	Cmd, Box    string
	Cuts, Alone int
	Spell       time.Duration `json:",omitempty"`
	Until       time.Time     `json:",omitzero"`
	Refusals    int           `json:",omitempty"`
	Text        string        `json:",omitempty"`
}

// recollection is what the store has of it.
type recollection struct {
	read bool
	text string
}

// recollect takes over what the process before this one learnt, once. What cannot be read
// is of another version, and is learnt anew.
func (w *Worker) recollect(ctx context.Context) error {
	if w.learnt.read {
		return nil
	}
	text, err := w.cfg.Store.Learnt(ctx, w.cfg.Account.ID)
	if err != nil {
		return err
	}
	w.learnt = recollection{true, text}
	if text == "" {
		return nil
	}
	var l learnt
	if bad := json.Unmarshal([]byte(text), &l); bad != nil {
		w.log().Warn("what was learnt of the server cannot be read", "err", bad)
		return nil
	}
	w.doubts, w.falls, w.opFalls = map[share]*doubt{}, falls{}, opFalls{}
	w.spared = l.Spared
	for _, d := range l.Messages {
		w.doubts[share{d.Box, d.Old}] = &doubt{d.Cuts, d.Full, d.Most, d.UID, d.Ends}
	}
	for _, f := range l.Folders {
		w.falls[asked{f.Cmd, f.Box}] = &fall{f.Cuts, f.Alone, f.Spell, f.Until, f.Refusals, f.Text}
	}
	return w.recollectOps(ctx, l.Actions)
}

// recollectOps takes over the actions that are still open.
func (w *Worker) recollectOps(ctx context.Context, ends map[mail.OpID]int) error {
	if len(ends) == 0 {
		return nil
	}
	ops, err := w.cfg.Store.Ops(ctx, w.cfg.Account.ID)
	for _, op := range ops {
		if n := ends[op.ID]; n > 0 {
			w.opFalls[op.ID] = n
		}
	}
	return err
}

// keepLearnt writes what was learnt on a connection that has ended, if it is news.
func (w *Worker) keepLearnt(ctx context.Context) {
	l := learnt{Spared: w.spared, Actions: w.opFalls}
	for of, d := range w.doubts {
		l.Messages = append(l.Messages, learntDoubt{of.box, of.old, d.cuts, d.full, d.most, d.uid, d.ends})
	}
	for a, f := range w.falls {
		if f.refusals == 0 || a.cmd == "FETCH" { // a folder that is busy may not be the next time
			l.Folders = append(l.Folders, learntFall{a.cmd, a.box, f.cuts, f.alone, f.spell, f.until, f.refusals, f.text})
		}
	}
	slices.SortFunc(l.Messages, func(a, b learntDoubt) int { return cmp.Or(cmp.Compare(a.Box, b.Box), boolInt(a.Old)-boolInt(b.Old)) })
	slices.SortFunc(l.Folders, func(a, b learntFall) int { return cmp.Or(cmp.Compare(a.Box, b.Box), cmp.Compare(a.Cmd, b.Cmd)) })
	text, err := json.Marshal(l)
	if string(text) == "{}" {
		text = nil
	}
	if err != nil || string(text) == w.learnt.text {
		return
	}
	if err := w.cfg.Store.KeepLearnt(ctx, w.cfg.Account.ID, string(text)); err != nil {
		w.log().Warn("what was learnt of the server cannot be kept", "code", string(mail.FaultOf(err).Code))
		return
	}
	w.learnt = recollection{true, string(text)}
}
