package imapsync

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/store"
)

// TestTheOriginalStaysWhenItsCopyIsGone: a move by COPY stops half way, behind the copy.
// Another machine, where the message is in two places now, deletes the one in Work. The
// original is all there is: it is copied again before it is taken away, and not with the
// \Deleted that it may have got from the try before.
func TestTheOriginalStaysWhenItsCopyIsGone(t *testing.T) {
	t.Parallel()
	const (
		copies  = "C: M1 UID COPY 1 \"Work\"\n"
		told    = "S: M1 OK [COPYUID 9 1 1] done\n"
		untold  = "S: M1 OK done\nC: M5 UID FETCH 1 (UID)\nS: * 1 FETCH (UID 1)\nS: M5 OK done\n"
		flags   = "C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\n"
		putOff  = "S: M2 NO [LIMIT] later\n"
		flagged = "S: M2 OK done\nC: M3 UID EXPUNGE 1\n"
		cut     = "S: <close>\n"
		bare    = "C: N1 UID STORE 1 -FLAGS.SILENT (\\Deleted)\nS: N1 OK done\n"
		again   = "C: N2 UID COPY 1 \"Work\"\nS: N2 OK [COPYUID 9 1 2] done\n" +
			"C: N3 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: N3 OK done\nC: N4 UID EXPUNGE 1\nS: N4 OK done\n"
		anew  = bare + again
		named = "C: Q2 UID SEARCH LARGER 99 SMALLER 101 HEADER Message-ID \"<1@example.org>\" UNDELETED\n"
	)
	expunged := signedIn("UIDPLUS", 2, 0, 2) +
		"C: W1 SELECT \"Work\"\nC: W2 UID FETCH 1:* " + peeking() + "\n" +
		"S: * 0 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: * OK [UIDNEXT 2] hm\nS: W1 OK done\nS: W2 OK done\n" + lookAtInbox(2)
	deleted := signedIn("UIDPLUS", 2, 1, 2) + strings.ReplaceAll(copyInWork(), "FLAGS ()", "FLAGS (\\Deleted)") + lookAtInbox(2)
	there := signedIn("UIDPLUS", 2, 1, 2) + copyInWork() + lookAtInbox(2)
	byName := strings.Replace(askWork(""), "C: Q2 UID SEARCH UID 1 UNDELETED\n", named, 1)
	for name, parts := range map[string][]string{
		"told, and expunged since":                     {copies + told + flags + cut, expunged + askWork("") + anew},
		"told, and flagged Deleted since":              {copies + told + flags + cut, deleted + askWork("") + anew},
		"not told, and flagged Deleted since":          {copies + cut, deleted + again},
		"told, and expunged behind the look at it":     {copies + told + flags + cut, there + askWork("") + anew},
		"put off, and expunged while it waits":         {copies + told + flags + putOff, expunged + askWork("") + anew},
		"the original is flagged, and the copy goes":   {copies + told + flags + flagged + cut, expunged + askWork("") + anew},
		"under no UID that was told, and expunged":     {copies + untold + flags + cut, expunged + byName + anew},
		"in a folder that was made anew since it came": {copies + told + flags + cut, renumbered(signedIn("UIDPLUS", 2, 0, 2)+lookAtInbox(2)+byName) + renumbered(anew)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages("UIDPLUS"), unchanged("UIDPLUS")+parts[0], parts[1])
			o.mustPass()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: o.inboxIDs()[1:], Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.pass(); (err != nil) != strings.HasSuffix(parts[0], cut) {
				t.Fatal(err)
			}
			if strings.HasSuffix(parts[0], putOff) { // and its time has come
				if err := o.store.RetryOp(t.Context(), op.ID, time.Time{}, nil); err != nil {
					t.Fatal(err)
				}
			}
			o.mustPass()
			o.isDone(op.ID)
			if ms := o.list("Work"); len(ms) != 1 || ms[0].Location.UID != 2 {
				t.Errorf("Work shows %+v", ms)
			}
		})
	}
}

// renumbered gives Work another UIDVALIDITY in a server's words.
func renumbered(s string) string {
	return strings.NewReplacer("UIDVALIDITY 9", "UIDVALIDITY 10", "COPYUID 9", "COPYUID 10").Replace(s)
}

// TestWhatIsLeftOfAHalfMoveIsTheCopy: a move by COPY is cut off twice, and a pass between
// sees the copy. Then another machine, where the message is in two places, deletes the
// original. What is left is the copy, where the user moved it to: the move is done. If the
// copy goes too, the message is gone, and that is said.
func TestWhatIsLeftOfAHalfMoveIsTheCopy(t *testing.T) {
	t.Parallel()
	const cut = "S: <close>\n"
	nobody := strings.NewReplacer("* 1 EXISTS", "* 0 EXISTS", "S: * 1 FETCH (UID 1 FLAGS ())\n", "")
	for left, last := range []string{
		signedIn("UIDPLUS", 1, 0, 2) + nobody.Replace(lookAtWork()) + lookAtInbox(1) + onlyAskWork(""),
		signedIn("UIDPLUS", 1, 1, 2) + lookAtWork() + lookAtInbox(1) + onlyAskWork(" 1"),
	} {
		t.Run(strconv.Itoa(left), func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages("UIDPLUS"), unchanged("UIDPLUS")+"C: M1 UID COPY 1 \"Work\"\n"+cut,
				signedIn("UIDPLUS", 2, 1, 2)+copyInWork()+lookAtInbox(2)+askWork(" 1")+"C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\n"+cut,
				last)
			o.mustPass()
			// The store's clock is behind: what goes is gone for long at once.
			o.again(store.Options{Now: func() time.Time { return time.Now().Add(-5 * time.Minute) }})
			id := o.inboxIDs()[1]
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: []mail.MessageID{id}, Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := o.pass(); err == nil {
					t.Fatal("the connection was not cut")
				}
			}
			o.mustPass()
			ms, b := o.list("Work"), o.box("Work")
			if len(ms) != left || b.Counts.Total != left {
				t.Fatalf("Work shows %+v, and counts %d", ms, b.Counts.Total)
			}
			if left > 0 {
				o.isDone(op.ID)
				if ms[0].ID != id || ms[0].Location.UID != 1 || ms[0].Pending {
					t.Errorf("it is %+v, want id %d", ms[0], id)
				}
			} else if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpFailed {
				t.Errorf("the op is %s (%s), %v", op.State, op.Fault, err)
			}
		})
	}
}

// TestHalfOfAMoveThatIsGivenUpShows: a move by COPY stops half way, and a pass sees the
// copy. It is half of what we do, and nobody's news. Then the server refuses to take the
// original away: the message is in both places, shows in both, and is counted in both.
func TestHalfOfAMoveThatIsGivenUpShows(t *testing.T) {
	t.Parallel()
	const (
		copies  = "C: M1 UID COPY 1 \"Work\"\n"
		flags   = "C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\n"
		refused = flags + "S: M2 NO [NOPERM] no\n"
	)
	seen := signedIn("UIDPLUS", 2, 1, 2) + copyInWork() + lookAtInbox(2) + askWork(" 1") + refused
	later := signedIn("UIDPLUS", 2, 1, 2) + lookAtWork() + lookAtInbox(2)
	for name, first := range map[string]string{
		"cut off": copies + "S: <close>\n",
		"put off": copies + "S: M1 OK [COPYUID 9 1 1] done\n" + flags + "S: M2 NO [LIMIT] later\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages("UIDPLUS"), unchanged("UIDPLUS")+first, seen, later)
			o.mustPass()
			rev, err := o.store.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: o.inboxIDs()[1:], Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = o.pass()        // it is cut, or not
			if name == "put off" { // and its time has come
				if err := o.store.RetryOp(t.Context(), op.ID, time.Time{}, nil); err != nil {
					t.Fatal(err)
				}
			}
			o.mustPass()
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpFailed {
				t.Fatalf("the op is %s (%s), %v", op.State, op.Fault, err)
			}
			o.shows(map[string]int{"INBOX": 2, "Work": 1})
			o.mustPass()
			o.shows(map[string]int{"INBOX": 2, "Work": 1})
			o.nothingElsewhere(rev)
		})
	}
}

// shows checks how many messages show in folders and are counted there, all unread.
func (o *odd) shows(in map[string]int) {
	o.Helper()
	for path, want := range in {
		if n, b := len(o.list(path)), o.box(path); n != want || b.Counts.Total != want || b.Counts.Unread != want {
			o.Errorf("%s shows %d and counts %+v, want %d", path, n, b.Counts, want)
		}
	}
}

// TestAnUnnamedCopyThatWasCutOffIsMadeOnce: a message has neither Message-ID nor EMAILID,
// and the answer to its COPY is cut off. What the next pass finds is like it in all that
// is known. A copy is not made again for that. Where it is a move, the original goes only
// if the server has the same in both: nothing else tells it from another that looks alike.
func TestAnUnnamedCopyThatWasCutOffIsMadeOnce(t *testing.T) {
	t.Parallel()
	const (
		cut  = "C: M1 UID COPY 1 \"Work\"\nC: M2 UID FETCH 1 (UID)\nS: <close>\n"
		goes = "C: M3 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: M3 OK done\n"
		anew = "C: N1 UID STORE 1 -FLAGS.SILENT (\\Deleted)\nS: N1 OK done\n" +
			"C: N2 UID COPY 1 \"Work\"\nC: N3 UID FETCH 1 (UID)\nS: N2 OK done\nS: * 1 FETCH (UID 1)\nS: N3 OK done\n"
	)
	read := func(tag, text string) string {
		return "C: " + tag + " UID FETCH 1 (UID " + imprintItems + ")\n" +
			"S: * 1 FETCH (UID 1 BODY[HEADER] \"Subject: no 1\" BODY[TEXT]<0> \"" + text + "\")\nS: " + tag + " OK done\n"
	}
	back := strings.TrimPrefix(askWork(" 1"), onlyAskWork(" 1"))
	unnamed := strings.NewReplacer("\"<1@example.org>\"", "NIL")
	for name, c := range map[string]struct {
		kind  mail.OpKind
		again string
	}{
		"copied":                 {mail.OpCopy, ""},
		"moved":                  {mail.OpMove, onlyAskWork(" 1") + read("P1", "disk 1 is full") + back + read("P2", "disk 1 is full") + goes},
		"moved, and not the one": {mail.OpMove, onlyAskWork(" 1") + read("P1", "disk 2 is full") + back + read("P2", "disk 1 is full") + anew + goes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, unnamed.Replace(twoMessages("")), unchanged("")+cut,
				unnamed.Replace(signedIn("", 2, 1, 2)+copyInWork()+lookAtInbox(2))+c.again)
			o.mustPass()
			rev, err := o.store.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: c.kind, Targets: o.inboxIDs()[1:], Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.pass(); err == nil {
				t.Fatal("the connection was not cut")
			}
			o.mustPass()
			o.isDone(op.ID)
			o.nothingElsewhere(rev)
		})
	}
}

// TestACopyIsNotMadeAnewWhereNobodyCanLook: moving is copying, into a folder that may not
// be read (a drop box) or that answers no SEARCH, and the original could not be flagged at
// once. Nothing says that the copy went: it is not made again, the original stays, and
// that is said.
func TestACopyIsNotMadeAnewWhereNobodyCanLook(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]string{
		"EXAMINE": "C: Q1 EXAMINE \"Work\"\nS: Q1 NO [NOPERM] you may only put mail into it\n",
		"UID SEARCH": "C: Q1 EXAMINE \"Work\"\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] hm\nS: Q1 OK done\n" +
			"C: Q2 UID SEARCH UID 1 UNDELETED\nS: Q2 NO [SERVERBUG] Internal error occurred\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := against(t, twoMessages("UIDPLUS"),
				unchanged("UIDPLUS")+"C: M1 UID COPY 1 \"Work\"\nS: M1 OK [COPYUID 9 1 1] done\n"+
					"C: M2 UID STORE 1 +FLAGS.SILENT (\\Deleted)\nS: M2 NO [UNAVAILABLE] later\n",
				unchanged("UIDPLUS")+look)
			o.mustPass()
			op, err := o.store.Enqueue(t.Context(), mail.Op{Kind: mail.OpMove, Targets: o.inboxIDs()[1:], Mailbox: o.box("Work").ID})
			if err != nil {
				t.Fatal(err)
			}
			o.mustPass()
			if err := o.store.RetryOp(t.Context(), op.ID, time.Time{}, nil); err != nil {
				t.Fatal(err)
			}
			o.mustPass()
			if op, err = o.store.Op(t.Context(), op.ID); err != nil || op.State != mail.OpFailed {
				t.Errorf("the op is %s, %v", op.State, err)
			}
			ps, err := o.store.Problems(t.Context())
			if err != nil || len(ps) != 1 || ps[0].Args["command"] != name {
				t.Errorf("problems: %+v, %v", ps, err)
			}
			if n := len(o.list("INBOX")); n != 2 {
				t.Errorf("%d messages show in the inbox", n)
			}
		})
	}
}
