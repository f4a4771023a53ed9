package imapsync

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestTheLevelAboveANewFolderIsOurs: a server makes the level above a new folder with
// it, and takes it away with the last folder in it. Both are our doing; the level that
// another machine makes is not.
func TestTheLevelAboveANewFolderIsOurs(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 4, Capability: allCaps})
	t.Run("made", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, dc, 0)
		r.settled()
		r.done(mail.Op{Kind: mail.OpFolderCreate, Name: "Upper/Level/Leaf"})
		r.sync()
		r.box("Upper/Level")
		r.nothingElsewhere()
	})
	t.Run("renamed into", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, dc, 1)
		r.settled()
		op := r.done(mail.Op{Kind: mail.OpFolderCreate, Name: "Leaf"})
		r.sync()
		r.mark()
		r.done(mail.Op{Kind: mail.OpFolderRename, Mailbox: op.Mailbox, Name: "Level/Leaf"})
		r.sync()
		r.box("Level")
		r.nothingElsewhere()
	})
	t.Run("deleted", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, dc, 2)
		r.settled()
		op := r.done(mail.Op{Kind: mail.OpFolderCreate, Name: "Level/Leaf"})
		r.sync()
		r.mark()
		r.done(mail.Op{Kind: mail.OpFolderDelete, Mailbox: op.Mailbox})
		r.sync()
		r.nothingElsewhere()
	})
	t.Run("made by another machine", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, dc, 3)
		r.settled()
		r.done(mail.Op{Kind: mail.OpFolderCreate, Name: "Level/Leaf"})
		if err := r.other("INBOX").Create("Levels/Leaf", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		r.sync()
		for _, c := range only[mail.MailboxAdded](r) {
			want := mail.Here
			if c.Folder.Path == "Levels" || c.Folder.Path == "Levels/Leaf" {
				want = mail.Elsewhere
			}
			if c.Origin != want {
				t.Errorf("%s was made %s, want %s", c.Folder.Path, c.Origin, want)
			}
		}
	})
}
