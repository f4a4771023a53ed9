package imapsync

import (
	"maps"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// A server may fall over something that the user did: it ends the connection whenever
// that command comes. Then what else the user did goes first, and after some such ends
// the action is given up, so that the server is listened to again.

// opEnds is how many connections in a row have to end over an action before it is
// given up.
const opEnds = 5

// opFalls are the actions over which connections ended, and how many in a row.
type opFalls map[mail.OpID]int

func (fs opFalls) ids() []mail.OpID { return slices.Collect(maps.Keys(fs)) }

// idsOf are the ops that are sent as one.
func idsOf(w *store.OpWork) []mail.OpID { return append(slices.Clone(w.With), w.Op.ID) }

// spent reports whether connections ended too often over what is being sent.
func (s *session) spent() bool {
	return slices.ContainsFunc(s.sending, func(id mail.OpID) bool { return s.w.opFalls[id] >= opEnds })
}

// refuseSpent answers, as a server that refuses would, the steps of an action that is
// given up, and returns the others: what it did before is looked for all the same.
func (s *session) refuseSpent(steps []step) []step {
	if !s.spent() {
		return steps
	}
	left := make([]step, 0, len(steps))
	for _, st := range steps {
		switch {
		case !st.acts:
			left = append(left, st)
		case st.end != nil:
			st.end(notSent())
		}
	}
	return left
}

// noteActs notes that what is being sent was answered, as far as it was asked for.
func (s *session) noteActs(steps []step) {
	if slices.ContainsFunc(steps, func(st step) bool { return st.acts }) {
		s.forgetFalls(s.sending)
	}
}

func (s *session) forgetFalls(ids []mail.OpID) {
	for _, id := range ids {
		delete(s.w.opFalls, id)
	}
}

// noteOpFalls notes over what action the server may have ended the connection, if it
// had answered anything else on it.
func (s *session) noteOpFalls(f *mail.Fault, steps []step, answered []bool) {
	if f.Code != mail.CodeConnectionLost && f.Code != mail.CodeServerClosed || len(s.did) == 0 {
		return // a network that is silent says nothing of actions
	}
	for i := range steps {
		if answered[i] || !steps[i].acts {
			continue
		}
		if s.w.opFalls == nil {
			s.w.opFalls = opFalls{}
		}
		for _, id := range s.sending {
			s.w.opFalls[id]++
		}
		s.w.setNarrowed() // the next one does all else first
		return
	}
}

// givenUp is the fault of an action that is not sent any more.
func givenUp(f *mail.Fault) *mail.Fault {
	return &mail.Fault{Code: mail.CodeGivenUp, Class: mail.ClassProtocol, Args: mail.Args{"command": f.Args["command"]}, Err: f}
}
