package imapsync

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

const allCaps = "IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS MOVE UNSELECT"

// deed is something that the user does to a real server, and what comes of it.
type deed struct {
	name string
	run  func(*rig)
}

// whatTheUserDoes is all of it. Each deed has a user of its own.
func whatTheUserDoes() []deed {
	return []deed{
		{"move", moveHere},
		{"move offline", moveOffline},
		{"move on offline", moveOnOffline},
		{"move into a new folder", moveIntoANewFolder},
		{"copy", copyHere},
		{"delete", deleteHere},
		{"folders", foldersHere},
		{"undo", undoHere},
	}
}

func (d deed) play(r *rig) {
	r.Helper()
	d.run(r)
	r.eachOnce()
}

// TestWhatTheUserDoes does it on a server that can next to nothing, and to more
// messages than go into one command on each rung of moving. What servers can else
// is TestEveryCapabilitySet's.
func TestWhatTheUserDoes(t *testing.T) {
	t.Parallel()
	many := deed{"move many", moveMany}
	for name, s := range map[string]struct {
		caps  string
		deeds []deed
	}{
		"all":        {allCaps, []deed{many}},
		"no MOVE":    {"IMAP4rev1 ENABLE CONDSTORE IDLE LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH UIDPLUS", []deed{many}},
		"no UIDPLUS": {"IMAP4rev1 IDLE LIST-EXTENDED SPECIAL-USE", append(whatTheUserDoes(), many)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(s.deeds), Capability: s.caps})
			for i, d := range s.deeds {
				t.Run(d.name, func(t *testing.T) {
					t.Parallel()
					d.play(newRig(t, dc, i))
				})
			}
		})
	}
}

func moveHere(r *rig) {
	r.deliver("INBOX", "travels")
	r.deliver("INBOX", "stays")
	r.settled()
	id := idOf(r, "INBOX", "travels")
	r.done(r.moving("Archive", id))
	r.nothingElsewhere()
	r.agree("INBOX", "stays")
	r.agree("Archive", "travels")
	if idOf(r, "Archive", "travels") != id {
		r.Error("it has another id")
	}
	if m := r.list("Archive")[0]; m.Location.UID == 0 || m.Pending {
		r.Errorf("it is at %+v, pending %v", m.Location, m.Pending)
	}
	// And on from there, while it may not be known yet under which UID.
	r.done(r.moving("Trash", id))
	r.nothingElsewhere()
	r.agree("Archive")
	r.agree("Trash", "travels")
}

func moveMany(r *rig) {
	const n = opBurst + 20
	r.fill("INBOX", n)
	r.settled()
	var ids []mail.MessageID
	for _, m := range r.list("INBOX") {
		ids = append(ids, m.ID)
	}
	r.done(r.moving("Archive", ids...))
	r.nothingElsewhere()
	if here, there := len(r.list("Archive")), len(r.onServer("Archive")); here != n || there != n || len(r.onServer("INBOX")) != 0 {
		r.Errorf("moved %d here, %d there", here, there)
	}
}

func moveOffline(r *rig) {
	r.deliver("INBOX", "travels")
	r.deliver("INBOX", "is read")
	r.settled()
	r.stop()
	id := idOf(r, "INBOX", "travels")
	first := r.do(r.moving("Archive", id))
	second := r.do(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{id, idOf(r, "INBOX", "is read")}, Add: mail.NewFlags(mail.FlagSeen)})
	if got := r.subjects("Archive"); !slices.Equal(got, []string{"travels"}) || r.box("INBOX").Counts != (mail.Counts{Total: 1}) {
		r.Errorf("shown while offline: %q, %+v", got, r.box("INBOX").Counts)
	}
	r.start()
	r.ended(first.ID, mail.OpDone)
	r.ended(second.ID, mail.OpDone)
	r.nothingElsewhere()
	r.agree("Archive", "travels")
	if m := r.list("Archive")[0]; m.Unread() || m.ID != id {
		r.Errorf("got %+v", m)
	}
}

// moveOnOffline: the server never hears of the folder in between, and each move is
// taken back alone.
func moveOnOffline(r *rig) {
	r.deliver("INBOX", "one")
	r.deliver("INBOX", "two")
	r.settled()
	r.stop()
	ids := []mail.MessageID{idOf(r, "INBOX", "one"), idOf(r, "INBOX", "two")}
	first := r.do(r.moving("Archive", ids...))
	r.do(mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagSeen)})
	flagged := r.do(mail.Op{Kind: mail.OpFlags, Targets: ids, Add: mail.NewFlags(mail.FlagFlagged)})
	second := r.do(r.moving("Trash", ids...))
	r.start()
	for _, op := range []mail.Op{first, second, flagged} {
		r.ended(op.ID, mail.OpDone)
	}
	r.nothingElsewhere()
	r.agree("Archive")
	r.agree("Trash", "one", "two")
	st, err := r.dc.Client(r.T, r.user).Status("Archive", &imap.StatusOptions{UIDNext: true}).Wait()
	if err != nil || st.UIDNext != 1 {
		r.Errorf("the folder in between: %+v, %v", st, err)
	}
	for _, want := range []string{"Archive", "INBOX"} {
		op, err := r.store.Undo(r.Context(), 0)
		if err != nil {
			r.Fatal(err)
		}
		if op.Kind == mail.OpFlags { // the marks were queued between the moves
			r.Fatalf("took back %+v", op)
		}
		r.w.OpsQueued()
		r.ended(op.ID, mail.OpDone)
		r.sync()
		r.agree(want, "one", "two")
		if want == "Archive" {
			for range 2 {
				if _, err := r.store.Undo(r.Context(), 0); err != nil {
					r.Fatal(err)
				}
			}
		}
	}
	r.nothingElsewhere()
	for _, m := range r.list("INBOX") {
		if !m.Unread() || m.Flags.Has(mail.FlagFlagged) {
			r.Errorf("%s has %v", m.Envelope.Subject, m.Flags)
		}
	}
}

func moveIntoANewFolder(r *rig) {
	r.deliver("INBOX", "travels")
	r.settled()
	r.stop()
	id := idOf(r, "INBOX", "travels")
	made := r.do(mail.Op{Kind: mail.OpFolderCreate, Name: "Pläne/2026"})
	moved := r.do(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: made.Mailbox})
	if got := r.subjects("Pläne/2026"); !slices.Equal(got, []string{"travels"}) {
		r.Errorf("shown while offline: %q", got)
	}
	r.start()
	r.ended(made.ID, mail.OpDone)
	r.ended(moved.ID, mail.OpDone)
	r.sync()
	r.agree("INBOX")
	r.agree("Pläne/2026", "travels")
	if b := r.box("Pläne/2026"); b.ID != made.Mailbox || !b.Subscribed || idOf(r, "Pläne/2026", "travels") != id {
		r.Errorf("got %+v", b)
	}
	for _, c := range only[mail.MessagesMoved](r) {
		if c.Origin != mail.Here {
			r.Errorf("told %+v", c)
		}
	}
}

func copyHere(r *rig) {
	r.deliver("INBOX", "twice")
	r.settled()
	id := idOf(r, "INBOX", "twice")
	op := r.done(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{id}, Mailbox: r.box("Archive").ID})
	r.nothingElsewhere()
	r.agree("INBOX", "twice")
	r.agree("Archive", "twice")
	if idOf(r, "Archive", "twice") == id {
		r.Error("the copy has the id of the original")
	}
	inv, err := r.store.Undo(r.Context(), op.ID)
	if err != nil {
		r.Fatal(err)
	}
	r.w.OpsQueued()
	r.ended(inv.ID, mail.OpDone)
	r.nothingElsewhere()
	r.agree("INBOX", "twice")
	r.agree("Archive")
}

func deleteHere(r *rig) {
	r.deliver("INBOX", "goes")
	r.deliver("Trash", "stays")
	r.settled()
	id := idOf(r, "INBOX", "goes")
	r.done(r.moving("Trash", id))
	r.nothingElsewhere()
	r.agree("INBOX")
	r.agree("Trash", "goes", "stays")
	r.done(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
	r.nothingElsewhere()
	r.agree("INBOX")
	r.agree("Trash", "stays")
	// The move before it is not taken back in its place.
	if got, err := r.store.Undo(r.Context(), 0); mail.FaultOf(err) == nil || mail.FaultOf(err).Code != mail.CodeNotUndoable {
		r.Errorf("undo of a deletion: %+v, %v", got, err)
	}
}

func foldersHere(r *rig) {
	c := r.dc.Client(r.T, r.user)
	for _, name := range []string{"Work", "Work/Old"} {
		if err := c.Create(name, nil).Wait(); err != nil {
			r.Fatal(err)
		}
	}
	r.deliver("Work/Old", "a plan")
	r.settled()
	id, msg := r.box("Work/Old").ID, idOf(r, "Work/Old", "a plan")
	r.done(mail.Op{Kind: mail.OpFolderRename, Mailbox: r.box("Work").ID, Name: "Büro"})
	r.nothingElsewhere()
	if b := r.box("Büro/Old"); b.ID != id || idOf(r, "Büro/Old", "a plan") != msg {
		r.Errorf("the folder inside: %+v", b)
	}
	r.agree("Büro/Old", "a plan")
	for _, k := range []mail.OpKind{mail.OpFolderSubscribe, mail.OpFolderUnsubscribe} {
		r.done(mail.Op{Kind: k, Mailbox: id})
		r.nothingElsewhere()
		if r.box("Büro/Old").Subscribed != (k == mail.OpFolderSubscribe) {
			r.Errorf("%s did not do it", k)
		}
	}
	r.done(mail.Op{Kind: mail.OpFolderDelete, Mailbox: id})
	r.nothingElsewhere()
	if _, err := r.store.MailboxByPath(r.Context(), r.cfg.Account.ID, "Büro/Old"); err == nil {
		r.Error("it is still there")
	}
	if _, err := r.dc.Client(r.T, r.user).Select("Büro/Old", nil).Wait(); err == nil {
		r.Error("it is still on the server")
	}
	// Mail that came unseen is not deleted with its folder.
	r.stop()
	r.deliver("Archive", "unseen")
	op := r.do(mail.Op{Kind: mail.OpFolderDelete, Mailbox: r.box("Archive").ID})
	r.start()
	r.ended(op.ID, mail.OpFailed)
	r.sync()
	r.agree("Archive", "unseen")
}

func undoHere(r *rig) {
	r.deliver("INBOX", "one")
	r.deliver("INBOX", "two")
	r.settled()
	one, two := idOf(r, "INBOX", "one"), idOf(r, "INBOX", "two")
	r.done(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{two}, Add: mail.NewFlags(mail.FlagSeen)})
	r.done(mail.Op{Kind: mail.OpFlags, Targets: []mail.MessageID{one, two}, Add: mail.NewFlags(mail.FlagSeen, mail.FlagFlagged)})
	r.done(r.moving("Archive", one, two))
	r.done(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	r.done(mail.Op{Kind: mail.OpFolderRename, Mailbox: r.box("New").ID, Name: "Newer"})
	r.done(mail.Op{Kind: mail.OpCopy, Targets: []mail.MessageID{one}, Mailbox: r.box("Trash").ID})
	undo := func() {
		r.Helper()
		op, err := r.store.Undo(r.Context(), 0)
		if f := mail.FaultOf(err); f != nil && f.Args["reason"] == string(mail.PassCopy) {
			r.sync() // the server has not named its place: it has to be seen first
			op, err = r.store.Undo(r.Context(), 0)
		}
		if err != nil {
			r.Fatal(err)
		}
		r.w.OpsQueued()
		r.ended(op.ID, mail.OpDone)
		r.sync()
	}
	undo()
	r.agree("Trash")
	r.agree("Archive", "one", "two")
	undo()
	r.agree("New")
	undo()
	if _, err := r.store.MailboxByPath(r.Context(), r.cfg.Account.ID, "New"); err == nil {
		r.Error("New is still there")
	}
	undo()
	r.agree("INBOX", "one", "two")
	r.agree("Archive")
	undo()
	for _, m := range r.list("INBOX") {
		if m.Unread() != (m.ID == one) || m.Flags.Has(mail.FlagFlagged) {
			r.Errorf("%s has %v", m.Envelope.Subject, m.Flags)
		}
	}
	r.nothingElsewhere()
}
