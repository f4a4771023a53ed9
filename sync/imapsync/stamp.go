package imapsync

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// stamp notes that the folders in which nothing changed are in step now: how
// fresh that is can be seen. Those that were brought in step have been stamped
// with what was found; one that differs still could not be. A poll that found
// nothing is not worth waking the disk: it is kept in memory, and written with
// the next whole pass or when the connection ends.
func (s *session) stamp(ctx context.Context, byName map[string]*listed, whole bool) error {
	var same []mail.MailboxID
	for id, box := range s.boxes {
		l := byName[box.Name]
		if l == nil || !l.indexed() || !l.hasStatus || box.Cursor.BackfillBelow > 1 || s.w.refusals.has(box.Name) {
			continue
		}
		if t := (&target{box: box, status: l.status, hasStatus: true}); !t.dirty() {
			same = append(same, id)
		}
	}
	s.promise.inStep = make(map[mail.MailboxID]bool, len(same))
	for _, id := range same {
		s.promise.inStep[id] = true
	}
	if !whole {
		s.w.noteSynced(same, s.lastPoll)
		return nil
	}
	return s.writeStamps(ctx, same, s.lastPoll)
}

// writeStamps lets the store know since when folders are in step.
func (s *session) writeStamps(ctx context.Context, ids []mail.MailboxID, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	ds := make([]store.Delta, 0, len(ids))
	for _, id := range ids {
		ds = append(ds, store.Delta{Mailbox: id})
	}
	return s.apply(ctx, store.Batch{Deltas: ds, Synced: at})
}

// keepStamps writes what only memory has. It is called when the connection has
// ended, so that who looks without a worker sees no older state than there was.
func (s *session) keepStamps(ctx context.Context) {
	byTime := map[time.Time][]mail.MailboxID{}
	for id, at := range s.w.takeSynced() {
		if s.boxes[id] != nil {
			byTime[at] = append(byTime[at], id)
		}
	}
	for at, ids := range byTime {
		if err := s.writeStamps(ctx, ids, at); err != nil {
			s.log.Warn("since when folders are in step cannot be kept", "code", string(mail.FaultOf(err).Code))
		}
	}
}

// listening is a session that has done all that it was told and waits for more,
// with a server that is seen to tell of everything: what is in step stays so
// until the server says otherwise, as of when it last said anything at all.
type listening struct {
	conn   *wire.Conn
	inStep map[mail.MailboxID]bool
}

// trust notes that nothing is left to be done of what a trusted server told.
func (s *session) trust() {
	if !s.trusted() {
		return
	}
	same := slices.Collect(maps.Keys(s.promise.inStep))
	s.w.noteSynced(same, s.conn.Heard())
	s.w.setListening(&listening{s.conn, s.promise.inStep})
}

// setListening says who is listening; nil: nobody.
func (w *Worker) setListening(l *listening) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listening = l
}

// LastSync is when a folder was last seen to be in step, if that is later than
// what the store has as its LastSync.
func (w *Worker) LastSync(m mail.Mailbox) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := later(m.LastSync, w.synced[m.ID])
	if l := w.listening; l != nil && l.inStep[m.ID] {
		last = later(last, l.conn.Heard())
	}
	return last
}

func (w *Worker) noteSynced(ids []mail.MailboxID, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.synced == nil {
		w.synced = map[mail.MailboxID]time.Time{}
	}
	for _, id := range ids {
		w.synced[id] = at
	}
}

// dropSynced forgets what the store knows better now.
func (w *Worker) dropSynced(ds []store.Delta) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range ds {
		delete(w.synced, ds[i].Mailbox)
	}
}

func (w *Worker) takeSynced() map[mail.MailboxID]time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.synced
	w.synced = nil
	return taken
}
