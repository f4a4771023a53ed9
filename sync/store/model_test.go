package store

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/heronmail/heron/sync/mail"
)

// model is what the store should know, kept the simple way: messages have
// numbers, the server has each of them in one folder or nowhere, and waiting
// ops are applied afresh whenever flags are asked for.
type model struct {
	t     *rapid.T
	s     *Store
	dir   string
	clock *clock

	boxes []*modelBox
	byID  map[mail.MailboxID]*modelBox
	msgs  map[int]*modelMsg
	ops   []*modelOp
	next  int

	told   map[mail.MailboxID]mail.Counts // by the last change of each
	unread int                            // of the account, by the last change
	rev    mail.Revision
}

type modelBox struct {
	id       mail.MailboxID
	validity mail.UIDValidity
	uidNext  mail.UID
	hidden   mail.Counts // messages that are never indexed: the box stays incomplete
}

type modelMsg struct {
	n      int
	id     mail.MessageID
	box    *modelBox // nil: gone
	uid    mail.UID
	server mail.Flags
}

type modelOp struct {
	id       mail.OpID
	targets  []*modelMsg
	add, del mail.Flags
}

func TestRandomHistoriesAgreeWithTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt)
		defer m.close()
		rt.Repeat(map[string]func(*rapid.T){
			"deliver": m.deliver,
			"flag":    m.flag,
			"expunge": m.expunge,
			"move":    m.move,
			"restore": m.restore,
			"reset":   m.reset,
			"mark":    m.mark,
			"finish":  m.finish,
			"fail":    m.fail,
			"retry":   m.retry,
			"reopen":  m.reopen,
			"":        m.check,
		})
	})
}

func newModel(rt *rapid.T) *model {
	dir, err := os.MkdirTemp("", "heron-model-")
	m := &model{
		t: rt, dir: dir, clock: &clock{t: day}, byID: map[mail.MailboxID]*modelBox{},
		msgs: map[int]*modelMsg{}, told: map[mail.MailboxID]mail.Counts{},
	}
	m.must(err)
	m.open()
	var l Listing
	for _, n := range []string{"INBOX", "Work", "Archive"} {
		l.Mailboxes = append(l.Mailboxes, ListedMailbox{Name: n, Delimiter: "/", Selectable: true})
	}
	_, err = m.s.Apply(context.Background(), acc, Batch{Listing: &l})
	m.must(err)
	bs, err := m.s.Mailboxes(context.Background(), acc)
	m.must(err)
	for i, b := range bs {
		box := &modelBox{id: b.ID, validity: 1, uidNext: 1}
		if i == 2 {
			box.hidden, box.uidNext = mail.Counts{Total: 10, Unread: 4}, 100
		}
		m.boxes, m.byID[b.ID] = append(m.boxes, box), box
		m.apply(m.delta(box, true))
	}
	return m
}

func (m *model) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) open() {
	s, err := Open(context.Background(), filepath.Join(m.dir, "data"), Options{Now: m.clock.now})
	m.must(err)
	m.s = s
}

func (m *model) close() {
	m.must(m.s.Close())
	m.must(os.RemoveAll(m.dir))
}

// delta is the frame of what a reconcile of b finds now; STATUS is asked for
// now and then.
func (m *model) delta(b *modelBox, status bool) Delta {
	d := Delta{Mailbox: b.id, SetCursor: true, Cursor: mail.Cursor{UIDValidity: b.validity, UIDNext: b.uidNext}}
	if b.hidden.Total > 0 {
		d.Cursor.BackfillBelow = 50
		if status {
			d.Server = &mail.Counts{Total: b.hidden.Total, Unread: b.hidden.Unread}
			for _, x := range m.in(b) {
				d.Server.Total++
				if !x.server.Has(mail.FlagSeen) {
					d.Server.Unread++
				}
			}
		}
	}
	return d
}

func (m *model) apply(ds ...Delta) {
	m.clock.pass(time.Minute)
	_, err := m.s.Apply(context.Background(), acc, Batch{Deltas: ds})
	m.must(err)
}

func (m *model) in(b *modelBox) []*modelMsg {
	return m.some(func(x *modelMsg) bool { return x.box == b })
}

func (m *model) some(which func(*modelMsg) bool) []*modelMsg {
	var out []*modelMsg
	for _, n := range slices.Sorted(maps.Keys(m.msgs)) {
		if which(m.msgs[n]) {
			out = append(out, m.msgs[n])
		}
	}
	return out
}

func placed(x *modelMsg) bool { return x.box != nil }
func gone(x *modelMsg) bool   { return x.box == nil }

// pick draws one. Where there is none the action does not apply, and rapid takes
// another: its Skip ends one step of a history, not the test.
func pick[T any](t *rapid.T, from []T, what string) T {
	if len(from) == 0 {
		t.Skip("nothing to " + what)
	}
	return rapid.SampledFrom(from).Draw(t, what)
}

var drawFlags = rapid.Map(
	rapid.SliceOfDistinct(rapid.SampledFrom([]mail.Flag{"seen", "flagged", "deleted", "work"}), rapid.ID[mail.Flag]),
	func(fs []mail.Flag) mail.Flags { return mail.NewFlags(fs...) },
)

func (m *model) place(x *modelMsg, b *modelBox) Fetched {
	x.box, x.uid = b, b.uidNext
	b.uidNext++
	f := msg(x.uid, x.n)
	f.Flags = x.server
	return f
}

func (m *model) deliver(t *rapid.T) {
	b := pick(t, m.boxes, "box")
	var added []Fetched
	for range rapid.IntRange(1, 3).Draw(t, "n") {
		m.next++
		x := &modelMsg{n: m.next, server: drawFlags.Draw(t, "flags")}
		m.msgs[x.n] = x
		added = append(added, m.place(x, b))
	}
	d := m.delta(b, rapid.Bool().Draw(t, "status"))
	d.Added = added
	m.apply(d)
}

func (m *model) flag(t *rapid.T) {
	x := pick(t, m.some(placed), "message")
	x.server = drawFlags.Draw(t, "flags")
	d := m.delta(x.box, rapid.Bool().Draw(t, "status"))
	d.Flags = []FlagUpdate{{UID: x.uid, Flags: x.server}}
	m.apply(d)
}

func (m *model) expunge(t *rapid.T) {
	x := pick(t, m.some(placed), "message")
	b, uid := x.box, x.uid
	x.box, x.uid = nil, 0
	d := m.delta(b, rapid.Bool().Draw(t, "status"))
	d.Gone = []mail.UID{uid}
	m.apply(d)
}

func (m *model) move(t *rapid.T) {
	x := pick(t, m.some(placed), "message")
	from, uid, to := x.box, x.uid, pick(t, m.boxes, "to")
	if from == to { // moved out and back in before we looked
		added := m.place(x, to)
		d := m.delta(to, rapid.Bool().Draw(t, "status"))
		d.Gone, d.Added = []mail.UID{uid}, []Fetched{added}
		m.apply(d)
		return
	}
	x.box = nil
	out := m.delta(from, rapid.Bool().Draw(t, "status"))
	out.Gone = []mail.UID{uid}
	added := m.place(x, to)
	in := m.delta(to, rapid.Bool().Draw(t, "status"))
	in.Added = []Fetched{added}
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		m.apply(out)
		m.apply(in)
	case 1:
		m.apply(out, in)
	case 2:
		m.apply(in, out)
	}
}

// restore brings a message back that was gone.
func (m *model) restore(t *rapid.T) {
	x, b := pick(t, m.some(gone), "message"), pick(t, m.boxes, "box")
	added := m.place(x, b)
	d := m.delta(b, rapid.Bool().Draw(t, "status"))
	d.Added = []Fetched{added}
	m.apply(d)
}

func (m *model) reset(t *rapid.T) {
	b := pick(t, m.boxes, "box")
	b.validity++
	b.uidNext += 10
	var added []Fetched
	for _, x := range m.in(b) {
		if rapid.IntRange(0, 9).Draw(t, "lost") == 0 && b.hidden.Total == 0 {
			x.box, x.uid = nil, 0
			continue
		}
		added = append(added, m.place(x, b))
	}
	d := m.delta(b, true)
	d.Reset, d.Added = true, added
	m.apply(d)
}

func (m *model) mark(t *rapid.T) {
	var ids []mail.MessageID
	op := &modelOp{add: drawFlags.Draw(t, "add"), del: drawFlags.Draw(t, "remove")}
	exists := false
	for range rapid.IntRange(1, 3).Draw(t, "n") {
		x := pick(t, m.some(func(x *modelMsg) bool { return x.id != 0 }), "message")
		ids = append(ids, x.id)
		exists = exists || placed(x)
		if was := m.shown(x); placed(x) && !slices.Contains(op.targets, x) && !was.With(op.add, op.del).Equal(was) {
			op.targets = append(op.targets, x)
		}
	}
	got, err := m.s.Enqueue(context.Background(), mail.Op{Kind: mail.OpFlags, Targets: ids, Add: op.add, Remove: op.del})
	if !exists {
		if code(err) != mail.CodeNoMessage {
			t.Fatalf("an action on what is gone: %v", err)
		}
		return
	}
	m.must(err)
	if (got.ID == 0) != (len(op.targets) == 0) {
		t.Fatalf("got op %d for %d messages", got.ID, len(op.targets))
	}
	if op.id = got.ID; op.id != 0 {
		m.ops = append(m.ops, op)
	}
}

func (m *model) end(op *modelOp) {
	m.ops = slices.DeleteFunc(m.ops, func(o *modelOp) bool { return o == op })
}

func (m *model) finish(t *rapid.T) {
	op := pick(t, m.ops, "op")
	var agreed []mail.MessageID
	for _, x := range op.targets {
		if placed(x) && rapid.IntRange(0, 4).Draw(t, "refused") > 0 {
			x.server = x.server.With(op.add, op.del)
			agreed = append(agreed, x.id)
		}
	}
	m.must(m.s.StartOp(context.Background(), op.id))
	m.must(m.s.FinishOp(context.Background(), op.id, done(agreed...)))
	m.end(op)
}

func (m *model) fail(t *rapid.T) {
	op := pick(t, m.ops, "op")
	m.must(m.s.FailOp(context.Background(), op.id, offline))
	m.end(op)
}

func (m *model) retry(t *rapid.T) {
	m.must(m.s.RetryOp(context.Background(), pick(t, m.ops, "op").id, m.clock.now(), offline))
}

func (m *model) reopen(*rapid.T) {
	m.must(m.s.Close())
	m.open()
}

// shown are the flags to show: the server's with the waiting ops laid over.
func (m *model) shown(x *modelMsg) mail.Flags {
	fs := x.server
	for _, op := range m.ops {
		if slices.Contains(op.targets, x) {
			fs = fs.With(op.add, op.del)
		}
	}
	return fs
}

func (m *model) check(t *rapid.T) {
	ctx := context.Background()
	m.follow()
	sum := 0
	for i, b := range m.boxes {
		want := b.hidden
		p, err := m.s.Messages(ctx, MessageQuery{Mailboxes: []mail.MailboxID{b.id}, Limit: maxPage})
		m.must(err)
		var uids []mail.UID
		for _, x := range m.in(b) {
			m.checkMessage(t, x, p.Messages)
			uids = append(uids, x.uid)
			if fs := m.shown(x); !fs.Has(mail.FlagDeleted) {
				want.Total++
				if !fs.Has(mail.FlagSeen) {
					want.Unread++
				}
			}
		}
		got, err := m.s.Mailbox(ctx, b.id)
		m.must(err)
		if got.Counts != want || m.told[b.id] != want {
			t.Fatalf("box %d: counts %+v, told %+v, want %+v", i, got.Counts, m.told[b.id], want)
		}
		sum += want.Unread
		if rows := (mail.Counts{Total: len(p.Messages), Unread: p.Unread}); p.Total != rows.Total ||
			rows != (mail.Counts{Total: want.Total - b.hidden.Total, Unread: want.Unread - b.hidden.Unread}) {
			t.Fatalf("box %d: a list of %+v, total %d, want %+v", i, rows, p.Total, want)
		}
		known, err := m.s.UIDs(ctx, b.id)
		m.must(err)
		slices.Sort(uids)
		if !slices.Equal(known, uids) {
			t.Fatalf("box %d: UIDs %v, want %v", i, known, uids)
		}
	}
	if m.unread != sum {
		t.Fatalf("the account has %d unread, want %d", m.unread, sum)
	}
	for _, x := range m.some(func(x *modelMsg) bool { return gone(x) && x.id != 0 }) {
		if _, err := m.s.Message(ctx, x.id); code(err) != mail.CodeNoMessage {
			t.Fatalf("message %d is gone: %v", x.n, err)
		}
	}
}

// checkMessage looks for x in the list of its folder, and, when it is hidden,
// by its place.
func (m *model) checkMessage(t *rapid.T, x *modelMsg, listed []mail.Message) {
	var got mail.Message
	i := slices.IndexFunc(listed, func(l mail.Message) bool { return l.Location.UID == x.uid })
	if hidden := m.shown(x).Has(mail.FlagDeleted); hidden != (i < 0) {
		t.Fatalf("message %d: hidden %v, row %d of the list", x.n, hidden, i)
	}
	if i >= 0 {
		got = listed[i]
	} else {
		var err error
		got, err = m.s.MessageAt(context.Background(), x.box.id, x.uid)
		m.must(err)
	}
	if got.ID != cmp.Or(x.id, got.ID) {
		t.Fatalf("message %d: id %d, was %d", x.n, got.ID, x.id)
	}
	x.id = got.ID
	pending := slices.ContainsFunc(m.ops, func(op *modelOp) bool { return slices.Contains(op.targets, x) })
	if want := m.shown(x); !got.Flags.Equal(want) || got.Pending != pending || got.Location.UIDValidity != x.box.validity {
		t.Fatalf("message %d: %v pending %v at %+v, want %v pending %v", x.n, got.Flags, got.Pending, got.Location, want, pending)
	}
	if got.Account != acc || got.Location.Mailbox != x.box.id {
		t.Fatalf("message %d is at %+v of %s", x.n, got.Location, got.Account)
	}
	if got.Envelope.HeaderID != msg(0, x.n).Envelope.HeaderID {
		t.Fatalf("message %d is %q", x.n, got.Envelope.HeaderID)
	}
}

// follow reads the log as a subscriber would, who knows the numbers from it
// alone.
func (m *model) follow() {
	cs, err := m.s.Changes(context.Background(), m.rev, 1000)
	m.must(err)
	for _, c := range cs {
		if c.Meta().Rev != m.rev+1 {
			m.t.Fatalf("revision %d after %d", c.Meta().Rev, m.rev)
		}
		m.rev++
		if c, ok := c.(mail.CountsChanged); ok {
			m.told[c.Folder.ID], m.unread = c.Counts, c.AccountUnread
		}
	}
}
