package wizard

import (
	"fmt"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Page is a page of the wizard, in order.
type Page int

// The pages.
const (
	PageAddress Page = iota
	PageServer
	PageSignIn
	PageCheck
	PageFolders
	PageDone
)

// Effect is what has to be done after a step of the user.
type Effect int

// The effects.
const (
	EffectNone  Effect = iota
	EffectCheck        // begin the live check
	EffectStop         // end a check or saving that runs
	EffectSave         // keep the account
	EffectClose        // the wizard is over
)

// Field names what the user types.
type Field string

// The fields.
const (
	FieldAddress  Field = "address"
	FieldHost     Field = "host"
	FieldPort     Field = "port"
	FieldPlain    Field = "plain" // agreeing to a connection without protection
	FieldUser     Field = "user"
	FieldPassword Field = "password"
)

// Choice is a folder that may be watched.
type Choice struct {
	Folder api.Folder
	On     bool
	Fixed  bool // the inbox is always watched
}

// Flow is the state of the wizard. It does nothing itself: each step of the
// user returns the Effect that is to follow.
type Flow struct {
	page     Page
	values   map[Field]string
	typed    map[Field]bool // by the user; else guessed
	security mail.Security
	agreed   bool
	secret   string
	mistakes map[Field]string // why a field is not right: the end of a text id

	steps    []api.Step
	checking bool
	passed   bool // the check went well
	failure  *mail.Problem
	trusted  string // fingerprint that the user believed
	folders  []Choice
	saving   bool

	existing *api.Account // asked for its password again, nil for a new account
}

// NewFlow starts with an empty address.
func NewFlow() *Flow {
	return &Flow{
		security: mail.TLS, values: map[Field]string{}, typed: map[Field]bool{}, mistakes: map[Field]string{},
	}
}

// NewSignInFlow asks for the password of an account that exists.
func NewSignInFlow(a api.Account) *Flow {
	f := NewFlow()
	f.existing, f.page = &a, PageSignIn
	f.values[FieldAddress], f.values[FieldHost], f.values[FieldUser] = a.Address, a.Host, a.User
	f.security = a.Security
	return f
}

// String names the page alone: a flow that gets into a log shows no password.
func (f *Flow) String() string { return fmt.Sprintf("wizard page %d", f.page) }

// GoString is String.
func (f *Flow) GoString() string { return f.String() }

// Page is the page that is shown.
func (f *Flow) Page() Page { return f.page }

// Pages lists the pages of this flow.
func (f *Flow) Pages() []Page {
	if f.existing != nil {
		return []Page{PageSignIn, PageCheck, PageDone}
	}
	return []Page{PageAddress, PageServer, PageSignIn, PageCheck, PageFolders, PageDone}
}

// Existing reports whether the password of a known account is asked for.
func (f *Flow) Existing() bool { return f.existing != nil }

// Value is what a field holds; the password's too.
func (f *Flow) Value(n Field) string {
	if n == FieldPassword {
		return f.secret
	}
	return f.values[n]
}

// Mistake says why a field is not right, "" if it is.
func (f *Flow) Mistake(n Field) string { return f.mistakes[n] }

// Wrong reports whether anything on the page is not right.
func (f *Flow) Wrong() bool { return len(f.mistakes) > 0 }

// Security is how the connection will be protected.
func (f *Flow) Security() mail.Security { return f.security }

// Agreed reports whether the user agreed to a connection without protection.
func (f *Flow) Agreed() bool { return f.agreed }

// Set takes what the user typed.
func (f *Flow) Set(n Field, v string) {
	delete(f.mistakes, n)
	if n == FieldPassword {
		f.secret = v
		return
	}
	if f.values[n] != v {
		f.values[n], f.typed[n] = v, true
		if n == FieldHost || n == FieldPort {
			f.trusted = ""
		}
	}
}

// SetSecurity chooses the protection. A port that nobody typed follows.
func (f *Flow) SetSecurity(s mail.Security) {
	if s == f.security {
		return
	}
	f.security, f.agreed, f.trusted = s, false, ""
	delete(f.mistakes, FieldPlain)
	if !f.typed[FieldPort] {
		f.values[FieldPort] = defaultPort(s)
		delete(f.mistakes, FieldPort)
	}
}

// Agree takes the answer to the warning of a connection without protection.
func (f *Flow) Agree(yes bool) {
	f.agreed = yes
	delete(f.mistakes, FieldPlain)
}

// CanNext reports whether the main button does something.
func (f *Flow) CanNext() bool { return !f.checking && !f.saving }

// Next is the main button: it goes on when what was typed can be right.
func (f *Flow) Next() Effect {
	if !f.CanNext() {
		return EffectNone
	}
	switch f.page {
	case PageAddress:
		if f.checkAddress() {
			f.guess()
			f.page = PageServer
		}
	case PageServer:
		if f.checkServer() {
			f.page = PageSignIn
		}
	case PageSignIn:
		if f.checkSignIn() {
			return f.startCheck()
		}
	case PageCheck:
		if f.Refused() { // the same password again would only lock the account
			return f.Back()
		}
		if !f.passed {
			return f.startCheck()
		}
		f.page = PageFolders
		if f.existing != nil {
			f.finish()
		}
	case PageFolders:
		f.saving, f.failure = true, nil
		return EffectSave
	case PageDone:
		return EffectClose
	}
	return EffectNone
}

// CanBack reports whether there is a page to go back to.
func (f *Flow) CanBack() bool { return f.page != f.Pages()[0] && f.page != PageDone && !f.saving }

// Back goes one page back; what was typed stays.
func (f *Flow) Back() Effect {
	if !f.CanBack() {
		return EffectNone
	}
	effect := EffectNone
	if f.checking {
		effect = EffectStop
	}
	f.checking, f.failure = false, nil
	f.page--
	if f.page == PageCheck { // what it said is old
		f.page = PageSignIn
	}
	return effect
}

// startCheck goes to the live check.
func (f *Flow) startCheck() Effect {
	f.page, f.checking, f.passed, f.failure = PageCheck, true, false, nil
	f.steps = nil
	return EffectCheck
}

// Step takes a line of the check.
func (f *Flow) Step(s api.Step) {
	if !f.checking {
		return
	}
	if s.Name == api.StepFolders && s.State == api.StepOK {
		f.offer(s.Folders)
	}
	for i := range f.steps {
		if f.steps[i].Name == s.Name {
			f.steps[i] = s
			return
		}
	}
	f.steps = append(f.steps, s)
}

// Checked ends the check; p is nil when all went well.
func (f *Flow) Checked(p *mail.Problem) {
	if !f.checking {
		return
	}
	f.checking, f.passed, f.failure = false, p == nil, p
	if p == nil {
		return
	}
	for i := range f.steps {
		if f.steps[i].State == api.StepRunning {
			f.steps[i].State = api.StepFailed
		}
	}
}

// Checking reports whether the check runs.
func (f *Flow) Checking() bool { return f.checking }

// Passed reports whether the check went well.
func (f *Flow) Passed() bool { return f.passed }

// Saving reports whether the account is being kept.
func (f *Flow) Saving() bool { return f.saving }

// Failure is why the check or saving failed, nil if it did not.
func (f *Flow) Failure() *mail.Problem { return f.failure }

// Refused reports whether the check failed because the server did not take the
// user name or password.
func (f *Flow) Refused() bool {
	return f.page == PageCheck && f.failure != nil && f.failure.Class == mail.ClassAuth
}

// Steps are the lines of the check that belong to this account, those that
// have not begun included, with an empty State.
func (f *Flow) Steps() []api.Step {
	names := []api.StepName{
		api.StepResolve, api.StepConnect, api.StepTLS, api.StepSignIn, api.StepCapabilities, api.StepFolders,
	}
	var out []api.Step
	for _, n := range names {
		if n == api.StepTLS && f.security == mail.Plain {
			continue
		}
		s := api.Step{Name: n}
		for _, have := range f.steps {
			if have.Name == n {
				s = have
			}
		}
		out = append(out, s)
	}
	return out
}

// Untrusted is the fingerprint of a certificate that nobody vouches for, which
// the user may believe; "" when the check did not fail for that.
func (f *Flow) Untrusted() string {
	if f.existing == nil && f.failure != nil && f.failure.Code == mail.CodeCertUnknown {
		return f.failure.Args["fingerprint"]
	}
	return ""
}

// Trust believes that certificate, for this account alone, and checks again.
func (f *Flow) Trust() Effect {
	fp := f.Untrusted()
	if fp == "" {
		return EffectNone
	}
	f.trusted = fp
	return f.startCheck()
}

// offer takes the folders of the check. Choices made before are kept.
func (f *Flow) offer(folders []api.Folder) {
	on := map[string]bool{}
	for _, c := range f.folders {
		on[c.Folder.Path] = c.On
	}
	f.folders = nil
	for _, fo := range folders {
		if fo.Selectable {
			inbox := fo.Role == mail.RoleInbox
			f.folders = append(f.folders, Choice{Folder: fo, On: inbox || on[fo.Path], Fixed: inbox})
		}
	}
}

// Folders are what can be watched.
func (f *Flow) Folders() []Choice { return f.folders }

// Watch chooses a folder, or not.
func (f *Flow) Watch(path string, on bool) {
	for i := range f.folders {
		if c := &f.folders[i]; c.Folder.Path == path && !c.Fixed {
			c.On = on
		}
	}
}

// Saved ends saving; p is nil when the account is kept.
func (f *Flow) Saved(p *mail.Problem) {
	if !f.saving {
		return
	}
	f.saving, f.failure = false, p
	if p == nil {
		f.finish()
	}
}

// finish goes to the last page, and forgets the password.
func (f *Flow) finish() {
	f.page, f.secret = PageDone, ""
}

// Draft is the account as it was described. It holds the password.
func (f *Flow) Draft() api.Draft {
	d := api.Draft{
		Address: strings.TrimSpace(f.values[FieldAddress]), Protocol: mail.IMAP,
		Host: strings.TrimSpace(f.values[FieldHost]), Port: portOf(f.values[FieldPort]),
		Security: f.security, User: strings.TrimSpace(f.values[FieldUser]), Password: f.secret,
		Fingerprint: f.trusted, AllowPlaintext: f.security == mail.Plain && f.agreed,
	}
	for _, c := range f.folders {
		if c.On && !c.Fixed {
			d.Watch = append(d.Watch, c.Folder.Path)
		}
	}
	return d
}

// Account is the id of the account whose password is asked for again.
func (f *Flow) Account() mail.AccountID {
	if f.existing == nil {
		return ""
	}
	return f.existing.ID
}
