package imapsync

import (
	"context"
	"slices"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// storeFlags sends a delta of flags for one mailbox.
func (s *session) storeFlags(ctx context.Context, w *store.OpWork, g group) (*mail.Fault, error) {
	if f, err := s.enterGroup(ctx, g); f != nil || err != nil {
		return f, err
	}
	if f := s.permitted(g.add); f != nil {
		return f, nil
	}
	var refusal *mail.Fault
	var steps []step
	modseqs := make(map[mail.MessageID]mail.ModSeq, len(g.messages))
	for part := range slices.Chunk(g.messages, opBurst) {
		set, ids := uidSet(part)
		for _, d := range []struct {
			sign  string
			flags mail.Flags
		}{{"-", g.remove}, {"+", g.add}} {
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
	if err := s.play(ctx, steps); err != nil || refusal != nil {
		return refusal, err
	}
	done := make([]store.Done, 0, len(g.messages))
	for _, m := range g.messages {
		done = append(done, store.Done{ID: m.ID, ModSeq: modseqs[m.ID]})
	}
	return nil, s.w.cfg.Store.PartOp(ctx, w.Op.ID, done)
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
