package converge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// rest brings everybody to rest: ways are mended, queues run empty, and then
// each looks once more at what the other did last.
func (r *round) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, m := range r.machines {
		m.proxy.Heal()
		m.online()
	}
	for _, m := range r.machines {
		m.send(ctx)
	}
	for _, m := range r.machines {
		m.pass(ctx)
	}
	r.tell("all are at rest")
	r.found(ctx)
}

// leastLooks is how often all is looked at before it is called wrong, however long it
// takes.
const leastLooks = 5

// found gives machines the time in which they show a message where they moved it
// although it is not found there: somebody may have moved it on at once. It is
// also that of a second look: while a folder is made or deleted, Dovecot may list
// what cannot be opened, as the level above it.
func (r *round) found(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	late := time.Now().Add(2 * grace)
	for looks := 0; looks < leastLooks || time.Now().Before(late); looks++ {
		server, subscribed := r.dc.View(r, r.user), r.subscribed()
		agreed := true
		for _, m := range r.machines {
			agreed = agreed && m.wrongCounts(server) == "" && m.view().Unlike(server) == "" && m.wrongSubscriptions(subscribed) == ""
		}
		if agreed {
			return
		}
		<-tick.C
		for _, m := range r.machines {
			m.pass(ctx)
		}
	}
}

// send waits until this machine has nothing more to send.
func (m *machine) send(ctx context.Context) {
	for {
		m.pass(ctx)
		ops, err := m.store.Ops(ctx, "")
		m.r.must(err)
		if len(ops) == 0 {
			return
		}
		for _, op := range ops {
			if op.State != mail.OpWaiting || op.NextTry.IsZero() {
				continue
			}
			// It is tried again at once, not after half a minute.
			if err := m.store.RetryOp(ctx, op.ID, time.Time{}, nil); !refused(err) {
				m.r.must(err)
			}
		}
		tick := time.NewTimer(100 * time.Millisecond)
		select {
		case <-tick.C: // an op waits for the time to pass
		case <-ctx.Done():
			m.r.Fatalf("machine %s did not come to rest: it still has %+v", m.name, ops)
		}
	}
}

// pass waits for a full pass. A connection may still be about to end.
func (m *machine) pass(ctx context.Context) {
	for {
		err := m.sync(ctx)
		if err == nil {
			return
		}
		m.r.tell("%s on its way to rest: %v", m.name, err)
		if ctx.Err() != nil {
			m.r.Fatalf("machine %s did not come to rest: %v", m.name, err)
		}
	}
}

// check holds what must hold at rest.
func (r *round) check() {
	server, subscribed := r.dc.View(r, r.user), r.subscribed()
	log, err := readLog(r.dc, r.user)
	r.must(err)
	for _, m := range r.machines {
		if wrong := m.view().Unlike(server); wrong != "" {
			r.Errorf("machine %s and the server do not agree:\n%s", m.name, wrong)
		}
		if wrong := m.wrongCounts(server); wrong != "" {
			r.Errorf("machine %s shows wrong numbers:\n%s", m.name, wrong)
		}
		if wrong := m.wrongSubscriptions(subscribed); wrong != "" {
			r.Errorf("machine %s shows wrong subscriptions:\n%s", m.name, wrong)
		}
		if m.left != nil && subscribed[m.own.folder] != *m.left && !m.failed(m.own.folder) {
			r.Errorf("folder %s is subscribed %v, but machine %s left it %v", m.own.folder, !*m.left, m.name, *m.left)
		}
		m.checkStory(log)
		m.checkProblems()
	}
	r.checkLetters(server, log)
}

// checkLetters holds that each message is there as often as it should be, that
// what a machine did with its own flag is as it left it, and that a message which
// one machine alone moved is where that put it last.
func (r *round) checkLetters(server mailtest.View, log serverLog) {
	found := map[string][]mail.Flags{}
	for _, in := range server {
		for _, s := range in {
			found[s.ID] = append(found[s.ID], s.Flags)
		}
	}
	for _, id := range r.order {
		l := r.letters[id]
		n := len(found[id])
		lost := l.gone + log.buried[id]
		spans := r.spans(l)
		twice := min(met(spans), log.shared[id]) // the server's doing
		if n < 1+l.sure-lost || n > 1+l.copies+twice {
			r.Errorf("message %s is there %d times, and went with %d folders: %+v, %v, taken %d times by two", id, n, log.buried[id], *l, spans, log.shared[id])
		}
		if n != 1 || l.copies+twice > 0 {
			continue
		}
		for _, m := range r.machines {
			to, moved := l.movers[m.name]
			if box, there := m.nameOf(to); moved && there && len(l.movers) == 1 && lost == 0 && !m.failed(id) && !holds(server[box], id) {
				r.Errorf("message %s is not in %s, where machine %s moved it", id, box, m.name)
			}
			want, did := l.own[m.name]
			if did && found[id][0].Has(m.own.flag) != want && !m.failed(id) && !r.overtaken(l, m.name, log) {
				r.Errorf("message %s has flags %v, but machine %s left %s %v", id, found[id][0], m.name, m.own.flag, want)
			}
		}
	}
}

// holds reports whether a message is among those of a folder.
func holds(in map[mail.UID]mailtest.Seen, id string) bool {
	for _, s := range in {
		if s.ID == id {
			return true
		}
	}
	return false
}

// nameOf is what a folder is called; false when it is no more.
func (m *machine) nameOf(id mail.MailboxID) (string, bool) {
	boxes, err := m.store.Mailboxes(context.Background(), m.account())
	m.r.must(err)
	i := slices.IndexFunc(boxes, func(b mail.Mailbox) bool { return b.ID == id })
	if i < 0 {
		return "", false
	}
	return boxes[i].Name, true
}

// failed reports whether an action of this machine on a message, or on a folder, was
// given up.
func (m *machine) failed(id string) bool {
	for _, c := range m.changes() {
		if c, ok := c.(mail.OpChanged); ok && c.Op.State == mail.OpFailed && slices.Contains(m.ops[c.Op.ID].about, id) {
			return true
		}
	}
	return false
}

// wrongCounts says what numbers shown are not those of the server.
func (m *machine) wrongCounts(server mailtest.View) string {
	var wrong []string
	for name, in := range server {
		want := mail.Counts{}
		for _, s := range in {
			if s.Flags.Has(mail.FlagDeleted) {
				continue
			}
			want.Total++
			if !s.Flags.Has(mail.FlagSeen) {
				want.Unread++
			}
		}
		b, err := m.store.MailboxByPath(context.Background(), m.account(), name)
		if err != nil || b.Counts != want {
			wrong = append(wrong, fmt.Sprintf("%+v of %s, want %+v, %v", b.Counts, name, want, err))
		}
	}
	return strings.Join(wrong, "\n")
}

// checkStory holds what a machine may tell: new mail once, and nothing of what
// it did itself as done elsewhere.
func (m *machine) checkStory(log serverLog) {
	ids, letters := map[mail.MessageID]int{}, map[string]int{}
	for _, c := range m.changes() {
		switch c := c.(type) {
		case mail.MessagesAdded:
			if c.Origin != mail.Elsewhere {
				continue
			}
			for _, b := range c.Messages {
				ids[b.ID]++
				if b.CopyOf == 0 { // else it is no news: it was seen in two places while it was moved
					letters[b.Subject]++
				}
			}
		case mail.FlagsChanged:
			if c.Origin != mail.Here && (c.Added.Has(m.own.flag) || c.Removed.Has(m.own.flag)) && m.sure(c.IDs, log) {
				m.r.Errorf("machine %s was told of its own flag: %+v", m.name, c)
			}
		case mail.MessagesMoved:
			if c.Origin != mail.Here && m.alone(c.IDs, log.buried) {
				m.r.Errorf("machine %s was told of what it did: %+v", m.name, c)
			}
		case mail.MessagesGone:
			if c.Origin != mail.Here && m.alone(c.IDs, log.buried) {
				m.r.Errorf("machine %s was told of what it did: %+v", m.name, c)
			}
		case mail.MailboxSubscribed:
			if c.Origin != mail.Here && c.Folder.Path == m.own.folder {
				m.r.Errorf("machine %s was told of its own subscription: %+v", m.name, c)
			}
		case mail.MailboxGone:
			if !slices.Contains(places, c.Folder.Path) && !strings.Contains(c.Folder.Path, "/") {
				m.r.Errorf("machine %s was told that %s is gone", m.name, c.Folder.Path)
			}
		}
	}
	for id, n := range ids {
		if n > 1 {
			m.r.Errorf("machine %s told %d times that message %d is new", m.name, n, id)
		}
	}
	m.unwatch()
	m.r.must(m.record(context.Background()))
	for _, id := range m.r.order {
		l := m.r.letters[id]
		if n := m.alerted[l.subject]; n > 1 {
			m.r.Errorf("machine %s alerted %d times of %s: %+v", m.name, n, id, *l)
		}
		if n := letters[l.subject]; n > 1 {
			m.r.Errorf("machine %s told %d times that %s is new: %+v", m.name, n, id, *l)
		}
	}
}

// checkProblems holds that a machine at rest tells of nothing that is wrong, but of
// actions that were given up.
func (m *machine) checkProblems() {
	ps, err := m.store.Problems(context.Background())
	m.r.must(err)
	for _, p := range ps {
		if !p.News {
			m.r.Errorf("machine %s still tells of a problem: %+v", m.name, p)
		}
	}
}

// alone reports whether nobody but this machine moved, copied or deleted one of
// these messages, nor a folder that held it.
func (m *machine) alone(ids []mail.MessageID, went map[string]int) bool {
	for _, id := range ids {
		msg, err := m.store.Message(context.Background(), id)
		if err != nil {
			continue
		}
		l := m.r.letters[msg.Envelope.HeaderID]
		_, mine := l.movers[m.name]
		if (mine && len(l.movers) == 1 || len(l.movers) == 0) && l.copies == 0 && l.gone == 0 && went[l.id] == 0 && !m.failed(l.id) {
			return true
		}
	}
	return false
}

// sure reports whether the flags of messages are nobody's but those that were
// put on them: a copy has its original's, and a move may be overtaken.
func (m *machine) sure(ids []mail.MessageID, log serverLog) bool {
	for _, id := range ids {
		msg, err := m.store.Message(context.Background(), id)
		if err != nil {
			continue
		}
		if l := m.r.letters[msg.Envelope.HeaderID]; l.copies == 0 && !m.r.overtaken(l, m.name, log) {
			return true
		}
	}
	return false
}

// changes are all that this machine told.
func (m *machine) changes() []mail.Change {
	cs, err := m.store.Changes(context.Background(), 0, 100_000)
	m.r.must(err)
	return cs
}
