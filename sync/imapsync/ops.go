package imapsync

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	opLater    = 30 * time.Second
)

// pushOps sends what the user did, in the order in which it was done. An error
// is the connection's or the store's; what a server refuses ends the op alone.
// An op that was cut off between its command and the answer is sent again
// later: adding or removing a flag twice is harmless.
func (s *session) pushOps(ctx context.Context) error {
	for {
		work, err := s.w.cfg.Store.ReadyOps(ctx, s.w.cfg.Account.ID, time.Now())
		if err != nil || len(work) == 0 {
			return err
		}
		for i := range work {
			if err := s.pushOp(ctx, &work[i]); err != nil && !ended(err) {
				return err
			}
		}
	}
}

// ended reports whether an op ended while it was being sent: the user took it
// back.
func ended(err error) bool {
	f := mail.FaultOf(err)
	return f.Code == mail.CodeGone && f.Class == mail.ClassConflict
}

// pushOp sends one op and tells the store how it ended.
func (s *session) pushOp(ctx context.Context, w *store.OpWork) error {
	st := s.w.cfg.Store
	if w.Op.Kind != mail.OpFlags {
		return st.FailOp(ctx, w.Op.ID, &mail.Fault{
			Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": string(w.Op.Kind)},
		})
	}
	if err := st.StartOp(ctx, w.Op.ID); err != nil {
		return err
	}
	var done []mail.MessageID
	modseqs := map[mail.MessageID]mail.ModSeq{}
	for _, g := range byMailbox(w.Messages) {
		if g.box == 0 {
			continue // no more on the server: the store waited for them in vain
		}
		f, err := s.storeFlags(ctx, &w.Op, g, modseqs)
		if err != nil {
			return err // the op stays "sending" and is replayed
		}
		if f != nil {
			return s.endRefused(ctx, w, f)
		}
		for _, m := range g.messages {
			done = append(done, m.ID)
		}
	}
	if len(done) == 0 {
		return st.FailOp(ctx, w.Op.ID, &mail.Fault{
			Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "message"},
		})
	}
	if err := st.FinishOp(ctx, w.Op.ID, done, modseqs); err != nil {
		return err
	}
	s.tally.OpsSent++
	return nil
}

// endRefused gives an op up, or puts it off where waiting may help.
func (s *session) endRefused(ctx context.Context, w *store.OpWork, f *mail.Fault) error {
	switch {
	case f.Class == mail.ClassLimit:
		wait := max(f.RetryAfter, opLater)
		return s.w.cfg.Store.RetryOp(ctx, w.Op.ID, time.Now().Add(wait), f)
	case f.Class == mail.ClassConflict && w.Op.Tries < opPatience:
		// The mailbox is another one now; a pass finds its messages again.
		return s.w.cfg.Store.RetryOp(ctx, w.Op.ID, time.Now().Add(opLater), f)
	default:
		s.log.Warn("the server refused an op", "op", w.Op.ID, "code", f.Code)
		return s.w.cfg.Store.FailOp(ctx, w.Op.ID, f)
	}
}

// group is the messages of an op that are in one mailbox; box 0: in none.
type group struct {
	box      mail.MailboxID
	messages []mail.Message
}

// byMailbox groups messages, in the order in which mailboxes first occur.
func byMailbox(ms []mail.Message) []group {
	var out []group
	for _, m := range ms {
		box := m.Location.Mailbox
		if m.Location.UID == 0 {
			box = 0
		}
		i := slices.IndexFunc(out, func(g group) bool { return g.box == box })
		if i < 0 {
			out = append(out, group{box: box})
			i = len(out) - 1
		}
		out[i].messages = append(out[i].messages, m)
	}
	return out
}

// storeFlags sends an op's delta for one mailbox. The mailbox is selected, and
// its UIDVALIDITY seen, before any STORE leaves: a STORE that is pipelined
// behind a SELECT which fails could hit another mailbox.
func (s *session) storeFlags(ctx context.Context, op *mail.Op, g group, modseqs map[mail.MessageID]mail.ModSeq) (*mail.Fault, error) {
	box := s.boxes[g.box]
	if box == nil {
		return &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "folder"}}, nil
	}
	if err := s.enter(ctx, box); err != nil {
		var f *mail.Fault
		if errors.As(err, &f) && f.Class == mail.ClassConflict {
			return f, nil
		}
		return nil, err
	}
	if f := s.permitted(op.Add); f != nil {
		return f, nil
	}
	var refusal *mail.Fault
	var steps []step
	ids := make(map[mail.UID]mail.MessageID, len(g.messages))
	for part := range slices.Chunk(g.messages, opBurst) {
		uids := make([]mail.UID, 0, len(part))
		for _, m := range part {
			if m.Location.UIDValidity != 0 && m.Location.UIDValidity != box.Cursor.UIDValidity {
				return &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "message"}, Err: errReset}, nil
			}
			uids = append(uids, m.Location.UID)
			ids[m.Location.UID] = m.ID
		}
		set := wire.NewSet(uids).String()
		for _, d := range []struct {
			sign  string
			flags mail.Flags
		}{{"-", op.Remove}, {"+", op.Add}} {
			if len(d.flags) == 0 {
				continue
			}
			steps = append(steps, step{
				cmd: "UID STORE " + set + " " + d.sign + "FLAGS.SILENT (" + wireFlags(d.flags) + ")",
				each: func(r *wire.Response) bool {
					// With CONDSTORE the new mod-sequences come even so
					// (RFC 7162 §3.1.3); flags are another's change.
					f, err := wire.ParseFetch(r)
					if r.Type != "FETCH" || err != nil || r.Bad != nil || f.UID == 0 || f.HasFlags {
						return false
					}
					if id, ok := ids[f.UID]; ok && f.ModSeq > 0 {
						modseqs[id] = f.ModSeq
					}
					return true
				},
				end: func(st wire.Status) {
					if f := st.Fault("UID STORE"); f != nil && refusal == nil {
						refusal = f
					}
				},
			})
		}
	}
	err := s.play(ctx, steps)
	return refusal, err
}

// permitted returns a Fault when the open mailbox cannot keep one of the flags
// (RFC 3501 §7.1, PERMANENTFLAGS). A server that does not say keeps all.
func (s *session) permitted(add mail.Flags) *mail.Fault {
	d := &s.open.data
	if d.ReadOnly {
		return &mail.Fault{Code: mail.CodeRefusedCommand, Class: mail.ClassProtocol, Args: mail.Args{"command": "UID STORE", "text": "READ-ONLY"}}
	}
	if len(d.Permanent) == 0 || d.NewKeywords {
		return nil
	}
	for _, f := range add {
		if !d.Permanent.Has(f) {
			return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": "flag " + string(f)}}
		}
	}
	return nil
}

// wireFlags are flags as the server wants them.
func wireFlags(fs mail.Flags) string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.Wire()
	}
	return strings.Join(out, " ")
}
