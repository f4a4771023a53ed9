package imapsync

import (
	"context"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// One folder may not be had for a while: another program holds its lock (INUSE), or
// the machine that it is on is down (UNAVAILABLE, RFC 5530 §3). It is left out for
// that long, and all others go on. That it is the folder, and not the server that
// wants to be left in peace, shows when another one is asked for next.

const (
	// busyFirst is how long a folder is left out, the first time. It is twice as
	// long each time after, up to busyMost: a server may take minutes to say so.
	busyFirst = time.Minute
	busyMost  = 15 * time.Minute
	// busyFetches is how many times in a row a folder is left out as its messages are
	// not to be had now, before that is taken for something that is wrong with one of
	// them: some servers say UNAVAILABLE for ever of one that they cannot read.
	busyFetches = 5
)

// busyFolders are the folders that a burst asked for and that are not to be had now.
type busyFolders struct {
	questions []asked
	answers   []wire.Status
	fine      bool // the server answered for a folder after the last of them
}

// note reports whether an answer is that of a busy folder.
func (b *busyFolders) note(st *step, status wire.Status) bool {
	if !st.waits || !status.Busy() {
		b.fine = b.fine || st.about != asked{} && status.OK()
		return false
	}
	b.questions, b.answers = append(b.questions, st.about), append(b.answers, status)
	b.fine = false
	return true
}

// leaveOutBusy leaves the busy folders of a burst out for now. Where the server answers
// for no other either, refused is the fault of the whole burst; err is the connection's.
func (s *session) leaveOutBusy(ctx context.Context, b *busyFolders) (refused, err error) {
	if !b.fine {
		if b.fine, err = s.answersForAnother(ctx, b.questions); err != nil {
			return nil, err
		}
	}
	if !b.fine {
		a := b.questions[0]
		return s.refusedWhole(b.answers[0].Fault(a.cmd), a), nil
	}
	if s.w.falls == nil {
		s.w.falls = falls{}
	}
	for i, a := range b.questions {
		f := b.answers[i].Fault(a.cmd)
		s.w.falls.busy(a, f.Args["text"])
		if box := s.boxByName(a.box); box != nil {
			s.refuse(box, f, b.answers[i].Code)
		}
	}
	return nil, nil
}

// refusedWhole is the fault of a burst, as it is told: it says which server asks for
// patience, and for what folder it was asked.
func (s *session) refusedWhole(f *mail.Fault, about asked) *mail.Fault {
	f.Args["host"] = s.w.host()
	if box := s.boxByName(about.box); box != nil {
		f.Args["folder"] = box.Path()
	}
	return f
}

// answersForAnother asks what was asked last of a folder that was not asked for, the
// inbox if it can be, and reports whether the server answers. Without one it does not.
func (s *session) answersForAnother(ctx context.Context, questions []asked) (bool, error) {
	cmd := questions[len(questions)-1].cmd
	name := ""
	for _, box := range s.boxes {
		switch a := (asked{cmd, box.Name}); {
		case !box.Kept() || slices.Contains(questions, a) || s.w.falls.out(a):
		case name == "" || box.Name == "INBOX" || name != "INBOX" && box.Name < name:
			name = box.Name
		}
	}
	if name == "" {
		return false, nil
	}
	st := s.selectStep(wire.SelectOptions{Mailbox: name, ReadOnly: true}, 0, &wire.SelectData{}, new(bool), nil)
	if cmd == "STATUS" {
		st = s.statusStep(name, &wire.StatusData{}, new(bool))
	}
	// Whatever else is wrong with that one: the server does not ask for patience.
	st.waits = false
	var f *mail.Fault
	end := st.end
	st.end = func(got wire.Status) {
		if f = got.Fault(cmd); end != nil {
			end(got)
		}
	}
	_, err := s.exchange(ctx, []step{st})
	return f == nil || f.Class != mail.ClassLimit, err
}

// leaveOutPatiently leaves a folder out for now whose messages are not to be had now.
// It is false when it was done often enough: then fewer are asked for.
func (s *session) leaveOutPatiently(box *mail.Mailbox, f *mail.Fault) bool {
	a := asked{"FETCH", box.Name}
	if b := s.w.falls[a]; b != nil && b.refusals >= busyFetches {
		return false
	}
	if s.w.falls == nil {
		s.w.falls = falls{}
	}
	s.w.falls.busy(a, f.Args["text"])
	s.refuse(box, f, "")
	return true
}

// gaveUp notes that one message was given up that was not to be had now. One each time
// that the folder was left out is enough: it may be that none is to be had.
func (fs falls) gaveUp(name string) {
	if f := fs[asked{"FETCH", name}]; f != nil {
		f.refusals = busyFetches - 1
	}
}

// fetched notes that the messages of a folder are to be had.
func (fs falls) fetched(name string) { delete(fs, asked{"FETCH", name}) }

// busy notes that a server refused a folder for now.
func (fs falls) busy(a asked, text string) {
	f := fs[a]
	if f == nil {
		f = &fall{}
		fs[a] = f
	}
	f.cuts, f.alone = 0, 0
	f.spell = doubled(busyFirst, f.refusals, busyMost)
	f.refusals, f.text = f.refusals+1, text
	f.until = time.Now().Add(f.spell)
}

// refusedNow is what is remembered of a folder that is refused for now; nil: it is not.
func (fs falls) refusedNow(name string) *fall {
	for _, a := range questions(name) {
		if f := fs[a]; f != nil && f.refusals > 0 {
			return f
		}
	}
	return nil
}
