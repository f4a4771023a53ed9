package imapsync

import (
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestADeletionSparesOnlyWhatWasMovedElsewhere: of two messages that are deleted for
// good one was moved by another program since, which wants it. It is kept, and said;
// the other is deleted all the same.
func TestADeletionSparesOnlyWhatWasMovedElsewhere(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages("UIDPLUS"), signedIn("UIDPLUS", 1, 1, 2)+copyInWork()+lookAtInbox(1)+
		"C: M1 UID STORE 2 +FLAGS.SILENT (\\Deleted)\nC: M2 UID FETCH 2 (UID)\nS: M1 OK done\nS: * 1 FETCH (UID 2)\nS: M2 OK done\n"+
		"C: M3 UID EXPUNGE 2\nS: M3 OK done\n")
	o.mustPass()
	ids := o.inboxIDs()
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpDelete, Targets: ids})
	if err != nil {
		t.Fatal(err)
	}
	o.mustPass()
	if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
		t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
	}
	if kept := o.list("Work"); len(o.list("INBOX")) != 0 || len(kept) != 1 || kept[0].ID != ids[1] || kept[0].Pending {
		t.Errorf("in Work is %+v", kept)
	}
	ps, err := o.store.Problems(t.Context())
	if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeMovedElsewhere {
		t.Errorf("the problems are %+v, %v", ps, err)
	}
}

// TestADeletionAfterARefusedCopyIsNotSent: the user copies a message to where it is to
// be kept, and deletes the original for good. The copy is refused: the original is all
// there is.
func TestADeletionAfterARefusedCopyIsNotSent(t *testing.T) {
	t.Parallel()
	caps := "UIDPLUS MOVE"
	o := against(t, twoMessages(caps), unchanged(caps)+"C: M1 UID COPY 1 \"Work\"\nS: M1 NO [OVERQUOTA] full\n")
	o.mustPass()
	ids := o.inboxIDs()[1:]
	cp, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpCopy, Targets: ids, Mailbox: o.box("Work").ID})
	if err != nil {
		t.Fatal(err)
	}
	del, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpDelete, Targets: ids})
	if err != nil {
		t.Fatal(err)
	}
	o.mustPass()
	for _, id := range []mail.OpID{cp.ID, del.ID} {
		if op, err := o.store.Op(t.Context(), id); err != nil || op.State != mail.OpFailed {
			t.Errorf("the %s is %s (%s), %v", op.Kind, op.State, op.Fault, err)
		}
	}
	if n := len(o.list("INBOX")); n != 2 {
		t.Errorf("%d messages are shown", n)
	}
}

// TestAFolderIsKeptWithWhatCouldNotBeMovedOut: offline, a message is moved out of a
// folder, which is then deleted. Meanwhile where it was to go is deleted elsewhere, and
// so is another message, so that the folder holds no more than the user could know of.
func TestAFolderIsKeptWithWhatCouldNotBeMovedOut(t *testing.T) {
	t.Parallel()
	for _, kind := range []mail.OpKind{mail.OpMove, mail.OpCopy} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1, Capability: allCaps})
			r := newRig(t, dc, 0)
			for _, f := range []string{"Work", "Safe"} {
				if err := dc.Client(t, 0).Create(f, nil).Wait(); err != nil {
					t.Fatal(err)
				}
			}
			r.deliver("Work", "the only one")
			other := r.deliver("Work", "of no use")
			r.settled()
			r.stop()
			out := r.do(mail.Op{Kind: kind, Targets: []mail.MessageID{idOf(r, "Work", "the only one")}, Mailbox: r.box("Safe").ID})
			del := r.do(mail.Op{Kind: mail.OpFolderDelete, Mailbox: r.box("Work").ID})
			c := r.other("Work")
			r.flag(c, imap.FlagDeleted, other)
			if err := c.UIDExpunge(imap.UIDSetNum(other)).Close(); err != nil {
				t.Fatal(err)
			}
			if err := dc.Client(t, 0).Delete("Safe").Wait(); err != nil {
				t.Fatal(err)
			}
			r.start()
			r.ended(out.ID, mail.OpFailed)
			r.ended(del.ID, mail.OpFailed)
			r.sync()
			r.agree("Work", "the only one")
		})
	}
}

// TestADeletionToTheTrashDoesNotFollow: offline the user deletes a message, which moves
// it to the trash, or files and then deletes it. Meanwhile another machine moves it. It
// stays where that put it; if that is the trash all is as it was wanted.
func TestADeletionToTheTrashDoesNotFollow(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 3, Capability: allCaps})
	for user, c := range []struct {
		name, over, elsewhere string
		state                 mail.OpState
	}{
		{"moved elsewhere", "", "Archive", mail.OpFailed},
		{"filed, deleted, and moved elsewhere", "Junk", "Archive", mail.OpFailed},
		{"moved to the trash elsewhere", "", "Trash", mail.OpDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dc, user)
			uid := r.deliver("INBOX", "travels")
			r.settled()
			r.stop()
			id := idOf(r, "INBOX", "travels")
			if c.over != "" {
				r.do(r.moving(c.over, id))
			}
			op := r.do(r.moving("Trash", id))
			if _, err := r.other("INBOX").Move(imap.UIDSetNum(uid), c.elsewhere).Wait(); err != nil {
				t.Fatal(err)
			}
			r.start()
			r.ended(op.ID, c.state)
			r.sync()
			r.agree(c.elsewhere, "travels")
			r.eachOnce()
			ps, err := r.store.Problems(t.Context())
			if said := len(ps) == 1 && ps[0].Code == mail.CodeMovedElsewhere; err != nil || said != (c.state == mail.OpFailed) {
				t.Errorf("the problems are %+v, %v", ps, err)
			}
		})
	}
}

// TestTheTrashThatWasJustMadeIsTheTrash: an account without one gets a folder for what
// is deleted. What is moved into it before the server has said what it is for is
// deleted all the same, and does not follow what another machine moved.
func TestTheTrashThatWasJustMadeIsTheTrash(t *testing.T) {
	t.Parallel()
	boxes := func(bs ...mail.Mailbox) *session {
		s := &session{boxes: map[mail.MailboxID]*mail.Mailbox{}}
		for i := range bs {
			bs[i].ID = mail.MailboxID(i + 1)
			s.boxes[bs[i].ID] = &bs[i]
		}
		return s
	}
	for name, c := range map[string]struct {
		s    *session
		want bool
	}{
		"by its role":                {boxes(mail.Mailbox{Name: "Weg", Role: mail.RoleTrash}), true},
		"by its name":                {boxes(mail.Mailbox{Name: "INBOX.Trash", Delimiter: "."}), true},
		"there is another":           {boxes(mail.Mailbox{Name: "Bin"}, mail.Mailbox{Name: "Trash", Role: mail.RoleTrash}), false},
		"one deep in a person's own": {boxes(mail.Mailbox{Name: "Work/Old/Bin", Delimiter: "/"}), false},
		"any other":                  {boxes(mail.Mailbox{Name: "Archive", Role: mail.RoleArchive}), false},
	} {
		if got := c.s.isTrash(1); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
