package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestWhatFollowsOnTheSameMessagesIsSentAsOne: and taken back one by one.
func TestWhatFollowsOnTheSameMessagesIsSentAsOne(t *testing.T) {
	f := open(t)
	bs := f.folders("INBOX", "Work", "Archive")
	inbox, work, archive := bs["INBOX"], bs["Work"], bs["Archive"]
	f.apply(inStep(inbox.ID, 1, 4, fetched(1, 3)...), inStep(work.ID, 1, 1), inStep(archive.ID, 1, 1))
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2)}
	f.mark(ids, seen, flagged)
	first := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: work.ID})
	f.mark(ids[:1], nil, seen)
	f.mark(ids, flagged, mail.NewFlags("old"))
	last := f.queue(mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: archive.ID})
	w := f.ready()
	if len(w) != 4 || len(w[1].With) != 1 || w[1].With[0] != first.ID || w[1].Op.ID != last.ID {
		t.Fatalf("with a change of one message in between: %+v", w)
	}
	if m := w[1].Messages[0]; m.Source != inbox.ID {
		t.Errorf("before both moves it was in %d", m.Source)
	}
	if _, err := f.Undo(f.ctx(), 0); err != nil {
		t.Fatal(err)
	}
	f.counts("Work", 2, 1)
	if w = f.ready(); len(w) != 4 || w[1].Op.ID != first.ID || w[1].With != nil {
		t.Fatalf("when the last move was taken back: %+v", w)
	}
}

func TestChangesOfFlagsAreSentAsTheirSum(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	ids := []mail.MessageID{f.id(b, 1), f.id(b, 2)}
	one := f.mark(ids, seen, mail.NewFlags("old"))
	two := f.mark([]mail.MessageID{ids[1], ids[0]}, mail.NewFlags("flagged", "old"), nil)
	three := f.mark(ids, mail.NewFlags("work"), flagged)
	w := f.ready()
	if len(w) != 1 || w[0].Op.ID != three.ID || !slices.Equal(w[0].With, []mail.OpID{one.ID, two.ID}) {
		t.Fatalf("got %+v", w)
	}
	for _, m := range w[0].Messages {
		if !m.Add.Equal(mail.NewFlags("seen", "old", "work")) || !m.Remove.Equal(flagged) {
			t.Errorf("of message %d: +%v -%v", m.ID, m.Add, m.Remove)
		}
	}
	f.must(f.StartOp(f.ctx(), three.ID, w[0].With...))
	four := f.mark(ids, nil, mail.NewFlags("work"))
	f = f.again()
	w = f.ready()
	if len(w) != 2 || len(w[0].With) != 2 || w[1].Op.ID != four.ID || w[1].With != nil {
		t.Fatalf("when it is being sent: %+v", w)
	}
	f.must(f.FinishOp(f.ctx(), three.ID, done(ids...), w[0].With...))
	for _, id := range []mail.OpID{one.ID, two.ID, three.ID} {
		f.state(id, mail.OpDone)
	}
	// Each is taken back alone, the last one first.
	f.must(f.cancelled(four))
	for _, want := range []mail.Flags{mail.NewFlags("seen", "old", "flagged"), seen, nil} {
		if _, err := f.Undo(f.ctx(), 0); err != nil {
			t.Fatal(err)
		}
		if got := f.at(b, 2).Flags; !got.Equal(want) {
			t.Errorf("shown: %v, want %v", got, want)
		}
	}
}

func (f *fixture) cancelled(op mail.Op) error {
	_, err := f.Undo(f.ctx(), op.ID)
	return err
}

// TestRefusedTogetherIsSentOneByOne: what is put off after an answer has its own.
func TestRefusedTogetherIsSentOneByOne(t *testing.T) {
	f := open(t)
	bs := f.folders("INBOX", "Work", "Archive")
	inbox, work, archive := bs["INBOX"], bs["Work"], bs["Archive"]
	f.apply(inStep(inbox.ID, 1, 2, fetched(1, 1)...), inStep(work.ID, 1, 1), inStep(archive.ID, 1, 1))
	id := []mail.MessageID{f.id(inbox, 1)}
	one := f.queue(mail.Op{Kind: mail.OpMove, Targets: id, Mailbox: work.ID})
	two := f.queue(mail.Op{Kind: mail.OpMove, Targets: id, Mailbox: archive.ID})
	f.must(f.StartOp(f.ctx(), two.ID, one.ID))
	f.must(f.RetryOp(f.ctx(), two.ID, time.Time{}, offline, one.ID))
	w := f.ready()
	if len(w) != 2 || w[0].Op.ID != one.ID || w[1].Op.ID != two.ID {
		t.Fatalf("got %+v", w)
	}
	f.must(f.StartOp(f.ctx(), one.ID))
	f.must(f.FinishOp(f.ctx(), one.ID, []Done{{ID: id[0], UID: 1, UIDValidity: 1}}))
	f.must(f.FailOp(f.ctx(), two.ID, offline))
	f.counts("Work", 1, 1)
	f.counts("Archive", 0, 0)
}

// TestWhatIsNotJoined: other messages, other kinds, and a folder that is made in
// between.
func TestWhatIsNotJoined(t *testing.T) {
	f, inbox, work := twoFolders(t)
	ids := []mail.MessageID{f.id(inbox, 1), f.id(inbox, 2)}
	f.mark(ids, seen, nil)
	f.mark(ids[:1], flagged, nil)
	f.queue(mail.Op{Kind: mail.OpCopy, Targets: ids, Mailbox: work.ID})
	f.mark(ids, mail.NewFlags("work"), nil)
	f.queue(mail.Op{Kind: mail.OpFolderCreate, Name: "New"})
	f.mark(ids, mail.NewFlags("new"), nil)
	for _, w := range f.ready() {
		if w.With != nil {
			t.Errorf("%s %d is sent with %v", w.Op.Kind, w.Op.ID, w.With)
		}
	}
}
