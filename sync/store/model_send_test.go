package store

import (
	"context"
	"slices"

	"pgregory.net/rapid"

	"github.com/heronmail/heron/sync/mail"
)

// twice queues two ops on the same messages, the second of which does not take
// back the first.
func (m *model) twice(t *rapid.T) {
	x := pick(t, m.some(func(x *modelMsg) bool { return x.id != 0 && m.place(x) != nil }), "message")
	alike := m.some(func(y *modelMsg) bool {
		return y.id != 0 && m.place(y) == m.place(x) && m.shown(y).Equal(m.shown(x))
	})
	if rapid.Bool().Draw(t, "move") {
		at := slices.Index(m.boxes, m.place(x))
		for i := 1; i <= 2; i++ {
			to := m.boxes[(at+i)%len(m.boxes)]
			m.queueOn(t, mail.Op{Kind: mail.OpMove, Mailbox: to.id}, to, alike)
		}
		return
	}
	for _, f := range []mail.Flag{mail.FlagSeen, "work"} {
		op := mail.Op{Kind: mail.OpFlags, Add: mail.NewFlags(f)}
		if m.shown(x).Has(f) {
			op.Add, op.Remove = nil, op.Add
		}
		m.queueOn(t, op, nil, alike)
	}
}

// send sends ops that the store joined, as one, and the server does it, refuses
// it, or is cut off before it did.
func (m *model) send(t *rapid.T) {
	ctx := context.Background()
	if len(m.joined()) == 0 {
		m.twice(t)
	}
	w := pick(t, m.joined(), "ops as one")
	var all []*modelOp
	last := m.op(w.Op.ID)
	for _, id := range w.With {
		op := m.op(id)
		if op.tried || last.tried || op.kind != last.kind || len(op.targets) != len(last.targets) {
			t.Fatalf("ops %+v and %+v were joined", op, last)
		}
		all = append(all, op)
	}
	all = append(all, last)
	for _, tg := range w.Messages {
		x := last.targets[slices.IndexFunc(last.targets, func(o *modelTarget) bool { return o.x.id == tg.ID })].x
		want := x.server
		for _, op := range all {
			want = want.With(op.of(x).add, op.of(x).del)
		}
		if last.kind == mail.OpFlags && !x.server.With(tg.Add, tg.Remove).Equal(want) {
			t.Fatalf("of %v +%v -%v makes something else than %v", x.server, tg.Add, tg.Remove, want)
		}
	}
	m.must(m.s.StartOp(ctx, w.Op.ID, w.With...))
	if rapid.Bool().Draw(t, "cut") {
		m.reopen(t)
		if !slices.ContainsFunc(m.joined(), func(o OpWork) bool { return o.Op.ID == w.Op.ID && slices.Equal(o.With, w.With) }) {
			t.Fatalf("op %d is not sent with %v again", w.Op.ID, w.With)
		}
	}
	switch rapid.IntRange(0, 3).Draw(t, "answer") {
	case 0: // refused: one by one from now on
		m.must(m.s.RetryOp(ctx, w.Op.ID, m.clock.now(), offline, w.With...))
		for _, op := range all {
			op.tried = true
		}
		return
	case 1:
		m.must(m.s.FailOp(ctx, w.Op.ID, offline, w.With...))
		m.endAll(all, nil)
	default:
		agreed := m.serve(t, last, all[:len(all)-1]...)
		m.must(m.s.FinishOp(ctx, w.Op.ID, agreed, w.With...))
		m.endAll(all, agreed)
	}
}

func (m *model) endAll(ops []*modelOp, agreed []Done) {
	for _, op := range ops {
		m.endWith(op, agreed)
	}
}

// joined is what may be sent now and is of more than one op.
func (m *model) joined() []OpWork {
	ws, _, err := m.s.ReadyOps(context.Background(), acc, m.clock.now())
	m.must(err)
	return slices.DeleteFunc(ws, func(w OpWork) bool { return len(w.With) == 0 })
}

func (m *model) op(id mail.OpID) *modelOp {
	return m.ops[slices.IndexFunc(m.ops, func(op *modelOp) bool { return op.id == id })]
}
