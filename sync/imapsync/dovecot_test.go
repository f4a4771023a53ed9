package imapsync

import (
	"bytes"
	"context"
	"io"
	"slices"
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
		run  func(*rig)
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
		{"first words", firstWordsCome},
	}
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(stories)})
	for i, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(newRig(t, dc, i))
		})
	}
}

func firstSync(r *rig) {
	var mu sync.Mutex
	var told [][2]int
	r.cfg.Progress = func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, [2]int{done, total})
	}
	r.fill("INBOX", firstLook+60)
	r.fill("Archive", adoptAtOnce+20)
	r.deliver("Work/Ünïcode & more", "deep")
	r.settled()
	r.stop()

	if n := len(r.list("INBOX")); n != firstLook+60 {
		r.Errorf("%d messages in the inbox", n)
	}
	if n := len(r.list("Archive")); n != adoptAtOnce+20 {
		r.Errorf("%d messages in Archive", n)
	}
	if got := r.subjects("Work/Ünïcode & more"); !slices.Equal(got, []string{"deep"}) {
		r.Errorf("in the deep folder: %q", got)
	}
	for path, role := range map[string]mail.Role{"INBOX": mail.RoleInbox, "Archive": mail.RoleArchive, "Junk": mail.RoleJunk, "Work": mail.RoleNone} {
		if got := r.box(path).Role; got != role {
			r.Errorf("role of %s is %q", path, got)
		}
	}
	r.since = 0
	first := true
	for _, c := range only[mail.MessagesAdded](r) {
		if c.Origin != mail.Backfill {
			r.Errorf("origin of a first sync: %s", c.Origin)
		}
		if first && (c.Folder.Path != "INBOX" || len(c.UIDs) != firstLook || !slices.Contains(c.UIDs, mail.UID(firstLook+60))) {
			r.Errorf("first were written %d messages of %s", len(c.UIDs), c.Folder.Path)
		}
		first = false
	}
	mu.Lock()
	defer mu.Unlock()
	if len(told) == 0 {
		r.Fatal("no progress was told")
	}
	total := firstLook + 60 + adoptAtOnce + 20 + 1
	if last := told[len(told)-1]; last != [2]int{total, total} {
		r.Errorf("the last progress was %v of %d", last, total)
	}
}

func newMail(r *rig) {
	r.deliver("INBOX", "old")
	r.settled()
	if st, err := r.store.States(r.Context()); err != nil || st[r.cfg.Account.ID].ToldBy != mail.ToldByNotify {
		r.Errorf("told by %q, %v", st[r.cfg.Account.ID].ToldBy, err)
	}
	uid := r.deliver("INBOX", "fresh")
	c := awaits[mail.MessagesAdded](r)
	if c.Origin != mail.Elsewhere || len(c.Messages) != 1 || c.Messages[0].Subject != "fresh" || c.UIDs[0] != mail.UID(uid) {
		r.Errorf("told %+v", c)
	}
	if b := r.box("INBOX"); b.Counts != (mail.Counts{Total: 2, Unread: 2}) {
		r.Errorf("counts are %+v", b.Counts)
	}
}

func flagsElsewhere(r *rig) {
	uid := r.deliver("INBOX", "one")
	r.deliver("INBOX", "two")
	r.settled()
	c := r.other("INBOX")
	r.flag(c, imap.FlagSeen, uid)
	got := awaits[mail.FlagsChanged](r)
	if got.Origin != mail.Elsewhere || !slices.Equal(got.UIDs, []mail.UID{mail.UID(uid)}) || !got.Added.Has(mail.FlagSeen) {
		r.Errorf("told %+v", got)
	}
	if b := r.box("INBOX"); b.Counts != (mail.Counts{Total: 2, Unread: 1}) {
		r.Errorf("counts are %+v", b.Counts)
	}
}

func moveElsewhere(r *rig) {
	uid := r.deliver("INBOX", "travels")
	r.deliver("INBOX", "stays")
	r.settled()
	id := idOf(r, "INBOX", "travels")
	c := r.other("INBOX")
	if _, err := c.Move(imap.UIDSetNum(uid), "Archive").Wait(); err != nil {
		r.Fatal(err)
	}
	got := awaits[mail.MessagesMoved](r)
	if got.From.Path != "INBOX" || got.To.Path != "Archive" || !slices.Equal(got.IDs, []mail.MessageID{id}) || got.Origin != mail.Elsewhere {
		r.Errorf("told %+v", got)
	}
	r.sync()
	if n := len(only[mail.MessagesMoved](r)); n != 1 {
		r.Errorf("%d moves were told", n)
	}
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		r.Errorf("%d messages gone or added were told", n)
	}
}

func moveToNewFolder(r *rig) {
	uid := r.deliver("INBOX", "travels")
	r.deliver("INBOX", "stays")
	r.settled()
	c := r.other("INBOX")
	if err := c.Create("New", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(uid), "New").Wait(); err != nil {
		r.Fatal(err)
	}
	got := awaits[mail.MessagesMoved](r)
	if got.To.Path != "New" {
		r.Errorf("told %+v", got)
	}
	r.sync()
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		r.Errorf("%d messages gone or added were told", n)
	}
}

func foldersElsewhere(r *rig) {
	r.cfg.Dial = r.dial
	r.settled()
	c := r.dc.Client(r.T, r.user)
	if err := c.Create("Plans", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	r.deliver("Plans", "a plan")
	r.syncIdle()
	if got := awaits[mail.MailboxAdded](r); got.Folder.Path != "Plans" || got.Origin != mail.Elsewhere {
		r.Errorf("told %+v", got)
	}
	id, msg := r.box("Plans").ID, idOf(r, "Plans", "a plan")

	r.mark()
	if err := c.Rename("Plans", "Pläne", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	r.syncIdle()
	if got := awaits[mail.MailboxRenamed](r); got.Folder.Path != "Pläne" || got.From != "Plans" || got.Folder.ID != id {
		r.Errorf("told %+v", got)
	}
	if idOf(r, "Pläne", "a plan") != msg {
		r.Error("its message has another id")
	}
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		r.Errorf("%d messages gone or added were told of a rename", n)
	}

	r.mark()
	if err := c.Delete("Pläne").Wait(); err != nil {
		r.Fatal(err)
	}
	r.sync()
	if got := awaits[mail.MailboxGone](r); got.Folder.ID != id {
		r.Errorf("told %+v", got)
	}
}

func markHere(r *rig) {
	uid := r.deliver("INBOX", "one")
	other := r.deliver("Archive", "two")
	r.settled()
	op, err := r.store.Enqueue(r.Context(), mail.Op{
		Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagSeen, "$work"),
		Targets: []mail.MessageID{idOf(r, "INBOX", "one"), idOf(r, "Archive", "two")},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.w.OpsQueued()
	r.until("the op is done", func() bool {
		o, err := r.store.Op(r.Context(), op.ID)
		return err == nil && o.State == mail.OpDone
	})
	for box, uid := range map[string]imap.UID{"INBOX": uid, "Archive": other} {
		msgs, err := r.other(box).Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{Flags: true}).Collect()
		if err != nil || len(msgs) != 1 || !slices.Contains(msgs[0].Flags, imap.FlagSeen) || !slices.Contains(msgs[0].Flags, "$work") {
			r.Errorf("on the server, in %s: %+v, %v", box, msgs, err)
		}
	}
	rep := r.sync()
	if rep.Changed != 0 {
		r.Errorf("a pass found %d changes of our own", rep.Changed)
	}
	for _, c := range only[mail.FlagsChanged](r) {
		if c.Origin != mail.Here {
			r.Errorf("our own change came back: %+v", c)
		}
	}
}

func offlineSpell(r *rig) {
	seen := r.deliver("INBOX", "is read")
	moved := r.deliver("INBOX", "is moved")
	gone := r.deliver("INBOX", "is deleted")
	r.settled()
	op := mail.Op{Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagFlagged), Targets: []mail.MessageID{idOf(r, "INBOX", "is read")}}
	r.stop()
	r.mark()

	c := r.other("INBOX")
	r.flag(c, imap.FlagSeen, seen)
	if _, err := c.Move(imap.UIDSetNum(moved), "Trash").Wait(); err != nil {
		r.Fatal(err)
	}
	r.flag(c, imap.FlagDeleted, gone)
	if err := c.UIDExpunge(imap.UIDSetNum(gone)).Close(); err != nil {
		r.Fatal(err)
	}
	r.deliver("INBOX", "is new")
	r.deliver("Archive", "is new too")
	if _, err := r.store.Enqueue(r.Context(), op); err != nil {
		r.Fatal(err)
	}

	r.start()
	rep := r.sync()
	// The worker's first pass may have been done before ours began.
	if rep.Folders == 0 || rep.Commands == 0 || rep.RoundTrips == 0 || rep.BytesRead == 0 || rep.BytesWritten == 0 {
		r.Errorf("the report is %+v", rep)
	}
	r.until("the op is done", func() bool { ops, err := r.store.Ops(r.Context(), ""); return err == nil && len(ops) == 0 })
	for _, added := range only[mail.MessagesAdded](r) {
		if added.Origin != mail.Elsewhere {
			r.Errorf("new mail of an offline spell is %s", added.Origin)
		}
	}
	if n := len(only[mail.MessagesAdded](r)); n != 2 {
		r.Errorf("%d folders had new mail", n)
	}
	if got := only[mail.MessagesMoved](r); len(got) != 1 || got[0].To.Path != "Trash" {
		r.Errorf("moves: %+v", got)
	}
	if got := only[mail.MessagesGone](r); len(got) != 1 || !slices.Equal(got[0].UIDs, []mail.UID{mail.UID(gone)}) {
		r.Errorf("gone: %+v", got)
	}
	if got := r.subjects("INBOX"); !slices.Equal(got, []string{"is new", "is read"}) {
		r.Errorf("in the inbox: %q", got)
	}
	m, err := r.store.Message(r.Context(), idOf(r, "INBOX", "is read"))
	if err != nil || !m.Flags.Has(mail.FlagSeen) || !m.Flags.Has(mail.FlagFlagged) || m.Pending {
		r.Errorf("flags are %v, pending %v, %v", m.Flags, m.Pending, err)
	}
}

func madeAnew(r *rig) {
	r.deliver("Lists", "stays")
	r.deliver("Lists", "goes")
	r.settled()
	before, validity := idOf(r, "Lists", "stays"), r.box("Lists").Cursor.UIDValidity
	c := r.dc.Client(r.T, r.user)
	if err := c.Delete("Lists").Wait(); err != nil {
		r.Fatal(err)
	}
	r.deliver("Lists", "comes")
	r.deliver("Lists", "stays")
	r.sync()
	if now := r.box("Lists").Cursor.UIDValidity; now == validity || now == 0 {
		r.Errorf("UIDVALIDITY is %d, was %d", now, validity)
	}
	if got := r.subjects("Lists"); !slices.Equal(got, []string{"comes", "stays"}) {
		r.Errorf("in the folder: %q", got)
	}
	if _, err := r.store.Message(r.Context(), before); err != nil {
		r.Errorf("the message that is still there: %v", err)
	}
}

func body(r *rig) {
	r.deliver("Archive", "letter")
	r.settled()
	id := idOf(r, "Archive", "letter")
	if err := r.w.FetchBody(r.Context(), id); err != nil {
		r.Fatal(err)
	}
	rc, err := r.store.Body(r.Context(), id)
	if err != nil {
		r.Fatal(err)
	}
	got, err := io.ReadAll(rc)
	if err != nil || !bytes.Equal(got, message("letter")) {
		r.Errorf("the body is %q, %v", got, err)
	}
	if err := rc.Close(); err != nil {
		r.Error(err)
	}
	if m := r.list("Archive"); !m[0].Unread() {
		r.Error("it was marked read")
	}
	if err := r.w.FetchBody(r.Context(), id+1000); mail.FaultOf(err) == nil || mail.FaultOf(err).Code != mail.CodeNoMessage {
		r.Errorf("of no message: %v", err)
	}
	// The connection goes on, and the inbox is told of again.
	r.mark()
	r.deliver("INBOX", "after")
	awaits[mail.MessagesAdded](r)
	// Without a running worker it is fetched all the same.
	r.stop()
	late := idOf(r, "INBOX", "after")
	if err := New(r.cfg).FetchBody(r.Context(), late); err != nil {
		r.Errorf("without Serve: %v", err)
	}
}

func nothingNew(r *rig) {
	r.fill("INBOX", 20)
	r.fill("Archive", 20)
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	rep, err := New(r.cfg).Pass(ctx)
	if err != nil || rep.New != 40 || rep.Folders < 6 {
		r.Fatalf("first pass: %+v, %v", rep, err)
	}
	before := time.Now()
	rep, err = New(r.cfg).Pass(ctx)
	if err != nil {
		r.Fatal(err)
	}
	boxes, err := r.store.Mailboxes(ctx, r.cfg.Account.ID)
	for _, b := range boxes {
		if b.LastSync.Before(before) {
			r.Errorf("%s was in step at %v, %v", b.Path(), b.LastSync, err)
		}
	}
	// Greeting, sign-in, ID and ENABLE, one LIST.
	if rep.New+rep.Changed+rep.Gone+rep.Moved != 0 || rep.Commands > 5 || rep.RoundTrips > 5 || rep.BytesRead > 8000 || rep.Elapsed <= 0 {
		r.Errorf("a pass that finds nothing: %+v", rep)
	}
	r.Logf("nothing new: %+v", rep)
	st, err := r.store.States(ctx)
	if err != nil || st[r.cfg.Account.ID].State != mail.StateOffline {
		r.Errorf("after a single pass: %+v, %v", st, err)
	}
}

func deletedFlag(r *rig) {
	uid := r.deliver("INBOX", "marked")
	r.settled()
	c := r.other("INBOX")
	r.flag(c, imap.FlagDeleted, uid)
	r.until("it is not counted", func() bool { return r.box("INBOX").Counts == mail.Counts{} })
	if n := len(r.list("INBOX")); n != 0 {
		r.Errorf("%d messages are shown", n)
	}
}
