package imapsync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// storeFlags sends a delta of flags for one mailbox. Where mod-sequences are to
// be had it is sent on the condition that nobody changed the messages since we
// looked (RFC 7162 §3.1.3); those that somebody did change are looked at again,
// and what is still missing of the delta is sent all the same: deltas merge.
func (s *session) storeFlags(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error) {
	if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
		return f, err
	}
	if f := s.fixed(g.add, g.remove); f != nil {
		return f, nil
	}
	c := flagStore{session: s, g: g, modseqs: map[mail.MessageID]mail.ModSeq{}, modified: map[mail.UID]bool{}}
	if box := s.boxes[g.box]; s.condstore && s.open.data.HighestModSeq > 0 && box.Cursor.HighestModSeq > 0 {
		c.since = max(box.Cursor.HighestModSeq, s.stored[g.box])
	}
	if err := c.send(ctx, g.messages); err != nil || c.refusal != nil {
		return c.refusal, err
	}
	if len(c.modified) > 0 {
		again, err := c.missing(ctx)
		if err != nil {
			return nil, err
		}
		c.since = 0
		if err := c.send(ctx, again); err != nil || c.refusal != nil {
			return c.refusal, err
		}
		s.pollNow() // what the others changed
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	there, lost := c.part(g.messages)
	done := make([]store.Done, 0, len(there))
	for _, m := range there {
		done = append(done, store.Done{ID: m.ID, ModSeq: c.modseqs[m.ID]})
		s.stored[g.box] = max(s.stored[g.box], c.modseqs[m.ID])
	}
	if err := s.w.cfg.Store.PartOp(ctx, w.Op.ID, done, w.With...); err != nil {
		return nil, err
	}
	// The delta follows them when the next pass has found out where to.
	return s.notThere(lost), nil
}

// flagStore is a delta of flags on its way to the open mailbox.
type flagStore struct {
	*session
	g        group
	since    mail.ModSeq // 0: without condition
	modseqs  map[mail.MessageID]mail.ModSeq
	modified map[mail.UID]bool // that failed the condition
	refusal  *mail.Fault
	presence
}

// counted reports whether the open mailbox has mod-sequences.
func (c *flagStore) counted() bool { return c.condstore && c.open.data.HighestModSeq > 0 }

// send sends the delta for some of the messages. Where no mod-sequences tell on
// which of them it was done, it asks in the same breath which of them are there.
func (c *flagStore) send(ctx context.Context, ms []store.Target) error {
	var steps []step
	for part := range slices.Chunk(ms, opBurst) {
		set, ids := uidSet(part)
		since := c.since // of the first command: it makes the mod-sequences new
		for _, d := range []struct {
			sign  string
			flags mail.Flags
		}{{"-", c.g.remove}, {"+", c.g.add}} {
			if len(d.flags) == 0 {
				continue
			}
			cmd := "UID STORE " + set
			if since > 0 {
				cmd += fmt.Sprintf(" (UNCHANGEDSINCE %d)", since)
			}
			steps = append(steps, c.step(cmd+" "+d.sign+"FLAGS.SILENT ("+wireFlags(d.flags)+")", since > 0, part, ids))
			since = 0
		}
		if !c.counted() {
			steps = append(steps, c.presence.step(part))
		}
	}
	return c.play(ctx, steps)
}

func (c *flagStore) step(cmd string, conditional bool, part []store.Target, ids map[mail.UID]mail.MessageID) step {
	failed := false
	return step{
		acts: true, cmd: cmd,
		each: func(r *wire.Response) bool {
			// With CONDSTORE the new mod-sequences come even so
			// (RFC 7162 §3.1.3); flags are another's change.
			f, ok := c.fetched(r)
			if !ok || f.HasFlags || f.ModSeq == 0 {
				return false
			}
			if id, ok := ids[f.UID]; ok {
				c.modseqs[id] = f.ModSeq
			}
			return true
		},
		code: func(code wire.Value) {
			// It may come with NO as well, and be of sequence numbers nowhere
			// but in STORE without UID.
			if !conditional || !code.At(0).Is("MODIFIED") {
				return
			}
			set, err := wire.ParseSet(code.At(1).Bytes())
			for _, m := range part {
				if err != nil || set.Has(m.Location.UID) {
					c.modified[m.Location.UID], failed = true, true
				}
			}
		},
		end: func(st wire.Status) {
			f := st.Fault("UID STORE")
			if f == nil || failed {
				return
			}
			if conditional && st.Type == "BAD" {
				// It shows CONDSTORE and does not take what belongs to it.
				for _, m := range part {
					c.modified[m.Location.UID] = true
				}
				return
			}
			if st.Code == "EXPUNGEISSUED" {
				f = takenFault(f)
			}
			if c.refusal == nil {
				c.refusal = f
			}
		},
	}
}

// missing asks for the flags of the messages that somebody else changed, and
// returns those on which the delta is still to be done. One of which no flags
// come is sent the delta: if it is no more, that does nothing.
func (c *flagStore) missing(ctx context.Context) ([]store.Target, error) {
	var asked []store.Target
	for _, m := range c.g.messages {
		if c.modified[m.Location.UID] {
			asked = append(asked, m)
		}
	}
	have, err := c.flagsOf(ctx, asked)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(asked, func(m store.Target) bool {
		fs, ok := have[m.Location.UID]
		return ok && fs.With(c.g.add, c.g.remove).Equal(fs)
	}), nil
}

// settle finds out which messages were in the mailbox when the delta came: a server
// answers OK all the same (RFC 3501 §6.4.8). With mod-sequences it names each message
// that it did change; whether the others are there is asked. Without, what is there was
// asked with the delta, and is asked again when the server said meanwhile that messages
// went: it may have told of them as they were.
func (c *flagStore) settle(ctx context.Context) error {
	switch {
	case c.counted():
		for _, m := range c.g.messages {
			if c.modseqs[m.ID] > 0 {
				c.see(m.Location.UID)
			}
		}
	case c.went:
		c.seen = nil
	default:
		return nil
	}
	_, silent := c.part(c.g.messages)
	_, err := c.flagsOf(ctx, silent)
	return err
}

// flagsOf asks for the flags of messages; those of messages that are no more are
// missing from the answer.
func (c *flagStore) flagsOf(ctx context.Context, ms []store.Target) (map[mail.UID]mail.Flags, error) {
	have := map[mail.UID]mail.Flags{}
	var steps []step
	for part := range slices.Chunk(ms, opBurst) {
		set, _ := uidSet(part)
		steps = append(steps, step{
			acts: true, cmd: "UID FETCH " + set + " (UID FLAGS)",
			each: func(r *wire.Response) bool {
				f, ok := c.fetched(r)
				if !ok || !f.HasFlags {
					return false
				}
				have[f.UID] = f.Flags
				c.see(f.UID)
				return true
			},
		})
	}
	return have, c.play(ctx, steps)
}

// wireFlags are flags as the server wants them.
func wireFlags(fs mail.Flags) string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.Wire()
	}
	return strings.Join(out, " ")
}
