package imapsync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

const (
	// fillBatch is how many messages are fetched at once: their envelopes are
	// all that a first sync keeps in memory, however large the mailbox, twice
	// (one batch is written while the next one comes).
	fillBatch = 2000
	// fillPoll is how long new mail may go unnoticed during a first sync.
	fillPoll = 15 * time.Second
	// fruitlessMost is how many batches in a row may bring nothing of what the
	// server said is there.
	fruitlessMost = 10
)

// fill is a mailbox whose older messages are still to be fetched: those in
// todo, newest first. How far it came is kept in the mailbox's cursor
// (BackfillBelow), so that it can be cut at any point.
type fill struct {
	id   mail.MailboxID
	todo wire.Set // ascending, all below the cursor's BackfillBelow
	left int      // messages in todo
}

// chunk takes the newest n messages, at most, out of the plan.
func (f *fill) chunk(n int) wire.Set {
	var out wire.Set
	for n > 0 && len(f.todo) > 0 {
		last := &f.todo[len(f.todo)-1]
		part := *last
		if have := int(part.Hi-part.Lo) + 1; have > n {
			part.Lo = part.Hi - mail.UID(n) + 1
			last.Hi = part.Lo - 1
			n = 0
		} else {
			f.todo = f.todo[:len(f.todo)-1]
			n -= have
		}
		out = append(out, part)
	}
	slices.Reverse(out)
	f.left -= out.Len()
	return out
}

// giveBack undoes a chunk.
func (f *fill) giveBack(c wire.Set) {
	f.todo = append(f.todo, c...)
	f.left += c.Len()
}

// planFills finds out, in one burst, what is still to be fetched of mailboxes
// that are not complete.
func (s *session) planFills(ctx context.Context) error {
	planned := map[mail.MailboxID]bool{}
	s.fills = slices.DeleteFunc(s.fills, func(f *fill) bool {
		box := s.boxes[f.id]
		gone := box == nil || box.Cursor.BackfillBelow <= 1
		planned[f.id] = !gone
		return gone
	})
	type plan struct {
		box   *mail.Mailbox
		sel   wire.SelectData
		ok    bool
		uids  wire.Set
		knows bool
	}
	var plans []*plan
	for _, box := range s.boxes {
		if box.Cursor.BackfillBelow > 1 && !planned[box.ID] && box.Kept() {
			plans = append(plans, &plan{box: box})
		}
	}
	slices.SortFunc(plans, func(a, b *plan) int {
		// What may end the connection comes last.
		return cmp.Or(boolInt(s.w.most(share{a.box.ID, true}) > 0)-boolInt(s.w.most(share{b.box.ID, true}) > 0), boolInt(b.box.ID == s.inbox)-boolInt(a.box.ID == s.inbox), cmp.Compare(a.box.ID, b.box.ID))
	})
	for part := range slices.Chunk(plans, burstBoxes) {
		var steps []step
		for _, p := range part {
			o := wire.SelectOptions{Mailbox: p.box.Name, CondStore: s.condstore}
			all := wire.Set{{Lo: 1, Hi: p.box.Cursor.BackfillBelow - 1}}
			steps = append(steps,
				s.selectStep(o, p.box.ID, &p.sel, &p.ok, nil),
				s.searchStep(all.String(), &p.uids, &p.knows))
		}
		if err := s.play(ctx, steps); err != nil {
			return err
		}
	}
	var done []store.Delta
	for _, p := range plans {
		if err := s.tooMany(p.uids, int(p.sel.Exists)); err != nil {
			return err
		}
		switch {
		case !p.ok || p.sel.UIDValidity != p.box.Cursor.UIDValidity || !p.knows && p.sel.Exists > 0:
			// The next pass finds it dirty, or it is asked again then.
		case p.uids.Len() == 0:
			done = append(done, filledTo(p.box, 1))
		default:
			s.fills = append(s.fills, &fill{id: p.box.ID, todo: p.uids, left: p.uids.Len()})
		}
	}
	if len(done) > 0 {
		if err := s.apply(ctx, store.Batch{Origin: mail.Backfill, Deltas: done, Synced: time.Now()}); err != nil {
			return err
		}
	}
	if len(s.fills) > 0 {
		s.nextPoll = earlier(s.nextPoll, time.Now().Add(fillPoll))
	}
	s.tellProgress()
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// filledTo is a delta that says: all messages at or above below are here.
func filledTo(box *mail.Mailbox, below mail.UID) store.Delta {
	c := box.Cursor
	c.BackfillBelow = below
	return store.Delta{Mailbox: box.ID, Cursor: c, SetCursor: true, Backfill: true}
}

// backfill fetches batch after batch until all is there or something else
// wants to be done. While one batch is written the next one is on its way.
func (s *session) backfill(ctx context.Context) error {
	var written chan error
	wait := func() error {
		if written == nil {
			return nil
		}
		err := <-written
		written = nil
		return err
	}
	for len(s.fills) > 0 {
		deltas, err := s.fetchBatch(ctx)
		if werr := wait(); err == nil {
			err = werr
		}
		if err != nil {
			// What was taken out of the plan and is not written is planned
			// anew from the cursors, by this session or the next.
			s.fills = nil
			return err
		}
		s.tellProgress()
		s.nameUnread(ctx, deltas)
		s.keep(deltas)
		written = make(chan error, 1)
		go func() {
			changes, err := s.w.cfg.Store.Apply(ctx, s.w.cfg.Account.ID,
				store.Batch{Origin: mail.Backfill, Deltas: deltas, Synced: time.Now()})
			s.tally.count(changes) // nobody else touches it before wait
			written <- err
		}()
		if s.interrupted() {
			break
		}
	}
	if err := wait(); err != nil {
		s.fills = nil
		return err
	}
	return nil
}

// interrupted reports whether something is to be done before more is fetched.
func (s *session) interrupted() bool {
	return len(s.w.wake) > 0 || len(s.hints.c) > 0 || !time.Now().Before(s.nextPoll)
}

// part is one mailbox's share of a batch.
type part struct {
	f       *fill
	t       *target
	set     wire.Set
	lethal  bool // the one message of set is not asked for
	opened  bool
	sel     wire.SelectData
	refusal *mail.Fault
	busy    bool // refusal asks to come back later
}

// nextParts takes the next messages of as many mailboxes as make a batch, and
// says how to ask for them.
func (s *session) nextParts() (parts []*part, steps []step) {
	open, held := s.open, new(int)
	for room := s.batch; room > 0 && len(s.fills) > 0 && len(parts) < burstBoxes; {
		f := s.fills[0]
		most := s.w.most(share{f.id, true})
		if most > 0 && len(parts) > 0 {
			break // what the others answer is not lost with it
		}
		n := room
		if most > 0 {
			n, room = min(room, most), 0
		}
		p := &part{f: f, t: &target{box: s.boxes[f.id], held: held}, set: f.chunk(n), sel: open.data, opened: true}
		p.t.added = make([]store.Fetched, 0, p.set.Len())
		parts = append(parts, p)
		room -= p.set.Len()
		if f.left == 0 {
			s.fills = s.fills[1:]
		}
		if p.lethal = p.set.Len() == 1 && s.w.lethal(share{f.id, true}, p.lo()); p.lethal {
			p.sel.UIDValidity = p.t.box.Cursor.UIDValidity // nothing is asked
			continue
		}
		if open.id != f.id {
			p.opened = false
			o := wire.SelectOptions{Mailbox: p.t.box.Name, CondStore: s.condstore}
			steps = append(steps, s.selectStep(o, f.id, &p.sel, &p.opened, nil))
			open = opened{id: f.id}
		}
		// Nothing else is there between the ends of the set: the search said so.
		steps = append(steps, step{
			cmd:  fmt.Sprintf("UID FETCH %d:%d %s", p.lo(), p.hi(), s.messageItems()),
			asks: &question{of: share{f.id, true}, n: p.set.Len(), got: p.set.Len(), uid: p.lo()},
			each: p.t.noteOld,
			end:  func(st wire.Status) { p.refusal, p.busy = st.Fault("UID FETCH"), st.Busy() },
		})
	}
	return parts, steps
}

func (p *part) lo() mail.UID { return p.set[0].Lo }
func (p *part) hi() mail.UID { return p.set[len(p.set)-1].Hi }

// fetchBatch fetches the next messages. When a server refuses a FETCH for the
// sake of one message, the batches get smaller until it is alone.
func (s *session) fetchBatch(ctx context.Context) ([]store.Delta, error) {
	parts, steps := s.nextParts()
	if err := s.play(ctx, steps); err != nil {
		return nil, err
	}
	var deltas []store.Delta
	smaller := 0
	for _, p := range slices.Backward(parts) {
		switch {
		case !p.opened || p.sel.UIDValidity != p.t.box.Cursor.UIDValidity:
			s.pollNow() // it was made anew: what came is not what was meant
			s.dropFill(p.f.id)
			continue
		case p.lethal:
			s.w.spare(share{p.f.id, true})
			p.t.bad = append(p.t.bad, p.lo())
		case p.refusal == nil && !p.t.tooMuch:
		case p.refusal != nil && p.refusal.Class == mail.ClassLimit && !p.busy:
			return nil, s.refusedWhole(p.refusal, asked{box: p.t.box.Name})
		case p.busy && s.leaveOutPatiently(p.t.box, p.refusal):
			s.dropFill(p.f.id)
			continue
		case p.set.Len() > 1:
			smaller = max(1, p.set.Len()/2)
			p.f.giveBack(p.set)
			s.dropFill(p.f.id)
			s.fills = slices.Insert(s.fills, 0, p.f)
			continue
		default:
			p.t.bad = append(p.t.bad, p.lo())
			if p.busy {
				s.w.falls.gaveUp(p.t.box.Name)
			}
		}
		below := p.lo()
		if len(p.f.todo) == 0 {
			below = 1
		}
		d := filledTo(p.t.box, below)
		d.Added = sorted(p.t.added, p.lo(), p.hi())
		d.Uncertain, d.Lethal = s.quarantine(d.Mailbox, p.t.bad, p.lo()), p.lethal
		deltas = append(deltas, d)
	}
	if s.batch = min(2*s.batch, fillBatch); smaller > 0 {
		s.batch = smaller
	}
	if !brings(deltas) && smaller == 0 {
		s.fruitless++
	} else {
		s.fruitless = 0
	}
	if s.fruitless >= fruitlessMost {
		s.fruitless = 0
		return nil, &mail.Fault{
			Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
			Args: mail.Args{"host": s.w.host(), "text": "FETCH: no messages"},
		}
	}
	return deltas, nil
}

// brings reports whether a message is in one of the deltas.
func brings(ds []store.Delta) bool {
	return slices.ContainsFunc(ds, func(d store.Delta) bool { return len(d.Added)+len(d.Uncertain) > 0 })
}

// noteOld takes the messages of a backfill. Anything else that is said
// meanwhile is a hint.
func (t *target) noteOld(r *wire.Response) bool {
	if r.Type != "FETCH" {
		return false
	}
	f, err := wire.ParseFetch(r)
	switch {
	case err != nil || r.Bad != nil:
		t.bad = append(t.bad, f.UID)
	case f.UID != 0 && f.HasEnvelope:
		return t.take(f)
	default:
		return false
	}
	return true
}

// dropFill forgets the plan for a mailbox.
func (s *session) dropFill(id mail.MailboxID) {
	s.fills = slices.DeleteFunc(s.fills, func(f *fill) bool { return f.id == id })
}

// tellProgress says how far a first sync is, and once that it ended.
func (s *session) tellProgress() {
	left := 0
	for _, f := range s.fills {
		left += f.left
	}
	if left == 0 && !s.reported {
		return
	}
	s.reported = left > 0
	total := max(s.total, left)
	if s.w.cfg.Progress != nil {
		s.w.cfg.Progress(total-left, total)
	}
}
