package store

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

func TestPages(t *testing.T) {
	f, inbox, work := twoFolders(t)
	f.apply(inStep(inbox.ID, 1, 11, fetched(4, 10, mail.FlagSeen)...), inStep(work.ID, 1, 3, msg(1, 5), msg(2, 100)))
	page := func(q MessageQuery, total, unread int, want ...string) {
		t.Helper()
		p, err := f.Messages(f.ctx(), q)
		f.must(err)
		var got []string
		for _, m := range p.Messages {
			got = append(got, m.Envelope.Subject[len("Subject "):])
		}
		if !slices.Equal(got, want) || p.Total != total || p.Unread != unread {
			t.Errorf("%+v: got %v of %d, %d unread", q, got, p.Total, p.Unread)
		}
	}
	one, both := []mail.MailboxID{inbox.ID}, []mail.MailboxID{work.ID, inbox.ID, work.ID}
	page(MessageQuery{Mailboxes: one, Limit: 3}, 10, 3, "10", "9", "8")
	page(MessageQuery{Mailboxes: one, Limit: 3, Offset: 8}, 10, 3, "2", "1")
	page(MessageQuery{Mailboxes: one, Limit: 3, Offset: 10}, 10, 3)
	page(MessageQuery{Mailboxes: one, Limit: 9, Unread: true}, 3, 3, "3", "2", "1")
	page(MessageQuery{Mailboxes: both, Limit: 4}, 12, 5, "100", "10", "9", "8")
	page(MessageQuery{Mailboxes: both, Limit: 9, Unread: true}, 5, 5, "100", "5", "3", "2", "1")
	page(MessageQuery{Mailboxes: both}, 12, 5, "100")
	page(MessageQuery{}, 0, 0)
	page(MessageQuery{Mailboxes: []mail.MailboxID{4711}, Limit: 1}, 0, 0)
	if _, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: make([]mail.MailboxID, 1000)}); err != nil {
		t.Errorf("the same folder many times: %v", err)
	}
	many := make([]mail.MailboxID, maxMailboxes+1)
	for i := range many {
		many[i] = mail.MailboxID(i + 1)
	}
	if _, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: many[:maxMailboxes], Limit: 1}); err != nil {
		t.Errorf("%d folders: %v", maxMailboxes, err)
	}
	if _, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: many}); code(err) != mail.CodeUsage {
		t.Errorf("too many folders: %v", err)
	}
}

// TestPagesTileTheList: wherever pages are cut, they show every row once, in
// order.
func TestPagesTileTheList(t *testing.T) {
	f := open(t)
	const n = 17
	b := f.inbox(n)
	f.apply(Delta{Mailbox: b.ID, Flags: []FlagUpdate{{UID: 7, Flags: seen}, {UID: 16, Flags: mail.NewFlags(mail.FlagDeleted)}}})
	for _, unread := range []bool{false, true} {
		q := MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Unread: unread, Limit: n}
		all, err := f.Messages(f.ctx(), q)
		f.must(err)
		for limit := 1; limit <= n; limit += 5 {
			for offset := range n + 2 {
				q.Limit, q.Offset = limit, offset
				p, err := f.Messages(f.ctx(), q)
				f.must(err)
				want := all.Messages[min(offset, len(all.Messages)):]
				want = want[:min(limit, len(want))]
				if !slices.EqualFunc(p.Messages, want, func(x, y mail.Message) bool { return x.ID == y.ID }) {
					t.Fatalf("unread %v, %d from %d: %d rows, want %d", unread, limit, offset, len(p.Messages), len(want))
				}
			}
		}
	}
}

func TestMessagesOfOneSecondAreSortedByUID(t *testing.T) {
	f := open(t)
	b := f.inbox(0)
	var added []Fetched
	for _, uid := range []mail.UID{3, 1, 2} {
		m := msg(uid, int(uid))
		m.Received = day
		added = append(added, m)
	}
	f.apply(inStep(b.ID, 1, 4, added...))
	p, err := f.Messages(f.ctx(), MessageQuery{Mailboxes: []mail.MailboxID{b.ID}, Limit: 9})
	f.must(err)
	for i, want := range []mail.UID{3, 2, 1} {
		if got := p.Messages[i].Location.UID; got != want {
			t.Errorf("row %d: UID %d, want %d", i, got, want)
		}
	}
}

// TestAPageUsesItsIndex holds the queries that must not depend on how much
// mail there is to their indexes.
func TestAPageUsesItsIndex(t *testing.T) {
	f := open(t)
	for mask, index := range map[string]string{"16": "messages_list", "17": "messages_unread"} {
		type step struct {
			id, parent, x int
			detail        string
		}
		steps, err := query(f.ctx(), f.read, func(r scanner) (s step, err error) {
			err = r.Scan(&s.id, &s.parent, &s.x, &s.detail)
			return s, err
		}, `EXPLAIN QUERY PLAN SELECT id, sort, uid FROM messages WHERE shown_in = 1 AND (shown & `+mask+`) = 0
			UNION ALL SELECT id, sort, uid FROM messages WHERE shown_in = 2 AND (shown & `+mask+`) = 0
			ORDER BY sort DESC, uid DESC LIMIT 10`)
		f.must(err)
		found := 0
		for _, s := range steps {
			if s.detail == "SEARCH messages USING INDEX "+index+" (shown_in=?)" ||
				s.detail == "SEARCH messages USING COVERING INDEX "+index+" (shown_in=?)" {
				found++
			}
			if s.detail == "USE TEMP B-TREE FOR ORDER BY" {
				t.Errorf("%s: it sorts", index)
			}
		}
		if found != 2 {
			t.Errorf("%s: got %+v", index, steps)
		}
	}
}

func TestActivityIsWhatAPersonCaresFor(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	f.must(f.SetState(f.ctx(), acc, AccountState{State: mail.StateOnline, ToldBy: mail.ToldByIdle}))
	_, err := f.Apply(f.ctx(), acc, Batch{Origin: mail.Backfill, Deltas: []Delta{{Mailbox: b.ID, Added: []Fetched{msg(9, 9)}}}})
	f.must(err)
	f.clock.pass(time.Minute)
	f.mark([]mail.MessageID{f.id(b, 1)}, seen, nil)
	cs, err := f.Activity(f.ctx(), time.Time{}, 10)
	f.must(err)
	wantKinds(t, cs, "here flags.changed", "elsewhere message.added")
	cs, err = f.Activity(f.ctx(), day.Add(time.Second), 10)
	f.must(err)
	wantKinds(t, cs, "here flags.changed")
	cs, err = f.Activity(f.ctx(), time.Time{}, 1)
	f.must(err)
	wantKinds(t, cs, "here flags.changed")
}

func TestLogKeepsEveryKind(t *testing.T) {
	f := open(t)
	var rev mail.Revision
	st := func(o mail.Origin) mail.Stamp {
		rev++
		return mail.Stamp{Rev: rev, Time: day, Account: acc, Origin: o}
	}
	in := mail.FolderRef{ID: 1, Path: "INBOX", Role: mail.RoleInbox}
	out := mail.FolderRef{ID: 2, Path: "Work"}
	uids, ids := []mail.UID{4, 5}, []mail.MessageID{14, 15}
	for _, c := range []mail.Change{
		mail.MessagesAdded{Stamp: st(mail.Elsewhere), Folder: in, UIDs: uids, Unread: 1, Messages: []mail.Brief{
			{ID: 14, UID: 4, From: "A", Subject: "S", Unread: true}, {ID: 15, UID: 5},
		}},
		mail.MessagesAdded{Stamp: st(mail.Backfill), Folder: in, UIDs: uids},
		mail.MessagesGone{Stamp: st(mail.Elsewhere), Folder: in, UIDs: uids, IDs: ids},
		mail.MessagesMoved{Stamp: st(mail.Elsewhere), From: in, To: out, UIDs: uids, IDs: ids},
		mail.FlagsChanged{Stamp: st(mail.Here), Folder: in, UIDs: uids, IDs: ids, Added: seen, Removed: flagged},
		mail.MailboxAdded{Stamp: st(mail.Elsewhere), Folder: out},
		mail.MailboxRenamed{Stamp: st(mail.Elsewhere), Folder: out, From: "Old"},
		mail.MailboxSubscribed{Stamp: st(mail.Elsewhere), Folder: out, Subscribed: true},
		mail.MailboxSubscribed{Stamp: st(mail.Here), Folder: out},
		mail.MailboxGone{Stamp: st(mail.Elsewhere), Folder: out},
		mail.CountsChanged{Stamp: st(mail.Here), Folder: in, Counts: mail.Counts{Total: 3, Unread: 2}, AccountUnread: 9},
		mail.AccountState{Stamp: st(mail.Here), State: mail.StateOffline, ToldBy: mail.ToldByPoll, ToldWhy: mail.ToldBroken, NextTry: day, Removed: true},
		mail.OpChanged{Stamp: st(mail.Here), Op: mail.Op{
			ID: 3, Account: acc, Kind: mail.OpFlags, Targets: ids, Add: seen, State: mail.OpWaiting, Tries: 2, Created: day, NextTry: day,
		}},
		mail.ProblemRaised{Stamp: st(mail.Here), Problem: mail.Problem{
			Code: mail.CodeTimeout, Class: mail.ClassOffline, Account: acc, Args: mail.Args{"host": "h"}, Since: day,
		}},
		mail.ProblemCleared{Stamp: st(mail.Here), Code: mail.CodeTimeout},
		mail.AlertShown{Stamp: st(mail.Here), IDs: ids, Folder: in, Subject: "S", From: "A"},
		mail.AlertWithdrawn{Stamp: st(mail.Here), IDs: ids, Reason: "read"},
	} {
		cs, err := f.write(f.ctx(), "test", func(t *tx) error {
			return t.emit(acc, c.Meta().Origin, c)
		})
		f.must(err)
		if len(cs) != 1 || !reflect.DeepEqual(cs[0], c) {
			t.Errorf("%s: told %+v, want %+v", c.Kind(), cs, c)
		}
		if got := f.since(c.Meta().Rev - 1); len(got) != 1 || !reflect.DeepEqual(got[0], c) {
			t.Errorf("%s: kept %+v, want %+v", c.Kind(), got, c)
		}
	}
}

// TestMarkedIsWhatTheServerHas: what waits is not on the server, and a message that cannot
// be read may be flagged; where not all is here yet nothing is sure.
func TestMarkedIsWhatTheServerHas(t *testing.T) {
	f := open(t)
	inbox := f.folders("INBOX")["INBOX"]
	f.apply(inStep(inbox.ID, 1, 4, msg(1, 1), msg(2, 2, mail.FlagFlagged), msg(3, 3, mail.FlagFlagged, mail.FlagSeen)))
	f.mark([]mail.MessageID{f.id(inbox, 1)}, flagged, nil)
	f.mark([]mail.MessageID{f.id(inbox, 2)}, nil, flagged)
	uids, maybe, sure, err := f.Marked(f.ctx(), inbox.ID, mail.FlagFlagged)
	if err != nil || !sure || len(maybe) > 0 || !slices.Equal(uids, []mail.UID{2, 3}) {
		t.Errorf("flagged are %v, sure %v, %v", uids, sure, err)
	}
	f.apply(Delta{Mailbox: inbox.ID, Uncertain: []mail.UID{4}})
	if _, maybe, sure, err = f.Marked(f.ctx(), inbox.ID, mail.FlagFlagged); !sure || err != nil || !slices.Equal(maybe, []mail.UID{4}) {
		t.Errorf("besides %v may be, sure %v, %v", maybe, sure, err)
	}
	d := inStep(inbox.ID, 1, 5)
	d.Cursor.BackfillBelow = 2
	f.apply(d)
	if _, _, sure, err = f.Marked(f.ctx(), inbox.ID, mail.FlagFlagged); sure || err != nil {
		t.Errorf("sure %v, %v", sure, err)
	}
}

// TestUnlikeCountsWhatCannotBeRead: of two messages one is unread, and two more cannot be
// read, which may be unread or not.
func TestUnlikeCountsWhatCannotBeRead(t *testing.T) {
	f := open(t)
	inbox := f.folders("INBOX")["INBOX"]
	d := inStep(inbox.ID, 1, 5, msg(1, 1), msg(2, 2, mail.FlagSeen))
	d.Uncertain = []mail.UID{3, 4}
	f.apply(d)
	for told, unlike := range map[mail.Counts]bool{
		{Total: 4, Unread: 1}: false, {Total: 4, Unread: 3}: false,
		{Total: 4}: true, {Total: 4, Unread: 4}: true, {Total: 2, Unread: 1}: true, {Total: 5, Unread: 2}: true,
	} {
		got, err := f.Unlike(f.ctx(), map[mail.MailboxID]mail.Counts{inbox.ID: told})
		if err != nil || (len(got) > 0) != unlike {
			t.Errorf("%+v: %v, %v", told, got, err)
		}
	}
}
