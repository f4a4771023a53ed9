package imapsync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// method is how a mailbox is brought in step.
type method int

const (
	// adopt takes what is there: nothing is known of the mailbox, or what is
	// known belongs to another UIDVALIDITY.
	adopt method = iota
	// byVanished lets SELECT tell what changed and what is gone (RFC 7162 §3.2).
	byVanished
	// byModSeq asks for flags by CHANGEDSINCE; what is gone shows by the number
	// of messages, and is then found by the UIDs that exist (RFC 7162 §3.1).
	byModSeq
	// byFlags asks for the flags of all UIDs.
	byFlags
)

// target is a mailbox that is being brought in step: what is to be asked, and
// what was answered in the last round.
type target struct {
	box       *mail.Mailbox
	status    wire.StatusData
	hasStatus bool

	how       method
	light     bool       // of byFlags: only new mail was told of, so ask for no flags
	askStatus bool       // no STATUS came with a listing
	askUIDs   bool       // which UIDs exist has to be known
	noFlags   bool       // the server refuses them: what is new and gone is asked alone
	doubted   bool       // an earlier round would have removed most of the mailbox
	upTo      mail.UID   // new messages above it are left for the next round; 0: all
	tail      int        // of adopt: how many messages to take, newest first
	expected  int        // new messages, as far as it is known beforehand
	lethal    bool       // the one new message that would be asked for is never answered
	spared    bool       // one that is sought is never answered
	sought    bool       // unknown was asked for, or is in the next round
	unknown   []mail.UID // that should be known: they are fetched too, ascending
	peeked    bool       // the first words of new messages were asked for too
	turn      int        // its last question's, of those of the session
	held      *int       // bytes of new messages that are kept, of this target or of all

	sel     wire.SelectData
	opened  bool
	refusal wire.Status
	exists  int // as SELECT said, and what was told since
	flags   []store.FlagUpdate
	added   []store.Fetched
	bad     []mail.UID // whose answer could not be read; 0 when it named none
	gone    []wire.Set // VANISHED
	alive   wire.Set   // answer to askUIDs
	knew    bool       // alive was answered
	tooMuch bool       // there was no room for all new messages

	flagSets  []mail.Flags // those that were met
	flagBytes int          // that flags take
	flooded   bool         // more flags came than there can be messages

	refusedOld, refusedNew *mail.Fault // of the FETCH of flags, and of new messages
	refusedSought          *mail.Fault // of that of unknown
	busy                   bool        // one of these asks to come back later
}

// from and next bound the UIDs that are known: [from, next).
func (t *target) from() mail.UID { return max(1, t.box.Cursor.BackfillBelow) }
func (t *target) next() mail.UID { return t.box.Cursor.UIDNext }

// knowsAny reports whether there may be a UID that is known.
func (t *target) knowsAny() bool { return t.next() > t.from() }

// choose decides how to go about it.
func (t *target) choose(s *session) {
	c := t.box.Cursor
	switch {
	case c.UIDNext == 0, t.hasStatus && t.status.UIDValidity != 0 && t.status.UIDValidity != c.UIDValidity:
		t.how = adopt
	case c.HighestModSeq == 0, !s.condstore:
		t.how = byFlags
	case t.hasStatus && t.status.HasModSeq && t.status.HighestModSeq < c.HighestModSeq:
		// It went backwards: what the server says of modseqs is of no use here.
		t.how = byFlags
	case s.qresync:
		t.how = byVanished
	default:
		t.how = byModSeq
	}
	t.upTo = 0
	if t.how == adopt {
		return
	}
	if most := s.w.most(share{box: t.box.ID}); most > 0 {
		t.upTo = c.UIDNext + mail.UID(min(most, window)) - 1
	}
	if !t.hasStatus {
		return
	}
	if t.upTo == 0 && t.status.Messages > window && t.status.UIDNext > c.UIDNext+window {
		t.upTo = c.UIDNext + window - 1
	}
	if t.expected = t.status.Messages - c.Messages; t.status.UIDNext != 0 {
		t.expected = int(int64(t.status.UIDNext) - int64(c.UIDNext)) // not fewer, when some are gone
	}
}

// steps are the commands of a round. All they need is known beforehand, so that
// many mailboxes go into one burst.
func (t *target) steps(s *session) []step {
	t.forget()
	t.held = &s.held
	s.turns++
	t.turn = s.turns
	var steps []step
	if t.askStatus {
		steps = append(steps, s.statusStep(t.box.Name, &t.status, &t.hasStatus))
	}
	o := wire.SelectOptions{Mailbox: t.box.Name, CondStore: s.condstore}
	if t.how == byVanished && t.knowsAny() {
		o.UIDValidity, o.ModSeq = t.box.Cursor.UIDValidity, t.box.Cursor.HighestModSeq
		o.Known = wire.Set{{Lo: t.from(), Hi: t.next() - 1}}
	}
	sel := s.selectStep(o, t.box.ID, &t.sel, &t.opened, t.noteData)
	end := sel.end
	sel.end = func(st wire.Status) { t.refusal = st; t.exists = int(t.sel.Exists); end(st) }
	steps = append(steps, sel)

	fetch := func(q *question, refused **mail.Fault, format string, args ...any) {
		steps = append(steps, step{
			asks: q,
			cmd:  fmt.Sprintf(format, args...),
			each: func(r *wire.Response) bool {
				had := len(t.added)
				ours := t.note(s, r)
				if q != nil && len(t.added) > had && t.added[had].UID >= t.next() {
					q.got++
				}
				return ours
			},
			end: func(st wire.Status) {
				*refused = st.Fault("UID FETCH")
				t.busy = t.busy || st.Busy()
			},
		})
	}
	if t.askUIDs {
		steps = append(steps, s.searchStep(t.searchRange(), &t.alive, &t.knew))
	}
	if t.how == adopt {
		if t.tail > 0 {
			fetch(&question{of: share{t.box.ID, true}, n: min(t.tail, t.status.Messages)}, &t.refusedNew, "FETCH %d:* %s", max(1, t.status.Messages-t.tail+1), s.messageItems())
		}
		return steps
	}
	if t.knowsAny() {
		switch {
		case t.noFlags:
		case t.how == byModSeq:
			fetch(nil, &t.refusedOld, "UID FETCH %d:%d (UID FLAGS) (CHANGEDSINCE %d)", t.from(), t.next()-1, t.box.Cursor.HighestModSeq)
		case t.how == byFlags && !t.light:
			fetch(nil, &t.refusedOld, "UID FETCH %d:%d (UID FLAGS)", t.from(), t.next()-1)
		}
	}
	if len(t.unknown) > 0 {
		t.seekStep(s, fetch)
	}
	if t.lethal = t.upTo == t.next() && s.w.lethal(share{box: t.box.ID}, t.upTo); t.lethal {
		t.bad = append(t.bad, t.upTo)
		return steps
	}
	items := s.messageItems()
	if t.peeked = s.w.most(share{box: t.box.ID}) == 0 && s.mayPeek(t.expected); t.peeked {
		items = strings.TrimSuffix(items, ")") + " " + peekItems + ")"
	}
	if t.upTo > 0 {
		q := &question{of: share{box: t.box.ID}, n: int(t.upTo-t.next()) + 1, uid: t.upTo}
		fetch(q, &t.refusedNew, "UID FETCH %d:%d %s", t.next(), t.upTo, items)
	} else {
		q := &question{of: share{box: t.box.ID}, n: max(0, t.expected)}
		fetch(q, &t.refusedNew, "UID FETCH %d:* %s", t.next(), items)
	}
	return steps
}

// searchRange are the UIDs of which is asked whether they exist.
func (t *target) searchRange() string {
	if t.how == adopt || !t.knowsAny() {
		return "1:*"
	}
	return fmt.Sprintf("%d:%d", t.from(), t.next()-1)
}

// searchStep asks which UIDs of a range exist; in short form where it is
// offered (RFC 4731).
func (s *session) searchStep(uids string, into *wire.Set, answered *bool) step {
	cmd := "UID SEARCH UID " + uids
	if s.esearch {
		cmd = "UID SEARCH RETURN (ALL) UID " + uids
	}
	seen := false
	return step{
		cmd: cmd,
		each: func(r *wire.Response) bool {
			if r.Type != "SEARCH" && r.Type != "ESEARCH" {
				return false
			}
			if d, err := wire.ParseSearch(r); err == nil && r.Bad == nil {
				*into, seen = union(*into, d.UIDs), true
			}
			return true
		},
		// Nothing may be concluded from an answer that did not come.
		end: func(st wire.Status) { *answered = seen && st.Type == "OK" },
	}
}

// uidSlack is how many more UIDs than EXISTS a search may name: some servers count
// badly, and mail comes meanwhile.
const uidSlack = 1000

// tooMany returns what is wrong with a search that names more UIDs than a mailbox of
// so many messages can have; nil: nothing is. A set of few bytes may stand for all
// UIDs that there can be, and each would be asked for.
func (s *session) tooMany(found wire.Set, exists int) error {
	if found.Len() <= max(0, exists)+uidSlack {
		return nil
	}
	return &mail.Fault{
		Code: mail.CodeBadAnswer, Class: mail.ClassProtocol,
		Args: mail.Args{"host": s.w.host(), "text": fmt.Sprintf("SEARCH: %d of %d", found.Len(), exists)},
	}
}

// union is both sets together: a server may give a long answer in several
// lines. A set may stand for thousands of millions of UIDs, so it is not gone
// through.
func union(a, b wire.Set) wire.Set {
	if len(a) == 0 || len(b) == 0 {
		return slices.Concat(a, b)
	}
	both, err := wire.ParseSet([]byte(a.String() + "," + b.String()))
	if err != nil {
		return nil // what was written by us can be read
	}
	return both
}

// messageItems is what is asked of a message that is new here. BODYSTRUCTURE is
// not: servers get it wrong, and then a whole answer is lost.
func (s *session) messageItems() string {
	items := []string{"UID", "FLAGS", "ENVELOPE", "RFC822.SIZE", "INTERNALDATE"}
	caps := s.conn.Caps()
	if s.condstore {
		items = append(items, "MODSEQ")
	}
	if name, _ := namesBy(caps); name != "" {
		items = append(items, name)
	}
	return "(" + strings.Join(items, " ") + ")"
}

// namesBy is what a server names a message by in every folder that it is in, and how such
// a name looks; "" if it does not. Names of two kinds are never compared: Gmail, should
// it offer OBJECTID one day, is asked for what its messages were named by before.
func namesBy(caps wire.Caps) (item string, looksSo func(string) bool) {
	switch {
	case caps.Has("X-GM-EXT-1"):
		return "X-GM-MSGID", isNumber
	case caps.Has("OBJECTID"): // RFC 8474
		return "EMAILID", isObjectID
	default:
		return "", nil
	}
}

// forget drops the answers of the last round.
func (t *target) forget() {
	t.sel, t.opened, t.refusal, t.exists = wire.SelectData{}, false, wire.Status{}, 0
	t.flags, t.added, t.bad, t.gone, t.knew = nil, nil, nil, nil, false
	t.flagSets, t.flagBytes, t.flooded = nil, 0, false
	t.alive, t.refusedOld, t.refusedNew, t.refusedSought, t.tooMuch, t.spared, t.busy = nil, nil, nil, nil, false, false, false
}

// note takes what is answered while the mailbox is selected.
func (t *target) note(s *session, r *wire.Response) bool {
	switch r.Type {
	case "EXISTS":
		t.exists = int(r.Num)
	case "EXPUNGE":
		// A sequence number: only the number of messages is believed, and by
		// it is found that something is gone.
		t.exists--
	default:
		if t.noteData(r) {
			return true
		}
	}
	s.hints.note(r)
	return true
}

// noteData takes FETCH and VANISHED.
func (t *target) noteData(r *wire.Response) bool {
	switch r.Type {
	case "FETCH":
		f, err := wire.ParseFetch(r)
		switch {
		case err != nil || r.Bad != nil:
			t.bad = append(t.bad, f.UID)
		case f.UID == 0:
			return false // flags of a message by its sequence number
		case f.HasEnvelope:
			return t.take(f)
		case f.HasFlags:
			t.takeFlags(f)
		}
		return true
	case "VANISHED":
		set, earlier, err := wire.ParseVanished(r)
		if err != nil || r.Bad != nil {
			t.askUIDs = true // something is gone that we could not read
			return true
		}
		t.takeGone(set)
		if !earlier {
			t.exists = max(0, t.exists-set.Len())
		}
		return true
	default:
		return false
	}
}

func fetched(f wire.Fetch) store.Fetched {
	return store.Fetched{
		UID: f.UID, ModSeq: f.ModSeq, Flags: f.Flags, Envelope: f.Envelope,
		Size: max(0, f.Size), Received: f.Received, EmailID: f.EmailID, Preview: firstWords(f),
	}
}

// sorted returns the messages with UIDs in [lo, hi], each once, ascending. The
// last answer of several counts. hi 0 means all.
func sorted(fs []store.Fetched, lo, hi mail.UID) []store.Fetched {
	return sortedOf(fs, func(u mail.UID) bool { return u >= lo && (hi == 0 || u <= hi) })
}

// sortedOf is sorted of the messages whose UIDs are wanted.
func sortedOf(fs []store.Fetched, wanted func(mail.UID) bool) []store.Fetched {
	fs = slices.DeleteFunc(fs, func(f store.Fetched) bool { return !wanted(f.UID) })
	slices.SortStableFunc(fs, func(a, b store.Fetched) int { return cmp.Compare(a.UID, b.UID) })
	out := fs[:0]
	for i, f := range fs {
		if i+1 < len(fs) && fs[i+1].UID == f.UID {
			continue
		}
		out = append(out, f)
	}
	return out
}
