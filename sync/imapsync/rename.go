package imapsync

import (
	"context"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// samples is how many messages of a folder have to be found under its new name
// before it is believed to be renamed, if it has so many.
const samples = 5

// mostTries is in how many known folders a new one is looked for.
const mostTries = 3

// renames finds the folders of a listing that are known under another name: by
// OLDNAME where the server says it (RFC 5465), then one that has the name which we
// asked for without hearing the answer, else a folder that is not under its name any
// more and one that is under a new name, with the same UIDVALIDITY and the same
// messages. A server may give the same UIDVALIDITY to all of its folders: it proves
// nothing alone. The folders inside a renamed one are left to the store.
func (s *session) renames(ctx context.Context, list []listed, boxes []mail.Mailbox) (map[string]string, error) {
	r := renaming{out: map[string]string{}, known: map[string]*mail.Mailbox{}, there: map[string]*listed{}, taken: map[string]bool{}}
	for i := range boxes {
		r.known[boxes[i].Name] = &boxes[i]
	}
	var fresh []*listed
	for i := range list {
		r.there[list[i].Name] = &list[i]
	}
	for i := range list {
		l := &list[i]
		switch b := r.known[l.Name]; {
		case b == nil && l.OldName != "" && r.known[l.OldName] != nil && r.there[l.OldName] == nil:
			r.found(l.Name, l.OldName)
		case l.Name != "INBOX" && (b == nil || isAnother(b.Cursor, l)):
			fresh = append(fresh, l)
		}
	}
	asked, err := s.w.cfg.Store.AskedNames(ctx, s.w.cfg.Account.ID)
	if err != nil {
		return nil, err
	}
	for i := range boxes {
		b := &boxes[i]
		if l := r.there[asked[b.ID]]; l != nil && r.known[l.Name] == nil && r.left(b) && !isAnother(b.Cursor, l) {
			r.found(l.Name, b.Name)
		}
	}
	// Parents first: what is inside goes with them.
	slices.SortStableFunc(fresh, func(a, b *listed) int { return len(a.Name) - len(b.Name) })
	for _, l := range fresh {
		if r.out[l.Name] != "" || r.withParent(l) || !l.indexed() || !l.hasStatus || l.status.UIDValidity == 0 {
			continue
		}
		for _, b := range r.candidates(l, boxes) {
			same, err := s.sameMessages(ctx, b, l)
			if err != nil {
				return nil, err
			}
			if same {
				r.found(l.Name, b.Name)
				break
			}
		}
	}
	return r.out, nil
}

// renaming is a listing that is compared with what is known.
type renaming struct {
	out   map[string]string // old names by new ones
	known map[string]*mail.Mailbox
	there map[string]*listed
	taken map[string]bool // old names that are explained
}

func (r *renaming) found(name, old string) { r.out[name], r.taken[old] = old, true }

// left reports whether a known folder is not under its name any more.
func (r *renaming) left(b *mail.Mailbox) bool {
	l := r.there[b.Name]
	return b.Name != "INBOX" && !r.taken[b.Name] && (l == nil || isAnother(b.Cursor, l))
}

// withParent reports whether a folder is one that went with its parent.
func (r *renaming) withParent(l *listed) bool {
	for i := len(l.Name); l.Delimiter != ""; {
		if i = strings.LastIndex(l.Name[:i], l.Delimiter); i < 0 {
			break
		}
		parent, ok := r.out[l.Name[:i]]
		if b := r.known[parent+l.Name[i:]]; ok && b != nil && r.left(b) && r.known[l.Name] == nil {
			r.taken[b.Name] = true
			return true
		}
	}
	return false
}

// candidates are the known folders that l may be, the likeliest first.
func (r *renaming) candidates(l *listed, boxes []mail.Mailbox) []*mail.Mailbox {
	var out []*mail.Mailbox
	for i := range boxes {
		if b := &boxes[i]; r.left(b) && plausible(b.Cursor, l.status) {
			out = append(out, b)
		}
	}
	unlike := func(b *mail.Mailbox) int {
		return boolInt(b.Cursor.UIDNext != l.status.UIDNext) + boolInt(b.Cursor.Messages != l.status.Messages)
	}
	slices.SortStableFunc(out, func(a, b *mail.Mailbox) int { return unlike(a) - unlike(b) })
	return out[:min(len(out), mostTries)]
}

// isAnother reports whether what stands under a known name is another mailbox
// than the one with cursor c, or the same with all its UIDs given anew.
func isAnother(c mail.Cursor, l *listed) bool {
	return l.hasStatus && l.status.UIDValidity != 0 && c.UIDValidity != 0 && l.status.UIDValidity != c.UIDValidity
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
		s.leaveStep(), // what is open is not asked for its numbers, and its end may be that of the connection
	})
	return ok && same > 0 && other == 0 && sel.UIDValidity == b.Cursor.UIDValidity, err
}
