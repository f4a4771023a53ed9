package store

import (
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

// copiesModel is a server whose messages are in several folders, and a store
// that follows it. What the account's number should be is counted in what the
// store lists.
type copiesModel struct {
	t     *rapid.T
	s     *Store
	dir   string
	clock *clock
	names []string
	roles map[string]mail.Role
	boxes map[string]*copiesBox
	rev   mail.Revision
}

type copiesBox struct {
	id   mail.MailboxID
	next mail.UID
	rows map[mail.UID]Fetched
}

// TestRandomCopiesCountOnce plays histories of labelled mail: what is done
// elsewhere, what waits, what the server did of it and what it refused, and
// folders that begin and end to count.
func TestRandomCopiesCountOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newCopiesModel(rt)
		defer m.close()
		rt.Repeat(map[string]func(*rapid.T){
			"deliver": m.deliver, "deliver again": m.deliver, "flag": m.flag, "expunge": m.expunge, "move": m.move,
			"mark": m.queue, "file": m.queue, "finish": m.finish, "fail": m.fail, "cancel": m.cancel,
			"role": m.role, "folder": m.folder, "hide": m.hide, "labels": m.labels, "reopen": m.reopen, "": m.check,
		})
	})
}

func newCopiesModel(rt *rapid.T) *copiesModel {
	dir, err := os.MkdirTemp("", "heron-copies-")
	m := &copiesModel{
		t: rt, dir: dir, clock: &clock{t: day}, boxes: map[string]*copiesBox{},
		names: []string{"INBOX", "Work", "Play", "Junk"}, roles: map[string]mail.Role{"Junk": mail.RoleJunk},
	}
	m.must(err)
	m.must(makeEmpty(filepath.Join(dir, "data")))
	m.open()
	m.list()
	return m
}

func (m *copiesModel) close() {
	m.must(m.s.Close())
	m.must(os.RemoveAll(m.dir))
}

func (m *copiesModel) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *copiesModel) open() {
	var err error
	m.s, err = Open(context.Background(), filepath.Join(m.dir, "data"), Options{Now: m.clock.now})
	m.must(err)
}

func (m *copiesModel) reopen(*rapid.T) {
	m.must(m.s.Close())
	m.open()
}

// list tells the store of the folders that there are, and brings a new one in
// step.
func (m *copiesModel) list() {
	var l Listing
	for _, n := range m.names {
		l.Mailboxes = append(l.Mailboxes, ListedMailbox{Name: n, Delimiter: "/", Selectable: true, Role: m.roles[n]})
	}
	_, err := m.s.Apply(context.Background(), acc, Batch{Listing: &l})
	m.must(err)
	bs, err := m.s.ServerMailboxes(context.Background(), acc)
	m.must(err)
	for _, b := range bs {
		if m.boxes[b.Name] == nil {
			m.boxes[b.Name] = &copiesBox{id: b.ID, next: 1, rows: map[mail.UID]Fetched{}}
			m.apply(m.delta(b.Name))
		}
	}
}

func (m *copiesModel) delta(name string) Delta {
	b := m.boxes[name]
	return Delta{Mailbox: b.id, SetCursor: true, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: b.next, Messages: len(b.rows)}}
}

func (m *copiesModel) apply(ds ...Delta) {
	m.clock.pass(time.Second)
	_, err := m.s.Apply(context.Background(), acc, Batch{Deltas: ds})
	m.must(err)
}

func (m *copiesModel) put(name string, f Fetched) Fetched {
	b := m.boxes[name]
	f.UID = b.next
	b.next++
	b.rows[f.UID] = f
	return f
}

// deliver puts one of a few messages into a folder, once more or for the first
// time; the first of them has no name.
func (m *copiesModel) deliver(t *rapid.T) {
	n := rapid.IntRange(0, 4).Draw(t, "message")
	f := msg(0, n)
	if n > 0 {
		f.EmailID = f.Envelope.HeaderID
	}
	f.Flags = drawFlags.Draw(t, "flags")
	to := pick(t, m.names, "folder")
	f = m.put(to, f)
	d := m.delta(to)
	d.Added = []Fetched{f}
	m.apply(d)
}

// row draws a message of the server.
func (m *copiesModel) row(t *rapid.T) (string, mail.UID) {
	name := pick(t, slices.DeleteFunc(slices.Clone(m.names), func(n string) bool { return len(m.boxes[n].rows) == 0 }), "folder")
	return name, pick(t, slices.Sorted(maps.Keys(m.boxes[name].rows)), "message")
}

func (m *copiesModel) flag(t *rapid.T) {
	name, uid := m.row(t)
	f := m.boxes[name].rows[uid]
	f.Flags = drawFlags.Draw(t, "flags")
	m.boxes[name].rows[uid] = f
	d := m.delta(name)
	d.Flags = []FlagUpdate{{UID: uid, Flags: f.Flags}}
	m.apply(d)
}

func (m *copiesModel) expunge(t *rapid.T) {
	name, uid := m.row(t)
	delete(m.boxes[name].rows, uid)
	d := m.delta(name)
	d.Gone = []mail.UID{uid}
	m.apply(d)
}

func (m *copiesModel) move(t *rapid.T) {
	name, uid := m.row(t)
	to := pick(t, slices.DeleteFunc(slices.Clone(m.names), func(n string) bool { return n == name }), "to")
	f := m.put(to, m.boxes[name].rows[uid])
	delete(m.boxes[name].rows, uid)
	in, out := m.delta(to), m.delta(name)
	in.Added, out.Gone = []Fetched{f}, []mail.UID{uid}
	m.apply(in, out)
}

func (m *copiesModel) queue(t *rapid.T) {
	name := pick(t, m.names, "folder")
	p, err := m.s.Messages(context.Background(), MessageQuery{Mailboxes: []mail.MailboxID{m.boxes[name].id}, Limit: 100})
	m.must(err)
	op := mail.Op{Kind: pick(t, []mail.OpKind{mail.OpFlags, mail.OpFlags, mail.OpMove, mail.OpDelete}, "kind")}
	op.Targets = []mail.MessageID{pick(t, p.Messages, "message").ID, pick(t, p.Messages, "another").ID}
	switch op.Kind {
	case mail.OpFlags:
		op.Add, op.Remove = drawFlags.Draw(t, "add"), drawFlags.Draw(t, "remove")
	case mail.OpMove:
		op.Mailbox = m.boxes[pick(t, m.names, "to")].id
	default:
	}
	if _, err = m.s.Enqueue(context.Background(), op); code(err) != mail.CodeNoFolder { // which is to be deleted
		m.must(err)
	}
}

func (m *copiesModel) op(t *rapid.T) mail.Op {
	ops, err := m.s.Ops(context.Background(), acc)
	m.must(err)
	return pick(t, ops, "op")
}

// finish does an op on the server.
func (m *copiesModel) finish(t *rapid.T) {
	op := m.op(t)
	if op.Kind == mail.OpFolderDelete {
		t.Skip("folders are deleted elsewhere") // another step is taken
	}
	m.must(m.s.StartOp(context.Background(), op.ID))
	var did []Done
	for _, id := range op.Targets {
		at, err := m.s.Place(context.Background(), id)
		if code(err) != mail.CodeNoMessage {
			m.must(err)
		}
		for _, b := range m.boxes {
			f, ok := b.rows[at.UID]
			if b.id != at.Mailbox || !ok {
				continue
			}
			d := Done{ID: id}
			switch op.Kind {
			case mail.OpFlags:
				f.Flags = f.Flags.With(op.Add, op.Remove)
				b.rows[at.UID] = f
			default:
				delete(b.rows, at.UID)
				for to, dest := range m.boxes {
					if op.Kind == mail.OpMove && dest.id == op.Mailbox {
						d.UID, d.UIDValidity = m.put(to, f).UID, 1
					}
				}
			}
			did = append(did, d)
			m.must(m.s.PartOp(context.Background(), op.ID, did[len(did)-1:]))
			m.check(t)
			break
		}
	}
	m.must(m.s.FinishOp(context.Background(), op.ID, did))
}

func (m *copiesModel) fail(t *rapid.T) { m.must(m.s.FailOp(context.Background(), m.op(t).ID, offline)) }

func (m *copiesModel) cancel(t *rapid.T) {
	_, err := m.s.Undo(context.Background(), m.op(t).ID)
	m.must(err)
}

// role makes Work one for junk, or not.
func (m *copiesModel) role(*rapid.T) {
	if m.roles["Work"] == "" {
		m.roles["Work"] = mail.RoleJunk
	} else {
		delete(m.roles, "Work")
	}
	m.list()
}

// folder deletes Play with its mail elsewhere, or makes it.
func (m *copiesModel) folder(*rapid.T) {
	if i := slices.Index(m.names, "Play"); i >= 0 {
		m.names = slices.Delete(m.names, i, i+1)
		delete(m.boxes, "Play")
	} else {
		m.names = append(m.names, "Play")
	}
	m.list()
}

// labels has folders be labels, or not.
func (m *copiesModel) labels(t *rapid.T) {
	m.must(m.s.SetLabels(context.Background(), acc, rapid.Bool().Draw(t, "labels")))
}

// hide asks for the deletion of Play.
func (m *copiesModel) hide(t *rapid.T) {
	if m.boxes["Play"] == nil {
		t.Skip("it is no more") // another step is taken
	}
	_, err := m.s.Enqueue(context.Background(), mail.Op{Kind: mail.OpFolderDelete, Mailbox: m.boxes["Play"].id})
	if code(err) != mail.CodeNoFolder {
		m.must(err)
	}
}

func (m *copiesModel) check(t *rapid.T) {
	ctx := context.Background()
	bs, err := m.s.Mailboxes(ctx, acc)
	m.must(err)
	names := map[string]bool{}
	want := 0
	for _, b := range bs {
		if !b.Role.Counted() {
			continue
		}
		p, err := m.s.Messages(ctx, MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Unread: true, Limit: 500})
		m.must(err)
		for _, x := range p.Messages {
			if x.EmailID == "" || !names[x.EmailID] {
				want++
			}
			names[x.EmailID] = true
		}
	}
	got, err := m.s.Unread(ctx, acc)
	m.must(err)
	if got != want {
		t.Fatalf("the account has %d unread, want %d", got, want)
	}
	cs, err := m.s.Changes(ctx, m.rev, 1000)
	m.must(err)
	for i, c := range cs {
		m.rev = c.Meta().Rev
		if c, ok := c.(mail.CountsChanged); ok && i == len(cs)-1 && c.AccountUnread != want {
			t.Fatalf("told %+v, want %d", c, want)
		}
	}
}
