package imapsync

import (
	"slices"
	"testing"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// TestTheLevelAboveANewFolderIsOurs: a server makes the level above a new folder with
// it, and takes it away with the last folder in it. Both are our doing; the level that
// another machine makes is not.
func TestTheLevelAboveANewFolderIsOurs(t *testing.T) {
	t.Parallel()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 7, Capability: allCaps})
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
	for user, c := range []struct {
		name string
		made []string
		do   func(r *rig) mail.Op
	}{
		{"what others are in is deleted", []string{"Birds", "Birds/Egret"}, func(r *rig) mail.Op {
			return mail.Op{Kind: mail.OpFolderDelete, Mailbox: r.box("Birds").ID}
		}},
		{"the last in it is deleted", []string{"Birds/Egret"}, func(r *rig) mail.Op {
			return mail.Op{Kind: mail.OpFolderDelete, Mailbox: r.box("Birds/Egret").ID}
		}},
		{"the last in it is renamed", []string{"Birds/Egret"}, func(r *rig) mail.Op {
			return mail.Op{Kind: mail.OpFolderRename, Mailbox: r.box("Birds/Egret").ID, Name: "Egret"}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, dc, 4+user)
			for _, name := range c.made {
				if err := r.other("INBOX").Create(name, nil).Wait(); err != nil {
					t.Fatal(err)
				}
			}
			r.settled()
			r.done(c.do(r))
			r.nothingElsewhere()
		})
	}
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

// TestSubscribedElsewhereIsTold: another machine subscribes to a folder and ends that. So
// does this one, which tells each once, as done here; not the subscription that comes
// with a folder that it makes, or follows one that it renames.
func TestSubscribedElsewhereIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: 1}), 0)
	c := r.dc.Client(t, 0)
	tells := func(what string, do func(), want ...string) {
		t.Helper()
		r.sync()
		r.mark()
		do()
		r.sync()
		var got []string
		for _, c := range r.changes() {
			if sub, ok := c.(mail.MailboxSubscribed); ok {
				got = append(got, string(sub.Origin)+" "+sub.Kind()+" "+sub.Folder.Path)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: told %q, want %q", what, got, want)
		}
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Create("Birds", nil).Wait())
	r.settled()
	tells("subscribed elsewhere", func() { must(c.Subscribe("Birds").Wait()) }, "elsewhere folder.subscribed Birds")
	tells("ended elsewhere", func() { must(c.Unsubscribe("Birds").Wait()) }, "elsewhere folder.unsubscribed Birds")
	tells("subscribed here", func() {
		r.done(mail.Op{Kind: mail.OpFolderSubscribe, Mailbox: r.box("Birds").ID})
	}, "here folder.subscribed Birds")
	tells("renamed here", func() {
		r.done(mail.Op{Kind: mail.OpFolderRename, Mailbox: r.box("Birds").ID, Name: "Fowl"})
	})
	tells("ended here", func() {
		r.done(mail.Op{Kind: mail.OpFolderUnsubscribe, Mailbox: r.box("Fowl").ID})
	}, "here folder.unsubscribed Fowl")
	tells("made here", func() {
		r.done(mail.Op{Kind: mail.OpFolderCreate, Name: "Fish"})
	})
}
