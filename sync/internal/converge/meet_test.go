package converge

import (
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// lag is how long a server may go on with a command after its connection ended.
const lag = 300 * time.Millisecond

// span is the time in which somebody's MOVE of a message may have been on the
// server.
type span struct {
	who      string
	looked   time.Time // when they saw the message before, at the earliest
	from, to time.Time
}

// met is how many moves of a letter began while another's was under way. Dovecot
// does not keep a message to one session while it moves it: each of the two
// finds it, puts it into its own destination and takes the original away, and
// both are told that it went well. Then it is there twice, and as nothing tells
// one from a copy that somebody wanted, neither is taken away. The server's log has
// to say so too, see serverLog.shared.
func met(spans []span) int {
	n := 0
	for i, s := range spans {
		for j, o := range spans {
			if o.who != s.who && o.from.Before(s.to) && s.from.Before(o.to) && (o.from.Before(s.from) || o.from.Equal(s.from) && j < i) {
				n++
				break
			}
		}
	}
	return n
}

// overtaken reports whether flags that one put on a letter may be lost, although the
// server took them: it moves a message with the flags that the session which moves it
// saw when it last looked. Its log has the change before the move, and another's move
// was under way by then.
func (r *round) overtaken(l *letter, who string, log serverLog) bool {
	for _, s := range r.spans(l) {
		if s.who != who && slices.ContainsFunc(log.stale[l.id], func(f stale) bool { return s.holds(f.changed) && s.holds(f.left) }) {
			return true
		}
	}
	return false
}

// holds reports whether a time is in the span, or while they looked.
func (s span) holds(t time.Time) bool { return !t.Before(s.looked) && !t.After(s.to) }

// spans are all moves of a letter.
func (r *round) spans(l *letter) []span {
	out := slices.Clone(l.carried)
	for _, m := range r.machines {
		out = append(out, m.spans(l.id)...)
	}
	return out
}

// spans are the moves of a letter that this machine sent.
func (m *machine) spans(letter string) []span {
	var out []span
	sent := map[mail.OpID]int{} // those that are under way
	for _, c := range m.changes() {
		at := c.Meta().Time.Add(slow)
		switch c := c.(type) {
		case mail.AccountState: // the connection ended, or another one began
			for id, i := range sent {
				out[i].to = at.Add(lag)
				delete(sent, id)
			}
		case mail.OpChanged:
			if c.Op.Kind != mail.OpMove || !slices.Contains(m.ops[c.Op.ID].about, letter) {
				continue
			}
			i, on := sent[c.Op.ID]
			switch {
			case c.Op.State == mail.OpSending && !on:
				sent[c.Op.ID] = len(out)
				out = append(out, span{who: m.name, looked: at, from: at, to: time.Now()})
			case c.Op.State != mail.OpSending && on:
				out[i].to = at
				delete(sent, c.Op.ID)
			}
		}
	}
	return out
}
