package imapsync

import (
	"context"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// Bounds of a pass.
const (
	firstLook    = 200  // messages of the inbox that are shown before anything else
	adoptAtOnce  = 500  // a new mailbox with at most so many is taken whole
	adoptTogther = 2000 // messages of all mailboxes that are taken so in one pass
	fullInterval = 15 * time.Minute
	pollGap      = 2 * time.Second // between two polls that nobody asked for
	arrivalGrace = 2 * time.Minute // in which a message that was moved shows where it was moved to
)

// pass asks for the state of all folders and brings those in step that differ
// from what is known. h is what was told of the inbox; whole compares even what
// looks unchanged, where a change of flags does not show in numbers.
func (s *session) pass(ctx context.Context, h hint, whole bool) error {
	routine := !s.lastFull.IsZero() && time.Since(s.lastFull) >= fullInterval
	whole = whole || routine || s.lastFull.IsZero()
	// Only a poll that nothing called for shows what was not told.
	check := !s.lastPoll.IsZero() && !h.any() && time.Since(s.lastPoll) >= s.w.cfg.PollInterval
	s.lastPoll = time.Now()
	s.nextPoll = s.lastPoll.Add(s.pollEvery())
	boxes, err := s.w.cfg.Store.ServerMailboxes(ctx, s.w.cfg.Account.ID)
	if err != nil {
		return err
	}
	s.hints.ask(true)
	list, err := s.listTwice(ctx, boxes)
	s.hints.ask(false)
	if err != nil {
		return err
	}
	h.add(s.hints.takeInbox())
	for i := range list {
		if was := h.renamed[list[i].Name]; was != "" {
			list[i].OldName = was
		}
	}
	if list, err = s.doubt(ctx, list, boxes); err != nil {
		return err
	}
	if check && s.notify.on && differs(list, boxes) {
		s.promise.names = true // what NOTIFY tells of names is not to be relied on
	}
	if err := s.adoptListing(ctx, list, boxes); err != nil {
		return err
	}
	if err := s.keepHome(ctx); err != nil {
		return err
	}
	if err := s.keepLabels(ctx); err != nil {
		return err
	}
	byName := make(map[string]*listed, len(list))
	s.total, s.tally.Folders = 0, 0
	for i := range list {
		l := &list[i]
		byName[l.Name] = l
		if l.indexed() {
			s.tally.Folders++
			s.total += max(0, l.status.Messages)
		}
	}
	if check {
		if err := s.keepPromise(ctx, byName); err != nil {
			return err
		}
		if soon := s.lastPoll.Add(s.w.cfg.PollInterval); !s.nextPoll.Before(soon) {
			s.nextPoll = s.lastPoll.Add(s.pollEvery()) // as is known now
		}
	}
	looked, err := s.lookAtInbox(ctx, byName)
	if err != nil {
		return err
	}
	if err := s.letGo(ctx, byName); err != nil {
		return err
	}
	var ts []*target
	budget := adoptTogther
	for id, box := range s.boxes {
		l := byName[box.Name]
		if l == nil || !l.indexed() || s.unsure[box.Name] {
			continue
		}
		t := &target{box: box, status: l.status, hasStatus: l.hasStatus}
		t.choose(s)
		if id == s.inbox && h.fresh {
			// It may have come behind the numbers of STATUS.
			t.expected = max(t.expected, h.count-box.Cursor.Messages, 1)
		}
		unsure := t.how == byFlags && l.status.Messages > 0 || !l.hasStatus
		news, told := h.boxes[box.Name]
		forced := s.w.refusals.has(box.Name) || whole && unsure || id == s.inbox && h.inbox() || told && !agrees(box.Cursor, news)
		if !forced && !t.dirty() || id == s.inbox && looked {
			continue
		}
		if t.how == adopt {
			if t.tail = s.small(id, l.status.Messages); t.tail > budget {
				t.tail = 0
			}
			budget -= t.tail
		}
		ts = append(ts, t)
	}
	byBox(ts)
	for _, part := range s.apart(ts) {
		if err := s.reconcile(ctx, part); err != nil {
			return err
		}
	}
	if whole {
		if err := s.verify(ctx, byName, routine); err != nil {
			return err
		}
		s.lastFull = time.Now()
		if err := s.w.tellSaid(ctx, true); err != nil {
			return err
		}
	}
	if looked {
		if err := s.inboxPreviews(ctx); err != nil {
			return err
		}
	}
	if err := s.planFills(ctx); err != nil {
		return err
	}
	if err := s.w.cfg.Store.ForgetExpected(ctx, s.w.cfg.Account.ID, s.lastPoll.Add(-arrivalGrace)); err != nil {
		return err
	}
	if err := s.tellRefused(ctx, byName); err != nil {
		return err
	}
	if err := s.stamp(ctx, byName, whole); err != nil {
		return err
	}
	if err := s.w.settled(ctx); err != nil || !whole {
		return err
	}
	if err := s.keepUnread(ctx); err != nil {
		return err
	}
	return s.askAgain(ctx)
}

// byBox sorts by id, so that the commands of two passes come in the same order.
func byBox(ts []*target) {
	slices.SortFunc(ts, func(a, b *target) int { return int(a.box.ID - b.box.ID) })
}

// letGo forgets the mail of folders that is not kept any more: those of others
// that the user unsubscribed from, and those of which the server says now that
// they only show again what is elsewhere.
func (s *session) letGo(ctx context.Context, byName map[string]*listed) error {
	var ds []store.Delta
	for id, box := range s.boxes {
		l := byName[box.Name]
		if l == nil || !l.canSelect() || l.indexed() || box.Cursor.UIDNext == 0 {
			continue
		}
		known, err := s.w.cfg.Store.UIDs(ctx, id)
		if err != nil {
			return err
		}
		ds = append(ds, store.Delta{Mailbox: id, Gone: known, SetCursor: true, Server: &mail.Counts{}})
	}
	if len(ds) == 0 {
		return nil
	}
	s.log.Info("folders are not kept any more", "count", len(ds))
	return s.apply(ctx, store.Batch{Origin: mail.Elsewhere, Deltas: ds})
}

// inboxPass brings only the inbox in step: one round trip.
func (s *session) inboxPass(ctx context.Context, h hint) error {
	box := s.boxes[s.inbox]
	if box == nil || box.Cursor.UIDNext == 0 {
		s.pollNow()
		return nil
	}
	t := s.inboxTarget(h)
	if t == nil {
		return nil
	}
	if t.expected > window {
		// The numbers of STATUS say how to take so many in parts.
		return s.pass(ctx, h, false)
	}
	return s.reconcile(ctx, []*target{t})
}

// inboxTarget is the inbox as far as h told of it; nil if it did not.
func (s *session) inboxTarget(h hint) *target {
	box := s.boxes[s.inbox]
	if box == nil || !h.inbox() {
		return nil
	}
	t := &target{box: box, askStatus: true}
	if h.fresh {
		t.expected = h.count - box.Cursor.Messages
	}
	t.choose(s)
	t.light = t.how == byFlags && !h.flags && !h.gone
	return t
}

// lookAtInbox takes the inbox's newest messages before all else, so that a
// person sees mail within a moment of adding an account. It reports whether the
// inbox was new.
func (s *session) lookAtInbox(ctx context.Context, byName map[string]*listed) (bool, error) {
	box := s.boxes[s.inbox]
	if box == nil {
		return false, nil
	}
	l := byName[box.Name]
	if l == nil || !l.hasStatus {
		return false, nil
	}
	t := &target{box: box, status: l.status, hasStatus: true, tail: firstLook}
	if s.w.most(share{box.ID, true}) > 0 {
		t.tail = 0
	}
	if t.choose(s); t.how != adopt {
		return false, nil
	}
	return true, s.reconcile(ctx, []*target{t})
}

// dirty reports whether STATUS tells of anything that the cursor does not.
func (t *target) dirty() bool {
	c, st := t.box.Cursor, t.status
	switch {
	case c.UIDNext == 0:
		return true
	case !t.hasStatus:
		return false // STATUS was refused: only a whole pass looks inside
	case st.UIDValidity != 0 && st.UIDValidity != c.UIDValidity,
		st.UIDNext != 0 && st.UIDNext != c.UIDNext,
		st.Messages >= 0 && st.Messages != c.Messages,
		st.Unseen >= 0 && st.Unseen != c.Unseen:
		return true
	case st.HasModSeq:
		return st.HighestModSeq != c.HighestModSeq
	default:
		return st.UIDNext == 0 // without either, one gone and one new look like none
	}
}

// news reports whether a SELECT tells of anything that the cursor does not.
func news(c mail.Cursor, d wire.SelectData) bool {
	return d.UIDNext != 0 && d.UIDNext != c.UIDNext || int(d.Exists) != c.Messages || d.HighestModSeq != c.HighestModSeq
}

// listTwice lists the folders, and once more when half of those that we know,
// or the inbox, are missing from the answer.
func (s *session) listTwice(ctx context.Context, boxes []mail.Mailbox) ([]listed, error) {
	list, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	missing := missingFrom(list, boxes)
	if missing == 0 || 2*missing < len(boxes) && !withoutInbox(list) {
		return list, nil
	}
	s.log.Warn("many folders seem to be gone; asking again", "gone", missing, "known", len(boxes))
	if list, err = s.list(ctx); err != nil {
		return nil, err
	}
	if 2*missingFrom(list, boxes) >= len(boxes) && withoutInbox(list) {
		// Every account has an inbox: this is no list of its folders.
		return nil, &mail.Fault{
			Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
			Args: mail.Args{"host": s.w.host(), "text": "LIST without INBOX"},
		}
	}
	return list, nil
}

// missingFrom is how many of the mailboxes that we know are not in a listing.
func missingFrom(list []listed, boxes []mail.Mailbox) int {
	names := make(map[string]bool, len(list))
	for i := range list {
		names[list[i].Name] = true
	}
	missing := 0
	for i := range boxes {
		if !names[boxes[i].Name] {
			missing++
		}
	}
	return missing
}

// withoutInbox reports whether the server did not list the inbox.
func withoutInbox(list []listed) bool {
	return slices.ContainsFunc(list, func(l listed) bool { return l.assumed })
}

// adoptListing writes a listing that differs from what the store has, and
// reads back the mailboxes.
func (s *session) adoptListing(ctx context.Context, list []listed, boxes []mail.Mailbox) error {
	if differs(list, boxes) {
		renamed, err := s.renames(ctx, list, boxes)
		if err != nil {
			return err
		}
		if err := s.apply(ctx, store.Batch{Origin: originOf(boxes), Listing: toStore(list, renamed)}); err != nil {
			return err
		}
		return s.loadBoxes(ctx)
	}
	s.setBoxes(boxes)
	return nil
}

// loadBoxes takes the mailboxes from the store as they are.
func (s *session) loadBoxes(ctx context.Context) error {
	boxes, err := s.w.cfg.Store.ServerMailboxes(ctx, s.w.cfg.Account.ID)
	if err != nil {
		return err
	}
	s.setBoxes(boxes)
	return nil
}

func (s *session) setBoxes(boxes []mail.Mailbox) {
	s.boxes, s.inbox = make(map[mail.MailboxID]*mail.Mailbox, len(boxes)), 0
	for i := range boxes {
		b := &boxes[i]
		s.boxes[b.ID] = b
		if b.Name == "INBOX" {
			s.inbox = b.ID
		}
	}
}

// originOf is where the folders of a listing were made: before we first looked
// when none were known.
func originOf(known []mail.Mailbox) mail.Origin {
	if len(known) == 0 {
		return mail.Backfill
	}
	return mail.Elsewhere
}
