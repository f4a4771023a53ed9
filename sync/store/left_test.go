package store

import (
	"testing"

	"github.com/heronmail/heron/sync/mail"
)

// TestWhatAMoveLeftBehindIsShownAgain: a server that cannot expunge one message alone
// keeps what was moved away, flagged \Deleted, and that is no message any more. When
// another program takes the flag off it is one again: it is shown and counted, as a
// copy of what was moved.
func TestWhatAMoveLeftBehindIsShownAgain(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	f.must(f.StartOp(f.ctx(), op.ID))
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: 10, UIDValidity: 1, Left: true}}))
	f.apply(inStep(work.ID, 1, 11, msg(10, 2)))
	deleted := FlagUpdate{UID: 2, Flags: mail.NewFlags(mail.FlagDeleted)}
	wantKinds(t, f.apply(Delta{Mailbox: inbox.ID, Flags: []FlagUpdate{deleted}}))
	f.counts("INBOX", 2, 2)

	cs := f.apply(Delta{Mailbox: inbox.ID, Flags: []FlagUpdate{{UID: 2, Flags: flagged}}})
	wantKinds(t, cs, "elsewhere message.added")
	if c := find[mail.MessagesAdded](t, cs); len(c.Messages) != 1 || c.Messages[0].CopyOf != id || c.Unread != 1 {
		t.Errorf("told: %+v", c)
	}
	f.counts("INBOX", 3, 3)
	f.counts("Work", 1, 1)
	m := f.at(inbox, 2)
	if m.ID == id || m.Envelope.Subject != "Subject 2" || !m.Flags.Equal(flagged) || m.Size != 1002 {
		t.Errorf("got %+v", m)
	}
	if found, err := f.Search(f.ctx(), SearchQuery{Text: "Subject 2"}); err != nil || found.Total != 2 {
		t.Errorf("found: %+v, %v", found, err)
	}
	wantKinds(t, f.apply(Delta{Mailbox: inbox.ID, Flags: []FlagUpdate{{UID: 2, Flags: flagged}}}))
	wantKinds(t, f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}), "elsewhere message.gone")
}

// TestWhatWasOnlyFlaggedDeletedIsNotTold: a server that cannot expunge one message alone
// leaves what the user deleted for good flagged \Deleted. It shows nowhere, and nobody
// is told of it as of new mail.
func TestWhatWasOnlyFlaggedDeletedIsNotTold(t *testing.T) {
	f, inbox, _ := twoFolders(t)
	id := f.id(inbox, 2)
	op := f.queue(mail.Op{Kind: mail.OpDelete, Targets: []mail.MessageID{id}})
	f.must(f.StartOp(f.ctx(), op.ID))
	rev := f.head()
	f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, Left: true}}))
	wantKinds(t, f.since(rev), "here op")
	f.counts("INBOX", 2, 2)
}

// TestResetKnowsWhatWasLeftBehind: where moving is copying, a message that was moved out
// and back has left its old self behind, flagged \Deleted. When the mailbox gets another
// UIDVALIDITY the message is the one that shows, and nothing is new.
func TestResetKnowsWhatWasLeftBehind(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	for _, move := range []struct {
		to  mail.MailboxID
		uid mail.UID
	}{{work.ID, 1}, {inbox.ID, 4}} {
		op := f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: move.to})
		f.must(f.StartOp(f.ctx(), op.ID))
		f.must(f.FinishOp(f.ctx(), op.ID, []Done{{ID: id, UID: move.uid, UIDValidity: 1, Left: true}}))
	}
	f.counts("INBOX", 3, 3)
	f.queue(mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: work.ID})
	rev := f.head()
	d := inStep(inbox.ID, 2, 5, msg(1, 1), msg(2, 2, mail.FlagDeleted), msg(3, 3), msg(4, 2))
	d.Reset, d.Backfill = true, true
	f.apply(d)
	wantKinds(t, f.since(rev))
	if w := f.ready(); len(w) != 1 || w[0].Messages[0].ID != id || w[0].Messages[0].Location.UID != 4 {
		t.Errorf("sent is %+v", w)
	}
	f.counts("INBOX", 2, 2)
	f.counts("Work", 1, 1)
}
