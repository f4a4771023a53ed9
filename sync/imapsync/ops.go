package imapsync

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

const (
	// opBurst bounds the UIDs of one STORE: some servers refuse long lines.
	opBurst = 500
	// opPatience is how often an op is put off, when its mailbox was made anew
	// or cannot be opened, before it is given up.
	opPatience = 5
	opLater    = 30 * time.Second // and each time twice as long where the server asks for patience,
	opLatest   = time.Hour        // up to this
	// limitPatience is how often an op is put off because the server asks for
	// patience, before it is given up: that takes a day. What was done after it on
	// the same messages waits as long.
	limitPatience = 30
	// opTurn is how long ops are sent before what else there is to do.
	opTurn = time.Second
)

// pushOps sends what the user did, in the order in which it was done, for opTurn:
// what else there is to do has its turn too, and then the rest is sent. An error
// is the connection's or the store's; what a server refuses ends the op alone.
// An op that was cut off between its command and the answer is looked at again
// on the next connection, after a pass.
func (s *session) pushOps(ctx context.Context) (more bool, err error) {
	for until := time.Now().Add(opTurn); ; {
		work, err := s.readyOps(ctx, s.w.opFalls.ids()...)
		if err == nil && len(work) == 0 && len(s.w.opFalls) > 0 {
			work, err = s.readyOps(ctx)
		}
		if err != nil || len(work) == 0 {
			return false, err
		}
		for i := range work {
			stale, err := s.pushOp(ctx, &work[i])
			if err != nil && !ended(err) {
				return false, err
			}
			if !time.Now().Before(until) {
				return true, nil
			}
			if stale || err != nil {
				break // messages have other places, or later ops have to wait
			}
		}
	}
}

// readyOps are the ops that may be sent, without those that come last.
func (s *session) readyOps(ctx context.Context, last ...mail.OpID) ([]store.OpWork, error) {
	work, next, err := s.w.cfg.Store.ReadyOps(ctx, s.w.cfg.Account.ID, time.Now(), last...)
	s.nextOp = next
	return work, err
}

// ended reports whether an op ended while it was being sent: the user took it
// back.
func ended(err error) bool {
	f := mail.FaultOf(err)
	return f.Code == mail.CodeGone && f.Class == mail.ClassConflict
}

// pushOp sends one op and tells the store how it ended. stale says that what the
// store says of other ops has to be asked for again.
func (s *session) pushOp(ctx context.Context, w *store.OpWork) (stale bool, err error) {
	if box := s.boxes[w.Op.Mailbox]; box != nil && w.Op.State == mail.OpWaiting && s.unsure[box.Name] {
		// Nobody knows whether the folder is there: a listing that can be read tells.
		return true, s.w.cfg.Store.RetryOp(ctx, w.Op.ID, time.Now().Add(opLater), nil, w.With...)
	}
	if err := s.w.cfg.Store.StartOp(ctx, w.Op.ID, w.With...); err != nil {
		return true, err
	}
	s.sending = idsOf(w)
	defer func() {
		if s.conn.Err() == nil {
			s.forgetFalls(s.sending)
		}
		s.sending = nil
	}()
	switch w.Op.Kind {
	case mail.OpFlags:
		return s.pushMessages(ctx, w, s.storeFlags)
	case mail.OpMove:
		err = s.pushAway(ctx, w, s.moveMessages)
	case mail.OpCopy:
		_, err = s.pushMessages(ctx, w, s.copyMessages)
	case mail.OpDelete:
		err = s.pushAway(ctx, w, s.deleteMessages)
	case mail.OpFolderCreate, mail.OpFolderRename, mail.OpFolderDelete, mail.OpFolderSubscribe, mail.OpFolderUnsubscribe:
		err = s.pushFolder(ctx, w)
	default:
		return true, s.w.cfg.Store.FailOp(ctx, w.Op.ID, &mail.Fault{
			Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": string(w.Op.Kind)},
		})
	}
	if f := mail.FaultOf(err); err != nil && f.Code == mail.CodeFolderRefused {
		// Where it may have been done nobody can look for now.
		err = s.w.cfg.Store.HoldOp(ctx, w.Op.ID, time.Now().Add(f.RetryAfter), w.With...)
	}
	if err != nil {
		return true, err
	}
	s.pollNow()
	return true, s.loadBoxes(ctx) // numbers, names and cursors are others now
}

// send does an op on messages of one mailbox, tells the store of those on which
// the server did it, and returns why it did not do it on others.
type send func(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error)

// pushMessages sends an op on messages, a mailbox after the other.
func (s *session) pushMessages(ctx context.Context, w *store.OpWork, f send) (stale bool, err error) {
	some, others := false, false
	for _, g := range byMailbox(w.Messages) {
		if g.box == 0 { // they are gone from where they were
			moved, err := s.recallMoved(ctx, w, g.messages)
			if err != nil {
				return true, err
			}
			some, others = some || moved > 0, others || moved < len(g.messages)
			continue
		}
		refusal, err := f(ctx, w, g)
		if err != nil {
			return true, err // the op stays "sending" and is looked at again
		}
		if refusal != nil {
			return true, s.endRefused(ctx, w, refusal)
		}
		some = true
	}
	if w.Done || !some && w.Op.Kind == mail.OpDelete {
		// An earlier try did it all, or what is gone is as it was wanted.
		return true, s.w.cfg.Store.FinishOp(ctx, w.Op.ID, doneOf(w.Messages, copied{}), w.With...)
	}
	if !some {
		return true, s.w.cfg.Store.FailOp(ctx, w.Op.ID, goneFault("message", nil), w.With...)
	}
	if others {
		// It stays open for them: they may turn up elsewhere, and if they do not,
		// that has to be said.
		return true, s.w.cfg.Store.RetryOp(ctx, w.Op.ID, time.Time{}, nil, w.With...)
	}
	if err := s.w.cfg.Store.FinishOp(ctx, w.Op.ID, nil, w.With...); err != nil {
		return true, err
	}
	s.tally.OpsSent += 1 + len(w.With)
	return false, nil
}

func goneFault(what string, err error) *mail.Fault {
	return &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": what}, Err: err}
}

// endRefused gives an op up, or puts it off where waiting may help. Ops that were
// sent as one, and refused, are sent one by one, so that each has its own answer;
// unless the server has begun to do them.
func (s *session) endRefused(ctx context.Context, w *store.OpWork, f *mail.Fault) error {
	if s.spent() {
		f = givenUp(f)
	}
	var wait time.Duration
	if f.Class == mail.ClassLimit && w.Op.Tries >= limitsOf(f) {
		f = refused(f.Args["command"], f.Args["text"]) // it is not for now
	}
	begun := slices.ContainsFunc(w.Messages, func(m store.Target) bool { return m.Copied })
	switch {
	case f.Class == mail.ClassLimit:
		f.Args["host"] = s.w.host()
		wait = max(min(f.RetryAfter, retryCeiling), doubled(opLater, w.Op.Tries, opLatest))
	case f.Code == mail.CodeFolderLeftOut || f.Code == mail.CodeFolderRefused:
		wait = f.RetryAfter // as long as the folder is left out
	case f.Class == mail.ClassConflict && f.Code == mail.CodeGone && w.Op.Tries < opPatience:
		// The mailbox is another one now; a pass finds its messages again.
		wait = opLater
		if f.RetryAfter > 0 {
			wait = f.RetryAfter
		}
	case len(w.With) > 0 && !begun:
	default:
		if said := (*mail.Fault)(nil); f.Code == mail.CodeGone && errors.As(f.Err, &said) && said.Code == mail.CodeRefusedCommand {
			f = said // the folder, or the message, was not gone then
		}
		s.log.Warn("the server refused an op", "op", w.Op.ID, "code", f.Code)
		return s.w.cfg.Store.FailOp(ctx, w.Op.ID, f, w.With...)
	}
	return s.w.cfg.Store.RetryOp(ctx, w.Op.ID, time.Now().Add(wait), f, w.With...)
}

// limitsOf is how often an op is put off after such an answer. LIMIT means most often
// that the server cannot do it at all (RFC 5530 §3: "At most 32 flags in one mailbox
// supported").
func limitsOf(f *mail.Fault) int {
	var r *wire.Refused
	if errors.As(f, &r) && r.Status.Code == "LIMIT" {
		return opPatience
	}
	return limitPatience
}

// group is the messages of an op that are in one mailbox and get the same flags;
// box 0: in none.
type group struct {
	box         mail.MailboxID
	add, remove mail.Flags
	messages    []store.Target
}

// byMailbox groups messages, in the order in which mailboxes first occur.
func byMailbox(ms []store.Target) []group {
	var out []group
	for _, m := range ms {
		box := m.Location.Mailbox
		if m.Location.UID == 0 {
			box = 0
		}
		i := slices.IndexFunc(out, func(g group) bool {
			return g.box == box && g.add.Equal(m.Add) && g.remove.Equal(m.Remove)
		})
		if i < 0 {
			out = append(out, group{box: box, add: m.Add, remove: m.Remove})
			i = len(out) - 1
		}
		out[i].messages = append(out[i].messages, m)
	}
	return out
}

// enterGroup selects the mailbox of a group, under the UIDVALIDITY that its UIDs
// belong to, before any command that names one: a command that is pipelined
// behind a SELECT which fails could hit another mailbox. What is wrong with the
// mailbox is a refusal.
func (s *session) enterGroup(ctx context.Context, g group) (refusal *mail.Fault, err error) {
	box := s.boxes[g.box]
	if box == nil {
		return goneFault("folder", nil), nil
	}
	if err := s.enter(ctx, box); err != nil {
		var f *mail.Fault
		if errors.As(err, &f) && f.Class == mail.ClassConflict {
			return f, nil
		}
		return nil, err
	}
	for _, m := range g.messages {
		if v := m.Location.UIDValidity; v != 0 && v != box.Cursor.UIDValidity {
			return goneFault("message", errReset), nil
		}
	}
	return nil, nil
}

func refused(command, text string) *mail.Fault {
	return &mail.Fault{
		Code: mail.CodeRefusedCommand, Class: mail.ClassProtocol, Args: mail.Args{"command": command, "text": text},
	}
}

// uidSet are the UIDs of messages as a command takes them, and the messages by
// UID.
func uidSet(ms []store.Target) (string, map[mail.UID]mail.MessageID) {
	uids := make([]mail.UID, 0, len(ms))
	ids := make(map[mail.UID]mail.MessageID, len(ms))
	for _, m := range ms {
		uids = append(uids, m.Location.UID)
		ids[m.Location.UID] = m.ID
	}
	return wire.NewSet(uids).String(), ids
}
