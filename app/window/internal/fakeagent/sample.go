package fakeagent

import (
	"fmt"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Sample is a status of two accounts with folders, long names among them.
func Sample(now time.Time) api.Status {
	folder := func(id int, path string, role mail.Role, total, unread int) api.Folder {
		return api.Folder{ID: mail.MailboxID(id), Path: path, Role: role, Total: total, Unread: unread, Selectable: true}
	}
	return api.Status{
		Unread: 13, Running: true, Revision: 40,
		Accounts: []api.AccountStatus{
			{
				ID: "work", Address: "maria.gonzalez@consulting.example.org", Protocol: mail.IMAP,
				State: mail.StateOnline, ToldBy: mail.ToldByIdle, LastSync: now.Add(-4 * time.Second), Unread: 10,
				Folders: []api.Folder{
					folder(1, "INBOX", mail.RoleInbox, 1240, 7), folder(2, "Drafts", mail.RoleDrafts, 2, 0),
					folder(3, "Sent", mail.RoleSent, 410, 0), folder(4, "Archive", mail.RoleArchive, 20412, 0),
					folder(5, "Projects", mail.RoleNone, 0, 0),
					folder(6, "Projects/Receipts", mail.RoleNone, 88, 3),
					folder(7, "Projects/Verwaltungsangelegenheiten und Sonstiges 2026", mail.RoleNone, 5, 0),
					folder(8, "会議の議事録", mail.RoleNone, 12, 0),
				},
			},
			{
				ID: "home", Address: "me@home.example", Protocol: mail.IMAP, State: mail.StateOnline,
				ToldBy: mail.ToldByPoll, LastSync: now.Add(-40 * time.Second), Unread: 3,
				Folders: []api.Folder{folder(11, "INBOX", mail.RoleInbox, 94, 3), folder(12, "Trash", mail.RoleTrash, 4, 0)},
			},
		},
	}
}

// SampleRows is a list of n messages, the newest from just before now.
func SampleRows(now time.Time, n int) func(api.PageQuery) (int, func(int) api.Message) {
	samples := []struct{ from, addr, subject, words string }{
		{"Ann Lee", "ann@example.org", "Lunch on Friday?", "Are you free at noon? The usual place, I will book a table for four."},
		{"Build bot", "ci@builds.example.org", "main is green", "All 412 checks passed in 6 min 2 s."},
		{"", "no-reply+4f8a7c2d9b@notifications.very-long-subdomain.example.com", "Your weekly summary of everything that happened in all of your projects and the projects of the people you follow", "It was a busy week"},
		{"Jürgen Größenwahn", "j@example.de", "Re: Rechnung Nr. 2026-0817", "vielen Dank für die schnelle Überweisung"},
		{"山田 太郎", "taro@example.jp", "来週の会議について 📅", "お世話になっております。"},
		{"Evil\u202Emoc.elpmaxe", "x@example.net", "invoice\u202Efdp.exe\u0007", "See\nattached"},
		{"שרה לוי", "sara@example.co.il", "שלום", "מה שלומך"},
		{"Grandma 👵", "oma@example.org", "", ""},
	}
	return func(api.PageQuery) (int, func(int) api.Message) {
		return n, func(i int) api.Message {
			s := samples[i%len(samples)]
			m := api.Message{
				ID: mail.MessageID(n - i), Account: "work", Folder: "INBOX", UID: mail.UID(n - i),
				From:    []mail.Address{{Name: s.from, Addr: s.addr}},
				To:      []mail.Address{{Name: "María González", Addr: "maria.gonzalez@consulting.example.org"}},
				Subject: s.subject, Preview: s.words, Date: now.Add(-time.Duration(i) * 47 * time.Minute), Size: 4210,
				Flags: mail.NewFlags(mail.FlagSeen),
			}
			if i < 2 || i == 4 || i%9 == 7 {
				m.Flags = mail.Flags{}
			}
			if i%5 == 3 {
				m.Account = "home"
			}
			return m
		}
	}
}

// SampleActivity is a page of things that happened.
func SampleActivity(now time.Time) []api.Event {
	at := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
	uids := func(n int) []mail.UID { return make([]mail.UID, n) }
	return []api.Event{
		{Time: at(1), Account: "work", Origin: mail.Elsewhere, Kind: "message.added", Folder: "INBOX", UIDs: uids(1), Messages: []api.EventMessage{{From: "Ann Lee", Subject: "Lunch on Friday?"}}},
		{Time: at(3), Account: "work", Origin: mail.Elsewhere, Kind: "message.moved", From: "INBOX", To: "Projects/Receipts", UIDs: uids(12)},
		{Time: at(3), Account: "home", Origin: mail.Here, Kind: "flags.changed", Folder: "INBOX", UIDs: uids(1), Added: mail.NewFlags(mail.FlagSeen)},
		{Time: at(40), Account: "work", Origin: mail.Elsewhere, Kind: "folder.added", Folder: "Projects/Verwaltungsangelegenheiten und Sonstiges 2026"},
		{Time: at(300), Account: "work", Origin: mail.Backfill, Kind: "message.added", Folder: "Archive", UIDs: uids(500)},
	}
}

// SampleCheck is a check in which all goes well.
func SampleCheck(pause time.Duration) CheckScript {
	return CheckScript{Pause: pause, Steps: []api.Step{
		{Name: api.StepResolve, State: api.StepOK, Detail: "192.0.2.25"},
		{Name: api.StepConnect, State: api.StepOK, Detail: "192.0.2.25:993"},
		{Name: api.StepTLS, State: api.StepOK, Detail: "TLS 1.3"},
		{Name: api.StepSignIn, State: api.StepOK},
		{Name: api.StepCapabilities, State: api.StepOK, Detail: "IDLE CONDSTORE QRESYNC UIDPLUS MOVE"},
		{Name: api.StepFolders, State: api.StepOK, Folders: Sample(time.Time{}).Accounts[0].Folders},
	}}
}

// sampleBody is a text for any message.
func sampleBody(m api.Message) api.Body {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nAre you free at noon? The usual place; I will book a table for four, and there is a lot to tell since last time.\n\n", m.Preview)
	for i := range 12 {
		fmt.Fprintf(&b, "Paragraph %d. A heron stands still and watches, and what it watches is the water: nothing moves that it does not see, and nothing moves because of it.\n\n", i+1)
	}
	b.WriteString("-- \nGrüße, 山田, שלום 👋\u202E\n")
	return api.Body{Message: m, Text: b.String(), Attachments: []api.Attachment{
		{Name: "menu.pdf", Type: "application/pdf", Size: 120_400},
		{Name: strings.Repeat("a very long file name ", 6) + ".jpeg", Type: "image/jpeg", Size: 3_480_000},
	}}
}
