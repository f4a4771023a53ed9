package imapsync

import (
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/store"
)

// The user moves a message, or does not, and then deletes it in one way or another.
// Before we send that, or between the two, another machine moves it to Kept, or nobody
// does.
type deletionStory struct {
	way, own, another string
}

// The ways to delete a message.
const (
	toTrash    = "to the trash"
	forGood    = "for good"
	emptyTrash = "by emptying the trash"
	withFolder = "with its folder"
)

// What became of our own move before the deletion.
const (
	notMoved    = "not moved"
	movedTold   = "moved and told where" // by COPYUID
	movedUntold = "moved and not told where"
	toBeMoved   = "to be moved"
)

// When another machine moves the message.
const (
	nobodyElse     = "nobody else moves it"
	anotherFirst   = "another moves it first"
	anotherBetween = "another moves it between"
)

func deletionStories() []deletionStory {
	var all []deletionStory
	for _, way := range []string{toTrash, forGood, emptyTrash, withFolder} {
		for _, own := range []string{notMoved, movedTold, movedUntold, toBeMoved} {
			for _, another := range []string{nobodyElse, anotherFirst, anotherBetween} {
				// What is moved before our move was done is older than that.
				old := another == anotherFirst && (own == movedTold || own == movedUntold)
				same := another == anotherFirst && own == notMoved // as between
				plain := another == nobodyElse && (own == notMoved || own == movedTold)
				if !old && !same && !plain {
					all = append(all, deletionStory{way, own, another})
				}
			}
		}
	}
	return all
}

// place is where the message is deleted.
func (d deletionStory) place() string {
	if d.way == emptyTrash {
		return "Trash"
	}
	return "Work"
}

// TestADeletionNeverWinsOverANewerMove: whichever way a message is deleted, and
// whatever we did with it before, it stays where another machine moved it meanwhile,
// and that is said. Our own move is none of another's: what we moved and then deleted
// is deleted.
func TestADeletionNeverWinsOverANewerMove(t *testing.T) {
	t.Parallel()
	stories := deletionStories()
	dc := mailtest.StartDovecot(t, mailtest.DovecotConfig{Users: len(stories), Capability: allCaps})
	for user, d := range stories {
		t.Run(fmt.Sprintf("%s, %s, %s", d.own, d.way, d.another), func(t *testing.T) {
			t.Parallel()
			d.play(newRig(t, dc, user))
		})
	}
}

func (d deletionStory) play(r *rig) {
	for _, box := range []string{"Work", "Kept"} {
		if err := r.dc.Client(r.T, r.user).Create(box, nil).Wait(); err != nil {
			r.Fatal(err)
		}
	}
	from := "INBOX"
	if d.own == notMoved {
		from = d.place()
	}
	uid := r.deliver(from, "travels")
	r.deliver(from, "comes along")
	r.settled()
	ids := []mail.MessageID{idOf(r, from, "travels"), idOf(r, from, "comes along")}
	move := d.move(r, from, uid, ids)
	del := d.delete(r, ids[:1])
	switch {
	case d.own == toBeMoved && d.another == anotherBetween:
		r.postpone(del, time.Now().Add(time.Hour))
		r.start()
		r.ended(move, mail.OpDone)
		r.stop()
		r.takeToKept(d.place())
		r.postpone(del, time.Now())
	case d.another == anotherFirst:
		r.takeToKept(from)
	case d.another == anotherBetween:
		r.takeToKept(d.place())
	}
	r.start()
	d.check(r, move, del)
}

// move does our own move, or has it wait; the worker is stopped after it. It is of two
// messages: a deletion of one of them is not sent as one with it.
func (d deletionStory) move(r *rig, from string, uid imap.UID, ids []mail.MessageID) mail.OpID {
	r.Helper()
	switch d.own {
	case movedTold:
		op := r.done(r.moving(d.place(), ids...))
		r.stop()
		return op.ID
	case movedUntold:
		r.stop()
		op := r.do(r.moving(d.place(), ids...))
		r.doneUntold(op, from, d.place(), uid, uid+1)
		return op.ID
	case toBeMoved:
		r.stop()
		return r.do(r.moving(d.place(), ids...)).ID
	default:
		r.stop()
		return 0
	}
}

// doneUntold does an op on messages, of which the server does not say where they are
// then.
func (r *rig) doneUntold(op mail.Op, from, to string, uids ...imap.UID) {
	r.Helper()
	if err := r.store.StartOp(r.Context(), op.ID); err != nil {
		r.Fatal(err)
	}
	c := r.other(from)
	var err error
	if op.Kind == mail.OpMove {
		_, err = c.Move(imap.UIDSetNum(uids...), to).Wait()
	} else {
		_, err = c.Copy(imap.UIDSetNum(uids...), to).Wait()
	}
	if err != nil {
		r.Fatal(err)
	}
	var done []store.Done
	for _, id := range op.Targets {
		done = append(done, store.Done{ID: id})
	}
	if err := r.store.FinishOp(r.Context(), op.ID, done); err != nil {
		r.Fatal(err)
	}
}

// delete queues the deletion.
func (d deletionStory) delete(r *rig, ids []mail.MessageID) mail.OpID {
	r.Helper()
	switch d.way {
	case toTrash:
		return r.do(r.moving("Trash", ids...)).ID
	case withFolder:
		return r.do(mail.Op{Kind: mail.OpFolderDelete, Mailbox: r.box("Work").ID}).ID
	default:
		return r.do(mail.Op{Kind: mail.OpDelete, Targets: ids}).ID
	}
}

// postpone lets an op wait.
func (r *rig) postpone(id mail.OpID, until time.Time) {
	r.Helper()
	if err := r.store.RetryOp(r.Context(), id, until, nil); err != nil {
		r.Fatal(err)
	}
}

// takeToKept is what the other machine does.
func (r *rig) takeToKept(from string) {
	r.Helper()
	c := r.other(from)
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "travels"}}}, nil).Wait()
	if err != nil || len(found.AllUIDs()) != 1 {
		r.Fatalf("%v, %v", found, err)
	}
	if _, err := c.Move(imap.UIDSetNum(found.AllUIDs()...), "Kept").Wait(); err != nil {
		r.Fatal(err)
	}
}

// check looks where the message is at the end, and what was said.
func (d deletionStory) check(r *rig, move, del mail.OpID) {
	r.Helper()
	state, said := mail.OpFailed, d.another != nobodyElse
	if d.another == nobodyElse || d.way == withFolder {
		state = mail.OpDone
	}
	if d.way == withFolder {
		said = d.another == anotherFirst && d.own == toBeMoved // what was to be moved into it is kept
	}
	r.ended(del, state)
	if move != 0 {
		r.ended(move, mail.OpDone) // of what came along
	}
	r.sync()
	var kept, trash, work []string
	if d.another != nobodyElse {
		kept = []string{"travels"}
	} else if d.way == toTrash {
		trash = []string{"travels"}
	}
	if d.way == emptyTrash {
		trash = []string{"comes along"}
	} else {
		work = []string{"comes along"}
	}
	r.agree("INBOX")
	r.agree("Kept", kept...)
	r.agree("Trash", trash...)
	if d.way != withFolder {
		r.agree("Work", work...)
	}
	r.eachOnce()
	ps, err := r.store.Problems(r.Context())
	if err != nil || (len(ps) > 0) != said || said && (len(ps) != 1 || ps[0].Code != mail.CodeMovedElsewhere) {
		r.Errorf("the problems are %+v, %v", ps, err)
	}
}

// TestWhatADeletionSpares: a message of the inbox, where it is now, and where all that
// waits will bring it.
func TestWhatADeletionSpares(t *testing.T) {
	t.Parallel()
	const inbox, work, kept, trash = 1, 2, 3, 4
	s := &session{boxes: map[mail.MailboxID]*mail.Mailbox{trash: {ID: trash, Role: mail.RoleTrash}}}
	for _, id := range []mail.MailboxID{inbox, work, kept} {
		s.boxes[id] = &mail.Mailbox{ID: id}
	}
	for name, c := range map[string]struct {
		to, at, ends mail.MailboxID // 0: deleted for good
		uid          mail.UID
		tries        int
		want         bool
	}{
		"deleted where it was":                            {0, inbox, 0, 5, 0, false},
		"deleted, and gone":                               {0, 0, 0, 0, 0, false},
		"deleted, and moved elsewhere":                    {0, kept, 0, 5, 0, true},
		"deleted, and moved to the trash elsewhere":       {0, trash, 0, 5, 0, true},
		"to the trash":                                    {trash, inbox, trash, 5, 0, false},
		"to the trash, and moved elsewhere":               {trash, kept, trash, 5, 0, true},
		"to the trash, and moved there elsewhere":         {trash, trash, trash, 5, 0, false},
		"to the trash and out again, and moved elsewhere": {trash, kept, work, 5, 0, false},
		"filed":                                                   {work, inbox, work, 5, 0, false},
		"filed, and moved elsewhere":                              {work, kept, work, 5, 0, false},
		"filed and deleted":                                       {work, inbox, 0, 5, 0, false},
		"filed and deleted, and moved elsewhere":                  {work, kept, 0, 5, 1, true},
		"filed and deleted, and filed elsewhere":                  {work, work, 0, 5, 0, true},
		"filed and deleted, and maybe filed by us":                {work, work, 0, 5, 1, false},
		"filed and put in the trash, and moved elsewhere":         {work, kept, trash, 5, 0, true},
		"filed and put in the trash, and put there elsewhere too": {work, trash, trash, 5, 0, false},
	} {
		m := store.Target{Source: inbox, Ends: c.ends}
		m.Location = mail.Location{Mailbox: c.at, UID: c.uid}
		if got := s.spares(&mail.Op{Mailbox: c.to, Tries: c.tries}, &m); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
