package imapsync

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

const (
	// verifyEvery is how often a mailbox is compared whole because it is not as the
	// server says, at most: there are servers that count in another way.
	verifyEvery = time.Hour
	// searchEvery is how often a mailbox is asked which of its messages have a flag.
	searchEvery = 24 * time.Hour
)

// verify compares whole what looks in step by its mod-sequence and is not: a change of
// which the server did not tell would stay for ever. That shows by other numbers of
// messages, or of unread ones, than are known, which costs nothing where they agree.
// With closer, as of a pass that nobody waits for, one mailbox is asked for flags of
// which no number tells. It is the last part of a whole pass.
func (s *session) verify(ctx context.Context, byName map[string]*listed, closer bool) error {
	still := s.inStep(byName)
	told := make(map[mail.MailboxID]mail.Counts, len(still))
	for id, t := range still {
		if t.status.Unseen >= 0 && time.Since(s.w.verified[id]) >= verifyEvery {
			told[id] = mail.Counts{Total: t.status.Messages, Unread: t.status.Unseen}
		}
	}
	unlike, err := s.w.cfg.Store.Unlike(ctx, told)
	if err != nil {
		return err
	}
	if t := s.notSearched(still); closer && t != nil && !slices.Contains(unlike, t.box.ID) {
		same, err := s.sameMarks(ctx, t.box)
		if err != nil {
			return err
		}
		if !same {
			unlike = append(unlike, t.box.ID)
		}
	}
	if len(unlike) == 0 {
		return nil
	}
	s.log.Info("mailboxes are not as the server says", "mailboxes", unlike)
	if s.w.verified == nil {
		s.w.verified = map[mail.MailboxID]time.Time{}
	}
	var ts []*target
	for _, id := range unlike {
		s.w.verified[id] = time.Now()
		t := still[id]
		t.how, t.askUIDs = byFlags, true
		ts = append(ts, t)
	}
	return s.reconcile(ctx, ts)
}

// inStep are the mailboxes that look in step by their mod-sequence. Where there is
// none, a whole pass has compared all flags.
func (s *session) inStep(byName map[string]*listed) map[mail.MailboxID]*target {
	ts := map[mail.MailboxID]*target{}
	for id, box := range s.boxes {
		l := byName[box.Name]
		if l == nil || !l.indexed() || !l.hasStatus {
			continue
		}
		t := &target{box: box, status: l.status, hasStatus: true}
		if t.choose(s); t.how != byFlags && !t.dirty() {
			ts[id] = t
		}
	}
	return ts
}

// notSearched is the mailbox that was not searched for the longest time; nil if all
// were, this day.
func (s *session) notSearched(ts map[mail.MailboxID]*target) *target {
	var first *target
	for id, t := range ts {
		at := s.w.searched[id]
		if t.status.Messages == 0 || time.Since(at) < searchEvery {
			continue
		}
		if first == nil || cmp.Or(at.Compare(s.w.searched[first.box.ID]), cmp.Compare(id, first.box.ID)) < 0 {
			first = t
		}
	}
	return first
}

// sameMarks reports whether those messages of a mailbox are flagged, and answered, of
// which it is known: the server searches for few, where it would have to tell the
// flags of all.
func (s *session) sameMarks(ctx context.Context, box *mail.Mailbox) (bool, error) {
	if s.w.searched == nil {
		s.w.searched = map[mail.MailboxID]time.Time{}
	}
	s.w.searched[box.ID] = time.Now()
	var data wire.SelectData
	var ok bool
	err := s.play(ctx, []step{s.selectStep(wire.SelectOptions{Mailbox: box.Name, ReadOnly: true}, 0, &data, &ok, nil)})
	if err != nil || !ok || data.UIDValidity != box.Cursor.UIDValidity {
		return true, err // the next pass sees why
	}
	short := ""
	if s.esearch {
		short = "RETURN (ALL) "
	}
	for _, flag := range []mail.Flag{mail.FlagAnswered, mail.FlagFlagged} {
		there, refused, err := s.search(ctx, short+strings.ToUpper(string(flag)))
		if err != nil {
			return false, err
		}
		known, maybe, sure, err := s.w.cfg.Store.Marked(ctx, box.ID, flag)
		if err != nil {
			return false, err
		}
		all := union(upTo(there, box.Cursor.UIDNext-1), wire.NewSet(maybe))
		if refused == nil && sure && !slices.Equal(wire.NewSet(slices.Concat(known, maybe)), all) {
			return false, nil
		}
	}
	return true, nil
}

// upTo is the part of a set that is not above a UID.
func upTo(set wire.Set, most mail.UID) wire.Set {
	var out wire.Set
	for _, r := range set {
		if r.Lo <= most {
			r.Hi = min(r.Hi, most)
			out = append(out, r)
		}
	}
	return out
}
