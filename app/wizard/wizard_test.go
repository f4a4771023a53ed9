package wizard

import (
	"context"
	"errors"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// fake is a Backend whose answers come when the test lets them.
type fake struct {
	drafts chan api.Draft
	answer chan error
	ended  chan error // what each call returned
	folder []api.Folder
}

func (f *fake) Check(ctx context.Context, d api.Draft, step func(api.Step)) (err error) {
	defer func() { f.ended <- err }()
	f.drafts <- d
	step(api.Step{Name: api.StepResolve, State: api.StepRunning})
	select {
	case err := <-f.answer:
		if err == nil {
			step(api.Step{Name: api.StepFolders, State: api.StepOK, Folders: f.folder})
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fake) AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	return api.Account{ID: "new"}, f.Check(ctx, d, step)
}

func (f *fake) SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	return f.Check(ctx, api.Draft{ID: id, Password: password}, step)
}

type stand struct {
	ui     chan func() // what is to run on Fyne's goroutine, which is the test's
	w      *Wizard
	b      *fake
	c      fyne.Canvas
	closed int
}

func open(t *testing.T, lang string) *stand {
	t.Helper()
	test.NewTempApp(t)
	p, err := i18n.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{b: &fake{drafts: make(chan api.Draft, 1), answer: make(chan error), ended: make(chan error, 8), folder: folders()}}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.w = New(ctx, p, s.b, func() { s.closed++ })
	s.ui = make(chan func())
	s.w.onUI = func(f func()) {
		select {
		case s.ui <- f:
		case <-ctx.Done():
		}
	}
	win := test.NewTempWindow(t, s.w.Object())
	win.Resize(fyne.NewSize(Width, Height))
	s.c = win.Canvas()
	s.w.Keys(s.c)
	return s
}

// enter presses Enter wherever the focus is.
func (s *stand) enter(t *testing.T) {
	t.Helper()
	s.key(t, fyne.KeyReturn)
}

func (s *stand) key(t *testing.T, name fyne.KeyName) {
	t.Helper()
	f := s.c.Focused()
	if f == nil {
		s.c.OnTypedKey()(&fyne.KeyEvent{Name: name})
		return
	}
	f.TypedKey(&fyne.KeyEvent{Name: name})
}

// until runs what other goroutines want on Fyne's until something is true.
func (s *stand) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for !ok() {
		select {
		case f := <-s.ui:
			f()
		case <-deadline:
			t.Fatalf("never: %s", what)
		}
	}
}

// answers lets the check that runs end.
func (s *stand) answers(t *testing.T, err error) {
	t.Helper()
	given := false
	go func() { s.b.answer <- err; s.w.onUI(func() { given = true }) }()
	s.until(t, "the answer is taken", func() bool { return given })
}

func TestTheWholeWayByKeyboard(t *testing.T) {
	s := open(t, "en")
	test.Type(s.c.Focused(), "ann@example.org")
	s.enter(t)
	if e, ok := s.c.Focused().(*entry); !ok || e.Text != "imap.example.org" {
		t.Fatalf("the focus is at %T", s.c.Focused())
	}
	s.enter(t)
	test.Type(s.c.Focused(), "sEcret")
	s.enter(t)
	if d := <-s.b.drafts; d.Password != "sEcret" || d.Host != "imap.example.org" || d.Port != 993 || d.User != "ann@example.org" {
		t.Fatalf("checked %s:%d for %s", d.Host, d.Port, d.User)
	}
	s.answers(t, nil)
	s.until(t, "the check passed", s.w.flow.Passed)
	s.enter(t)
	if s.w.flow.Page() != PageFolders {
		t.Fatalf("at page %d", s.w.flow.Page())
	}
	s.w.flow.Watch("Level/Receipts", true)
	s.enter(t)
	if d := <-s.b.drafts; len(d.Watch) != 1 {
		t.Errorf("watched %v", d.Watch)
	}
	s.answers(t, nil)
	s.until(t, "the account was kept", func() bool { return s.w.flow.Page() == PageDone })
	s.enter(t)
	if s.closed != 1 {
		t.Errorf("closed %d times", s.closed)
	}
}

func TestAMistakeIsToldInPlace(t *testing.T) {
	s := open(t, "en")
	test.Type(s.c.Focused(), "ann")
	s.enter(t)
	f := s.form(t).fields[0]
	if !f.mistake.Visible() || f.mistake.Text == "" {
		t.Fatal("nothing is said")
	}
	test.Type(s.c.Focused(), "@example.org")
	if f.mistake.Visible() {
		t.Error("it is still said after it was mended")
	}
}

func TestARefusedPasswordLeadsBackToIt(t *testing.T) {
	s := open(t, "en")
	s.w.flow.Set(FieldAddress, "ann@example.org")
	s.w.flow.Set(FieldPassword, "wrong")
	for range 3 {
		s.w.Next()
	}
	<-s.b.drafts
	s.answers(t, &mail.Fault{Code: mail.CodeSignInRefused, Class: mail.ClassAuth, Args: mail.Args{"host": "imap.example.org", "user": "ann"}})
	s.until(t, "the check failed", func() bool { return s.w.flow.Failure() != nil })
	s.enter(t)
	if s.w.flow.Page() != PageSignIn || s.w.flow.Value(FieldPassword) != "wrong" {
		t.Errorf("at page %d with %q", s.w.flow.Page(), s.w.flow.Value(FieldPassword))
	}
}

func TestEscapeGoesBackFromAnywhere(t *testing.T) {
	s := open(t, "en")
	test.Type(s.c.Focused(), "ann@example.org")
	s.enter(t)
	s.enter(t)
	s.key(t, fyne.KeyEscape) // in a field
	if s.w.flow.Page() != PageServer {
		t.Fatalf("at page %d", s.w.flow.Page())
	}
	s.c.Focus(s.w.back)
	s.key(t, fyne.KeyEscape) // on a button
	s.key(t, fyne.KeyEscape) // nowhere to go back to
	if s.w.flow.Page() != PageAddress || s.w.flow.Value(FieldAddress) != "ann@example.org" || s.closed != 0 {
		t.Errorf("at page %d with %q", s.w.flow.Page(), s.w.flow.Value(FieldAddress))
	}
}

func TestCancelEndsWhatRuns(t *testing.T) {
	s := open(t, "en")
	s.w.flow.Set(FieldAddress, "ann@example.org")
	s.w.flow.Set(FieldPassword, "x")
	for range 3 {
		s.w.Next()
	}
	<-s.b.drafts
	s.until(t, "the check began", func() bool { return s.w.flow.Steps()[0].State == api.StepRunning })
	test.Tap(&s.w.cancel.Button)
	if s.closed != 1 {
		t.Fatal("it is not closed")
	}
	if err := <-s.b.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the check ended with %v", err)
	}
}

// TestEveryPageFits looks for texts that are wider than the window.
func TestEveryPageFits(t *testing.T) {
	for _, lang := range []string{"en", "de"} {
		s := open(t, lang)
		for _, p := range s.w.flow.Pages() {
			s.w.flow.page = p
			s.w.flow.offer(folders())
			s.w.show()
			if m := s.w.Object().MinSize(); m.Width > Width || m.Height > Height {
				t.Errorf("%s: page %d needs %v", lang, p, m)
			}
		}
	}
}

func TestThePlainWarningIsInSight(t *testing.T) {
	s := open(t, "de")
	test.Type(s.c.Focused(), "ann@example.org")
	s.enter(t)
	s.radio(t, "wizard.security.tls")
	s.key(t, fyne.KeyRight)
	s.key(t, fyne.KeyDown)
	if s.w.flow.Security() != mail.Plain {
		t.Fatalf("the arrows chose %v", s.w.flow.Security())
	}
	inSight := func() bool {
		agree := find[*check](t, s.w.page.object(), func(*check) bool { return true })
		scroll := s.w.page.object()
		d := fyne.CurrentApp().Driver()
		end := d.AbsolutePositionForObject(agree).Y + agree.Size().Height
		return end <= d.AbsolutePositionForObject(scroll).Y+scroll.Size().Height
	}
	if !inSight() {
		t.Error("what is to be agreed to is out of sight")
	}
	// Without the warning all fits again, and stands where it stood.
	s.key(t, fyne.KeyUp)
	page := find[*container.Scroll](t, s.w.page.object(), func(*container.Scroll) bool { return true })
	if s.w.flow.Security() == mail.Plain || page.Offset.Y != 0 {
		t.Errorf("%v, and the page is scrolled by %v", s.w.flow.Security(), page.Offset.Y)
	}
	s.key(t, fyne.KeyDown)
	s.enter(t)
	if _, ok := s.c.Focused().(*check); !ok || s.w.flow.Page() != PageServer || !inSight() {
		t.Fatalf("at page %d, focus at %T", s.w.flow.Page(), s.c.Focused())
	}
	s.c.Focused().TypedRune(' ')
	s.enter(t)
	if s.w.flow.Page() != PageSignIn {
		t.Error("agreed, and not gone on")
	}
}

func TestAWrongFieldGetsTheKeyboard(t *testing.T) {
	s := open(t, "en")
	test.Type(s.c.Focused(), "ann@example.org")
	s.enter(t)
	host := s.c.Focused()
	s.form(t).fields[1].entry.SetText("many")
	s.enter(t)
	if e, ok := s.c.Focused().(*entry); !ok || s.c.Focused() == host || e.Text != "many" {
		t.Errorf("the focus is at %T", s.c.Focused())
	}
}

func TestOptionsByKeyboardAndPointer(t *testing.T) {
	s := open(t, "en")
	test.Type(s.c.Focused(), "ann@example.org")
	s.enter(t)
	s.radio(t, "wizard.protocol.imap")
	s.key(t, fyne.KeyDown) // POP cannot be had
	if s.c.Focused() != fyne.Focusable(s.radio(t, "wizard.protocol.imap")) {
		t.Error("what cannot be chosen has the keyboard")
	}
	starttls := s.radio(t, "wizard.security.starttls")
	s.key(t, fyne.KeySpace)
	if s.w.flow.Security() != mail.StartTLS || s.w.flow.Value(FieldPort) != "143" {
		t.Errorf("the space bar chose %v, port %s", s.w.flow.Security(), s.w.flow.Value(FieldPort))
	}
	s.key(t, fyne.KeyLeft)
	if s.w.flow.Security() != mail.TLS || s.c.Focused() == fyne.Focusable(starttls) {
		t.Errorf("the arrow chose %v", s.w.flow.Security())
	}
	test.Tap(starttls)
	if s.w.flow.Security() != mail.StartTLS || s.c.Focused() != fyne.Focusable(starttls) {
		t.Errorf("a click chose %v", s.w.flow.Security())
	}
	s.enter(t)
	if s.w.flow.Page() != PageSignIn {
		t.Error("Enter does not go on from an option")
	}
	s.key(t, fyne.KeyEscape)
	s.radio(t, "wizard.security.starttls")
	s.key(t, fyne.KeyEscape)
	if s.w.flow.Page() != PageAddress {
		t.Error("Escape does not go back from an option")
	}
}

// radio gives an option of the page the keyboard.
func (s *stand) radio(t *testing.T, id string) *radio {
	t.Helper()
	r := find(t, s.w.page.object(), func(r *radio) bool { return r.label == s.w.p.T(id) })
	s.c.Focus(r)
	return r
}

// find looks for an object of a page.
func find[T fyne.CanvasObject](t *testing.T, o fyne.CanvasObject, like func(T) bool) (found T) {
	t.Helper()
	ok := false
	var look func(fyne.CanvasObject)
	look = func(o fyne.CanvasObject) {
		if x, is := o.(T); is && like(x) {
			found, ok = x, true
		}
		switch o := o.(type) {
		case *fyne.Container:
			for _, c := range o.Objects {
				look(c)
			}
		case *container.Scroll:
			look(o.Content)
		}
	}
	look(o)
	if !ok {
		t.Fatal("not on the page")
	}
	return found
}

// form is the page, which is one of fields.
func (s *stand) form(t *testing.T) *formPage {
	t.Helper()
	p, ok := s.w.page.(*formPage)
	if !ok {
		t.Fatalf("the page is a %T", s.w.page)
	}
	return p
}
