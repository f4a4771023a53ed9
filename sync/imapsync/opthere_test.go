package imapsync

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/wire"
)

// TestAnotherIsQuickerThanOurCommand: another machine moves a message after our last
// look at its folder and before our command, to which the server says OK all the same.
// Our move and our copy follow it to where it is now, and our deletion spares it.
func TestAnotherIsQuickerThanOurCommand(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string]string{
		"MOVE":    allCaps,
		"UIDPLUS": "IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS",
		"neither": "IMAP4rev1 IDLE LIST-EXTENDED SPECIAL-USE",
	} {
		for _, kind := range []mail.OpKind{mail.OpMove, mail.OpCopy, mail.OpDelete} {
			t.Run(name+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				anotherIsQuicker(t, caps, kind)
			})
		}
	}
}

func anotherIsQuicker(t *testing.T, caps string, kind mail.OpKind) {
	t.Helper()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: caps})
	var before atSelect
	r := newRig(t, dc, 0, func(c *Config) { c.Dial = before.dial })
	for _, box := range []string{"Work", "Other"} {
		if err := dc.Client(t, 0).Create(box, nil).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	uid := r.deliver("Archive", "wanted twice")
	r.settled()
	op := mail.Op{Kind: kind, Targets: []mail.MessageID{idOf(r, "Archive", "wanted twice")}}
	if kind != mail.OpDelete {
		op.Mailbox = r.box("Work").ID
	}
	other := r.other("Archive")
	before.do(func() {
		// go-imap copies and removes where there is no MOVE.
		if _, err := other.Move(imap.UIDSetNum(uid), "Other").Wait(); err != nil {
			t.Error(err)
		}
	})
	op = r.do(op)
	r.until("the op ends", func() bool {
		got, err := r.store.Op(t.Context(), op.ID)
		return err == nil && !got.State.Open()
	})
	r.sync()
	op, err := r.store.Op(t.Context(), op.ID)
	if err != nil {
		t.Fatal(err)
	}
	ps, err := r.store.Problems(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var codes []mail.Code
	for _, p := range ps {
		codes = append(codes, p.Code)
	}
	message, none := []string{"wanted twice"}, []string(nil)
	want := map[mail.OpKind]struct {
		state       mail.OpState
		work, other []string
		problems    []mail.Code
	}{
		mail.OpMove:   {mail.OpDone, message, none, nil},
		mail.OpCopy:   {mail.OpDone, message, message, nil},
		mail.OpDelete: {mail.OpFailed, none, message, []mail.Code{mail.CodeMovedElsewhere}},
	}[kind]
	if op.State != want.state || !slices.Equal(codes, want.problems) {
		t.Errorf("the op is %s (%s), problems %q", op.State, op.Fault, codes)
	}
	r.agree("Archive")
	r.agree("Work", want.work...)
	r.agree("Other", want.other...)
}

// atSelect does something once, when a mailbox is about to be selected.
type atSelect struct {
	mu   sync.Mutex
	what func()
}

func (a *atSelect) do(what func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.what = what
}

func (a *atSelect) dial(ctx context.Context, o wire.Options) (*wire.Conn, error) {
	o.Dial.Trace = func(dir byte, line []byte) {
		if dir != 'C' || !strings.Contains(string(line), " SELECT ") {
			return
		}
		a.mu.Lock()
		what := a.what
		a.what = nil
		a.mu.Unlock()
		if what != nil {
			what()
		}
	}
	return wire.Dial(ctx, o)
}

// TestWhatWasNotThereStaysOpen: of two messages the server has only the first when our
// command comes, or does not know itself yet. It is done on that one; the other shows
// as we want it, and the next pass finds out what became of it.
func TestWhatWasNotThereStaysOpen(t *testing.T) {
	t.Parallel()
	const (
		one   = "S: * 1 FETCH (UID 1)\n"
		both  = one + "S: * 2 FETCH (UID 2)\n"
		went  = "S: * 2 EXPUNGE\n"
		ask   = "C: M1 UID FETCH 1:2 (UID)\n"
		move  = ask + "C: M2 UID MOVE 1:2 \"Work\"\n"
		copy2 = "C: M2 UID COPY 1:2 \"Work\"\n"
		flag  = "C: M2 UID STORE 1:2 +FLAGS.SILENT (\\Deleted)\n" + ask
		again = "C: M3 UID FETCH 1:2 (UID)\n" + one + "S: M3 OK done\n"
		named = "S: M2 OK [COPYUID 9 1 1] done\n"
		ok1   = "S: M1 OK done\n"
		ok2   = "S: M2 OK done\n"
		first = "C: M4 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: M4 OK done\n"
		next  = "C: N1 NOOP\nS: <close>\n" // it looks at once for what went
	)
	for name, c := range map[string]struct {
		caps, sent string
		kind       mail.OpKind
		left       int // messages of the op that are open
	}{
		"MOVE":                              {"MOVE", move + one + ok1 + ok2, mail.OpMove, 1},
		"MOVE, COPYUID":                     {"MOVE UIDPLUS", move + one + ok1 + named, mail.OpMove, 1},
		"MOVE, it was told of as it was":    {"MOVE", move + both + went + ok1 + ok2, mail.OpMove, 2},
		"the same, COPYUID":                 {"MOVE UIDPLUS", move + both + went + ok1 + named, mail.OpMove, 1},
		"MOVE is not done for that":         {"MOVE UIDPLUS", move + both + ok1 + "S: M2 NO [EXPUNGEISSUED] gone\n", mail.OpMove, 2},
		"MOVE of both":                      {"MOVE", move + both + ok1 + went + ok2, mail.OpMove, 0},
		"COPY":                              {"", copy2 + ask + ok2 + one + ok1, mail.OpCopy, 1},
		"COPY, COPYUID":                     {"UIDPLUS", copy2 + named, mail.OpCopy, 1},
		"COPY, no COPYUID":                  {"UIDPLUS", copy2 + ok2 + again, mail.OpCopy, 1},
		"COPY, it was told of as it was":    {"", copy2 + ask + ok2 + both + went + ok1 + again, mail.OpCopy, 1},
		"COPY is not done for that":         {"", copy2 + ask + "S: M2 NO [EXPUNGEISSUED] gone\n" + one + ok1, mail.OpCopy, 2},
		"moved by COPY":                     {"", copy2 + ask + ok2 + one + ok1 + first, mail.OpMove, 1},
		"deleted":                           {"", flag + ok2 + one + ok1, mail.OpDelete, 1},
		"deleted, it was told of as it was": {"", flag + ok2 + both + went + ok1 + again, mail.OpDelete, 1},
		"deleted, expunged": {
			"UIDPLUS", flag + ok2 + one + ok1 + "C: M5 UID EXPUNGE 1\nS: M5 OK done\n", mail.OpDelete, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			looks := strings.Contains(c.sent, went)
			if looks {
				c.sent += next
			}
			o := against(t, twoMessages(c.caps), unchanged(c.caps)+c.sent)
			o.mustPass()
			op := mail.Op{Kind: c.kind, Targets: o.inboxIDs()}
			if c.kind != mail.OpDelete {
				op.Mailbox = o.box("Work").ID
			}
			if _, err := o.store.Enqueue(t.Context(), op); err != nil {
				t.Fatal(err)
			}
			if _, err := o.pass(); (err != nil) != looks {
				t.Fatal(err)
			}
			ops, err := o.store.Ops(t.Context(), "odd")
			if err != nil || len(ops) != min(c.left, 1) || len(ops) > 0 && (ops[0].State != mail.OpWaiting || len(ops[0].Targets) != c.left) {
				t.Errorf("open are %+v, %v", ops, err)
			}
			ps, err := o.store.Problems(t.Context())
			if err != nil || slices.ContainsFunc(ps, func(p mail.Problem) bool { return p.Code != mail.CodeConnectionLost }) {
				t.Errorf("the problems are %+v, %v", ps, err)
			}
		})
	}
}
