package view

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func english(t *testing.T) *i18n.Printer {
	t.Helper()
	p, err := i18n.New("en")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func folder(path string, role mail.Role, unread int) api.Folder {
	return api.Folder{Path: path, Role: role, Unread: unread, Total: 100, Selectable: true}
}

func twoAccounts() api.Status {
	return api.Status{Running: true, Accounts: []api.AccountStatus{
		{ID: "work", Address: "ann@work.example", State: mail.StateOnline, LastSync: noon, Folders: []api.Folder{
			folder("INBOX", mail.RoleInbox, 7), folder("Archive", mail.RoleArchive, 0), folder("Lists", mail.RoleNone, 0),
			folder("Archive/2025", mail.RoleNone, 1), folder("Lists/Go/Announce", mail.RoleNone, 0), folder(`R\/D`, mail.RoleNone, 2),
		}},
		{
			ID: "home", Address: "me@home.example", State: mail.StateOffline, LastSync: noon, NextTry: noon.Add(20 * time.Second),
			Folders: []api.Folder{folder("INBOX", mail.RoleInbox, 3)},
		},
	}}
}

func TestTheSidebarPutsFoldersBelowTheirParents(t *testing.T) {
	var got []string
	for _, r := range placeRows(english(t), twoAccounts()) {
		got = append(got, strings.Repeat("  ", r.depth)+r.name)
	}
	want := []string{
		"All inboxes", "ann@work.example", "Inbox", "Archive", "  2025", "Lists", "  Go/Announce", "R/D",
		"me@home.example", "Inbox", "", "Activity",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if n := placeRows(english(t), twoAccounts())[0].unread; n != 10 {
		t.Errorf("all inboxes have %d unread", n)
	}
}

func TestParents(t *testing.T) {
	for path, want := range map[string]string{
		"": "", "a": "", "a/b": "a", "a/b/c": "a/b", `a\/b`: "", `a\\/b`: `a\\`, `x/a\/b`: "x",
	} {
		if got := parentOf(path); got != want {
			t.Errorf("parent of %q is %q, want %q", path, got, want)
		}
	}
}

func TestElide(t *testing.T) {
	test.NewTempApp(t)
	style := fyne.TextStyle{}
	long := "maria.gonzalez@consulting.example.org"
	for _, middle := range []bool{true, false} {
		for _, width := range []float32{0, 5, 40, 100, 200, 1000} {
			got := elide(long, 14, width, style, middle)
			if w := measure(got, 14, style); w > width && got != "…" {
				t.Errorf("%q is %v wide, not %v", got, w, width)
			}
			if width == 1000 && got != long {
				t.Errorf("a text that fits became %q", got)
			}
		}
	}
	if got := elide(long, 14, 150, style, true); !strings.HasPrefix(got, "maria") || !strings.HasSuffix(got, ".org") {
		t.Errorf("an address became %q", got)
	}
	if got := elide(strings.Repeat("word ", 100_000), 14, 150, style, false); !strings.HasSuffix(got, "…") {
		t.Errorf("a long subject became %q", got)
	}
}

func TestSizes(t *testing.T) {
	p := english(t)
	for n, want := range map[int64]string{0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1500: "2 KB", 120_400: "120 KB", 3_480_000: "3.5 MB"} {
		if got := fileSize(p, n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestTheStatusLine(t *testing.T) {
	p := english(t)
	st := State{Now: noon.Add(4 * time.Second), Link: LinkUp, Status: twoAccounts()}
	st.Status.Accounts[1].PendingOps = 2
	var got []string
	for _, part := range statusParts(p, st) {
		got = append(got, part.text)
	}
	want := "ann@work.example: in step, 4 s ago|me@home.example: trying again in 16 s|2 actions waiting"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	st.Status.Accounts[0].Progress = &api.Progress{Done: 1200, Total: 21_412}
	if s := statusParts(p, st)[0].text; !strings.Contains(s, "1,200 of 21,412") {
		t.Errorf("a first sync is said as %q", s)
	}
	if parts := statusParts(p, State{Link: LinkLost}); len(parts) != 1 || parts[0].mark != markOff {
		t.Errorf("without an agent: %+v", parts)
	}
}

func TestEveryStateHasItsOwnShape(t *testing.T) {
	seen := map[markKind]mail.State{}
	for _, s := range []mail.State{mail.StateOnline, mail.StateConnecting, mail.StateOffline, mail.StateError, mail.StatePaused} {
		k := stateMark(s)
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s look the same", s, other)
		}
		seen[k] = s
	}
}

func TestThePressingProblemComesFirst(t *testing.T) {
	st := State{Status: twoAccounts()}
	if pressing(st, nil) != nil {
		t.Fatal("a problem where there is none")
	}
	st.Status.Accounts[0].Problems = []api.Problem{{Code: mail.CodeUnknownHost, Class: mail.ClassOffline}}
	st.Status.Accounts[1].Problems = []api.Problem{{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}}
	if p := pressing(st, nil); p.Code != mail.CodeSignInRefused || p.Account != "home" {
		t.Errorf("first: %+v", p)
	}
	st.Status.Problems = []api.Problem{{Code: mail.CodeDiskFull, Class: mail.ClassLocal}}
	if p := pressing(st, nil); p.Code != mail.CodeDiskFull {
		t.Errorf("first: %+v", p)
	}
	if p := pressing(st, map[mail.Code]bool{mail.CodeDiskFull: true}); p.Code != mail.CodeSignInRefused {
		t.Errorf("after it was closed: %+v", p)
	}
}

func TestLongTextsAreSplit(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("a line of text\n", 20_000), strings.Repeat("words ", 50_000), strings.Repeat("ü", 100_000), "short", "",
	} {
		var b strings.Builder
		pieces := 0
		for rest := text; ; pieces++ {
			var piece string
			piece, rest = split(rest, pieceSize)
			if len(piece) > pieceSize*5/4 {
				t.Fatalf("a piece of %d bytes", len(piece))
			}
			if strings.Contains(piece, "\uFFFD") {
				t.Fatal("a character was cut")
			}
			b.WriteString(piece)
			if rest == "" {
				break
			}
		}
		squeeze := strings.NewReplacer("\n", "", " ", "")
		if squeeze.Replace(b.String()) != squeeze.Replace(text) {
			t.Errorf("%d pieces do not make %d bytes again", pieces, len(text))
		}
	}
}

func TestEventsAreSaidInWords(t *testing.T) {
	for _, lang := range []string{"en", "de"} {
		p, err := i18n.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		uids := []mail.UID{1, 2}
		problem := &api.Problem{Code: mail.CodeDiskFull, Args: mail.Args{"path": "/x"}}
		for _, e := range []api.Event{
			{Kind: "message.added", Folder: "INBOX", UIDs: uids},
			{Kind: "message.added", Folder: "INBOX", UIDs: uids[:1], Messages: []api.EventMessage{{From: "Ann", Subject: "Hi"}}},
			{Kind: "message.gone", Folder: "INBOX", UIDs: uids},
			{Kind: "message.moved", From: "INBOX", To: "A", UIDs: uids},
			{Kind: "flags.changed", Folder: "A", UIDs: uids, Added: mail.NewFlags("seen")},
			{Kind: "flags.changed", Folder: "A", UIDs: uids, Removed: mail.NewFlags("seen")},
			{Kind: "flags.changed", Folder: "A", UIDs: uids, Added: mail.NewFlags("flagged")},
			{Kind: "flags.changed", Folder: "A", UIDs: uids, Removed: mail.NewFlags("flagged")},
			{Kind: "flags.changed", Folder: "A", UIDs: uids, Added: mail.NewFlags("answered")},
			{Kind: "flags.changed", Folder: "A", UIDs: uids, Added: mail.NewFlags("$x")},
			{Kind: "folder.added", Folder: "A"},
			{Kind: "folder.gone", Folder: "A"},
			{Kind: "folder.renamed", From: "A", Folder: "B"},
			{Kind: "folder.subscribed", Folder: "A"},
			{Kind: "folder.unsubscribed", Folder: "A"},
			{Kind: "alert.shown", Messages: []api.EventMessage{{From: "Ann", Subject: "Hi"}}},
			{Kind: "alert.withdrawn"},
			{Kind: "problem.raised", Problem: problem},
			{Kind: "problem.cleared", Problem: problem},
		} {
			if s := eventText(p, e); s == "" || s == e.Kind || strings.Contains(s, "window.") || strings.Contains(s, "<no value>") {
				t.Errorf("%s: %s is said as %q", lang, e.Kind, s)
			}
		}
	}
}
