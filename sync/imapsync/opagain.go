package imapsync

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// What an op did before it was cut off is seen by the pass that comes first, in the
// folders that are indexed. Of the others (Gmail's All Mail) the server is asked.

// unseen returns the destination of an op that was cut off, if no pass looks into
// it; nil for any other.
func (s *session) unseen(w *store.OpWork) *mail.Mailbox {
	dest := s.boxes[w.Op.Mailbox]
	if w.Op.State != mail.OpSending || dest == nil || dest.Kept() || !dest.Selectable {
		return nil
	}
	return dest
}

// recall notes which messages an op that was cut off has copied already.
func (s *session) recall(ctx context.Context, w *store.OpWork, ms []store.Target) error {
	dest := s.unseen(w)
	if dest == nil {
		return nil
	}
	_, here := byCopied(ms)
	found, _, err := s.lookFor(ctx, dest, here, w.Op.Kind == mail.OpMove)
	if err != nil || len(found) == 0 {
		return err
	}
	if err := s.noteCopies(ctx, w, found, copied{}); err != nil {
		return err
	}
	for i := range ms {
		ms[i].Copied = ms[i].Copied || holds(found, ms[i].ID)
	}
	return nil
}

// recallMoved ends a move that was cut off for those messages that left where they
// were and are in its destination, and returns how many these are. Where passes look, it
// is those that were copied: the original went by another's doing, and what is left is
// the copy.
func (s *session) recallMoved(ctx context.Context, w *store.OpWork, ms []store.Target) (int, error) {
	dest := s.boxes[w.Op.Mailbox]
	if dest == nil || w.Op.Kind != mail.OpMove {
		return 0, nil
	}
	if s.unseen(w) == nil {
		ms, _ = byCopied(ms)
	}
	found, _, err := s.lookFor(ctx, dest, ms, false)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return len(found), s.w.cfg.Store.PartOp(ctx, w.Op.ID, arrivedOf(found, false), w.With...)
}

// lookFor asks a mailbox for messages, and returns those that it has: by the UID of the
// copy, where that is known, else by what they are. What the server
// does not answer it does not have, and refused is the first that it would not answer; a
// mailbox that is left out for now is Fault folder-refused. sure says that the message goes from where it is if it is found: then
// it has to be named, by that UID, EMAILID or Message-ID, and must not be flagged \Deleted.
func (s *session) lookFor(ctx context.Context, box *mail.Mailbox, ms []store.Target, sure bool) (found []store.Target, refused *mail.Fault, err error) {
	if len(ms) == 0 {
		return nil, nil, nil
	}
	var data wire.SelectData
	var ok bool
	st := s.selectStep(wire.SelectOptions{Mailbox: box.Name, ReadOnly: true}, box.ID, &data, &ok, nil)
	end := st.end
	st.end = func(status wire.Status) { refused = status.Fault("EXAMINE"); end(status) }
	err = s.play(ctx, []step{st})
	s.open = opened{} // whoever wants to write selects it again
	if err == nil && !ok && s.w.falls.refusedNow(box.Name) != nil {
		err = s.leftOutFault(box)
	}
	if err != nil || !ok {
		return nil, refused, err
	}
	if found, ms, refused, err = s.byArrival(ctx, ms, data.UIDValidity); err != nil {
		return nil, nil, err
	}
	for i := range ms {
		// One at a time: an answer does not say what it is an answer to.
		there, no, err := s.has(ctx, &ms[i].Message, sure)
		if err != nil {
			return nil, nil, err
		}
		if refused = cmp.Or(refused, no); there {
			found = append(found, ms[i])
		}
	}
	return found, refused, nil
}

// notDeleted ends a search for what is not about to go.
const notDeleted = " UNDELETED"

// has reports whether the open mailbox has a message: by what names it, the surest
// first, as far as the server takes that; else by all that can be asked and compared.
// refused says that it answered to none of them.
func (s *session) has(ctx context.Context, m *mail.Message, sure bool) (there bool, refused *mail.Fault, err error) {
	for _, key := range s.names(m) {
		if sure {
			key += notDeleted
		}
		uids, no, err := s.search(ctx, key)
		if err != nil || no == nil {
			return uids.Len() > 0, nil, err
		}
		refused = no
	}
	if sure || m.Envelope.HeaderID != "" || m.Received.IsZero() {
		return false, refused, nil
	}
	there, err = s.hasLike(ctx, m)
	return there, nil, err
}

// names are searches that only a message itself answers to.
func (s *session) names(m *mail.Message) []string {
	var keys []string
	if name, looksSo := namesBy(s.conn.Caps()); name != "" && looksSo(m.EmailID) {
		keys = append(keys, name+" "+m.EmailID) // RFC 8474 §6
	}
	if id, err := wire.Quote("<" + m.Envelope.HeaderID + ">"); m.Envelope.HeaderID != "" && err == nil {
		keys = append(keys, sized(m)+" HEADER Message-ID "+id)
	}
	return keys
}

func sized(m *mail.Message) string {
	return fmt.Sprintf("LARGER %d SMALLER %d", max(0, m.Size-1), m.Size+1)
}

// isObjectID reports whether an id is one of RFC 8474 §7, and so no other command.
func isObjectID(id string) bool {
	return id != "" && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

func isNumber(id string) bool { return id != "" && strings.Trim(id, "0123456789") == "" }

// search asks the open mailbox. answered is false where the server refuses the key.
func (s *session) search(ctx context.Context, key string) (uids wire.Set, refused *mail.Fault, err error) {
	err = s.play(ctx, []step{{
		cmd: "UID SEARCH " + key,
		each: func(r *wire.Response) bool {
			if d, err := wire.ParseSearch(r); err == nil {
				uids = union(uids, d.UIDs)
			}
			return r.Type == "SEARCH" || r.Type == "ESEARCH"
		},
		end: func(st wire.Status) { refused = st.Fault("UID SEARCH") },
	}})
	return uids, refused, err
}

// alikeMost is how many messages of one size and some days are compared.
const alikeMost = 50

// hasLike reports whether the open mailbox has a message that nothing names, as one
// of its size, with its subject, written and received (RFC 3501 §6.4.7 has COPY keep
// that) in the same seconds. SEARCH knows days, in whatever time zone.
func (s *session) hasLike(ctx context.Context, m *mail.Message) (bool, error) {
	day := func(days int) string { return m.Received.UTC().AddDate(0, 0, days).Format("2-Jan-2006") }
	uids, _, err := s.search(ctx, sized(m)+" SINCE "+day(-1)+" BEFORE "+day(2))
	if err != nil || uids.Len() == 0 {
		return false, err
	}
	some := make([]mail.UID, 0, alikeMost)
	for u := range uids.UIDs() {
		if some = append(some, u); len(some) == alikeMost {
			break
		}
	}
	there := false
	err = s.play(ctx, []step{{
		cmd: "UID FETCH " + wire.NewSet(some).String() + " (UID RFC822.SIZE INTERNALDATE ENVELOPE)",
		each: func(r *wire.Response) bool {
			f, err := wire.ParseFetch(r)
			if err != nil || !f.HasEnvelope {
				return false
			}
			there = there || f.Size == m.Size && f.Envelope.HeaderID == "" && f.Envelope.Subject == m.Envelope.Subject &&
				f.Received.Unix() == m.Received.Unix() && f.Envelope.Date.Unix() == m.Envelope.Date.Unix()
			return true
		},
	}})
	return there, err
}
