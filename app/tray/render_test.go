package tray

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

func now() time.Time { return time.Date(2026, 3, 4, 10, 42, 0, 0, time.UTC) }

func printer(t *testing.T, lang string) *i18n.Printer {
	t.Helper()
	p, err := i18n.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func account(id mail.AccountID, s mail.State, ps ...mail.Problem) Account {
	return Account{ID: id, State: s, Problems: ps}
}

func TestIconState(t *testing.T) {
	online, offline := account("a", mail.StateOnline), account("b", mail.StateOffline)
	connecting, paused := account("c", mail.StateConnecting), account("d", mail.StatePaused)
	tls := mail.Problem{Code: mail.CodeCertExpired, Class: mail.ClassTLS}
	tests := map[string]struct {
		accounts []Account
		problems []mail.Problem
		paused   time.Duration
		want     badge.State
	}{
		"no account":              {want: badge.Offline},
		"all well":                {accounts: []Account{online}, want: badge.Online},
		"one of two offline":      {accounts: []Account{online, offline}, want: badge.Connecting},
		"all offline":             {accounts: []Account{offline, offline}, want: badge.Offline},
		"offline, rest paused":    {accounts: []Account{offline, paused}, want: badge.Offline},
		"connecting":              {accounts: []Account{online, connecting}, want: badge.Connecting},
		"all paused":              {accounts: []Account{paused}, want: badge.Paused},
		"one paused":              {accounts: []Account{online, paused}, want: badge.Online},
		"alerts paused":           {accounts: []Account{online}, paused: time.Hour, want: badge.Paused},
		"pause is over":           {accounts: []Account{online}, paused: -time.Second, want: badge.Online},
		"alerts paused, offline":  {accounts: []Account{offline}, paused: time.Hour, want: badge.Offline},
		"sign-in beats offline":   {accounts: []Account{offline, account("e", mail.StateNeedsSignIn)}, want: badge.Problem},
		"error":                   {accounts: []Account{account("e", mail.StateError)}, want: badge.Problem},
		"certificate":             {accounts: []Account{account("e", mail.StateOffline, tls)}, want: badge.Problem},
		"disk full":               {accounts: []Account{online}, problems: []mail.Problem{{Code: mail.CodeDiskFull, Class: mail.ClassLocal}}, want: badge.Problem},
		"no alerts is no problem": {accounts: []Account{online}, problems: []mail.Problem{{Code: mail.CodeNoAlerts, Class: mail.ClassLocal}}, want: badge.Online},
		"offline fault is none":   {accounts: []Account{account("e", mail.StateOnline, mail.Problem{Code: mail.CodeTimeout, Class: mail.ClassOffline})}, want: badge.Online},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := State{Now: now(), Accounts: tt.accounts, Problems: tt.problems, PausedUntil: now().Add(tt.paused)}
			if got := iconState(s); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// lines writes a menu down: a line each, submenus indented, hidden ones left out.
func lines(items []Item, indent string) []string {
	var out []string
	for _, it := range items {
		switch {
		case it.Hidden:
		case it.separator():
			out = append(out, indent+"--")
		default:
			out = append(append(out, indent+it.Text), lines(it.Children, indent+"  ")...)
		}
	}
	return out
}

func TestMenu(t *testing.T) {
	s := State{
		Now: now(), Unread: 1012,
		Accounts: []Account{
			{ID: "work", Address: "ann@work.example", State: mail.StateOnline, Unread: 1009},
			{ID: "home", State: mail.StateOffline, Unread: 3},
			{ID: "old", State: mail.StateConnecting, Done: 1200, Total: 20000},
			account("club", mail.StateNeedsSignIn, mail.Problem{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Account: "club"}),
		},
		Newest: []Entry{
			{ID: 7, From: "Ann Lee", Subject: "Lunch on Friday?"},
			{ID: 6, From: "\u202Egro.knab@evil", Subject: "a\nb\x00" + strings.Repeat("very-", 30)},
			{ID: 5},
		},
	}
	tests := map[string][]string{
		"en": {
			"1,012 unread", "● ann@work.example  1,009", "○ home  3 · offline, trying again by itself",
			"◌ old: looking through 1,200 of 20,000", "▲ club: sign in again", "▲ club: Sign-in refused",
			"--",
			"Ann Lee: Lunch on Friday?", "  Open", "  Mark read",
			"gro.knab@evil: a b very-very-very-very-very-very-very-very-…", "  Open", "  Mark read",
			"No sender: No subject", "  Open", "  Mark read",
			"--",
			"Check now", "Pause alerts", "  For 1 hour", "  Until tomorrow", "  Until I resume",
			"--",
			"Open Heron", "Quit",
		},
		"de": {
			"1.012 ungelesen", "● ann@work.example  1.009", "○ home  3 · offline, versucht es selbst wieder",
			"◌ old: 1.200 von 20.000 durchgesehen", "▲ club: bitte neu anmelden", "▲ club: Anmeldung abgelehnt",
		},
	}
	for lang, want := range tests {
		got := lines(Render(s, printer(t, lang)).Menu, "")
		if !slices.Equal(got[:min(len(got), len(want))], want) {
			t.Errorf("%s:\n%s\nwant:\n%s", lang, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestMenuWithoutAccount(t *testing.T) {
	got := lines(Render(State{Now: now()}, printer(t, "en")).Menu, "")
	want := []string{"No account yet", "--", "Open Heron", "Quit"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Two lines never touch: there is no group without a line of text.
func TestMenuWithNothingUnread(t *testing.T) {
	got := lines(Render(State{Now: now(), Accounts: []Account{account("a", mail.StateOnline)}}, printer(t, "en")).Menu, "")
	want := []string{
		"Nothing unread", "● a", "--",
		"Check now", "Pause alerts", "  For 1 hour", "  Until tomorrow", "  Until I resume", "--",
		"Open Heron", "Quit",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMenuWhilePaused(t *testing.T) {
	tests := []struct {
		until time.Time
		want  string
	}{
		{now().Add(time.Hour), "Alerts are paused until 11:42"},
		{PauseEnd(PauseTomorrow, now()), "Alerts are paused until 5 Mar 2026"},
		{Forever(), "Alerts are paused"},
	}
	for _, tt := range tests {
		s := State{Now: now(), Accounts: []Account{account("a", mail.StateOnline)}, PausedUntil: tt.until}
		v := Render(s, printer(t, "en"))
		got := lines(v.Menu, "")
		if !slices.Contains(got, tt.want) || !slices.Contains(got, "  Resume alerts") {
			t.Errorf("menu %q, want %q", got, tt.want)
		}
		if !strings.HasSuffix(v.Tooltip, "\n"+tt.want) {
			t.Errorf("tooltip %q, want %q", v.Tooltip, tt.want)
		}
	}
}

// What comes and goes has its place: the driver need not build the menu anew.
func TestMenuKeepsItsShape(t *testing.T) {
	p := printer(t, "en")
	bad := mail.Problem{Code: mail.CodeDiskFull, Class: mail.ClassLocal}
	a := State{Now: now(), Accounts: []Account{account("a", mail.StateOnline)}, Newest: make([]Entry, 1)}
	b := State{
		Now: now(), Unread: 9, PausedUntil: Forever(), Problems: []mail.Problem{bad, bad, bad, bad, bad},
		Accounts: []Account{account("a", mail.StateOffline)}, Newest: make([]Entry, 9),
	}
	if !sameShape(Render(a, p).Menu, Render(b, p).Menu) {
		t.Error("the shape changed with what is shown")
	}
	got := lines(Render(b, p).Menu, "")
	if !slices.Contains(got, "▲ 2 more problems") {
		t.Errorf("menu %q does not say that there are more problems", got)
	}
	b.Accounts = append(b.Accounts, account("b", mail.StateOnline))
	if sameShape(Render(a, p).Menu, Render(b, p).Menu) {
		t.Error("a second account did not change the shape")
	}
}

func TestTitleAndTooltip(t *testing.T) {
	p := printer(t, "en")
	s := State{Now: now(), Unread: 1, Accounts: []Account{account("work", mail.StateOnline), account("home", mail.StateOffline)}}
	v := Render(s, p)
	if v.Title != "Heron: 1 unread" {
		t.Errorf("title %q", v.Title)
	}
	if want := "Heron: 1 unread\nhome: offline, trying again by itself"; v.Tooltip != want {
		t.Errorf("tooltip %q, want %q", v.Tooltip, want)
	}
	if want := (badge.Spec{State: badge.Connecting, Unread: 1}); v.Icon != want {
		t.Errorf("icon %+v, want %+v", v.Icon, want)
	}
}

func TestPauseEnd(t *testing.T) {
	want := map[Kind]time.Time{
		PauseHour:     now().Add(time.Hour),
		PauseTomorrow: time.Date(2026, 3, 5, 8, 0, 0, 0, time.UTC),
		PauseOn:       Forever(),
		Resume:        {},
	}
	for k, end := range want {
		if got := PauseEnd(k, now()); !got.Equal(end) {
			t.Errorf("%s: %v, want %v", k, got, end)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range [][3]string{
		{"short", "short", "short"},
		{"0123456789", "0123456789", "0123456789"},
		{"äöüÄÖÜßéèêx", "äöüÄÖÜßéè…", "äöüÄÖ…éèêx"},
	} {
		if got := shortEnd(tt[0], 10); got != tt[1] {
			t.Errorf("shortEnd(%q) = %q", tt[0], got)
		}
		if got := shortMiddle(tt[0], 10); got != tt[2] {
			t.Errorf("shortMiddle(%q) = %q", tt[0], got)
		}
	}
}
