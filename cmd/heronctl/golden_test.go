package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a session with one of everything.
func sample() *fake {
	unread, total, all, one := 7, 120, 9, 1
	at := func(back time.Duration) time.Time { return now.Add(-back).Add(-123456789) }
	msg := api.Message{
		ID: 204, Account: "work", Folder: "INBOX", UID: 17, MessageID: "a@example.org",
		From: []mail.Address{{Name: "Ann Lee", Addr: "ann@example.org"}}, To: []mail.Address{{Addr: "bo@example.org"}},
		Subject: "Lunch on Friday?", Date: at(time.Hour), Received: at(time.Hour), Size: 1234, Flags: mail.Flags{"$work", "flagged"},
		Preview: "Are you free at noon?", Pending: true,
	}
	other := msg
	other.ID, other.UID, other.Flags, other.Pending = 203, 16, mail.Flags{"answered", "seen"}, false
	other.From, other.Subject = []mail.Address{{Name: "木村 \u202eさん", Addr: "k@example.jp"}}, "書類\x1b[31m\u009b"
	return &fake{
		status: api.Status{
			Unread: 9, Revision: 41, Running: true, AlertsPaused: now.Add(time.Hour),
			Accounts: []api.AccountStatus{
				{
					ID: "work", Address: "ann@example.org", Protocol: mail.IMAP, State: mail.StateOnline, ToldBy: mail.ToldByIdle, ToldWhy: mail.ToldNotOffered,
					LastSync: at(4 * time.Second), PendingOps: 2, Unread: 9,
					Folders: []api.Folder{{ID: 1, Path: "INBOX", Role: mail.RoleInbox, Total: 120, Unread: 7, Watched: true, Selectable: true}},
				},
				{
					ID: "home", Address: "ann@home.example", Protocol: mail.IMAP, State: mail.StateOffline, ToldBy: mail.ToldByPoll,
					NextTry:  now.Add(19500 * time.Millisecond),
					Problems: []api.Problem{{Code: mail.CodeUnknownHost, Class: mail.ClassOffline, Account: "home", Args: mail.Args{"host": "imap.home.example"}}},
				},
			},
		},
		accounts: []api.Account{{
			ID: "work", Address: "ann@example.org", Protocol: mail.IMAP, Host: "mail.example.org", Port: 993,
			Security: mail.TLS, User: "ann", Watch: []string{"Lists/Go"},
		}},
		steps: []api.Step{
			{Name: api.StepResolve, State: api.StepRunning},
			{Name: api.StepResolve, State: api.StepOK, Detail: "192.0.2.1"},
			{Name: api.StepConnect, State: api.StepOK},
		},
		reports: []api.SyncReport{{
			Account: "work", Folders: 14, New: 3, Changed: 12, Gone: 1, Moved: 2, OpsSent: 1, Commands: 9, RoundTrips: 3,
			BytesRead: 6789, BytesWritten: 345, ElapsedMS: 66,
		}},
		folders: []api.Folder{
			{ID: 1, Path: "INBOX", Role: mail.RoleInbox, Total: 12000, Unread: 7, Watched: true, Selectable: true},
			{ID: 2, Path: `Lists/Go \/ Rust`, Total: 3, Selectable: true},
			{ID: 3, Path: "Lists"},
		},
		messages: []api.Message{msg, other},
		body: &api.Body{
			Message: msg, Text: "Are you free at noon?\nThe usual place.\n\x1b[2J\n", Truncated: true,
			Attachments: []api.Attachment{{Name: "menu\u202efdp.exe", Type: "application/pdf", Size: 123456}},
		},
		raw:    "Subject: raw\r\n\r\n\x00\xff",
		result: api.ActionResult{Op: 5, Count: 3},
		op:     api.Op{ID: 6, Account: "work", Kind: mail.OpMove, Count: 2, Folder: "INBOX", State: mail.OpWaiting, Created: at(0), Inverse: 5},
		ops: []api.Op{{
			ID: 5, Account: "work", Kind: mail.OpFlags, Count: 2, Add: mail.Flags{"seen"}, State: mail.OpWaiting, Tries: 1,
			Created: at(5 * time.Minute), NextTry: now.Add(20 * time.Second), Fault: string(mail.CodeRefused),
		}},
		checks: []api.Check{
			{Name: "settings", OK: true},
			{Name: "store", OK: true},
			{Name: "keyring", OK: true},
			{
				Name: "account", Account: "work", OK: true, Steps: []api.Step{
					{Name: api.StepResolve, State: api.StepOK, Detail: "192.0.2.1"},
					{Name: api.StepCapabilities, State: api.StepOK, Detail: "CONDSTORE IDLE IMAP4REV1"},
				},
				Capabilities: []string{"CONDSTORE", "IDLE", "IMAP4REV1"}, Finds: "condstore", Tells: mail.ToldByIdle,
				State: mail.StateOnline, ToldBy: mail.ToldByIdle, ToldWhy: mail.ToldNotOffered,
			},
			{Name: "account", Account: "old", OK: true, Paused: true, State: mail.StatePaused},
		},
		events: []api.Event{
			{Rev: 41, Kind: api.KindSnapshot, Time: now},
			{Rev: 42, Time: at(0), Account: "work", Origin: mail.Elsewhere, Kind: "message.added", Folder: "INBOX", UIDs: []mail.UID{18}, Unread: &one, Messages: []api.EventMessage{{ID: 205, UID: 18, From: "Ann Lee", Subject: "Hi\u202e there", Unread: true}}},
			{Kind: api.KindHeartbeat, Time: now},
			{Rev: 43, Time: at(0), Account: "work", Origin: mail.Elsewhere, Kind: "counts", Folder: "INBOX", Unread: &unread, Total: &total, AccountUnread: &all},
			{Rev: 44, Time: at(0), Account: "work", Origin: mail.Here, Kind: "flags.changed", Folder: "INBOX", UIDs: []mail.UID{18}, IDs: []mail.MessageID{205}, Added: mail.Flags{"seen"}},
			{Rev: 45, Time: at(0), Account: "work", Origin: mail.Elsewhere, Kind: "message.moved", From: "INBOX", To: "Archive", UIDs: []mail.UID{4, 5}, IDs: []mail.MessageID{7, 8}},
			{Rev: 46, Time: at(0), Account: "home", Kind: "problem.raised", Problem: &api.Problem{Code: mail.CodeUnknownHost, Args: mail.Args{"host": "imap.home.example"}}},
			{Rev: 47, Time: at(0), Account: "home", Kind: "account.state", State: mail.StateOffline},
		},
	}
}

// TestShapes holds what is written, byte for byte: the JSON is a contract.
func TestShapes(t *testing.T) {
	for name, args := range map[string]string{
		"account-list": "account list", "account-test": "account test work", "account-sign-in": "account sign-in work --password-stdin",
		"account-remove": "account remove work --yes --keep-data",
		"sync":           "sync", "watch": "watch --since 41", "status": "status", "folder-list": "folder list work",
		"folder-watch": "folder watch work Lists/Go", "message-list": "message list work INBOX", "message-show": "message show work INBOX 17",
		"message-mark": "message mark work INBOX 17 --seen", "activity": "activity", "op-list": "op list",
		"message-move": "message move work INBOX 17 16 --to Lists", "message-copy": "message copy id:204 --to Lists",
		"message-archive": "message archive work INBOX 17", "message-junk": "message junk work INBOX 17",
		"message-delete": "message delete work INBOX 17 16",
		"folder-create":  "folder create work Lists/Go", "folder-delete": "folder delete work Lists",
		"folder-rename": "folder rename work Lists Old", "folder-empty": "folder empty work Trash --yes",
		"folder-subscribe": "folder subscribe work Lists", "folder-unsubscribe": "folder unsubscribe work Lists",
		"undo": "undo", "problem-dismiss": "problem dismiss", "search": "search lunch friday", "doctor": "doctor",
		"alerts-pause": "alerts pause 90m", "alerts-resume": "alerts resume",
	} {
		for _, ext := range []string{"txt", "json"} {
			t.Run(name+"."+ext, func(t *testing.T) {
				words := strings.Fields(args)
				if ext == "json" {
					words = append(words, "--json")
				}
				f := sample()
				f.eventsEnd = errEnough
				if name == "activity" {
					f.events = f.events[3:]
				}
				o := tryIn(t.Context(), t, &fakes{worker: f}, func(e *env) { e.Stdin = strings.NewReader("s3cret\n") }, words...)
				if name == "watch" {
					// The stream of the fake ends with an error; see TestWatch.
					o.code, o.errOut = 0, ""
				}
				if o.code != 0 || o.errOut != "" {
					t.Fatalf("exit %d: %s", o.code, o.errOut)
				}
				compare(t, name+"."+ext, o.out)
				if want := 1 + strings.Count(name, "sign-in"); f.closed != want {
					t.Errorf("the session was closed %d times", f.closed)
				}
			})
		}
	}
	for _, format := range []string{"waybar", "i3blocks"} {
		o := try(t, &fakes{worker: sample()}, "status", "--format", format)
		compare(t, "status-"+format+".txt", o.out)
	}
}

// TestStatusWithoutAccounts: one whose settings are broken is missing, and why
// that is must be said all the same.
func TestStatusWithoutAccounts(t *testing.T) {
	f := &fake{status: api.Status{Problems: []api.Problem{{
		Code: mail.CodeSettingsBroken, Class: mail.ClassLocal, Account: "work",
		Args: mail.Args{"path": "/home/ann/work.toml", "line": "2", "text": "what is this"},
	}}}}
	o := try(t, &fakes{worker: f}, "status")
	if o.code != 0 || !strings.Contains(o.out, "/home/ann/work.toml, line 2: what is this") {
		t.Errorf("exit %d: %s", o.code, o.out)
	}
	o = try(t, &fakes{worker: f}, "status", "--format", "waybar")
	if o.code != 0 || !strings.Contains(o.out, "Settings cannot be read") {
		t.Errorf("waybar: exit %d: %s", o.code, o.out)
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
	if strings.HasSuffix(name, ".json") {
		for _, line := range bytes.Split(bytes.TrimSpace([]byte(got)), []byte("\n")) {
			if !json.Valid(line) {
				t.Errorf("%s: no JSON: %s", name, line)
			}
		}
	}
	for _, r := range got {
		if r != '\n' && (steering(r) || r < ' ' || r >= 0x7f && r < 0xa0) {
			t.Errorf("%s holds %U, which steers a terminal", name, r)
		}
	}
}

// TestNothingIsNull: empty lists are [], so that scripts need not ask.
func TestNothingIsNull(t *testing.T) {
	for args, want := range map[string]string{
		"account list": "[]", "sync": "[]", "folder list x": "[]", "message list x INBOX": "[]", "op list": "[]", "activity": "[]",
		"search x": "[]", "doctor": `{"ok":true,"checks":[]}`,
		"status": `{"unread":0,"accounts":[],"rev":0,"running":false}`,
	} {
		o := try(t, &fakes{worker: &fake{}}, append(strings.Fields(args), "--json")...)
		if o.code != 0 || strings.TrimSpace(o.out) != want {
			t.Errorf("%s: exit %d, %s, want %s", args, o.code, o.out, want)
		}
		if o = try(t, &fakes{worker: &fake{}}, strings.Fields(args)...); o.code != 0 || o.out == "" {
			t.Errorf("%s says nothing to people (exit %d)", args, o.code)
		}
	}
}
