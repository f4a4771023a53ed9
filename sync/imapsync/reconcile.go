package imapsync

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Bounds of one reconcile.
const (
	window     = 5000 // new UIDs of a mailbox that are asked for at once
	burstBoxes = 50   // mailboxes in one burst
	maxRounds  = 40   // how often a mailbox is asked before it is left for later
	fewGone    = 10   // so many may go without a second question
	fewRanges  = 50   // so many are looked for one by one
)

// reconcile brings the targets in step: all of what is found is written in one
// transaction, so that a message that left one mailbox for another is seen as
// moved.
func (s *session) reconcile(ctx context.Context, ts []*target) error {
	asked := ts
	var deltas []store.Delta
	var more []*target
	for round := 0; len(ts) > 0; round++ {
		s.held = 0
		if round == maxRounds {
			s.log.Warn("mailboxes left for the next pass", "count", len(ts))
			break
		}
		found, again, err := s.askAll(ctx, ts)
		if err != nil {
			return err
		}
		for _, f := range found {
			deltas = append(deltas, *f.Delta)
			if f.upTo > 0 && f.Cursor.UIDNext == f.upTo+1 && f.sel.UIDNext != f.Cursor.UIDNext {
				more = append(more, f.target)
			}
		}
		ts = again
		if len(ts) > 0 && s.held > heldMost/2 {
			// What is known so far does not wait in memory for the rest.
			if err := s.write(ctx, deltas, asked); err != nil {
				return err
			}
			deltas = nil
		}
	}
	if err := s.write(ctx, deltas, asked); err != nil {
		return err
	}
	if len(more) == 0 {
		return nil
	}
	for _, t := range more {
		t.choose(s) // from the cursor that was just written
	}
	return s.reconcile(ctx, more)
}

// finding is what was found in a mailbox.
type finding struct {
	*target
	*store.Delta
}

// askAll plays a round of all targets, and returns what was found, and those that
// have to be asked once more.
func (s *session) askAll(ctx context.Context, ts []*target) (fs []finding, again []*target, err error) {
	if err := s.ask(ctx, ts); err != nil {
		return nil, nil, err
	}
	for _, t := range ts {
		d, done, err := s.settle(ctx, t)
		switch {
		case err != nil:
			return nil, nil, err
		case !done:
			again = append(again, t)
		case d != nil:
			fs = append(fs, finding{t, d})
			switch {
			case t.busy && len(d.Uncertain) > 0:
				s.w.falls.gaveUp(t.box.Name)
			case !t.busy && t.upTo == 0:
				s.w.falls.fetched(t.box.Name)
			}
			if !t.light && !t.noFlags {
				s.allow(t.box.Name)
			}
		}
	}
	return fs, again, nil
}

// write keeps what a reconcile found that asked these targets.
func (s *session) write(ctx context.Context, deltas []store.Delta, asked []*target) error {
	if len(deltas) == 0 {
		return nil
	}
	deltas, err := s.withTwins(ctx, deltas, asked)
	if err != nil {
		return err
	}
	return s.apply(ctx, store.Batch{Origin: mail.Elsewhere, Deltas: deltas, Synced: time.Now(), Halves: !s.moves()})
}

// ask asks all targets, in as few bursts as is wise. The inbox
// comes last: it is then the mailbox that is open, and IDLE can begin. One over which
// connections seem to end comes first: if it is asked for early and late, and they
// always end there, it is not for how long they last.
func (s *session) ask(ctx context.Context, ts []*target) error {
	ts = slices.DeleteFunc(slices.Clone(ts), (*target).fromStatus)
	slices.SortStableFunc(ts, func(a, b *target) int {
		return cmp.Or(
			boolInt(s.w.falls.caught(b.box.Name))-boolInt(s.w.falls.caught(a.box.Name)),
			boolInt(a.box.ID == s.inbox)-boolInt(b.box.ID == s.inbox),
		)
	})
	for part := range slices.Chunk(ts, burstBoxes) {
		steps := make([]step, 0, 5*len(part))
		for _, t := range part {
			steps = append(steps, t.steps(s)...)
		}
		peeked := slices.ContainsFunc(part, func(t *target) bool { return t.peeked })
		if err := s.playPeek(ctx, steps, peeked); err != nil {
			return err
		}
	}
	return nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settle turns the answers of a round into a delta. done false means: ask once
// more; done without a delta: the mailbox cannot be had now.
func (s *session) settle(ctx context.Context, t *target) (d *store.Delta, done bool, err error) {
	cur := t.box.Cursor
	if !t.opened {
		if f := s.barred(t.refusal); f != nil {
			return nil, true, f
		}
		s.log.Info("a mailbox cannot be opened", "mailbox", t.box.ID, "code", t.refusal.Code)
		if s.w.falls.refusedNow(t.box.Name) == nil {
			s.suspect(t.box.Name, "SELECT")
		}
		s.refuse(t.box, t.refusal.Fault("SELECT"), t.refusal.Code)
		return nil, true, nil
	}
	if n := max(t.sel.UIDNext, t.status.UIDNext); t.refusedNew != nil && n != 0 && t.next() >= n {
		// Nothing is new: N:* names the last message, which is known (RFC 3501 §9, seq-range).
		t.refusedNew, t.busy = nil, t.busy && (t.refusedOld != nil || t.refusedSought != nil)
	}
	for _, f := range []*mail.Fault{t.refusedOld, t.refusedNew, t.refusedSought} {
		switch {
		case f == nil || f.Class != mail.ClassLimit:
		case !t.busy:
			return nil, false, s.refusedWhole(f, asked{box: t.box.Name})
		case s.leaveOutPatiently(t.box, f):
			return nil, true, nil
		}
	}
	if t.flooded {
		return nil, false, &mail.Fault{
			Code: mail.CodeBadAnswer, Class: mail.ClassProtocol, Args: mail.Args{"host": s.w.host(), "text": "too many flags"},
		}
	}
	if err := s.tooMany(t.alive, max(t.exists, int(t.sel.Exists))); err != nil {
		return nil, false, err
	}
	if t.how == adopt {
		return s.settleAdopt(t)
	}
	if t.sel.UIDValidity != cur.UIDValidity {
		// Every UID we know means another message now, or none.
		t.how, t.upTo, t.tail = adopt, 0, s.small(t.box.ID, int(t.sel.Exists))
		t.status.Messages = int(t.sel.Exists)
		return nil, false, nil
	}
	if t.refusedOld != nil {
		s.askLess(t)
		return nil, false, nil //nolint:nilerr // it is told when it stays so
	}
	if t.noFlags && !t.knew && t.exists > 0 {
		return nil, true, nil // nor does it say which messages there are
	}
	if t.spoilt() {
		s.dontPeek("refused or unreadable")
		return nil, false, nil
	}
	if t.how != byFlags && t.sel.HighestModSeq < cur.HighestModSeq {
		s.log.Info("HIGHESTMODSEQ went backwards", "mailbox", t.box.ID)
		t.how = byFlags
		return nil, false, nil
	}
	if less := t.refusedSought != nil || t.tooMuch && len(t.unknown) > 0; less && !t.seekLess() {
		return nil, false, nil
	}
	if (t.refusedNew != nil || t.tooMuch) && !t.bisect() {
		return nil, false, nil
	}
	t.added = sortedOf(t.added, func(u mail.UID) bool {
		return u >= t.next() && (t.upTo == 0 || u <= t.upTo) || t.seeks(u)
	})
	gone, sure, err := s.missing(ctx, t)
	if err != nil || !sure {
		return nil, false, err
	}
	return t.delta(s, gone), true, nil
}

// bisect asks for fewer new messages, when a server refuses all of them for the
// sake of one, until that one is alone. Then it reports true: the message is
// counted among the bad.
func (t *target) bisect() bool {
	hi := t.upTo
	if hi == 0 {
		hi = max(t.sel.UIDNext, t.status.UIDNext, t.next()+1) - 1
	}
	if hi <= t.next() {
		t.upTo, t.bad = t.next(), append(t.bad, t.next())
		return true
	}
	t.upTo = t.next() + (hi-t.next())/2
	return false
}

// missing returns the known UIDs that are no more. sure false means that the
// mailbox has to be asked again, and t says how.
func (s *session) missing(ctx context.Context, t *target) (gone []mail.UID, sure bool, err error) {
	if t.askUIDs && !t.knew {
		if t.exists > 0 {
			return nil, false, nil // the one answer that counts did not come
		}
		t.alive = nil // an empty mailbox: some servers then answer nothing
	}
	var known []mail.UID // in a large mailbox they take long to be read
	switch {
	case t.askUIDs:
		if known, err = s.known(ctx, t); err != nil {
			return nil, false, err
		}
		gone = without(known, t.alive)
		if t.seek(t.unknownIn(t.alive, known)) {
			return nil, false, nil
		}
	case t.how == byVanished:
		if gone, err = s.vanished(ctx, t); err != nil {
			return nil, false, err
		}
	case t.how == byFlags && !t.light:
		if slices.Contains(t.bad, 0) {
			t.askUIDs = true
			return nil, false, nil
		}
		seen := slices.Clone(t.bad)
		for _, f := range t.flags {
			seen = append(seen, f.UID)
		}
		if known, err = s.known(ctx, t); err != nil {
			return nil, false, err
		}
		there := wire.NewSet(seen)
		gone = without(known, there)
		if t.seek(t.unknownIn(there, known)) {
			return nil, false, nil
		}
	}
	if !t.askUIDs && !t.sought && !t.counts(len(gone)) {
		t.askUIDs, t.light = true, false
		return nil, false, nil
	}
	if len(gone) <= fewGone || t.doubted {
		return gone, true, nil
	}
	if known == nil {
		if known, err = s.known(ctx, t); err != nil {
			return nil, false, err
		}
	}
	if 2*len(gone) > len(known) {
		s.log.Warn("most of a mailbox seems to be gone; asking again", "mailbox", t.box.ID, "gone", len(gone), "known", len(known))
		t.doubted, t.askUIDs = true, true
		return nil, false, nil
	}
	return gone, true, nil
}

// known are the UIDs that are known of a target's mailbox.
func (s *session) known(ctx context.Context, t *target) ([]mail.UID, error) {
	return s.w.cfg.Store.UIDsBetween(ctx, t.box.ID, t.from(), t.next()-1)
}

// vanished returns the known UIDs that are gone by VANISHED.
func (s *session) vanished(ctx context.Context, t *target) (gone []mail.UID, err error) {
	told := slices.Concat(t.gone...)
	if len(told) > fewRanges {
		known, err := s.known(ctx, t)
		return slices.DeleteFunc(known, func(u mail.UID) bool {
			return !slices.ContainsFunc(t.gone, func(v wire.Set) bool { return v.Has(u) })
		}), err
	}
	for _, r := range told {
		uids, err := s.w.cfg.Store.UIDsBetween(ctx, t.box.ID, max(r.Lo, t.from()), min(r.Hi, t.next()-1))
		if err != nil {
			return nil, err
		}
		gone = append(gone, uids...)
	}
	slices.Sort(gone)
	return slices.Compact(gone), nil
}

// without returns the known UIDs that are not alive.
func without(known []mail.UID, alive wire.Set) []mail.UID {
	var gone []mail.UID
	for _, u := range known {
		if !alive.Has(u) {
			gone = append(gone, u)
		}
	}
	return gone
}

// counts reports whether the numbers agree: what there was, without what is
// gone, with what is new, is what there is. Where that cannot be told, as in a
// mailbox that is still being filled, only VANISHED is taken at its word.
func (t *target) counts(gone int) bool {
	if t.box.Cursor.BackfillBelow > 1 || t.upTo > 0 {
		return t.how == byVanished || t.how == byFlags && !t.light
	}
	return t.box.Cursor.Messages-gone+t.fresh() == t.exists
}

// fresh is how many new messages were told of.
func (t *target) fresh() int {
	n := len(t.added)
	for _, u := range t.bad {
		if u == 0 || u >= t.next() {
			n++
		}
	}
	return n
}

// delta is what the store is told once all is known.
func (t *target) delta(s *session, gone []mail.UID) *store.Delta {
	c := t.box.Cursor
	d := &store.Delta{Mailbox: t.box.ID, SetCursor: true, Gone: gone, Added: t.added}
	for _, f := range t.flags {
		if f.UID < t.next() {
			d.Flags = append(d.Flags, f)
		}
	}
	d.Uncertain = slices.DeleteFunc(s.quarantine(t.box.ID, t.bad, 1), func(u mail.UID) bool { return u < t.next() && !t.seeks(u) })
	if d.Lethal = t.lethal || t.spared; t.lethal {
		s.w.spare(share{box: t.box.ID})
	}
	next, messages := max(c.UIDNext, t.sel.UIDNext), t.exists
	if t.upTo > 0 {
		next, messages = min(next, t.upTo+1), c.Messages-len(gone)+t.fresh()
	}
	for _, f := range d.Added {
		next = max(next, f.UID+1)
	}
	for _, u := range d.Uncertain {
		next = max(next, u+1)
	}
	c.UIDNext, c.HighestModSeq, c.Messages = next, t.sel.HighestModSeq, messages
	t.tell(d, &c)
	if d.Partial = t.noFlags; d.Partial { // what the numbers tell of flags is yet to be asked for
		d.Cursor.HighestModSeq, d.Cursor.Unseen = t.box.Cursor.HighestModSeq, t.box.Cursor.Unseen
	}
	return d
}

// tell puts the cursor and the numbers of STATUS into the delta.
func (t *target) tell(d *store.Delta, c *mail.Cursor) {
	if t.hasStatus && t.status.Unseen >= 0 {
		c.Unseen = t.status.Unseen
		d.Server = &mail.Counts{Total: c.Messages, Unread: t.status.Unseen}
	}
	d.Cursor = *c
}
