package imapsync

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestRenamesElsewhere: a folder keeps its identity and its mail, whatever it
// is called on another machine, on a server that shows only what went and came.
func TestRenamesElsewhere(t *testing.T) {
	t.Parallel()
	stories := []struct {
		name string
		run  func(*rig)
	}{
		{"a parent with children", renameParent},
		{"two change their names", swapNames},
		{"a name is taken over", takeOver},
		{"while an action waits", renameUnderOp},
		{"copies and a move", moveOneCopy},
	}
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(stories)})
	for i, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(newRig(t, dc, i))
		})
	}
}

// rename does by another client what it is given, pair by pair.
func (r *rig) rename(pairs ...string) {
	r.Helper()
	c := r.dc.Client(r.T, r.user)
	for i := 0; i < len(pairs); i += 2 {
		if err := c.Rename(pairs[i], pairs[i+1], nil).Wait(); err != nil {
			r.Fatal(err)
		}
	}
}

// quiet fails if a message was told of as new or gone since mark.
func (r *rig) quiet() {
	r.Helper()
	for _, c := range r.changes() {
		switch c.(type) {
		case mail.MessagesAdded, mail.MessagesGone, mail.MessagesMoved, mail.MailboxAdded, mail.MailboxGone:
			r.Errorf("told %s: %+v", c.Kind(), c)
		}
	}
}

func renameParent(r *rig) {
	r.deliver("Work", "plan")
	r.deliver("Work/2025", "old")
	r.deliver("Work/2025/Q1", "older")
	r.settled()
	ids := map[string]mail.MailboxID{"Job": r.box("Work").ID, "Job/2025": r.box("Work/2025").ID, "Job/2025/Q1": r.box("Work/2025/Q1").ID}
	msg := idOf(r, "Work/2025/Q1", "older")
	r.mark()
	r.rename("Work", "Job")
	rep := r.sync()
	for path, id := range ids {
		if b := r.box(path); b.ID != id {
			r.Errorf("%s is folder %d, was %d", path, b.ID, id)
		}
	}
	if idOf(r, "Job/2025/Q1", "older") != msg {
		r.Error("its message has another id")
	}
	if n := len(only[mail.MailboxRenamed](r)); n != len(ids) {
		r.Errorf("%d renames were told", n)
	}
	r.quiet()
	// The parent is looked into, what is inside goes with it.
	if rep.Commands > 8 {
		r.Errorf("it took %+v", rep)
	}
}

func swapNames(r *rig) {
	r.deliver("A", "in a")
	r.deliver("B", "in b")
	r.settled()
	a, b := r.box("A").ID, r.box("B").ID
	inA, inB := idOf(r, "A", "in a"), idOf(r, "B", "in b")
	r.mark()
	r.rename("A", "T", "B", "A", "T", "B")
	r.sync()
	if r.box("A").ID != b || r.box("B").ID != a {
		r.Errorf("A is folder %d, B is %d; they were %d and %d", r.box("A").ID, r.box("B").ID, a, b)
	}
	if idOf(r, "A", "in b") != inB || idOf(r, "B", "in a") != inA {
		r.Error("the messages have other ids")
	}
	r.quiet()
}

func takeOver(r *rig) {
	r.deliver("A", "in a")
	r.deliver("B", "in b")
	r.settled()
	b, inB := r.box("B").ID, idOf(r, "B", "in b")
	if err := r.dc.Client(r.T, r.user).Delete("A").Wait(); err != nil {
		r.Fatal(err)
	}
	r.rename("B", "A")
	r.sync()
	if r.box("A").ID != b || idOf(r, "A", "in b") != inB || len(r.list("A")) != 1 {
		r.Errorf("A is folder %d with %v, B was %d", r.box("A").ID, r.subjects("A"), b)
	}
}

func renameUnderOp(r *rig) {
	r.deliver("Plans", "one")
	r.settled()
	r.stop()
	op, err := r.store.Enqueue(r.Context(), mail.Op{
		Account: r.cfg.Account.ID, Kind: mail.OpFlags, Add: mail.NewFlags(mail.FlagFlagged),
		Targets: []mail.MessageID{idOf(r, "Plans", "one")},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.rename("Plans", "Ideas")
	r.start()
	r.until("the server agreed", func() bool {
		got, err := r.store.Op(r.Context(), op.ID)
		return err == nil && got.State == mail.OpDone
	})
	c := r.other("Ideas")
	if data, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagFlagged}}, nil).Wait(); err != nil || len(data.AllUIDs()) != 1 {
		r.Errorf("flagged there: %v, %v", data, err)
	}
}

// moveOneCopy: the same message is in three folders, and one of them moves.
func moveOneCopy(r *rig) {
	for _, path := range []string{"A", "B", "C"} {
		r.deliver(path, "the same")
	}
	if err := r.dc.Client(r.T, r.user).Create("D", nil).Wait(); err != nil {
		r.Fatal(err)
	}
	r.settled()
	a, b := idOf(r, "A", "the same"), idOf(r, "B", "the same")
	r.mark()
	if _, err := r.other("A").Move(imap.UIDSetNum(1), "D").Wait(); err != nil {
		r.Fatal(err)
	}
	r.sync()
	moved := only[mail.MessagesMoved](r)
	if len(moved) != 1 || moved[0].From.Path != "A" || moved[0].To.Path != "D" || len(moved[0].IDs) != 1 || moved[0].IDs[0] != a {
		r.Errorf("told %+v", moved)
	}
	if n := len(only[mail.MessagesGone](r)) + len(only[mail.MessagesAdded](r)); n != 0 {
		r.Errorf("%d were told as gone or new", n)
	}
	if idOf(r, "B", "the same") != b || len(r.list("C")) != 1 || len(r.list("A")) != 0 {
		r.Error("the other copies were touched")
	}
}
