package imapsync

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// A server may fall over a folder: it ends the connection when it is asked to open
// it, or for its numbers. The folder is found by asking for one at a time, and then
// left out for a while, as if it were refused. Others are asked for in its place
// first, so that it is not the server that is broken, or the network.

const (
	// fallsOften is how many connections in a row have to end while a folder is
	// asked for before it is left out.
	fallsOften = 3
	// fallsAlone is how many of them have to end while nothing else is asked for.
	fallsAlone = 2
	// fallsMost is how many folders may be left out before a server is not met
	// again within seconds to find one more.
	fallsMost = 5
	// leftOutFirst is how long a folder is left out, the first time. It is twice
	// as long each time after, up to leftOutMost.
	leftOutFirst = time.Hour
	leftOutMost  = 24 * time.Hour
)

// anyFolder is the name in an asked for what LIST asks of all at once.
const anyFolder = "*"

// asked is a question for a folder as a whole. The zero value is none.
type asked struct {
	cmd string // SELECT, for EXAMINE too, STATUS, or FETCH
	box string // the folder's name, or anyFolder
}

// fall is what is remembered, from one connection to the next, of a question with
// which connections end.
type fall struct {
	cuts  int // connections in a row that ended before it was answered
	alone int // of those, when nothing else was asked, and the same of another folder had been answered
	spell time.Duration
	until time.Time // it is not asked before; zero: never was left out

	refusals int    // times in a row that the server refused the folder for now; 0: connections ended
	text     string // its words, the last time
}

func (f *fall) out() bool { return f != nil && time.Now().Before(f.until) }

// suspected reports whether a question may be what connections ended over.
func (f *fall) suspected() bool { return f != nil && f.cuts >= blameAfter }

// falls are those of an account.
type falls map[asked]*fall

// out reports whether a question is not to be asked now. A folder whose numbers
// cannot be asked for, or whose messages, is not opened either.
func (fs falls) out(a asked) bool {
	return fs[a].out() || a.cmd == "SELECT" && (fs[asked{"STATUS", a.box}].out() || fs[asked{"FETCH", a.box}].out())
}

// questions are what may be asked of a folder.
func questions(name string) []asked {
	return []asked{{"SELECT", name}, {"STATUS", name}, {"FETCH", name}}
}

// leavesOut reports whether a folder is left out.
func (fs falls) leavesOut(name string) bool { return fs.out(asked{"SELECT", name}) }

// until is when a folder may be opened again.
func (fs falls) until(name string) time.Time {
	var t time.Time
	for _, a := range questions(name) {
		if f := fs[a]; f != nil {
			t = later(t, f.until)
		}
	}
	return t
}

// together reports whether the numbers of all folders may be asked for at once.
func (fs falls) together() bool {
	for a, f := range fs {
		if a.cmd == "STATUS" && (f.out() || f.suspected() && a.box != anyFolder) {
			return false
		}
	}
	return true
}

// ended notes that a connection ended before a was answered, and reports whether
// the next one will know better than this one did.
func (fs falls) ended(a asked, alone bool) (better bool) {
	f := fs[a]
	if f == nil {
		f = &fall{}
		fs[a] = f
	}
	f.cuts++
	if alone {
		f.alone++
	}
	if a.box == anyFolder && f.suspected() || f.cuts >= fallsOften && f.alone >= fallsAlone {
		f.spell = min(max(leftOutFirst, 2*f.spell), leftOutMost)
		f.until, f.refusals = time.Now().Add(f.spell), 0
	}
	out := 0
	for _, f := range fs {
		out += boolInt(f.out() && f.refusals == 0)
	}
	return out <= fallsMost && f.cuts <= fallsOften+fallsAlone
}

// caught reports whether a connection ended when a folder alone was to be opened.
func (fs falls) caught(name string) bool {
	f := fs[asked{"SELECT", name}]
	return f != nil && f.alone > 0
}

// order sorts questions that are asked one by one: after the first that is above
// suspicion those over which a connection ended alone. It then shows whether it was
// them, or how long the connection had lasted.
func (fs falls) order(steps []step) {
	if !fs.doubtful(steps) {
		return
	}
	suspicion := func(st step) int {
		switch f := fs[st.about]; {
		case !f.suspected():
			return 1
		case f.alone > 0:
			return 0
		default:
			return 2
		}
	}
	for i := range steps {
		if suspicion(steps[i]) == 1 {
			steps[0], steps[i] = steps[i], steps[0]
			steps = steps[1:]
			break
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return suspicion(a) - suspicion(b) })
}

// forget drops what is not known of folders that are no more, and what was suspected
// of some when all have been asked for their numbers.
func (fs falls) forget(there map[string]*listed) {
	maps.DeleteFunc(fs, func(a asked, f *fall) bool {
		return a.box != anyFolder && (there[a.box] == nil || a.cmd == "STATUS" && f.spell == 0)
	})
}

// doubtful reports whether one of the steps may be what connections ended over.
func (fs falls) doubtful(steps []step) bool {
	for i := range steps {
		if fs[steps[i].about].suspected() {
			return true
		}
	}
	return false
}

// refuseFallen answers, as a server that refuses would, the steps that are not to be
// sent now, and returns the others.
func (s *session) refuseFallen(steps []step) []step {
	if len(s.w.falls) == 0 {
		return steps
	}
	left := make([]step, 0, len(steps))
	closed := false
	for _, st := range steps {
		out := s.w.falls.out(st.about)
		if st.selects {
			closed = out
		}
		switch {
		case !out && (!closed || st.about != asked{}):
			left = append(left, st)
		case st.end != nil:
			st.end(notSent())
		}
	}
	return left
}

// notSent is the answer to a step that was not sent.
func notSent() wire.Status { return wire.Status{Type: "NO", Text: "connections end over it"} }

// reassure opens another folder, if that was not done yet on this connection, before
// one is opened over which connections may have ended: the server works but for that.
func (s *session) reassure(ctx context.Context, a asked) error {
	if a.cmd != "SELECT" || !s.w.falls[a].suspected() || s.didFor(a) {
		return nil
	}
	var other *mail.Mailbox
	for _, b := range s.boxes {
		if b.Name != a.box && b.Kept() && s.w.falls[asked{a.cmd, b.Name}] == nil && (other == nil || b.ID < other.ID) {
			other = b
		}
	}
	if other == nil {
		return nil
	}
	o := wire.SelectOptions{Mailbox: other.Name, ReadOnly: true}
	_, err := s.exchange(ctx, []step{s.selectStep(o, 0, &wire.SelectData{}, new(bool), nil)})
	return err
}

// didFor reports whether the server answered the same question for another folder on
// this connection.
func (s *session) didFor(a asked) bool {
	for other := range s.did {
		if other.cmd == a.cmd && other != a {
			return true
		}
	}
	return false
}

// noteDid notes that the server answered a question.
func (s *session) noteDid(a asked) {
	if a == (asked{}) {
		return
	}
	if s.did == nil {
		s.did = map[asked]bool{}
	}
	s.did[a] = true
	delete(s.w.falls, a)
}

// noteFalls notes over what folders the server may have ended the connection.
func (s *session) noteFalls(f *mail.Fault, steps []step, answered []bool) {
	if f.Code != mail.CodeConnectionLost && f.Code != mail.CodeServerClosed {
		return // a network that is silent says nothing of folders
	}
	left := 0
	for i := range steps {
		left += boolInt(!answered[i])
	}
	for i := range steps {
		a := steps[i].about
		if answered[i] || a == (asked{}) {
			continue
		}
		if s.w.falls == nil {
			s.w.falls = falls{}
		}
		if s.w.falls.ended(a, left == 1 && s.didFor(a)) {
			s.w.setNarrowed()
		}
	}
}
