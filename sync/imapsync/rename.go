package imapsync

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// samples is how many messages of a folder have to be found under its new name
// before it is believed to be renamed, if it has so many.
const samples = 5

// renames finds the folders of a listing that are known under another name: by
// OLDNAME where the server says it (RFC 5465), else a folder that is gone and
// one that is new, with the same UIDVALIDITY and the same messages. A server
// may give the same UIDVALIDITY to all of its folders: it proves nothing alone.
func (s *session) renames(ctx context.Context, list []listed, boxes []mail.Mailbox) (map[string]string, error) {
	out := map[string]string{}
	known, there := map[string]bool{}, map[string]bool{}
	for i := range boxes {
		known[boxes[i].Name] = true
	}
	for i := range list {
		there[list[i].Name] = true
	}
	taken := map[string]bool{}
	for i := range list {
		if l := &list[i]; !known[l.Name] && l.OldName != "" && known[l.OldName] && !there[l.OldName] {
			out[l.Name], taken[l.OldName] = l.OldName, true
		}
	}
	for i := range list {
		l := &list[i]
		if known[l.Name] || out[l.Name] != "" || !l.indexed() || !l.hasStatus || l.status.UIDValidity == 0 {
			continue
		}
		for j := range boxes {
			b := &boxes[j]
			if there[b.Name] || taken[b.Name] || !plausible(b.Cursor, l.status) {
				continue
			}
			same, err := s.sameMessages(ctx, b, l)
			if err != nil {
				return nil, err
			}
			if same {
				out[l.Name], taken[b.Name] = b.Name, true
				break
			}
		}
	}
	return out, nil
}

// plausible reports whether a mailbox with cursor c could have become one of
// which STATUS says st.
func plausible(c mail.Cursor, st wire.StatusData) bool {
	return c.UIDNext != 0 && st.UIDValidity == c.UIDValidity && st.UIDNext >= c.UIDNext &&
		(!st.HasModSeq || st.HighestModSeq >= c.HighestModSeq)
}

// sameMessages compares the newest messages that we know of a folder with what
// is under the same UIDs in another. An empty folder is the same when it never
// held more.
func (s *session) sameMessages(ctx context.Context, b *mail.Mailbox, l *listed) (bool, error) {
	page, err := s.w.cfg.Store.Messages(ctx, store.MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: samples})
	if err != nil {
		return false, err
	}
	// What was moved here is not on the server under a UID that is known.
	page.Messages = slices.DeleteFunc(page.Messages, func(m mail.Message) bool { return m.Location.UID == 0 })
	if len(page.Messages) == 0 {
		return b.Cursor.Messages == 0 && l.status.Messages == 0 && l.status.UIDNext == b.Cursor.UIDNext, nil
	}
	uids := make([]mail.UID, 0, len(page.Messages))
	want := make(map[mail.UID]*mail.Message, len(page.Messages))
	for i := range page.Messages {
		m := &page.Messages[i]
		uids = append(uids, m.Location.UID)
		want[m.Location.UID] = m
	}
	var sel wire.SelectData
	var ok bool
	same, other := 0, 0
	err = s.play(ctx, []step{
		s.selectStep(wire.SelectOptions{Mailbox: l.Name, ReadOnly: true}, 0, &sel, &ok, nil),
		{
			cmd: "UID FETCH " + wire.NewSet(uids).String() + " (UID ENVELOPE RFC822.SIZE)",
			each: func(r *wire.Response) bool {
				if r.Type != "FETCH" {
					return false
				}
				f, err := wire.ParseFetch(r)
				m := want[f.UID]
				switch {
				case err != nil || r.Bad != nil || m == nil || !f.HasEnvelope:
				case f.Envelope.HeaderID == m.Envelope.HeaderID && f.Envelope.Subject == m.Envelope.Subject && f.Size == m.Size:
					same++
				default:
					other++
				}
				return true
			},
		},
	})
	return ok && same > 0 && other == 0 && sel.UIDValidity == b.Cursor.UIDValidity, err
}
