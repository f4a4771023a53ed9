package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestACopySaysOfWhat: new mail says which message of another folder it is a
// copy of, and what only looks like one does not.
func TestACopySaysOfWhat(t *testing.T) {
	t.Parallel()
	nameless := msg(4, 4)
	nameless.Envelope.HeaderID = ""
	named := msg(5, 5)
	named.EmailID = "E5"
	for name, c := range map[string]struct {
		change func(*Fetched) // of what comes into the inbox
		of     Fetched        // in Work
		copied bool
	}{
		"the same":                     {func(*Fetched) {}, msg(3, 3), true},
		"without a Message-ID":         {func(*Fetched) {}, nameless, true},
		"no Message-ID, other subject": {func(f *Fetched) { f.Envelope.Subject = "Another" }, nameless, false},
		"another size":                 {func(f *Fetched) { f.Size++ }, msg(3, 3), false},
		"another Message-ID":           {func(f *Fetched) { f.Envelope.HeaderID = "other@example.org" }, msg(3, 3), false},
		"received at another time":     {func(f *Fetched) { f.Received = f.Received.Add(time.Hour) }, msg(3, 3), false},
		"the same EMAILID":             {func(*Fetched) {}, named, true},
		"another EMAILID":              {func(f *Fetched) { f.EmailID = "E6" }, named, false},
		"only one has an EMAILID":      {func(f *Fetched) { f.EmailID = "" }, named, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t)
			b := f.folders("INBOX", "Work")
			f.apply(inStep(b["INBOX"].ID, 1, 1), inStep(b["Work"].ID, 1, c.of.UID+1, c.of))
			id := f.id(b["Work"], c.of.UID)
			added := c.of
			added.UID = 1
			c.change(&added)
			d := inStep(b["INBOX"].ID, 1, 2, added)
			at, err := f.Twins(f.ctx(), acc, d)
			f.must(err)
			if want := []mail.Location{{Mailbox: b["Work"].ID, UID: c.of.UID}}; c.copied && !slices.Equal(at, want) || !c.copied && len(at) != 0 {
				t.Errorf("twins at %+v", at)
			}
			got := find[mail.MessagesAdded](t, f.apply(d))
			if of := got.Messages[0].CopyOf; c.copied && of != id || !c.copied && of != 0 {
				t.Errorf("a copy of %d, with %d in Work", of, id)
			}
			again, err := f.Changes(f.ctx(), got.Rev-1, 1)
			f.must(err)
			if log, ok := again[0].(mail.MessagesAdded); !ok || log.Messages[0] != got.Messages[0] {
				t.Errorf("the log has %+v", again[0])
			}
		})
	}
}

// TestTheInboxHasTheOriginal: of a message that is new in several folders at
// once, the one in a folder that does not alert is the copy.
func TestTheInboxHasTheOriginal(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.list(Listing{Mailboxes: []ListedMailbox{
		{Name: "Lists", Delimiter: "/", Selectable: true},
		{Name: "INBOX", Delimiter: "/", Selectable: true, Role: mail.RoleInbox},
		{Name: "Work", Delimiter: "/", Selectable: true},
	}})
	b := f.boxes()
	f.must(f.SetWatched(f.ctx(), b["Work"].ID, true))
	f.apply(inStep(b["Lists"].ID, 1, 1), inStep(b["Work"].ID, 1, 1), inStep(b["INBOX"].ID, 1, 1))
	cs := f.apply(
		inStep(b["Lists"].ID, 1, 3, msg(1, 1), msg(2, 2)),
		inStep(b["Work"].ID, 1, 3, msg(1, 1), msg(2, 2)),
		inStep(b["INBOX"].ID, 1, 2, msg(1, 1)),
	)
	of := map[string]mail.MessageID{}
	for _, c := range cs {
		if c, ok := c.(mail.MessagesAdded); ok {
			for _, m := range c.Messages {
				of[c.Folder.Path+" "+m.Subject] = m.CopyOf
			}
		}
	}
	one, two := f.id(b["INBOX"], 1), f.id(b["Work"], 2)
	want := map[string]mail.MessageID{
		"INBOX Subject 1": 0, "Work Subject 1": one, "Lists Subject 1": one,
		"Work Subject 2": 0, "Lists Subject 2": two,
	}
	for name, id := range want {
		if of[name] != id {
			t.Errorf("%s is told as a copy of %d, want %d", name, of[name], id)
		}
	}
}

// TestACopyInTheSameFolder: a message that was copied to where it is, or came
// twice, is news once; there is nowhere to be asked for it.
func TestACopyInTheSameFolder(t *testing.T) {
	t.Parallel()
	f, inbox, _ := twoFolders(t)
	d := inStep(inbox.ID, 1, 7, msg(4, 2), msg(5, 4), msg(6, 4))
	at, err := f.Twins(f.ctx(), acc, d)
	f.must(err)
	if len(at) != 0 {
		t.Errorf("twins at %+v", at)
	}
	got := find[mail.MessagesAdded](t, f.apply(d)).Messages
	if got[0].CopyOf != f.id(inbox, 2) || got[1].CopyOf != 0 || got[2].CopyOf != got[1].ID {
		t.Errorf("told %+v", got)
	}
}

// TestCopiesAmongWhatWasLost: new mail is news once also while some other message
// is in limbo; what comes back from there has copies too.
func TestCopiesAmongWhatWasLost(t *testing.T) {
	t.Parallel()
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	got := find[mail.MessagesAdded](t, f.apply(inStep(work.ID, 1, 15, msg(11, 2), msg(12, 2), msg(13, 4), msg(14, 4)))).Messages
	if f.id(work, 11) != id {
		t.Error("the id changed")
	}
	if len(got) != 3 || got[0].CopyOf != id || got[1].CopyOf != 0 || got[2].CopyOf != got[1].ID {
		t.Errorf("told %+v", got)
	}
}

// TestACopyOfWhatIsBeingDeleted: a message that shows no more, as it was deleted
// here or is flagged so, is no news where another machine had put a copy of it.
func TestACopyOfWhatIsBeingDeleted(t *testing.T) {
	t.Parallel()
	f, inbox, work := twoFolders(t)
	here, flagged := f.id(inbox, 2), f.id(inbox, 3)
	_, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{here}})
	f.must(err)
	f.apply(Delta{Mailbox: inbox.ID, Flags: []FlagUpdate{{UID: 3, Flags: mail.NewFlags(mail.FlagDeleted)}}})
	got := find[mail.MessagesAdded](t, f.apply(inStep(work.ID, 1, 13, msg(11, 2), msg(12, 3)))).Messages
	if len(got) != 2 || got[0].CopyOf != here || got[1].CopyOf != flagged {
		t.Errorf("told %+v", got)
	}
}

// TestACopyOfWhatIsToBeMatched: what waits to be matched after a change of
// UIDVALIDITY is known, and a copy of it elsewhere is no news.
func TestACopyOfWhatIsToBeMatched(t *testing.T) {
	t.Parallel()
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	f.apply(Delta{Mailbox: inbox.ID, Reset: true})
	d := inStep(work.ID, 1, 12, msg(11, 2))
	at, err := f.Twins(f.ctx(), acc, d)
	f.must(err)
	if len(at) != 0 {
		t.Errorf("twins at %+v: it is nowhere yet", at)
	}
	if got := find[mail.MessagesAdded](t, f.apply(d)).Messages; got[0].CopyOf != id {
		t.Errorf("told %+v", got)
	}
}

// TestTwinsOfWhatIsOnItsWay: a message that an action here has moved already is
// found where the server has it.
func TestTwinsOfWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	_, err := f.Enqueue(f.ctx(), mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(err)
	d := inStep(work.ID, 1, 11, msg(10, 2))
	at, err := f.Twins(f.ctx(), acc, d)
	f.must(err)
	if !slices.Equal(at, []mail.Location{{Mailbox: inbox.ID, UID: 2}}) {
		t.Errorf("twins at %+v", at)
	}
	f.apply(d, Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}})
	if f.id(work, 10) != id {
		t.Error("the id changed")
	}
}
