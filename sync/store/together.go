package store

import "github.com/heronmail/heron/sync/mail"

// together finds, among ops that may be sent, those that the server need not hear
// of one by one: changes of flags, or moves, that follow each other on the same
// messages. Changes are sent as their sum, moves as one to where the last of them
// goes. In the queue each stays an op of its own, so that the user can take back
// the last one alone.
//
// Ops join while nobody but us has heard of them; and those that were sent as one,
// and cut off, are sent as one again. One that was refused goes alone, so that it
// takes none with it.
type together struct {
	of map[mail.MessageID]newest
}

// newest are the works of a message that a later op may join, as one more than
// their index; 0: none. Flags and moves do not get in each other's way.
type newest struct{ flags, move int }

func (n newest) of(k mail.OpKind) int {
	if k == mail.OpMove {
		return n.move
	}
	return n.flags
}

// add puts a work behind the ready ones, or joins it with one of them.
func (g *together) add(ready []OpWork, w OpWork) []OpWork {
	if ofFolder(w.Op.Kind) {
		clear(g.of) // names, or a destination, are others from here on
		return append(ready, w)
	}
	if i := g.before(ready, &w); i >= 0 {
		ready[i].join(w)
		return ready
	}
	ready = append(ready, w)
	for _, m := range w.Messages {
		n := g.of[m.ID]
		switch w.Op.Kind {
		case mail.OpFlags:
			n.flags = len(ready)
		case mail.OpMove:
			n.move = len(ready)
		default:
			n = newest{} // a copy keeps what it was copied with
		}
		g.of[m.ID] = n
	}
	for _, m := range w.twins {
		g.of[m.ID] = newest{} // what follows on it follows on the message too
	}
	return ready
}

// before is the index of the work that w can join, or -1.
func (g *together) before(ready []OpWork, w *OpWork) int {
	k := w.Op.Kind
	if k != mail.OpFlags && k != mail.OpMove || len(w.Messages) == 0 {
		return -1
	}
	at := g.of[w.Messages[0].ID].of(k)
	if at == 0 {
		return -1
	}
	old := &ready[at-1]
	if len(old.Messages) != len(w.Messages) || !joinable(&old.Op, &w.Op) {
		return -1
	}
	for _, m := range w.Messages {
		if g.of[m.ID].of(k) != at {
			return -1
		}
	}
	return at - 1
}

func joinable(a, b *mail.Op) bool {
	fresh := func(op *mail.Op) bool { return op.State == mail.OpWaiting && op.Tries == 0 }
	return fresh(a) && fresh(b) || a.State == mail.OpSending && b.State == mail.OpSending
}

// join makes one of w and a later work on the same messages.
func (w *OpWork) join(later OpWork) {
	old := make(map[mail.MessageID]*Target, len(w.Messages))
	for i := range w.Messages {
		old[w.Messages[i].ID] = &w.Messages[i]
	}
	for i := range later.Messages {
		m := &later.Messages[i]
		add, remove := m.Add, m.Remove
		m.Add = old[m.ID].Add.With(add, remove)
		m.Remove = old[m.ID].Remove.With(remove, add)
		m.Source = old[m.ID].Source
	}
	w.With = append(w.With, w.Op.ID)
	later.With = w.With
	*w = later
}

// passed is what the server did for an op that was sent as part of a later one:
// where the messages are now is the later one's to say.
func passed(done []Done) []Done {
	out := make([]Done, len(done))
	for i, d := range done {
		out[i] = Done{ID: d.ID, ModSeq: d.ModSeq, passed: true}
	}
	return out
}
