package imapsync

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestDovecot runs what a person would notice against a real server, each on a
// user of its own.
func TestDovecot(t *testing.T) {
	t.Parallel()
	stories := []struct {
		name string
		run  func(*testing.T, *mailtest.Dovecot, int)
	}{
		{"first sync", firstSync},
		{"new mail", newMail},
		{"flags elsewhere", flagsElsewhere},
		{"move elsewhere", moveElsewhere},
		{"move to a new folder", moveToNewFolder},
		{"folders elsewhere", foldersElsewhere},
		{"mark here", markHere},
		{"offline spell", offlineSpell},
		{"made anew", madeAnew},
		{"body", body},
		{"nothing new", nothingNew},
		{"deleted flag", deletedFlag},
	}
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(stories)})
	for i, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t, dc, i)
		})
	}
}

func firstSync(t *testing.T, dc *mailtest.Dovecot, user int) {
	var mu sync.Mutex
	var told [][2]int
	r := newRig(t, dc, user, func(c *Config) {
		c.Progress = func(done, total int) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, [2]int{done, total})
		}
	})
	r.fill("INBOX", firstLook+60)
	r.fill("Archive", adoptAtOnce+20)
	r.deliver("Work/Ünïcode & more", "deep")
	r.settled()
	r.stop()

	if n := len(r.list("INBOX")); n != firstLook+60 {
		t.Errorf("%d messages in the inbox", n)
	}
	if n := len(r.list("Archive")); n != adoptAtOnce+20 {
		t.Errorf("%d messages in Archive", n)
	}
	if got := r.subjects("Work/Ünïcode & more"); !slices.Equal(got, []string{"deep"}) {
		t.Errorf("in the deep folder: %q", got)
	}
	for path, role := range map[string]mail.Role{"INBOX": mail.RoleInbox, "Archive": mail.RoleArchive, "Junk": mail.RoleJunk, "Work": mail.RoleNone} {
		if got := r.box(path).Role; got != role {
			t.Errorf("role of %s is %q", path, got)
		}
	}
	r.since = 0
	first := true
	for _, c := range only[mail.MessagesAdded](r) {
		if c.Origin != mail.Backfill {
			t.Errorf("origin of a first sync: %s", c.Origin)
		}
		if first && (c.Folder.Path != "INBOX" || len(c.UIDs) != firstLook || !slices.Contains(c.UIDs, mail.UID(firstLook+60))) {
			t.Errorf("first were written %d messages of %s", len(c.UIDs), c.Folder.Path)
		}
		first = false
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) == 0 {
		t.Fatal("no progress was told")
	}
	total := firstLook + 60 + adoptAtOnce + 20 + 1
	if last := told[len(told)-1]; last != [2]int{total, total} {
		t.Errorf("the last progress was %v of %d", last, total)
	}
}

func newMail(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	r.deliver("INBOX", "old")
	r.settled()
	if st, err := r.store.States(t.Context()); err != nil || st[r.cfg.Account.ID].ToldBy != mail.ToldByIdle {
		t.Errorf("told by %q, %v", st[r.cfg.Account.ID].ToldBy, err)
	}
	uid := r.deliver("INBOX", "fresh")
	c := awaits[mail.MessagesAdded](r)
	if c.Origin != mail.Elsewhere || len(c.Messages) != 1 || c.Messages[0].Subject != "fresh" || c.UIDs[0] != mail.UID(uid) {
		t.Errorf("told %+v", c)
	}
	if b := r.box("INBOX"); b.Counts != (mail.Counts{Total: 2, Unread: 2}) {
		t.Errorf("counts are %+v", b.Counts)
	}
}

func flagsElsewhere(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	uid := r.deliver("INBOX", "one")
	r.deliver("INBOX", "two")
	r.settled()
	c := r.other("INBOX")
	flag(t, c, imap.StoreFlagsAdd, imap.FlagSeen, uid)
	got := awaits[mail.FlagsChanged](r)
	if got.Origin != mail.Elsewhere || !slices.Equal(got.UIDs, []mail.UID{mail.UID(uid)}) || !got.Added.Has(mail.FlagSeen) {
		t.Errorf("told %+v", got)
	}
	if b := r.box("INBOX"); b.Counts != (mail.Counts{Total: 2, Unread: 1}) {
		t.Errorf("counts are %+v", b.Counts)
	}
}

func moveElsewhere(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	uid := r.deliver("INBOX", "travels")
	r.deliver("INBOX", "stays")
	r.settled()
	id := idOf(r, "INBOX", "travels")
	c := r.other("INBOX")
	if _, err := c.Move(imap.UIDSetNum(uid), "Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	got := awaits[mail.MessagesMoved](r)
	if got.From.Path != "INBOX" || got.To.Path != "Archive" || !slices.Equal(got.IDs, []mail.MessageID{id}) || got.Origin != mail.Elsewhere {
		t.Errorf("told %+v", got)
	}
	r.sync()
	if n := len(only[mail.MessagesMoved](r)); n != 1 {
		t.Errorf("%d moves were told", n)
	}
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		t.Errorf("%d messages gone or added were told", n)
	}
}

func moveToNewFolder(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	uid := r.deliver("INBOX", "travels")
	r.deliver("INBOX", "stays")
	r.settled()
	c := r.other("INBOX")
	if err := c.Create("New", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(uid), "New").Wait(); err != nil {
		t.Fatal(err)
	}
	got := awaits[mail.MessagesMoved](r)
	if got.To.Path != "New" {
		t.Errorf("told %+v", got)
	}
	r.sync()
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		t.Errorf("%d messages gone or added were told", n)
	}
}

func foldersElsewhere(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	r.settled()
	c := dc.Client(t, user)
	if err := c.Create("Plans", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	r.deliver("Plans", "a plan")
	r.sync()
	if got := awaits[mail.MailboxAdded](r); got.Folder.Path != "Plans" || got.Origin != mail.Elsewhere {
		t.Errorf("told %+v", got)
	}
	id, msg := r.box("Plans").ID, idOf(r, "Plans", "a plan")

	r.mark()
	if err := c.Rename("Plans", "Pläne", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	r.sync()
	if got := awaits[mail.MailboxRenamed](r); got.Folder.Path != "Pläne" || got.From != "Plans" || got.Folder.ID != id {
		t.Errorf("told %+v", got)
	}
	if idOf(r, "Pläne", "a plan") != msg {
		t.Error("its message has another id")
	}
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		t.Errorf("%d messages gone or added were told of a rename", n)
	}

	r.mark()
	if err := c.Delete("Pläne").Wait(); err != nil {
		t.Fatal(err)
	}
	r.sync()
	if got := awaits[mail.MailboxGone](r); got.Folder.ID != id {
		t.Errorf("told %+v", got)
	}
}

func markHere(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	uid := r.deliver("INBOX", "one")
	other := r.deliver("Archive", "two")
	r.settled()
	op, err := r.store.Enqueue(t.Context(), mail.Op{
		Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagSeen, "$work"),
		Targets: []mail.MessageID{idOf(r, "INBOX", "one"), idOf(r, "Archive", "two")},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.w.OpsQueued()
	r.until("the op is done", func() bool {
		o, err := r.store.Op(t.Context(), op.ID)
		return err == nil && o.State == mail.OpDone
	})
	for box, uid := range map[string]imap.UID{"INBOX": uid, "Archive": other} {
		msgs, err := r.other(box).Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{Flags: true}).Collect()
		if err != nil || len(msgs) != 1 || !slices.Contains(msgs[0].Flags, imap.FlagSeen) || !slices.Contains(msgs[0].Flags, "$work") {
			t.Errorf("on the server, in %s: %+v, %v", box, msgs, err)
		}
	}
	rep := r.sync()
	if rep.Changed != 0 {
		t.Errorf("a pass found %d changes of our own", rep.Changed)
	}
	for _, c := range only[mail.FlagsChanged](r) {
		if c.Origin != mail.Here {
			t.Errorf("our own change came back: %+v", c)
		}
	}
}

func offlineSpell(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	seen := r.deliver("INBOX", "is read")
	moved := r.deliver("INBOX", "is moved")
	gone := r.deliver("INBOX", "is deleted")
	r.settled()
	op := mail.Op{Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagFlagged), Targets: []mail.MessageID{idOf(r, "INBOX", "is read")}}
	r.stop()
	r.mark()

	c := r.other("INBOX")
	flag(t, c, imap.StoreFlagsAdd, imap.FlagSeen, seen)
	if _, err := c.Move(imap.UIDSetNum(moved), "Trash").Wait(); err != nil {
		t.Fatal(err)
	}
	flag(t, c, imap.StoreFlagsAdd, imap.FlagDeleted, gone)
	if err := c.UIDExpunge(imap.UIDSetNum(gone)).Close(); err != nil {
		t.Fatal(err)
	}
	r.deliver("INBOX", "is new")
	r.deliver("Archive", "is new too")
	if _, err := r.store.Enqueue(t.Context(), op); err != nil {
		t.Fatal(err)
	}

	r.start()
	rep := r.sync()
	// The worker's first pass may have been done before ours began.
	if rep.Folders == 0 || rep.Commands == 0 || rep.RoundTrips == 0 || rep.BytesRead == 0 || rep.BytesWritten == 0 {
		t.Errorf("the report is %+v", rep)
	}
	r.until("the op is done", func() bool { ops, err := r.store.Ops(t.Context(), ""); return err == nil && len(ops) == 0 })
	for _, added := range only[mail.MessagesAdded](r) {
		if added.Origin != mail.Elsewhere {
			t.Errorf("new mail of an offline spell is %s", added.Origin)
		}
	}
	if n := len(only[mail.MessagesAdded](r)); n != 2 {
		t.Errorf("%d folders had new mail", n)
	}
	if got := only[mail.MessagesMoved](r); len(got) != 1 || got[0].To.Path != "Trash" {
		t.Errorf("moves: %+v", got)
	}
	if got := only[mail.MessagesGone](r); len(got) != 1 || !slices.Equal(got[0].UIDs, []mail.UID{mail.UID(gone)}) {
		t.Errorf("gone: %+v", got)
	}
	if got := r.subjects("INBOX"); !slices.Equal(got, []string{"is new", "is read"}) {
		t.Errorf("in the inbox: %q", got)
	}
	m, err := r.store.Message(t.Context(), idOf(r, "INBOX", "is read"))
	if err != nil || !m.Flags.Has(mail.FlagSeen) || !m.Flags.Has(mail.FlagFlagged) || m.Pending {
		t.Errorf("flags are %v, pending %v, %v", m.Flags, m.Pending, err)
	}
}

func madeAnew(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	r.deliver("Lists", "stays")
	r.deliver("Lists", "goes")
	r.settled()
	before, validity := idOf(r, "Lists", "stays"), r.box("Lists").Cursor.UIDValidity
	c := dc.Client(t, user)
	if err := c.Delete("Lists").Wait(); err != nil {
		t.Fatal(err)
	}
	r.deliver("Lists", "comes")
	r.deliver("Lists", "stays")
	r.sync()
	if now := r.box("Lists").Cursor.UIDValidity; now == validity || now == 0 {
		t.Errorf("UIDVALIDITY is %d, was %d", now, validity)
	}
	if got := r.subjects("Lists"); !slices.Equal(got, []string{"comes", "stays"}) {
		t.Errorf("in the folder: %q", got)
	}
	if _, err := r.store.Message(t.Context(), before); err != nil {
		t.Errorf("the message that is still there: %v", err)
	}
}

func body(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	r.deliver("Archive", "letter")
	r.settled()
	id := idOf(r, "Archive", "letter")
	if err := r.w.FetchBody(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	rc, err := r.store.Body(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(rc)
	if err != nil || string(got) != string(message("letter")) {
		t.Errorf("the body is %q, %v", got, err)
	}
	if err := rc.Close(); err != nil {
		t.Error(err)
	}
	if m := r.list("Archive"); !m[0].Unread() {
		t.Error("it was marked read")
	}
	if err := r.w.FetchBody(t.Context(), id+1000); mail.FaultOf(err) == nil || mail.FaultOf(err).Code != mail.CodeNoMessage {
		t.Errorf("of no message: %v", err)
	}
	// The connection goes on, and the inbox is told of again.
	r.mark()
	r.deliver("INBOX", "after")
	awaits[mail.MessagesAdded](r)
	// Without a running worker it is fetched all the same.
	r.stop()
	late := idOf(r, "INBOX", "after")
	if err := New(r.cfg).FetchBody(t.Context(), late); err != nil {
		t.Errorf("without Serve: %v", err)
	}
}

func nothingNew(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	r.fill("INBOX", 20)
	r.fill("Archive", 20)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	rep, err := New(r.cfg).Pass(ctx)
	if err != nil || rep.New != 40 || rep.Folders < 6 {
		t.Fatalf("first pass: %+v, %v", rep, err)
	}
	rep, err = New(r.cfg).Pass(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Greeting, sign-in, ID and ENABLE, one LIST.
	if rep.New+rep.Changed+rep.Gone+rep.Moved != 0 || rep.Commands > 5 || rep.RoundTrips > 5 || rep.BytesRead > 8000 || rep.Elapsed <= 0 {
		t.Errorf("a pass that finds nothing: %+v", rep)
	}
	t.Logf("nothing new: %+v", rep)
	st, err := r.store.States(ctx)
	if err != nil || st[r.cfg.Account.ID].State != mail.StateOffline {
		t.Errorf("after a single pass: %+v, %v", st, err)
	}
}

func deletedFlag(t *testing.T, dc *mailtest.Dovecot, user int) {
	r := newRig(t, dc, user)
	uid := r.deliver("INBOX", "marked")
	r.settled()
	c := r.other("INBOX")
	flag(t, c, imap.StoreFlagsAdd, imap.FlagDeleted, uid)
	r.until("it is not counted", func() bool { return r.box("INBOX").Counts == mail.Counts{} })
	if n := len(r.list("INBOX")); n != 0 {
		t.Errorf("%d messages are shown", n)
	}
}

// idOf finds a message by its subject.
func idOf(r *rig, path, subject string) mail.MessageID {
	r.Helper()
	for _, m := range r.list(path) {
		if m.Envelope.Subject == subject {
			return m.ID
		}
	}
	r.Fatalf("no message %q in %s", subject, path)
	return 0
}

// TestServerStops: what is lost is said, and caught up with when it is back.
func TestServerStops(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1})
	r := newRig(t, dc, 0)
	r.settled()
	dc.Stop()
	r.until("offline", func() bool {
		st, err := r.store.States(t.Context())
		s := st[r.cfg.Account.ID]
		return err == nil && s.State == mail.StateOffline && !s.NextTry.IsZero() && time.Until(s.NextTry) < time.Minute
	})
	if got := awaits[mail.ProblemRaised](r); got.Problem.Class != mail.ClassOffline {
		t.Errorf("told %+v", got.Problem)
	}
	if err := r.w.FetchBody(t.Context(), 1); mail.FaultOf(err) == nil || mail.FaultOf(err).Class != mail.ClassOffline {
		t.Errorf("a body while offline: %v", err)
	}
	dc.Start()
	r.deliver("INBOX", "while away")
	r.w.Kick(ReasonNetwork)
	if c := awaits[mail.MessagesAdded](r); c.Origin != mail.Elsewhere {
		t.Errorf("told %+v", c)
	}
	awaits[mail.ProblemCleared](r)
}

// TestPoorerServers plays the rungs of both ladders.
func TestPoorerServers(t *testing.T) {
	t.Parallel()
	for name, caps := range map[string]string{
		"no QRESYNC":     "IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS MOVE",
		"no ESEARCH":     "IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE UIDPLUS MOVE",
		"no CONDSTORE":   "IMAP4rev1 IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS MOVE",
		"no LIST-STATUS": "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE UIDPLUS MOVE",
		"no IDLE":        "IMAP4rev1 ENABLE CONDSTORE QRESYNC LIST-EXTENDED LIST-STATUS UIDPLUS MOVE",
		"bare":           "IMAP4rev1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: caps})
			r := newRig(t, dc, 0, func(c *Config) { c.PollInterval = time.Second })
			everyChange(r, strings.Contains(caps, "IDLE"))
		})
	}
}

// everyChange makes each kind of change elsewhere and here, and waits for it.
func everyChange(r *rig, idle bool) {
	seen := r.deliver("INBOX", "read there")
	moved := r.deliver("INBOX", "moved there")
	gone := r.deliver("INBOX", "deleted there")
	r.deliver("INBOX", "marked here")
	if err := r.dc.Client(r.T, r.user).Create("Other", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	r.deliver("Other", "quiet")
	r.settled()
	want := mail.ToldByPoll
	if idle {
		want = mail.ToldByIdle
	}
	if st, err := r.store.States(r.Context()); err != nil || st[r.cfg.Account.ID].ToldBy != want {
		r.Errorf("told by %q, %v", st[r.cfg.Account.ID].ToldBy, err)
	}
	for path, role := range map[string]mail.Role{"INBOX": mail.RoleInbox, "Archive": mail.RoleArchive, "Trash": mail.RoleTrash} {
		if b := r.box(path); b.Role != role || !b.Subscribed && path != "INBOX" {
			r.Errorf("%s: role %q, subscribed %v", path, b.Role, b.Subscribed)
		}
	}
	c := r.other("INBOX")
	flag(r.T, c, imap.StoreFlagsAdd, imap.FlagSeen, seen)
	if got := awaits[mail.FlagsChanged](r); !got.Added.Has(mail.FlagSeen) || got.Origin != mail.Elsewhere {
		r.Errorf("told %+v", got)
	}
	if _, err := c.Copy(imap.UIDSetNum(moved), "Archive").Wait(); err != nil {
		r.Fatal(err)
	}
	flag(r.T, c, imap.StoreFlagsAdd, imap.FlagDeleted, moved, gone)
	if err := c.Expunge().Close(); err != nil {
		r.Fatal(err)
	}
	r.until("both have left the inbox", func() bool {
		return slices.Equal(r.subjects("INBOX"), []string{"marked here", "read there"})
	})
	r.until("one is in Archive", func() bool { return slices.Equal(r.subjects("Archive"), []string{"moved there"}) })
	r.mark()
	r.deliver("Other", "loud")
	r.deliver("INBOX", "new")
	r.until("new mail in both", func() bool { return len(only[mail.MessagesAdded](r)) == 2 })
	for _, a := range only[mail.MessagesAdded](r) {
		if a.Origin != mail.Elsewhere || len(a.Messages) != 1 {
			r.Errorf("told %+v", a)
		}
	}
	r.mark()
	if _, err := r.store.Enqueue(r.Context(), mail.Op{
		Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagFlagged),
		Targets: []mail.MessageID{idOf(r, "INBOX", "marked here")},
	}); err != nil {
		r.Fatal(err)
	}
	r.w.OpsQueued()
	r.until("the op is done", func() bool { ops, err := r.store.Ops(r.Context(), ""); return err == nil && len(ops) == 0 })
	r.sync()
	for _, f := range only[mail.FlagsChanged](r) {
		if f.Origin != mail.Here {
			r.Errorf("our own change came back: %+v", f)
		}
	}
}
