package wizard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// at brings a flow to a page.
func at(t *testing.T, p Page) *Flow {
	t.Helper()
	f := NewFlow()
	f.Set(FieldAddress, "ann@example.org")
	f.Set(FieldPassword, "sEcret")
	for f.Page() < p {
		switch f.Page() {
		case PageCheck:
			f.Step(api.Step{Name: api.StepFolders, State: api.StepOK, Folders: folders()})
			f.Checked(nil)
			f.Next()
		case PageFolders:
			f.Next()
			f.Saved(nil)
		default:
			before := f.Page()
			f.Next()
			if f.Page() == before {
				t.Fatalf("the flow stays at page %d", before)
			}
		}
	}
	return f
}

func folders() []api.Folder {
	return []api.Folder{
		{Path: "INBOX", Role: mail.RoleInbox, Selectable: true},
		{Path: "Level"},
		{Path: "Level/Receipts", Selectable: true},
	}
}

func TestAddresses(t *testing.T) {
	for address, mistake := range map[string]string{
		"":                       "empty",
		"   ":                    "empty",
		"ann":                    "malformed",
		"ann@":                   "malformed",
		"@example.org":           "malformed",
		"ann@exa mple.org":       "malformed",
		"ann@example.org, b@c.d": "malformed",
		"Ann <ann@example.org>":  "malformed",
		"ann@-example.org":       "malformed",
		"ann@example.org":        "",
		" ann@example.org ":      "",
		"ann+list@b.example":     "",
		"ann@localhost":          "",
		"änn@bücher.example":     "",
	} {
		f := NewFlow()
		f.Set(FieldAddress, address)
		f.Next()
		if got := f.Mistake(FieldAddress); got != mistake {
			t.Errorf("%q: mistake %q, want %q", address, got, mistake)
		}
		if on := f.Page() == PageServer; on != (mistake == "") {
			t.Errorf("%q: went on: %v", address, on)
		}
	}
}

func TestTheServerIsGuessed(t *testing.T) {
	f := at(t, PageServer)
	if h, p, u := f.Value(FieldHost), f.Value(FieldPort), f.Value(FieldUser); h != "imap.example.org" || p != "993" || u != "ann@example.org" || f.Security() != mail.TLS {
		t.Fatalf("guessed %s:%s %s for %s", h, p, f.Security(), u)
	}
	f.Back()
	f.Set(FieldAddress, "ann@other.example")
	f.Next()
	if h := f.Value(FieldHost); h != "imap.other.example" {
		t.Errorf("another address left the server at %s", h)
	}
	f.Set(FieldHost, "mail.other.example")
	f.Back()
	f.Set(FieldAddress, "bob@third.example")
	f.Next()
	if h := f.Value(FieldHost); h != "mail.other.example" {
		t.Errorf("what was typed became %s", h)
	}
}

func TestThePortFollowsTheProtection(t *testing.T) {
	f := at(t, PageServer)
	f.SetSecurity(mail.StartTLS)
	if p := f.Value(FieldPort); p != "143" {
		t.Errorf("STARTTLS has port %s", p)
	}
	f.Set(FieldPort, "2143")
	f.SetSecurity(mail.TLS)
	if p := f.Value(FieldPort); p != "2143" {
		t.Errorf("a typed port became %s", p)
	}
}

func TestServers(t *testing.T) {
	for _, c := range []struct {
		host, port string
		wrong      Field
	}{
		{"imap.example.org", "993", ""},
		{"192.0.2.1", "143", ""},
		{"2001:db8::1", "993", ""},
		{"localhost", "65535", ""},
		{"", "993", FieldHost},
		{"imap example", "993", FieldHost},
		{"https://imap.example.org", "993", FieldHost},
		{"imap.example.org:993", "993", FieldHost},
		{"imap..example.org", "993", FieldHost},
		{strings.Repeat("a", 64) + ".example", "993", FieldHost},
		{"imap.example.org", "", FieldPort},
		{"imap.example.org", "0", FieldPort},
		{"imap.example.org", "65536", FieldPort},
		{"imap.example.org", "99x", FieldPort},
		{"imap.example.org", "-1", FieldPort},
	} {
		f := at(t, PageServer)
		f.Set(FieldHost, c.host)
		f.Set(FieldPort, c.port)
		f.Next()
		if c.wrong == "" && f.Page() != PageSignIn || c.wrong != "" && (f.Page() != PageServer || f.Mistake(c.wrong) == "") {
			t.Errorf("%s port %s: page %d, mistakes %q %q", c.host, c.port, f.Page(), f.Mistake(FieldHost), f.Mistake(FieldPort))
		}
	}
}

func TestPlainNeedsAWord(t *testing.T) {
	f := at(t, PageServer)
	f.SetSecurity(mail.Plain)
	f.Next()
	if f.Page() != PageServer || f.Mistake(FieldPlain) == "" {
		t.Fatal("plain went on without the user's word")
	}
	f.Agree(true)
	f.Next()
	if f.Page() != PageSignIn || !f.Draft().AllowPlaintext {
		t.Fatal("plain did not go on with it")
	}
	for _, s := range f.Steps() {
		if s.Name == api.StepTLS {
			t.Error("plain promises a TLS step")
		}
	}
	f.Back()
	f.SetSecurity(mail.TLS)
	f.SetSecurity(mail.Plain)
	if f.Agreed() || f.Draft().AllowPlaintext {
		t.Error("the word was kept for another choice")
	}
}

func TestSignInNeedsBoth(t *testing.T) {
	f := at(t, PageSignIn)
	f.Set(FieldUser, " ")
	f.Set(FieldPassword, "")
	if e := f.Next(); e != EffectNone || f.Mistake(FieldUser) == "" || f.Mistake(FieldPassword) == "" {
		t.Errorf("effect %d, mistakes %q %q", e, f.Mistake(FieldUser), f.Mistake(FieldPassword))
	}
	f.Set(FieldUser, "ann")
	f.Set(FieldPassword, " spaces count ")
	if e := f.Next(); e != EffectCheck || f.Page() != PageCheck {
		t.Errorf("effect %d at page %d", e, f.Page())
	}
	if p := f.Draft().Password; p != " spaces count " {
		t.Errorf("the password became %q", p)
	}
}

func TestACheckThatFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  mail.Problem
		next   Effect
		page   Page
		refuse bool
	}{
		{"offline: again", mail.Problem{Code: mail.CodeUnknownHost, Class: mail.ClassOffline}, EffectCheck, PageCheck, false},
		{"refused: back to the password", mail.Problem{Code: mail.CodeSignInRefused, Class: mail.ClassAuth}, EffectNone, PageSignIn, true},
		{"certificate: again", mail.Problem{Code: mail.CodeCertExpired, Class: mail.ClassTLS}, EffectCheck, PageCheck, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := at(t, PageCheck)
			if f.Next() != EffectNone {
				t.Error("the main button does something while the check runs")
			}
			f.Step(api.Step{Name: api.StepResolve, State: api.StepRunning})
			f.Checked(&c.fault)
			if f.Failure() == nil || f.Refused() != c.refuse || f.Steps()[0].State != api.StepFailed {
				t.Fatalf("failure %v, refused %v, step %s", f.Failure(), f.Refused(), f.Steps()[0].State)
			}
			if e := f.Next(); e != c.next || f.Page() != c.page {
				t.Errorf("effect %d, page %d", e, f.Page())
			}
			if f.Value(FieldPassword) != "sEcret" || f.Value(FieldHost) != "imap.example.org" {
				t.Error("what was typed is gone")
			}
		})
	}
}

func TestTrustIsForUnknownCertificatesOnly(t *testing.T) {
	for code, offered := range map[mail.Code]bool{
		mail.CodeCertUnknown: true, mail.CodeCertExpired: false, mail.CodeCertName: false, mail.CodeCertChanged: false,
	} {
		f := at(t, PageCheck)
		f.Checked(&mail.Problem{Code: code, Class: mail.ClassTLS, Args: mail.Args{"fingerprint": "ab12"}})
		if e := f.Trust(); (e == EffectCheck) != offered || (f.Draft().Fingerprint == "ab12") != offered {
			t.Errorf("%s: effect %d, fingerprint %q", code, e, f.Draft().Fingerprint)
		}
	}
	f := at(t, PageCheck)
	f.Checked(&mail.Problem{Code: mail.CodeCertUnknown, Args: mail.Args{"fingerprint": "ab12"}})
	f.Trust()
	f.Back()
	f.Back()
	f.Set(FieldHost, "other.example.org")
	if f.Draft().Fingerprint != "" {
		t.Error("trust in one server went to another")
	}
}

func TestFoldersAreChosen(t *testing.T) {
	f := at(t, PageFolders)
	if n := len(f.Folders()); n != 2 {
		t.Fatalf("%d folders are offered", n)
	}
	f.Watch("INBOX", false)
	f.Watch("Level/Receipts", true)
	if !f.Folders()[0].On {
		t.Error("the inbox can be left out")
	}
	if w := f.Draft().Watch; len(w) != 1 || w[0] != "Level/Receipts" {
		t.Errorf("watched: %v", w)
	}
	f.Back()
	if f.Page() != PageSignIn {
		t.Errorf("back from the folders leads to page %d", f.Page())
	}
	f.Next()
	f.Step(api.Step{Name: api.StepFolders, State: api.StepOK, Folders: folders()})
	f.Checked(nil)
	f.Next()
	if w := f.Draft().Watch; len(w) != 1 {
		t.Error("the choice was forgotten on the way back")
	}
}

func TestSaving(t *testing.T) {
	f := at(t, PageFolders)
	if e := f.Next(); e != EffectSave || !f.Saving() || f.CanBack() || f.CanNext() {
		t.Fatalf("effect %d, saving %v", e, f.Saving())
	}
	f.Saved(&mail.Problem{Code: mail.CodeKeyringLocked, Class: mail.ClassLocal})
	if f.Page() != PageFolders || f.Failure() == nil || f.Next() != EffectSave {
		t.Fatal("a locked keyring cannot be tried again")
	}
	f.Saved(nil)
	if f.Page() != PageDone || f.Value(FieldPassword) != "" {
		t.Errorf("page %d; the password is kept: %v", f.Page(), f.Value(FieldPassword) != "")
	}
	if f.Next() != EffectClose {
		t.Error("the end does not close")
	}
}

func TestBackStopsACheck(t *testing.T) {
	f := at(t, PageCheck)
	if e := f.Back(); e != EffectStop || f.Page() != PageSignIn {
		t.Errorf("effect %d, page %d", e, f.Page())
	}
	f.Checked(nil)
	if f.Page() != PageSignIn || f.Passed() {
		t.Error("the answer of a stopped check moved the wizard")
	}
}

func TestSignInAgain(t *testing.T) {
	f := NewSignInFlow(api.Account{ID: "work", Address: "ann@example.org", Host: "imap.example.org", User: "ann", Security: mail.TLS})
	if f.CanBack() || f.Next() != EffectNone {
		t.Error("an empty password goes on")
	}
	f.Set(FieldPassword, "new")
	if f.Next() != EffectCheck || f.Account() != "work" {
		t.Error("the check does not begin")
	}
	f.Checked(&mail.Problem{Code: mail.CodeCertUnknown, Args: mail.Args{"fingerprint": "ab"}})
	if f.Untrusted() != "" {
		t.Error("signing in again can change whom the account trusts")
	}
	f.Next()
	f.Checked(nil)
	f.Next()
	if f.Page() != PageDone {
		t.Errorf("ended at page %d", f.Page())
	}
}

func TestAFlowInALogShowsNoPassword(t *testing.T) {
	f := at(t, PageSignIn)
	for _, s := range []string{fmt.Sprint(f), fmt.Sprintf("%+v", f), fmt.Sprintf("%#v", f)} {
		if strings.Contains(s, "sEcret") {
			t.Errorf("the password is in %q", s)
		}
	}
}
