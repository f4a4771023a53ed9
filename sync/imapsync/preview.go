package imapsync

import (
	"context"

	"github.com/heronmail/heron/sync/bodytext"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

const (
	// peekMost is how many new messages have their first words asked for with
	// their envelopes: more than an alert or a screen of a list can show.
	peekMost = 50
	// peekBytes is how much of a message's text is asked for, in bytes: after
	// the headers of a few parts there are still 200 runes in it.
	peekBytes = 4096
	// peekTries is how many connections in a row may end over the question
	// before it is asked no more.
	peekTries = 2
)

// peekItems ask for what the first words are made of, peekBytes of it, without
// setting \Seen.
const peekItems = "BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE CONTENT-TRANSFER-ENCODING MIME-VERSION)] BODY.PEEK[TEXT]<0.4096>"

// mayPeek reports whether the first words of n new messages are asked for.
func (s *session) mayPeek(n int) bool { return n > 0 && n <= peekMost && !s.noPeek }

// dontPeek remembers that the server does not take the question.
func (s *session) dontPeek(why string) {
	if !s.noPeek {
		s.noPeek = true
		s.log.Info("first words are not asked for any more", "why", why)
	}
}

// playPeek is play for steps that may ask for first words. A server that drops
// the connection over that must not do so for ever.
func (s *session) playPeek(ctx context.Context, steps []step, peeked bool) error {
	err := s.play(ctx, steps)
	switch {
	case !peeked:
	case err == nil:
		s.w.peeksLost = 0
	case ctx.Err() == nil:
		s.w.peeksLost++
	}
	return err
}

// spoilt reports whether first words were asked for, and the answer about a
// new message is a refusal or cannot be read.
func (t *target) spoilt() bool {
	if !t.peeked || t.refusedNew != nil {
		return t.peeked
	}
	for _, u := range t.bad {
		if u == 0 || u >= t.next() {
			return true
		}
	}
	return false
}

// firstWords are those of a message of which they were asked for, "" of others.
// What a server sends beyond what it was asked for is cut off.
func firstWords(f wire.Fetch) string {
	if len(f.Text) == 0 {
		return ""
	}
	return bodytext.Preview(f.Header, f.Text[:min(len(f.Text), peekBytes)])
}

// inboxPreviews brings the first words of the newest messages of an inbox that
// was just adopted. They come after the envelopes, so that these are seen first.
func (s *session) inboxPreviews(ctx context.Context) error {
	box := s.boxes[s.inbox]
	if box == nil || box.Cursor.UIDNext == 0 || s.noPeek {
		return nil
	}
	page, err := s.w.cfg.Store.Messages(ctx, store.MessageQuery{Mailboxes: []mail.MailboxID{box.ID}, Limit: peekMost})
	if err != nil {
		return err
	}
	ids := make(map[mail.UID]mail.MessageID, len(page.Messages))
	uids := make([]mail.UID, 0, len(page.Messages))
	for i := range page.Messages {
		if m := &page.Messages[i]; m.Preview == "" && m.Location.UID != 0 {
			ids[m.Location.UID] = m.ID
			uids = append(uids, m.Location.UID)
		}
	}
	if len(uids) == 0 {
		return nil
	}
	var steps []step
	sel, opened := s.open.data, true
	if s.open.id != box.ID {
		o := wire.SelectOptions{Mailbox: box.Name, CondStore: s.condstore}
		steps = append(steps, s.selectStep(o, box.ID, &sel, &opened, nil))
	}
	words := make(map[mail.MessageID]string, len(uids))
	spoilt := false
	steps = append(steps, step{
		cmd: "UID FETCH " + wire.NewSet(uids).String() + " (UID " + peekItems + ")",
		each: func(r *wire.Response) bool {
			if r.Type != "FETCH" {
				return false
			}
			f, err := wire.ParseFetch(r)
			if err != nil || r.Bad != nil {
				spoilt = true
				return true
			}
			id, ours := ids[f.UID]
			if w := firstWords(f); ours && w != "" {
				words[id] = w
			}
			return !f.HasFlags // another machine's change, if it has
		},
		end: func(st wire.Status) { spoilt = spoilt || !st.OK() },
	})
	if err := s.playPeek(ctx, steps, true); err != nil {
		return err
	}
	if spoilt {
		s.dontPeek("refused or unreadable")
	}
	if !opened || sel.UIDValidity != box.Cursor.UIDValidity || len(words) == 0 {
		return nil
	}
	s.reported = true // lists that show these messages are to be read again
	return s.w.cfg.Store.SetPreviews(ctx, words)
}
