package imapsync

import (
	"context"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// verifyEvery is how often a mailbox is compared whole because its numbers are not
// those of the server, at most: there are servers that count in another way.
const verifyEvery = time.Hour

// verify compares whole what looks in step by its mod-sequence, and of which the
// server says other numbers of messages, or of unread ones, than are known: a change
// of which it did not tell would stay for ever. It is the last part of a whole pass,
// and costs nothing where the numbers agree.
func (s *session) verify(ctx context.Context, byName map[string]*listed) error {
	told := map[mail.MailboxID]mail.Counts{}
	for id, box := range s.boxes {
		l := byName[box.Name]
		if l == nil || !l.indexed() || !l.hasStatus || l.status.Unseen < 0 || time.Since(s.w.verified[id]) < verifyEvery {
			continue
		}
		t := &target{box: box, status: l.status, hasStatus: true}
		if t.choose(s); t.how != byFlags && !t.dirty() { // byFlags a whole pass has compared it
			told[id] = mail.Counts{Total: l.status.Messages, Unread: l.status.Unseen}
		}
	}
	unlike, err := s.w.cfg.Store.Unlike(ctx, told)
	if err != nil || len(unlike) == 0 {
		return err
	}
	s.log.Info("the server's numbers are not those that are known", "mailboxes", unlike)
	if s.w.verified == nil {
		s.w.verified = map[mail.MailboxID]time.Time{}
	}
	var ts []*target
	for _, id := range unlike {
		s.w.verified[id] = time.Now()
		t := &target{box: s.boxes[id], status: byName[s.boxes[id].Name].status, hasStatus: true}
		t.choose(s)
		t.how, t.askUIDs = byFlags, true
		ts = append(ts, t)
	}
	return s.reconcile(ctx, ts)
}
