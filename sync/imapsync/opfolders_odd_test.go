package imapsync

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// have is a connection to a server that has the inbox with two messages, and
// other folders without any: it is signed in and looks at all.
func have(others ...string) string {
	const status = "C: T%d STATUS \"%s\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n"
	var list, ask, tell strings.Builder
	list.WriteString("S: * LIST () \"/\" INBOX\n")
	fmt.Fprintf(&ask, status, 0, "INBOX")
	tell.WriteString("S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7 UNSEEN 2)\nS: T0 OK done\n")
	for i, name := range others {
		validity := map[string]int{"Job": 20, "Work": 20, "Other": 20, "Lists": 21, "Plans": 22, "New": 23}[name]
		fmt.Fprintf(&list, "S: * LIST () \"/\" %s\n", name)
		fmt.Fprintf(&ask, status, i+1, name)
		fmt.Fprintf(&tell, "S: * STATUS %s (MESSAGES 0 UIDNEXT 1 UIDVALIDITY %d UNSEEN 0)\nS: T%d OK done\n", name, validity, i+1)
	}
	return bare + list.String() + "S: A1 OK done\nS: A2 OK done\n" + ask.String() + tell.String()
}

// What is in Work is asked for before it is deleted.
const (
	examineWork = "C: X1 EXAMINE \"Work\"\nC: X2 UID SEARCH UID 1:* UNDELETED\nC: X3 SELECT \"INBOX\"\n"
	inboxAgain  = "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 3] hm\nS: X3 OK done\n"
)

// TestFoldersWhoseAnswerWasLost: the connection is cut when a folder was made,
// renamed or deleted and before that was said, or before it was done. The next
// one finds out which, does what is left, and tells nothing of it as done
// elsewhere.
func TestFoldersWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	const (
		create      = "C: F1 CREATE \"New\"\n"
		rename      = "C: F1 RENAME \"Work\" \"Job\"\n"
		empty       = "S: * 0 EXISTS\nS: * OK [UIDVALIDITY 20] hm\nS: X1 OK done\nS: * SEARCH\nS: X2 OK done\n"
		remove      = examineWork + empty + inboxAgain + "C: F2 DELETE \"Work\"\n"
		subscribe   = "C: F3 SUBSCRIBE \"New\"\nS: F3 OK done\n"
		unsubscribe = "C: F3 UNSUBSCRIBE \"Work\"\nS: F3 OK done\n"
		lsub        = "C: F1 LSUB \"\" \"*\"\n"
		cut         = "S: <close>\n"
	)
	before := []string{"Lists", "Plans", "Work"}
	for name, c := range map[string]struct {
		op    mail.Op  // its folder is Work
		found []string // by the connection that is cut, beside the inbox; nil: as before
		sent  string
		last  string   // the connection after the cut
		shown []string // at the end
		told  string
	}{
		"made": {
			mail.Op{Kind: mail.OpFolderCreate, Name: "New"},
			nil,
			create,
			have("Lists", "Plans", "Work", "New") + lookAtInbox(2) + create + "S: F1 NO [ALREADYEXISTS] it is there\n" + subscribe,
			[]string{"INBOX", "Lists", "New", "Plans", "Work"},
			"here folder.added",
		},
		"not made": {
			mail.Op{Kind: mail.OpFolderCreate, Name: "New"},
			nil,
			create,
			have(before...) + lookAtInbox(2) + create + "S: F1 OK done\n" + subscribe,
			[]string{"INBOX", "Lists", "New", "Plans", "Work"},
			"here folder.added",
		},
		"renamed": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			nil,
			rename,
			have("Lists", "Plans", "Job") + isGone("Work") + lookAtInbox(2) + lsub + "S: F1 OK done\n",
			[]string{"INBOX", "Job", "Lists", "Plans"},
			"here folder.renamed",
		},
		"renamed, subscribed": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			nil,
			rename,
			have("Lists", "Plans", "Job") + isGone("Work") + lookAtInbox(2) + lsub +
				"S: * LSUB () \"/\" Work\nS: * LSUB () \"/\" Workers\nS: * LSUB () \"/\" Work/Old\nS: F1 OK done\n" +
				"C: F2 SUBSCRIBE \"Job\"\nS: F2 OK done\n" + unsubscribe +
				"C: F4 SUBSCRIBE \"Job/Old\"\nS: F4 OK done\nC: F5 UNSUBSCRIBE \"Work/Old\"\nS: F5 OK done\n",
			[]string{"INBOX", "Job", "Lists", "Plans"},
			"here folder.renamed",
		},
		// What was moved there was not heard of either: nothing in it is known.
		"renamed, with mail in it": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			nil,
			rename,
			strings.Replace(have("Lists", "Plans", "Job"), "Job (MESSAGES 0 UIDNEXT 1", "Job (MESSAGES 1 UIDNEXT 2", 1) + isGone("Work") +
				strings.NewReplacer("Work", "Job", "UIDVALIDITY 9", "UIDVALIDITY 20").Replace(copyInWork()) + lookAtInbox(2) + lsub + "S: F1 OK done\n",
			[]string{"INBOX", "Job", "Lists", "Plans"},
			"here folder.renamed",
		},
		"renamed, and another made": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			nil,
			rename,
			strings.Replace(have("Lists", "Plans", "Job", "Work"), "Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 20", "Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 30", 1) +
				lookAtInbox(2) + lsub + "S: * LSUB () \"/\" Work\nS: F1 OK done\nC: F2 SUBSCRIBE \"Job\"\nS: F2 OK done\n",
			[]string{"INBOX", "Job", "Lists", "Plans", "Work"},
			"here folder.renamed, elsewhere folder.added",
		},
		"renamed, and again by another machine": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			nil,
			rename,
			have("Lists", "Other", "Plans") + isGone("Work") + lookAtInbox(2) + "C: F0 RENAME \"Other\" \"Job\"\nS: F0 OK done\n" +
				lsub + "S: * LSUB () \"/\" Work\nS: F1 OK done\nC: F2 SUBSCRIBE \"Job\"\nS: F2 OK done\n" + unsubscribe,
			[]string{"INBOX", "Job", "Lists", "Plans"},
			"here folder.renamed",
		},
		"not renamed": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			nil,
			rename,
			have(before...) + lookAtInbox(2) + rename + "S: F1 OK done\n",
			[]string{"INBOX", "Job", "Lists", "Plans"},
			"here folder.renamed",
		},
		"renamed from another name than it had here": {
			mail.Op{Kind: mail.OpFolderRename, Name: "Job"},
			[]string{"Lists", "Other", "Plans"}, // another machine was quicker
			"C: F1 RENAME \"Other\" \"Job\"\n",
			have("Lists", "Plans", "Job") + isGone("Other") + lookAtInbox(2) + lsub + "S: * LSUB () \"/\" Other\nS: F1 OK done\n" +
				"C: F2 SUBSCRIBE \"Job\"\nS: F2 OK done\nC: F3 UNSUBSCRIBE \"Other\"\nS: F3 OK done\n",
			[]string{"INBOX", "Job", "Lists", "Plans"},
			"here folder.renamed",
		},
		"deleted": {
			mail.Op{Kind: mail.OpFolderDelete},
			nil,
			remove,
			have("Lists", "Plans") + isGone("Work") + lookAtInbox(2) + unsubscribe,
			[]string{"INBOX", "Lists", "Plans"},
			"here folder.gone",
		},
		"deleted, and the subscription is not ended": {
			mail.Op{Kind: mail.OpFolderDelete},
			nil,
			remove + "S: F2 OK done\nC: F3 UNSUBSCRIBE \"Work\"\n",
			have("Lists", "Plans") + isGone("Work") + lookAtInbox(2) + unsubscribe,
			[]string{"INBOX", "Lists", "Plans"},
			"here folder.gone",
		},
		"not deleted": {
			mail.Op{Kind: mail.OpFolderDelete},
			nil,
			remove,
			have(before...) + lookAtInbox(2) + remove + "S: F2 OK done\n" + unsubscribe,
			[]string{"INBOX", "Lists", "Plans"},
			"here folder.gone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := have(before...) + "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
			found := have(before...)
			if c.found != nil {
				found = have(c.found...) + isGone("Work")
			}
			o := against(t, first, found+lookAtInbox(2)+c.sent+cut, c.last)
			o.mustPass()
			work := o.box("Work")
			rev, err := o.store.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			op := c.op
			if op.Account = "odd"; op.Kind != mail.OpFolderCreate {
				op.Mailbox = work.ID
			}
			if op, err = o.store.Enqueue(t.Context(), op); err != nil {
				t.Fatal(err)
			}
			if _, err := o.pass(); err == nil {
				t.Fatal("the connection was not cut")
			}
			o.mustPass()
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpDone {
				t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
			}
			boxes, err := o.store.Mailboxes(t.Context(), "odd")
			if err != nil {
				t.Fatal(err)
			}
			var shown []string
			for _, b := range boxes {
				shown = append(shown, b.Path())
				if b.Path() == "Job" && b.ID != work.ID {
					t.Errorf("Job is %d, Work was %d", b.ID, work.ID)
				}
			}
			if !slices.Equal(shown, c.shown) {
				t.Errorf("folders are %q, want %q", shown, c.shown)
			}
			cs, err := o.store.Changes(t.Context(), rev, 1000)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, c := range cs {
				if strings.HasPrefix(c.Kind(), "folder.") {
					told = append(told, string(c.Meta().Origin)+" "+c.Kind())
				}
			}
			if strings.Join(told, ", ") != c.told {
				t.Errorf("told %q, want %s", told, c.told)
			}
		})
	}
}

// isGone is what Heron asks about a folder that is not listed any more.
func isGone(name string) string { return asks(name, "S: ? NO [NONEXISTENT] no such mailbox\n") }

// TestAFolderOfWhichNothingIsSaidIsKept: without knowing which messages are in a folder
// nobody can say that the user saw them all. DELETE is not sent.
func TestAFolderOfWhichNothingIsSaidIsKept(t *testing.T) {
	t.Parallel()
	const opened = "S: * 1 EXISTS\nS: * OK [UIDVALIDITY 20] hm\nS: X1 OK done\n"
	for name, c := range map[string]struct{ answer, command string }{
		"locked":    {"S: X1 NO Mailbox is locked by another process\nS: X2 BAD none is selected\n", "EXAMINE"},
		"no right":  {"S: X1 NO [NOPERM] no\nS: X2 BAD none is selected\n", "EXAMINE"},
		"BAD":       {"S: X1 BAD what\nS: X2 BAD what\n", "EXAMINE"},
		"another":   {"S: X1 NO no\nS: * SEARCH\nS: X2 OK done\n", "EXAMINE"}, // what was open is open still
		"no search": {opened + "S: X2 NO no\n", "UID SEARCH"},
		"no answer": {opened + "S: X2 OK done\n", "UID SEARCH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := have("Work") + "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
			o := against(t, first, have("Work")+lookAtInbox(2)+
				examineWork+c.answer+inboxAgain)
			o.mustPass()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Account: "odd", Kind: mail.OpFolderDelete, Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			o.mustPass()
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpFailed {
				t.Errorf("the op is %s, %v", op.State, err)
			}
			o.box("Work") // it shows again
			ps, err := o.store.Problems(t.Context())
			if err != nil || len(ps) != 1 || ps[0].Code != mail.CodeRefusedCommand || ps[0].Args["command"] != c.command {
				t.Errorf("problems: %+v, %v", ps, err)
			}
		})
	}
}

// TestARenameFollowsAFolderThatWasRenamed: when two machines rename a folder, it
// gets the name that is sent last.
func TestARenameFollowsAFolderThatWasRenamed(t *testing.T) {
	t.Parallel()
	o := against(t, twoMessages(""),
		unchanged("")+"C: R1 RENAME \"Work\" \"Plans\"\nS: R1 NO [NONEXISTENT] what\n",
		listedTwice(strings.NewReplacer("Work", "Job"))+"C: R1 RENAME \"Job\" \"Plans\"\nS: R1 OK done\n")
	o.mustPass()
	work, err := o.store.MailboxByPath(t.Context(), "odd", "Work")
	if err != nil {
		t.Fatal(err)
	}
	op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFolderRename, Mailbox: work.ID, Name: "Plans"})
	if err != nil {
		t.Fatal(err)
	}
	o.waitsAndEnds(op.ID)
	if plans, err := o.store.MailboxByPath(t.Context(), "odd", "Plans"); err != nil || plans.ID != work.ID {
		t.Errorf("the folder: %+v, %v", plans, err)
	}
}

// listedTwice is a connection on which half of the folders seem to be gone, with
// what becomes of their names.
func listedTwice(to *strings.Replacer) string {
	greeting, list, _ := strings.Cut(to.Replace(signedIn("", 2, 0, 1)), "\n")
	return greeting + "\n" + list + strings.NewReplacer("C: A", "C: B", "S: A", "S: B").Replace(list) +
		isGone("Work") + lookAtInbox(2)
}

// waitsAndEnds makes a pass after which an op waits, and one that does it.
func (o *odd) waitsAndEnds(id mail.OpID) {
	o.Helper()
	for _, want := range []mail.OpState{mail.OpWaiting, mail.OpDone} {
		o.mustPass()
		op, err := o.store.Op(o.Context(), id)
		if err != nil || op.State != want {
			o.Fatalf("the op is %s (%s), %v, want %s", op.State, op.Fault, err, want)
		}
		if want == mail.OpDone {
			return
		}
		if err := o.store.RetryOp(o.Context(), id, time.Time{}, nil); err != nil {
			o.Fatal(err)
		}
	}
}

// TestADeletionFollowsAFolderThatWasRenamed: a folder that is not there under its
// name may be there under another. A listing tells, and the deletion goes on.
func TestADeletionFollowsAFolderThatWasRenamed(t *testing.T) {
	t.Parallel()
	const (
		inbox    = "S: * 2 EXISTS\nS: * OK [UIDVALIDITY 7] hm\nS: * OK [UIDNEXT 3] hm\nS: D3 OK done\n"
		examine  = "C: D1 EXAMINE \"%[1]s\"\nC: D2 UID SEARCH UID 1:* UNDELETED\nC: D3 SELECT \"INBOX\"\n"
		notThere = examine + "S: D1 NO [NONEXISTENT] what\nS: D2 BAD none is selected\n" + inbox
		done     = examine + "S: * 0 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: D1 OK done\nS: * SEARCH\nS: D2 OK done\n" + inbox +
			"C: D4 DELETE \"%[1]s\"\nS: D4 OK done\nC: D5 UNSUBSCRIBE \"%[1]s\"\nS: D5 OK done\n"
	)
	deleted := strings.NewReplacer("S: * LIST () \"/\" Work\n", "", "C: A4 STATUS \"Work\" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\n", "",
		"S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 9 UNSEEN 0)\nS: A4 OK done\n", "")
	for name, last := range map[string]string{
		"renamed": listedTwice(strings.NewReplacer("Work", "Job")) + fmt.Sprintf(done, "Job"),
		"deleted": listedTwice(deleted),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages(""), unchanged("")+fmt.Sprintf(notThere, "Work"), last)
			o.mustPass()
			work, err := o.store.MailboxByPath(t.Context(), "odd", "Work")
			if err != nil {
				t.Fatal(err)
			}
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpFolderDelete, Mailbox: work.ID})
			if err != nil {
				t.Fatal(err)
			}
			o.waitsAndEnds(op.ID)
			boxes, err := o.store.Mailboxes(t.Context(), "odd")
			if err != nil || len(boxes) != 1 {
				t.Errorf("folders: %+v, %v", boxes, err)
			}
			if ps, err := o.store.Problems(t.Context()); err != nil || len(ps) > 0 {
				t.Errorf("problems: %+v, %v", ps, err)
			}
		})
	}
}

// TestAFolderThatWasThereIsNotDeletedByUndo: another machine made the folder just before
// us. What is taken back then deletes nothing; a try of ours that was cut off may have
// made it, and is taken back.
func TestAFolderThatWasThereIsNotDeletedByUndo(t *testing.T) {
	t.Parallel()
	const create = "C: F1 CREATE \"New\"\n"
	exists := create + "S: F1 NO [ALREADYEXISTS] it is there\nC: F3 SUBSCRIBE \"New\"\nS: F3 OK done\n"
	first := have("Work") + "C: A5 SELECT \"INBOX\"\nC: A6 FETCH 1:* " + items + "\n" + selected("A5", 2, 3) + messages(1, 2) + "S: A6 OK done\n" + peek("1:2")
	for name, tries := range map[string][]string{
		"at once":   {have("Work") + lookAtInbox(2) + exists},
		"after cut": {have("Work") + lookAtInbox(2) + create + "S: <close>\n---\n", have("Work", "New") + lookAtInbox(2) + exists},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, first, strings.Join(tries, ""))
			o.mustPass()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Account: "odd", Kind: mail.OpFolderCreate, Name: "New"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range tries {
				if _, err := o.pass(); (err == nil) != (i == len(tries)-1) {
					t.Fatalf("try %d: %v", i, err)
				}
			}
			u, err := o.store.Undo(t.Context(), op.ID)
			if ours := len(tries) > 1; ours != (err == nil) || ours != (u.Kind == mail.OpFolderDelete) || err != nil && mail.FaultOf(err).Code != mail.CodeNotUndoable {
				t.Errorf("taken back by %+v, %v", u.Op, err)
			}
		})
	}
}
