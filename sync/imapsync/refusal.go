package imapsync

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// refusedOften is how many times in a row a server has to refuse a folder before
// the user is told: one that is being repaired or renamed comes back by itself.
const refusedOften = 3

// refusal is a folder that a server lists and does not let us read, or of which
// it does not tell the flags. All others go on.
type refusal struct {
	code  mail.Code // folder-refused, or folder-left-out
	path  string    // as the user sees it
	text  string    // the server's words; those of later times may differ in a date only
	times int       // in a row
}

// refusals are those of an account, by the folder's name.
type refusals struct {
	of   map[string]refusal
	over bool // no problem of one is kept, not by a process before this one either
}

func (r *refusals) has(name string) bool { return r.of[name].times > 0 }

// paths are the folders that were refused the last time that they were asked for.
func (r *refusals) paths() []string {
	out := make([]string, 0, len(r.of))
	for _, each := range r.of {
		out = append(out, each.path)
	}
	slices.Sort(out)
	return out
}

// refuse notes that the server refused to show a folder. One that is gone, or that
// the user has no right to, is shown as such and is no problem.
func (s *session) refuse(box *mail.Mailbox, f *mail.Fault, code string) {
	text := f.Args["text"]
	if f.Class == mail.ClassConflict || code == "NOPERM" || saysNoRight(strings.ToLower(text)) {
		return
	}
	s.log.Warn("the server refuses a mailbox", "mailbox", box.ID, "code", f.Code)
	if s.w.refusals.of == nil {
		s.w.refusals.of = map[string]refusal{}
	}
	r, again := s.w.refusals.of[box.Name]
	r.code = mail.CodeFolderRefused
	switch b := s.w.falls.refusedNow(box.Name); {
	case b != nil:
		text, r.times = b.text, b.refusals // it is not asked each time
	case s.w.falls.leavesOut(box.Name):
		r.code, r.times = mail.CodeFolderLeftOut, max(r.times+1, refusedOften) // it was tried as often
	default:
		r.times++
	}
	if !again {
		r.text = text
	}
	r.path = box.Path()
	s.w.refusals.of[box.Name] = r
}

func saysNoRight(text string) bool {
	return strings.Contains(text, "permission denied") || strings.Contains(text, "access denied")
}

// allow notes that a folder is in step again.
func (s *session) allow(name string) {
	delete(s.suspects, name)
	delete(s.w.refusals.of, name)
}

// askLess goes on with a mailbox whose flags the server refuses to tell: it is
// asked for all of them in place of those that changed, then for none, as what is
// new and what is gone can be known all the same.
func (s *session) askLess(t *target) {
	if t.how == byModSeq {
		t.how = byFlags
		return
	}
	s.refuse(t.box, t.refusedOld, "")
	t.noFlags, t.askUIDs = true, true
}

// refuseStatus notes that the server has no numbers of a folder that was read
// before. Of others, servers list many that cannot be opened.
func (s *session) refuseStatus(name string, st wire.Status) {
	if box := s.boxByName(name); box != nil && !st.OK() && (box.Cursor.UIDNext != 0 || s.w.falls.leavesOut(name)) {
		s.refuse(box, st.Fault("STATUS"), st.Code)
	}
}

// tellRefused raises the problem of a folder that is refused again and again, and
// takes it back when it is in step or gone. There is one an account: it names the
// first of them by name.
func (s *session) tellRefused(ctx context.Context, byName map[string]*listed) error {
	id, known := s.w.cfg.Account.ID, &s.w.refusals
	maps.DeleteFunc(known.of, func(name string, _ refusal) bool {
		l := byName[name]
		return l == nil || !l.refused && !l.indexed()
	})
	s.w.falls.forget(byName)
	if len(known.of) > 0 {
		// One that may come back is looked at again, also where polls are rare.
		s.nextPoll = earlier(s.nextPoll, s.lastPoll.Add(s.w.cfg.PollInterval))
	}
	for _, name := range slices.Sorted(maps.Keys(known.of)) {
		if r := known.of[name]; r.times >= refusedOften {
			known.over = false
			return s.raiseRefusal(ctx, r)
		}
	}
	if known.over {
		return nil
	}
	stands, err := s.stillRefused(ctx)
	if stands || err != nil {
		return err
	}
	known.over = true
	return s.w.cfg.Store.ClearProblem(ctx, id, mail.CodeFolderRefused, mail.CodeFolderLeftOut)
}

// raiseRefusal raises the problem of one folder in place of that of another.
func (s *session) raiseRefusal(ctx context.Context, r refusal) error {
	p := mail.Problem{Account: s.w.cfg.Account.ID, Code: r.code, Class: mail.ClassProtocol, Args: mail.Args{"folder": r.path}}
	other := mail.CodeFolderRefused
	if r.code == other {
		p.Args["text"] = r.text
		other = mail.CodeFolderLeftOut
	}
	if err := s.w.cfg.Store.ClearProblem(ctx, p.Account, other); err != nil {
		return err
	}
	return s.w.cfg.Store.RaiseProblem(ctx, p)
}

// stillRefused reports whether what was told, by a process before this one it may
// be, is of a folder that was refused just now too.
func (s *session) stillRefused(ctx context.Context) (bool, error) {
	if len(s.w.refusals.of) == 0 {
		return false, nil
	}
	ps, err := s.w.cfg.Store.Problems(ctx)
	return slices.ContainsFunc(ps, func(p mail.Problem) bool {
		if p.Account != s.w.cfg.Account.ID || p.Code != mail.CodeFolderRefused && p.Code != mail.CodeFolderLeftOut {
			return false
		}
		for _, r := range s.w.refusals.of {
			if r.path == p.Args["folder"] {
				return true
			}
		}
		return false
	}), err
}
