package store

import (
	"encoding/json"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

const (
	// followFor is how long ago a copy may have come that what waits for its original
	// goes on with when that goes: those who move by copying remove it soon.
	followFor = 10 * time.Minute
	// followIn is in how many of the newest changes the copy is looked for.
	followIn = 5000
)

// follow gives messages that went in this batch, and that actions wait for, the place
// of the copy that another program made of them just before. A program without MOVE
// moves so, and a pass between its two steps took the copy for a message of its own.
// Where there are several, nothing tells which one it is.
func (a *applier) follow() error {
	if len(a.awaited) == 0 {
		return nil
	}
	copies, err := a.newCopies()
	if err != nil {
		return err
	}
	for _, id := range a.awaited {
		var only *heir
		for _, c := range copies[id] {
			h, ok, err := a.heir(c)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if only != nil {
				only = nil
				break
			}
			only = &h
		}
		if only == nil {
			continue
		}
		if err := a.inherit(id, *only); err != nil {
			return err
		}
	}
	return nil
}

// newCopies are the messages that came by others' doing a short while ago, by what
// they were told to be copies of.
func (a *applier) newCopies() (map[mail.MessageID][]mail.MessageID, error) {
	bodies, err := list(a.tx, func(r scanner) (b []byte, err error) {
		err = r.Scan(&b)
		return b, err
	}, `SELECT body FROM changes WHERE rev > ? AND time >= ? AND account = ? AND kind = ? AND origin = ?`,
		int64(a.rev)-followIn, nanos(a.now.Add(-followFor)), string(a.name), mail.MessagesAdded{}.Kind(), string(mail.Elsewhere))
	if err != nil {
		return nil, err
	}
	out := map[mail.MessageID][]mail.MessageID{}
	for _, body := range bodies {
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			return nil, err
		}
		for _, m := range r.Messages {
			if m.CopyOf != 0 {
				out[m.CopyOf] = append(out[m.CopyOf], m.ID)
			}
		}
	}
	return out, nil
}

// heir is a copy that may take the place of its original.
type heir struct {
	located
	box mail.MailboxID
	f   Fetched // as far as it is of use
}

// heir returns a message if it is still where it came to, and nothing waits for it.
func (a *applier) heir(id mail.MessageID) (heir, bool, error) {
	found, err := list(a.tx, func(r scanner) (h heir, err error) {
		var received, date int64
		err = r.Scan(&h.id, &h.uid, &h.in, &h.flags.server.bits, &h.flags.server.words, &h.flags.shown.bits, &h.flags.shown.words,
			&h.box, &h.f.ModSeq, &received, &date, &h.f.EmailID)
		h.f.UID, h.f.Flags = h.uid, h.flags.server.flags()
		h.f.Received, h.f.Envelope.Date = fromSeconds(received), fromSeconds(date)
		return h, err
	}, `SELECT id, uid, coalesce(shown_in, 0), server, server_keywords, shown, shown_keywords, mailbox, modseq, received, date, email_id
		FROM messages WHERE id = ? AND mailbox IS NOT NULL AND pending = 0`, int64(id))
	if err != nil || len(found) == 0 {
		return heir{}, false, err
	}
	return found[0], true, nil
}

// inherit puts a message that is in limbo in the place of a copy of it, whose row goes;
// not one that may be gone by our own doing, as an op that was sent has no answer: then
// the copy is one that somebody wanted.
func (a *applier) inherit(id mail.MessageID, h heir) error {
	ss, err := list(a.tx, scanStray, selectStray+`WHERE id = ? AND mailbox IS NULL AND NOT EXISTS (
		SELECT 1 FROM op_targets t JOIN ops o ON o.id = t.op WHERE t.message = messages.id AND NOT t.done
			AND o.kind IN ('move', 'delete') AND (o.state = 'sending' OR o.state = 'waiting' AND t.copied))`, int64(id))
	if err != nil || len(ss) == 0 {
		return err // or it turned up
	}
	b, err := a.box(h.box)
	if err != nil {
		return err
	}
	if err := a.drop(b, h.located); err != nil {
		return err
	}
	return a.bringBack(boxDelta{Delta: &Delta{}, box: b}, ss[0], &h.f)
}
