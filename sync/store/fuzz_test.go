package store

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// FuzzApply feeds the store what a server could make up: names, subjects,
// addresses, flags, dates and sizes of any kind. Whatever it is, it is kept, can
// be listed and searched for, and is counted once.
func FuzzApply(f *testing.F) {
	for _, s := range []struct {
		name, text, flags string
		uid               uint32
		size, when        int64
	}{
		{"../../x", "hello", "work", 1, 100, 0},
		{"a\x00b", "NUL \x00 and \r\n", "\x00 a", 4294967295, -1, math.MaxInt64},
		{"\xff\xfe", "\xc3\x28 \xff", "\xff", 7, math.MaxInt64, math.MinInt64},
		{"\u202e\u2066", "'; DROP TABLE messages; --", "\"*^()", 2, 0, -62135596800},
		{"inbox", strings.Repeat("=?utf-8?q?", 1000), strings.Repeat("k ", 300), 3, 1, 253402300800},
		{"", "", "", 0, 0, 1},
	} {
		f.Add(s.name, s.text, s.flags, s.uid, s.size, s.when)
	}
	s, err := Open(f.Context(), filepath.Join(f.TempDir(), "data"), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	n := 0
	f.Fuzz(func(t *testing.T, name, text, flags string, uid uint32, size, when int64) {
		n++
		account := mail.AccountID(fmt.Sprintf("a%d", n))
		apply := func(b Batch) {
			if _, err := s.Apply(t.Context(), account, b); err != nil {
				t.Fatalf("Apply: %v", err)
			}
		}
		apply(Batch{Listing: &Listing{Mailboxes: []ListedMailbox{
			{Name: "INBOX", Delimiter: "/", Selectable: true, Role: mail.RoleInbox},
			{Name: name, Delimiter: text, OldName: flags, Selectable: true},
			{Name: name + text, Delimiter: name},
		}}})
		box, err := s.MailboxByPath(t.Context(), account, "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(flags)
		set := make([]mail.Flag, 0, len(words))
		for _, w := range words {
			set = append(set, mail.Flag(w))
		}
		to := []mail.Address{{Name: text, Addr: name}, {Name: name}}
		m := Fetched{
			UID: mail.UID(uid), ModSeq: mail.ModSeq(uint64(size)), Flags: mail.NewFlags(set...), Size: size, Received: time.Unix(when, 0),
			Envelope: mail.Envelope{Subject: text, From: to, To: to, Cc: to, Date: time.Unix(size, when), HeaderID: name, InReplyTo: text},
			EmailID:  name, Preview: text,
		}
		d := Delta{Mailbox: box.ID, SetCursor: true, Added: []Fetched{m, m}, Cursor: mail.Cursor{UIDValidity: 1, UIDNext: mail.UID(uid) + 1, Messages: int(int32(size))}}
		apply(Batch{Deltas: []Delta{d}, Synced: time.Unix(when, 0)})
		d.Added, d.Flags, d.Gone = nil, []FlagUpdate{{UID: m.UID, Flags: m.Flags}, {UID: m.UID + 1}}, []mail.UID{m.UID + 1, 0}
		if m.UID == 0 {
			d.Gone = nil
		}
		apply(Batch{Deltas: []Delta{d}})

		page, err := s.Messages(t.Context(), MessageQuery{Mailboxes: []mail.MailboxID{box.ID}, Limit: 10})
		if err != nil || len(page.Messages) > 1 {
			t.Fatalf("%d messages, %v", len(page.Messages), err)
		}
		if box, err = s.MailboxByPath(t.Context(), account, "INBOX"); err != nil || box.Cursor.Messages != d.Cursor.Messages {
			t.Fatalf("the inbox: %+v, %v", box, err)
		}
		if _, err := s.Mailboxes(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Changes(t.Context(), 0, 10); err != nil {
			t.Fatal(err)
		}
	})
}
