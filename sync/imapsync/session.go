package imapsync

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
	"github.com/heronmail/heron/sync/wire"
)

// session is one signed-in connection and what is known by it. It is used by
// one goroutine; only hints are shared, with the connection's reader.
type session struct {
	w     *Worker
	conn  *wire.Conn
	log   *slog.Logger
	hints *hints

	condstore bool // RFC 7162: modseqs are to be had
	qresync   bool // and it was enabled, as is known once anything was answered
	esearch   bool // RFC 4731

	teller  teller
	places  places
	quirk   *quirk // of the server, once anything was answered; that of none if it is not known for one
	notify  notifying
	promise promise
	extras  *extras // nil without
	ahead   []step  // go with the next commands, in front of them

	boxes map[mail.MailboxID]*mail.Mailbox // as the store has them; we alone write cursors
	inbox mail.MailboxID                   // 0 before the first listing
	open  opened
	fills []*fill
	// stored is the highest mod-sequence that our own changes of flags got.
	stored    map[mail.MailboxID]mail.ModSeq
	batch     int // messages fetched at once by backfill
	fruitless int // batches in a row that brought none
	turns     int // questions for mailboxes so far
	held      int // bytes of new messages that a reconcile has not written yet

	sending  []mail.OpID       // what the user did that is being sent, as one
	did      map[asked]bool    // what was asked of folders, and answered
	suspects map[string]string // names that were listed and could not be had, and by which command
	named    map[string]bool   // names that the last listing had; nil before the first
	levels   map[string]bool   // of them, those that only hold folders
	wrong    int               // listings in a row that left out a folder
	garbled  bool              // a line of the last listing could not be read
	unsure   map[string]bool   // names that may be what it was about, and that nothing else tells of

	total      int       // messages on the server at the last listing
	reported   bool      // progress was told that is not at its end
	lastPoll   time.Time // when all folders were asked
	nextPoll   time.Time // when they are asked next
	nextOp     time.Time // when an op that was put off is ready; zero: none is
	lastFull   time.Time // when folders without modseqs were last compared whole
	tally      Report
	badFetches int
	renewShare float64       // of renewal.every that an IDLE lasts here, 0.9 to 0.99: fixed, so that none is taken up again at its end
	quiet      time.Duration // the server was, and has not answered since
	noPeek     bool          // the server does not take what asks for first words
	unhook     func() bool   // lets go of the context that closes the connection
}

// opened is the mailbox that is selected.
type opened struct {
	id   mail.MailboxID // 0: none, or not to be used as it is
	name string         // as it was selected; "": none
	data wire.SelectData
}

func newSession(w *Worker, conn *wire.Conn, h *hints) *session {
	caps := conn.Caps()
	s := &session{
		w: w, conn: conn, log: w.cfg.Log, hints: h,
		esearch: caps.Has("ESEARCH") || caps.Has("IMAP4REV2"),
		stored:  map[mail.MailboxID]mail.ModSeq{},
		boxes:   map[mail.MailboxID]*mail.Mailbox{}, batch: fillBatch, suspects: map[string]string{},
	}
	s.noPeek = w.peeksLost >= peekTries
	s.renewShare = float64(spread(900, 1.1)) / 1000
	s.condstore = caps.Has("CONDSTORE") || caps.Has("QRESYNC") // which is not without it (RFC 7162 §3.2)
	s.teller = chooseTeller(caps)
	return s
}

// step is one command of a burst.
type step struct {
	cmd string
	// each is given the untagged responses while the command runs, and says
	// whether one was its own; the others are hints. nil: none is.
	each func(*wire.Response) bool
	// code is given the response code of the tagged response. May be nil.
	code func(wire.Value)
	// end is given the tagged response's status. nil: it does not matter.
	end func(wire.Status)
	// waits says that a request for patience is an error of the whole burst: it
	// says nothing of what was asked for. It is a question for a folder; one that
	// is busy is left out.
	waits bool
	// must says that NO or BAD is an error of the whole burst.
	must bool
	// asks is what it asks for, if that is messages that are new here.
	asks *question
	// about is what it asks of a folder as a whole, if it does.
	about asked
	// acts says that it is the command of an action, or goes with it.
	acts bool
	// selects says that the command selects a mailbox: what comes after its
	// answer is of another mailbox than what came before.
	selects bool
}

// play sends the steps' commands in one write and hands out the answers. The
// error is the connection's, or that of a step that had to succeed. A server
// that answers without end is left. Where it may come to grief, the commands go
// out one by one.
func (s *session) play(ctx context.Context, steps []step) error {
	if len(steps) == 0 {
		return nil
	}
	if len(s.ahead) > 0 {
		steps = append(s.ahead, steps...)
		s.ahead = nil
	}
	if steps = s.refuseSpent(s.refuseFallen(steps)); len(steps) == 0 {
		return nil
	}
	size := len(steps)
	if s.w.inDoubt(steps) || s.w.falls.doubtful(steps) {
		size = 1
	}
	var refused error
	for part := range slices.Chunk(steps, size) {
		if err := s.reassure(ctx, part[0].about); err != nil {
			return err
		}
		no, err := s.exchange(ctx, part)
		if err != nil {
			return err
		}
		refused = cmp.Or(refused, no)
	}
	return refused
}

// exchange is one burst: commands, and all that is answered to them. refused is
// the fault of a step that had to succeed, err the connection's.
func (s *session) exchange(ctx context.Context, steps []step) (refused, err error) {
	cmds := make([]string, len(steps))
	for i := range steps {
		cmds[i] = steps[i].cmd
	}
	answered := make([]bool, len(steps))
	var b budget
	var busy busyFolders
	err = s.conn.Burst(ctx, cmds, func(i int, r *wire.Response) error {
		if !r.Tagged() {
			ours := claimed(steps[i:], r)
			if !ours {
				s.hints.note(r)
			}
			return b.spend(r, ours)
		}
		st, status := &steps[i], r.Status()
		answered[i] = true
		left := busy.note(st, status)
		if !left {
			s.noteDid(st.about)
		}
		if st.asks != nil && status.OK() {
			s.w.passed(st.asks)
		}
		if st.code != nil {
			st.code(r.Code())
		}
		if st.end != nil {
			st.end(status)
		}
		if f := status.Fault(commandName(st.cmd)); f != nil && refused == nil && (st.must || st.waits && !left && f.Class == mail.ClassLimit) {
			refused = s.refusedWhole(f, st.about)
		}
		return nil
	})
	s.heard(err)
	if err != nil {
		s.blame(ctx, steps, answered)
		return nil, err
	}
	s.noteActs(steps)
	if s.quirk == nil {
		s.know()
	}
	if refused == nil && len(busy.questions) > 0 {
		return s.leaveOutBusy(ctx, &busy)
	}
	return refused, nil
}

// know takes what was answered to ID and ENABLE, which go out with the first
// commands: those must not need it.
func (s *session) know() {
	s.qresync = s.conn.Enabled("QRESYNC")
	q, ok := quirkOf(s.conn.Caps(), s.conn.Says())
	if s.quirk = &q; ok {
		s.log.Debug("the server is known", "server", q.server)
	}
}

// heard notes whether the server answered after it had been quiet.
func (s *session) heard(err error) {
	if err == nil && s.quiet > 0 {
		s.w.renew.lived(s.quiet)
		s.quiet = 0
	}
}

// claimed gives an untagged response to the first of the steps that knows it
// as its own. Servers answer pipelined commands together where nothing forbids
// it: it need not be the one whose turn it is.
func claimed(steps []step, r *wire.Response) bool {
	for i := range steps {
		if i > 0 && steps[i].selects {
			return false
		}
		if steps[i].each != nil && steps[i].each(r) {
			return true
		}
	}
	return false
}

// commandName is a command's first word, or two after UID: it holds no name.
func commandName(cmd string) string {
	f := strings.Fields(cmd)
	if len(f) > 1 && f[0] == "UID" {
		return f[0] + " " + f[1]
	}
	return f[0]
}

// selectStep selects a mailbox and keeps what was said of it. extra is given
// the answers that are no part of a plain SELECT.
func (s *session) selectStep(o wire.SelectOptions, id mail.MailboxID, into *wire.SelectData, ok *bool, extra func(*wire.Response) bool) step {
	return step{
		cmd:     s.conn.SelectCommand(o),
		about:   asked{"SELECT", o.Mailbox},
		selects: true, waits: true,
		each: func(r *wire.Response) bool {
			if extra != nil && extra(r) {
				return true
			}
			into.Note(r)
			return true
		},
		end: func(st wire.Status) {
			if *ok = st.Type == "OK"; !*ok && st == notSent() {
				return // what was open is open
			}
			into.ReadOnly = into.ReadOnly || st.Code == "READ-ONLY"
			// Without its OK no mailbox is selected (RFC 3501 §6.3.1).
			s.open = opened{}
			if *ok {
				s.open = opened{id: id, name: o.Mailbox, data: *into}
			}
			if *ok {
				s.hints.selected(o.Mailbox, id == s.inbox, into.Exists)
			} else {
				s.hints.selected("", false, 0)
			}
		},
	}
}

// enter makes sure that a mailbox is selected under the UIDVALIDITY that we
// know of it, so that a UID of ours means what it meant. What is then wrong is
// a Fault of ClassConflict.
func (s *session) enter(ctx context.Context, box *mail.Mailbox) error {
	if s.open.id != box.ID {
		var data wire.SelectData
		var ok bool
		var why wire.Status
		st := s.selectStep(wire.SelectOptions{Mailbox: box.Name, CondStore: s.condstore}, box.ID, &data, &ok, nil)
		end := st.end
		st.end = func(status wire.Status) { why = status; end(status) }
		if err := s.play(ctx, []step{st}); err != nil {
			return err
		}
		if !ok && s.w.falls.leavesOut(box.Name) {
			return s.leftOutFault(box)
		}
		if !ok {
			s.pollNow()
			return &mail.Fault{
				Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "folder"},
				Err: errOrNil(why.Fault("SELECT")),
			}
		}
		if box.ID == s.inbox && news(box.Cursor, data) {
			s.hints.set(hint{fresh: true, gone: true, flags: true, count: int(data.Exists)})
		}
	}
	if s.open.data.UIDValidity != box.Cursor.UIDValidity {
		s.pollNow()
		return &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "message"}, Err: errReset}
	}
	return nil
}

// leftOutFault says that a folder is left out for now, and for how long.
func (s *session) leftOutFault(box *mail.Mailbox) *mail.Fault {
	f := &mail.Fault{
		Code: mail.CodeFolderLeftOut, Class: mail.ClassConflict, Args: mail.Args{"folder": box.Path()},
		RetryAfter: time.Until(s.w.falls.until(box.Name)),
	}
	if b := s.w.falls.refusedNow(box.Name); b != nil {
		f.Code, f.Args["text"] = mail.CodeFolderRefused, b.text
	}
	return f
}

var errReset = errors.New("imapsync: the mailbox has a new UIDVALIDITY")

// errOrNil keeps a nil *mail.Fault from becoming a non-nil error.
func errOrNil(f *mail.Fault) error {
	if f == nil {
		return nil
	}
	return f
}

// pollNow asks all folders as soon as what is being done is done, but not
// without pause.
func (s *session) pollNow() { s.nextPoll = earlier(s.nextPoll, s.lastPoll.Add(pollGap)) }

// untilPoll is how long it is until all folders are to be asked.
func (s *session) untilPoll() time.Duration { return max(0, time.Until(s.nextPoll)) }

// untilNext is how long it is until something is to be done unasked.
func (s *session) untilNext() time.Duration {
	if s.nextOp.IsZero() {
		return time.Until(s.nextPoll)
	}
	return time.Until(earlier(s.nextPoll, s.nextOp))
}

// apply writes a batch, counts its changes and keeps the cursors in mind.
func (s *session) apply(ctx context.Context, b store.Batch) error {
	changes, err := s.w.cfg.Store.Apply(ctx, s.w.cfg.Account.ID, b)
	if err != nil {
		return err
	}
	s.tally.count(changes)
	s.nameUnread(ctx, b.Deltas)
	s.keep(b.Deltas)
	if !b.Synced.IsZero() {
		s.w.dropSynced(b.Deltas)
	}
	return nil
}

// keep remembers the cursors that were written.
func (s *session) keep(deltas []store.Delta) {
	for i := range deltas {
		if box := s.boxes[deltas[i].Mailbox]; box != nil && deltas[i].SetCursor {
			box.Cursor = deltas[i].Cursor
		}
	}
}
