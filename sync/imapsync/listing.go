package imapsync

import (
	"context"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// listed is a mailbox as LIST and STATUS tell of it.
type listed struct {
	wire.ListData
	prefix     string // of the user's namespace that it is in
	role       mail.Role
	subscribed bool
	status     wire.StatusData
	hasStatus  bool
	assumed    bool // the server did not list it
	refused    bool // its STATUS was refused, more than once
}

// levels are the parts of the name within its namespace.
func (l *listed) levels() []string {
	name := strings.TrimPrefix(l.Name, l.prefix)
	if l.Delimiter == "" {
		return []string{name}
	}
	return strings.Split(name, l.Delimiter)
}

// canSelect reports whether the mailbox can be opened: neither is it a level
// that only holds folders, nor does the server refuse it to us.
func (l *listed) canSelect() bool { return l.Selectable() && !l.refused }

// indexed reports whether the mailbox's mail is kept.
func (l *listed) indexed() bool {
	return mail.Mailbox{Role: l.role, Selectable: l.canSelect(), Subscribed: l.subscribed}.Kept()
}

// statusItems is what STATUS is asked for.
func (s *session) statusItems() string {
	items := "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"
	if s.condstore {
		items += " HIGHESTMODSEQ"
	}
	return "(" + items + ")"
}

// list asks for all mailboxes with their STATUS: in one round trip with
// LIST-STATUS (RFC 5819), else in two.
func (s *session) list(ctx context.Context) ([]listed, error) {
	caps := s.conn.Caps()
	b := newListing()
	var steps []step
	if s.open.name != "" {
		// Servers answer STATUS of the open mailbox with what they last told
		// of it; after NOOP that is the truth.
		steps = append(steps, step{cmd: "NOOP"})
	}
	steps = append(steps, s.places.steps(caps)...)
	extended := caps.Has("LIST-EXTENDED") || caps.Has("IMAP4REV2")
	items := ""
	var about asked
	if (caps.Has("LIST-STATUS") || caps.Has("IMAP4REV2")) && s.w.falls.together() {
		items, about = s.statusItems(), asked{"STATUS", anyFolder}
	}
	if opts := listReturn(caps, extended, items); len(opts) > 0 {
		steps = append(steps, step{cmd: `LIST "" "*" RETURN (` + strings.Join(opts, " ") + ")", each: b.note, must: true, about: about})
	} else {
		steps = append(steps, step{cmd: `LIST "" "*"`, each: b.note, must: true})
	}
	if !extended {
		// A server that refuses LSUB has no subscriptions: not an error.
		steps = append(steps, step{cmd: `LSUB "" "*"`, each: b.noteSubscribed})
	}
	if err := s.play(ctx, steps); err != nil {
		return nil, err
	}
	list := b.finish()
	s.garbled = b.garbled
	if s.notify.on { // told unasked, of mailboxes that were deleted
		list = slices.DeleteFunc(list, func(l listed) bool { return l.Has(nonExistent) })
	}
	s.places.arrange(list)
	assignRoles(list)
	return list, s.statuses(ctx, list)
}

// listReturn are the options of LIST RETURN (RFC 5258, RFC 6154, RFC 5819). Without
// items no STATUS is asked for.
func listReturn(caps wire.Caps, extended bool, items string) []string {
	var opts []string
	if caps.Has("SPECIAL-USE") && (extended || caps.Has("LIST-STATUS")) {
		opts = append(opts, "SPECIAL-USE")
	}
	if extended {
		opts = append(opts, "SUBSCRIBED")
	}
	if items != "" {
		opts = append(opts, "STATUS "+items)
	}
	return opts
}

// statuses asks, in one burst, for every STATUS that is wanted and was not
// given with LIST. A mailbox whose STATUS is refused keeps none.
func (s *session) statuses(ctx context.Context, list []listed) error {
	var steps []step
	answers := make([]wire.Status, len(list))
	for i := range list {
		l := &list[i]
		if l.indexed() && !l.hasStatus {
			st := s.statusStep(l.Name, &l.status, &l.hasStatus)
			st.end = func(got wire.Status) { answers[i] = got }
			steps = append(steps, st)
		}
	}
	s.w.falls.order(steps)
	if err := s.play(ctx, steps); err != nil {
		return err
	}
	for i := range list {
		switch l := &list[i]; {
		case l.hasStatus:
			if s.suspects[l.Name] == "STATUS" {
				delete(s.suspects, l.Name)
			}
		case s.w.falls.refusedNow(l.Name) != nil: // it is there, and not to be had for a while
		case l.indexed():
			if l.refused = s.suspects[l.Name] != ""; l.refused {
				s.refuseStatus(l.Name, answers[i])
			}
			s.suspect(l.Name, "STATUS")
		}
	}
	return nil
}

// suspect notes that a mailbox was listed and cannot be had, by which command. It may have gone
// between the two, and some servers list for a moment what was just deleted:
// the folders are listed again soon, once.
func (s *session) suspect(name, command string) {
	if s.suspects[name] == "" {
		s.suspects[name] = command
		s.pollNow()
	}
}

// statusStep asks for one mailbox's STATUS.
func (s *session) statusStep(name string, into *wire.StatusData, has *bool) step {
	return step{
		cmd:   "STATUS " + s.conn.Mailbox(name) + " " + s.statusItems(),
		about: asked{"STATUS", name},
		waits: true,
		each: func(r *wire.Response) bool {
			d, err := wire.ParseStatus(r)
			if err != nil || r.Bad != nil || d.Name != name {
				return false
			}
			if *has { // what is told unasked may be short
				d = into.Merge(d)
			}
			*into, *has = d, true
			return true
		},
	}
}

// listing gathers LIST, LSUB and STATUS answers.
type listing struct {
	list  []listed
	index map[string]int
	early map[string]wire.StatusData // a STATUS may come before its LIST
	// garbled says that a LIST answer could not be read: there is a folder more.
	garbled bool
}

func newListing() *listing {
	return &listing{index: map[string]int{}, early: map[string]wire.StatusData{}}
}

// note takes a LIST or STATUS answer.
func (b *listing) note(r *wire.Response) bool {
	switch r.Type {
	case "LIST":
		d, err := wire.ParseList(r)
		if err != nil || r.Bad != nil {
			b.garbled = true // one folder that cannot be read; the others go on
			return true
		}
		l := listed{ListData: d, role: d.Role(), subscribed: d.Has(`\Subscribed`)}
		if i, ok := b.index[d.Name]; ok {
			b.again(&b.list[i], l)
			return true
		}
		b.index[d.Name] = len(b.list)
		b.list = append(b.list, l)
		return true
	case "STATUS":
		if d, err := wire.ParseStatus(r); err == nil && r.Bad == nil {
			if was, ok := b.early[d.Name]; ok { // what is told unasked may be short
				d = was.Merge(d)
			}
			b.early[d.Name] = d
		}
		return true
	default:
		return false
	}
}

// again takes a LIST of a name that was listed before. With NOTIFY one of the
// two may have come unasked, and a mailbox may be deleted and made in between:
// the later one tells whether it exists.
func (b *listing) again(was *listed, l listed) {
	if was.Has(nonExistent) || l.Has(nonExistent) {
		*was = l
		return
	}
	was.subscribed = was.subscribed || l.subscribed
	if l.OldName != "" {
		was.OldName = l.OldName
	}
}

// nonExistent is the attribute of a name that is no mailbox (RFC 5258 §3).
const nonExistent = `\NonExistent`

// noteSubscribed takes an LSUB answer (RFC 3501 §7.2.3).
func (b *listing) noteSubscribed(r *wire.Response) bool {
	if r.Type != "LSUB" {
		return false
	}
	name := wire.DecodeMailbox(r.Args().At(2).Bytes())
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	if i, ok := b.index[name]; ok {
		b.list[i].subscribed = true
	}
	return true
}

// finish returns what was gathered. INBOX exists by definition (RFC 3501
// §5.1), whatever a server lists.
func (b *listing) finish() []listed {
	if _, ok := b.index["INBOX"]; !ok {
		b.index["INBOX"] = len(b.list)
		b.list = append(b.list, listed{ListData: wire.ListData{Name: "INBOX"}, role: mail.RoleInbox, subscribed: true, assumed: true})
	}
	for i := range b.list {
		l := &b.list[i]
		l.status, l.hasStatus = b.early[l.Name]
	}
	return b.list
}

// toStore is the listing as the store takes it.
func toStore(list []listed, renamed map[string]string) *store.Listing {
	out := &store.Listing{Mailboxes: make([]store.ListedMailbox, 0, len(list))}
	for i := range list {
		l := &list[i]
		out.Mailboxes = append(out.Mailboxes, store.ListedMailbox{
			Name: l.Name, Delimiter: l.Delimiter, Role: l.role, Selectable: l.canSelect(),
			Subscribed: l.subscribed, OldName: renamed[l.Name], UIDValidity: l.status.UIDValidity,
		})
	}
	return out
}

// differs reports whether the listing says anything that the store does not. A
// name that stands for another mailbox now is such a thing: two folders may have
// changed their names.
func differs(list []listed, boxes []mail.Mailbox) bool {
	if len(list) != len(boxes) {
		return true
	}
	known := make(map[string]*mail.Mailbox, len(boxes))
	for i := range boxes {
		known[boxes[i].Name] = &boxes[i]
	}
	for i := range list {
		l := &list[i]
		m, ok := known[l.Name]
		if !ok || m.Delimiter != l.Delimiter || m.Role != l.role || m.Selectable != l.canSelect() || m.Subscribed != l.subscribed || isAnother(m.Cursor, l) {
			return true
		}
	}
	return false
}
