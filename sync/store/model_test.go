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
	ops   []*modelOp // that wait
	done  []*modelOp // that the server did, and that were not undone
	next  int

	told   map[mail.MailboxID]mail.Counts // by the last change of each
	unread int                            // of the account, by the last change
	rev    mail.Revision
}

type modelBox struct {
	id       mail.MailboxID
	validity mail.UIDValidity
	uidNext  mail.UID
	seen     mail.UID    // uidNext when the store last looked
	hidden   mail.Counts // messages that are never indexed: the box stays incomplete
}

type modelMsg struct {
	n      int
	id     mail.MessageID
	box    *modelBox // nil: gone
	uid    mail.UID
	server mail.Flags
	// expect is where the store knows that it is, but not under which UID.
	expect *modelBox
	erased bool // by us, for good
}

type modelOp struct {
	id      mail.OpID
	kind    mail.OpKind
	dest    *modelBox
	targets []*modelTarget
	tried   bool // the server has heard of it
}

// modelTarget is a message of an op, and what the op changes of what is shown.
type modelTarget struct {
	x              *modelMsg
	add, del       mail.Flags
	didAdd, didDel mail.Flags
	source         *modelBox
}

func (op *modelOp) of(x *modelMsg) *modelTarget {
	i := slices.IndexFunc(op.targets, func(t *modelTarget) bool { return t.x == x })
	if i < 0 {
		return nil
	}
	return op.targets[i]
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
			"file":    m.file,
			"delete":  m.erase,
			"cancel":  m.cancel,
			"undo":    m.undo,
			"look":    m.look,
			"forget":  m.forget,
			"finish":  m.finish,
			"send":    m.send,
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
	m.must(makeEmpty(filepath.Join(dir, "data")))
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

// apply also brings what the server put into the mailboxes by our own doing.
func (m *model) apply(ds ...Delta) {
	m.clock.pass(time.Minute)
	for i := range ds {
		d := &ds[i]
		b := m.byID[d.Mailbox]
		for _, x := range m.in(b) {
			if x.uid >= b.seen && !slices.ContainsFunc(d.Added, func(f Fetched) bool { return f.UID == x.uid }) {
				f := msg(x.uid, x.n)
				f.Flags = x.server
				d.Added = append(d.Added, f)
			}
		}
		slices.SortFunc(d.Added, func(a, b Fetched) int { return cmp.Compare(a.UID, b.UID) })
		for _, f := range d.Added {
			for _, x := range m.in(b) {
				if x.uid == f.UID {
					x.expect = nil
				}
			}
		}
		b.seen = b.uidNext
	}
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

// place is where a message shows; nil: nowhere.
func (m *model) place(x *modelMsg) *modelBox {
	_, b := m.laid(x, nil)
	return b
}

// laid is how a message shows under what waits, but for one op.
func (m *model) laid(x *modelMsg, without *modelOp) (mail.Flags, *modelBox) {
	fs, b := x.server, x.box
	if x.expect != nil {
		b = x.expect
	}
	for _, op := range m.ops {
		tg := op.of(x)
		switch {
		case tg == nil || op == without:
		case op.kind == mail.OpMove:
			b = op.dest
		case op.kind == mail.OpDelete:
			b = nil
		case op.kind == mail.OpFlags:
			fs = fs.With(tg.add, tg.del)
		}
	}
	return fs, b
}

func placed(x *modelMsg) bool { return x.box != nil }

// known: the store knows its UID.
func known(x *modelMsg) bool { return x.box != nil && x.expect == nil }
func gone(x *modelMsg) bool  { return x.box == nil }

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

func (m *model) put(x *modelMsg, b *modelBox) Fetched {
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
		added = append(added, m.put(x, b))
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
		added := m.put(x, to)
		d := m.delta(to, rapid.Bool().Draw(t, "status"))
		d.Gone, d.Added = []mail.UID{uid}, []Fetched{added}
		m.apply(d)
		return
	}
	x.box = nil
	out := m.delta(from, rapid.Bool().Draw(t, "status"))
	out.Gone = []mail.UID{uid}
	added := m.put(x, to)
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
	added := m.put(x, b)
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
		added = append(added, m.put(x, b))
	}
	d := m.delta(b, true)
	d.Reset, d.Added = true, added
	m.apply(d)
}

func (m *model) mark(t *rapid.T) {
	m.queue(t, mail.Op{Kind: mail.OpFlags, Add: drawFlags.Draw(t, "add"), Remove: drawFlags.Draw(t, "remove")}, nil)
}

func (m *model) file(t *rapid.T) {
	to := pick(t, m.boxes, "to")
	m.queue(t, mail.Op{Kind: mail.OpMove, Mailbox: to.id}, to)
}

func (m *model) erase(t *rapid.T) { m.queue(t, mail.Op{Kind: mail.OpDelete}, nil) }

// queue queues an op on some messages.
func (m *model) queue(t *rapid.T, op mail.Op, to *modelBox) {
	var xs []*modelMsg
	for range rapid.IntRange(1, 3).Draw(t, "n") {
		xs = append(xs, pick(t, m.some(func(x *modelMsg) bool { return x.id != 0 }), "message"))
	}
	m.queueOn(t, op, to, xs)
}

func (m *model) queueOn(t *rapid.T, op mail.Op, to *modelBox, xs []*modelMsg) {
	want := &modelOp{kind: op.Kind, dest: to}
	exists := false
	for _, x := range xs {
		op.Targets = append(op.Targets, x.id)
		if m.place(x) == nil || want.of(x) != nil {
			continue
		}
		exists = true
		if tg := m.target(x, op.Kind, to, op.Add, op.Remove); tg != nil {
			want.targets = append(want.targets, tg)
		}
	}
	want.targets = slices.DeleteFunc(want.targets, m.cancelsOut(op.Kind, to))
	got, err := m.s.Enqueue(context.Background(), op)
	if !exists {
		if code(err) != mail.CodeNoMessage {
			t.Fatalf("an action on what is gone: %v", err)
		}
		return
	}
	m.must(err)
	if (got.ID == 0) != (len(want.targets) == 0) {
		t.Fatalf("got op %d for %d messages", got.ID, len(want.targets))
	}
	if want.id = got.ID; want.id != 0 {
		m.ops = append(m.ops, want)
	}
}

// cancelsOut takes back what another op was to do, where a new one would only do
// the reverse of it.
func (m *model) cancelsOut(kind mail.OpKind, to *modelBox) func(*modelTarget) bool {
	return func(tg *modelTarget) bool {
		for _, op := range slices.Backward(m.ops) {
			was := op.of(tg.x)
			if was == nil {
				continue
			}
			if op.tried || op.kind != kind || kind != mail.OpFlags && kind != mail.OpMove {
				return false
			}
			flags, in := m.laid(tg.x, op)
			shown, at := m.laid(tg.x, nil)
			if kind == mail.OpMove {
				at = to
			}
			if in != at || !flags.Equal(shown.With(tg.add, tg.del)) {
				return false
			}
			op.targets = slices.DeleteFunc(op.targets, func(t *modelTarget) bool { return t == was })
			if len(op.targets) == 0 {
				m.end(op)
			}
			return true
		}
		return false
	}
}

// target is what an op does to a message; nil for nothing.
func (m *model) target(x *modelMsg, kind mail.OpKind, to *modelBox, add, del mail.Flags) *modelTarget {
	tg := &modelTarget{x: x, add: add, del: del, source: m.place(x)}
	was := m.shown(x)
	switch kind {
	case mail.OpFlags:
		tg.didAdd, tg.didDel = was.Delta(was.With(add, del))
		if len(tg.didAdd)+len(tg.didDel) == 0 {
			return nil
		}
	case mail.OpMove:
		if tg.source == to {
			return nil
		}
	default:
	}
	return tg
}

func (m *model) end(op *modelOp) {
	m.ops = slices.DeleteFunc(m.ops, func(o *modelOp) bool { return o == op })
}

// endWith ends an op that the server did on some messages. What it did not move is
// not deleted by what was queued after it, and was where it is when that was queued.
func (m *model) endWith(op *modelOp, agreed []Done) {
	later := slices.Clone(m.ops[slices.Index(m.ops, op)+1:])
	m.end(op)
	if op.kind != mail.OpMove {
		return
	}
	undone := func(tg *modelTarget) bool {
		return op.of(tg.x) != nil && !slices.ContainsFunc(agreed, func(d Done) bool { return d.ID == tg.x.id })
	}
	for _, next := range later {
		if next.kind == mail.OpDelete {
			if next.targets = slices.DeleteFunc(next.targets, undone); len(next.targets) == 0 {
				m.end(next)
			}
		}
		for _, tg := range next.targets {
			if undone(tg) && tg.source == op.dest {
				tg.source = op.of(tg.x).source
			}
		}
	}
}

func (m *model) finish(t *rapid.T) {
	op := pick(t, m.ops, "op")
	agreed := m.serve(t, op)
	m.must(m.s.StartOp(context.Background(), op.id))
	m.must(m.s.FinishOp(context.Background(), op.id, agreed))
	m.endWith(op, agreed)
}

// serve does on the server what an op, and those that are sent with it, are to
// do, and returns on which messages it did.
func (m *model) serve(t *rapid.T, last *modelOp, with ...*modelOp) []Done {
	var agreed []Done
	all := slices.Concat(with, []*modelOp{last})
	did := make([]modelOp, len(all))
	for i, op := range all {
		did[i] = modelOp{id: op.id, kind: op.kind, dest: op.dest}
	}
	for _, tg := range last.targets {
		x := tg.x
		if !known(x) || rapid.IntRange(0, 4).Draw(t, "refused") == 0 {
			continue
		}
		d := Done{ID: x.id}
		switch last.kind {
		case mail.OpFlags:
			for _, op := range all {
				x.server = x.server.With(op.of(x).add, op.of(x).del)
			}
		case mail.OpMove:
			if x.box == last.dest {
				break
			}
			m.put(x, last.dest)
			if rapid.Bool().Draw(t, "COPYUID") {
				d.UID, d.UIDValidity = x.uid, last.dest.validity
			} else {
				x.expect = last.dest
			}
		case mail.OpDelete:
			x.box, x.uid, x.erased = nil, 0, true
		default:
		}
		agreed = append(agreed, d)
		for i, op := range all {
			did[i].targets = append(did[i].targets, op.of(x))
		}
	}
	for i := range did {
		if did[i].kind != mail.OpDelete {
			m.done = append(m.done, &did[i])
		}
	}
	return agreed
}

func (m *model) fail(t *rapid.T) {
	op := pick(t, m.ops, "op")
	m.must(m.s.FailOp(context.Background(), op.id, offline))
	m.endWith(op, nil)
}

func (m *model) cancel(t *rapid.T) {
	op := pick(t, m.ops, "op")
	if op.tried {
		t.Skip("it is too late")
	}
	got, err := m.s.Undo(context.Background(), op.id)
	m.must(err)
	if got.ID != op.id || got.State != mail.OpUndone {
		t.Fatalf("cancelled op %d: got %+v", op.id, got)
	}
	m.endWith(op, nil)
}

// undo queues the inverse of an op that was done.
func (m *model) undo(t *rapid.T) {
	op := pick(t, m.done, "op that was done")
	m.done = slices.DeleteFunc(m.done, func(o *modelOp) bool { return o == op })
	before := len(m.ops)
	bySource := map[*modelBox]*modelOp{}
	for _, tg := range op.targets {
		if m.place(tg.x) == nil || tg.x.erased && tg.x.server.Has(mail.FlagDeleted) {
			continue // what is flagged deleted is what we left behind
		}
		var to *modelBox
		if op.kind == mail.OpMove {
			to = tg.source
		}
		back := m.target(tg.x, op.kind, to, tg.didDel, tg.didAdd)
		if back == nil {
			continue
		}
		if bySource[to] == nil {
			bySource[to] = &modelOp{kind: op.kind, dest: to}
		}
		bySource[to].targets = append(bySource[to].targets, back)
	}
	_, err := m.s.Undo(context.Background(), op.id)
	if len(bySource) == 0 {
		if code(err) != mail.CodeNotUndoable {
			t.Fatalf("undo of what is gone: %v", err)
		}
		return
	}
	m.must(err)
	ops, err := m.s.Ops(context.Background(), acc)
	m.must(err)
	for _, got := range ops[before:] {
		want := bySource[m.byID[got.Mailbox]]
		if want == nil || got.Inverse != op.id || len(got.Targets) != len(want.targets) {
			t.Fatalf("the inverse is %+v, want %+v", got, want)
		}
		want.id = got.ID
		m.ops = append(m.ops, want)
	}
	if len(m.ops) != before+len(bySource) {
		t.Fatalf("%d ops more, want %d", len(m.ops)-before, len(bySource))
	}
}

// look brings a mailbox in step in which nothing else happened.
func (m *model) look(t *rapid.T) {
	m.apply(m.delta(pick(t, m.boxes, "box"), rapid.Bool().Draw(t, "status")))
}

// forget gives up what was not found where it was moved to.
func (m *model) forget(t *rapid.T) {
	for _, b := range m.boxes {
		m.apply(m.delta(b, rapid.Bool().Draw(t, "status")))
	}
	m.clock.pass(time.Minute)
	m.must(m.s.ForgetExpected(context.Background(), acc, m.clock.now()))
	for _, x := range m.msgs {
		x.expect = nil
	}
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
	fs, _ := m.laid(x, nil)
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
			if known(x) {
				uids = append(uids, x.uid)
			}
		}
		for _, x := range m.some(func(x *modelMsg) bool { return m.place(x) == b }) {
			m.checkMessage(t, x, b, p.Messages)
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
	for _, x := range m.some(func(x *modelMsg) bool { return m.place(x) == nil && x.id != 0 }) {
		if _, err := m.s.Message(ctx, x.id); code(err) != mail.CodeNoMessage {
			t.Fatalf("message %d is gone: %v", x.n, err)
		}
	}
}

// checkMessage looks for x in the list of the folder where it shows, and, when it
// is hidden, by its place or its id.
func (m *model) checkMessage(t *rapid.T, x *modelMsg, b *modelBox, listed []mail.Message) {
	var got mail.Message
	uid := x.uid
	if x.box != b || !known(x) {
		uid = 0
	}
	i := slices.IndexFunc(listed, func(l mail.Message) bool { return l.Envelope.HeaderID == msg(0, x.n).Envelope.HeaderID })
	if hidden := m.shown(x).Has(mail.FlagDeleted); hidden != (i < 0) {
		t.Fatalf("message %d: hidden %v, row %d of the list", x.n, hidden, i)
	}
	var err error
	switch {
	case i >= 0:
		got = listed[i]
	case uid != 0:
		got, err = m.s.MessageAt(context.Background(), x.box.id, x.uid)
	default:
		got, err = m.s.Message(context.Background(), x.id)
	}
	m.must(err)
	if got.ID != cmp.Or(x.id, got.ID) {
		t.Fatalf("message %d: id %d, was %d", x.n, got.ID, x.id)
	}
	x.id = got.ID
	pending := slices.ContainsFunc(m.ops, func(op *modelOp) bool { return op.of(x) != nil })
	want := mail.Location{Mailbox: b.id, UIDValidity: b.validity, UID: uid}
	if fs := m.shown(x); !got.Flags.Equal(fs) || got.Pending != pending || got.Location != want || got.Account != acc {
		t.Fatalf("message %d: %v pending %v at %+v, want %v pending %v at %+v", x.n, got.Flags, got.Pending, got.Location, fs, pending, want)
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
		switch c := c.(type) {
		case mail.CountsChanged:
			m.told[c.Folder.ID], m.unread = c.Counts, c.AccountUnread
		case mail.MessagesAdded:
			for _, b := range c.Messages {
				if b.CopyOf != 0 { // each is in one place
					m.t.Fatalf("told as a copy: %+v", c)
				}
			}
		}
	}
}
