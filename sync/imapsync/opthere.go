package imapsync

import (
	"context"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// A server says OK to a command on messages that another machine took away just
// before (RFC 3501 §6.4.8). So it is asked which of them are there, in the same breath
// as the command: what was not there waits for a pass to find out what became of it.

// presence is what a server says of which messages are in the open mailbox.
type presence struct {
	seen map[mail.UID]bool // that are there
	went bool              // it said that some message is no more: it may have told of it as it was
}

// step asks for messages.
func (p *presence) step(part []store.Target) step {
	set, _ := uidSet(part)
	return step{acts: true, cmd: "UID FETCH " + set + " (UID)", each: func(r *wire.Response) bool {
		f, ok := p.fetched(r)
		if ok {
			p.see(f.UID)
		}
		return ok && !f.HasFlags
	}}
}

// fetched reads what a server says of a message; false for any other response.
func (p *presence) fetched(r *wire.Response) (wire.Fetch, bool) {
	p.went = p.went || r.Type == "EXPUNGE" || r.Type == "VANISHED"
	if r.Type != "FETCH" || r.Bad != nil {
		return wire.Fetch{}, false
	}
	f, err := wire.ParseFetch(r)
	return f, err == nil && f.UID != 0
}

func (p *presence) see(uid mail.UID) {
	if p.seen == nil {
		p.seen = map[mail.UID]bool{}
	}
	p.seen[uid] = true
}

// part parts messages that are there from those that are not.
func (p *presence) part(ms []store.Target) (there, lost []store.Target) {
	for _, m := range ms {
		if p.seen[m.Location.UID] {
			there = append(there, m)
		} else {
			lost = append(lost, m)
		}
	}
	return there, lost
}

// present asks which messages are there, anew if that is not sure.
func (s *session) present(ctx context.Context, p *presence, part []store.Target) error {
	p.seen = nil
	return s.play(ctx, []step{p.step(part)})
}

// notThere says that messages were not there when the command came, although the
// server agreed. The op stays open for them: a pass finds out what became of them.
func (s *session) notThere(lost []store.Target) *mail.Fault {
	if len(lost) == 0 {
		return nil
	}
	s.pollNow()
	return takenFault(nil)
}

// takenFault is the fault of a command on messages that another machine took away.
func takenFault(err error) *mail.Fault {
	f := goneFault("message", err)
	f.RetryAfter = pollGap
	return f
}

// refusalOf is the fault of a command on messages, nil if the server agreed. Another
// machine may have been quicker: with the messages, if the server says so
// (EXPUNGEISSUED, RFC 5530 §3), or with the folder that they were to go to (TRYCREATE,
// RFC 9051 §7.1), which it may have given another name. The next pass finds out, and
// the op goes on or ends; if it finds nothing, what the server said is why.
func refusalOf(st wire.Status, cmd string) *mail.Fault {
	f := st.Fault(cmd)
	switch {
	case f != nil && st.Code == "EXPUNGEISSUED":
		return takenFault(f)
	case f != nil && f.Class == mail.ClassConflict:
		gone := goneFault("folder", refused(f.Args["command"], f.Args["text"]))
		gone.RetryAfter = pollGap
		return gone
	}
	return f
}
