package wizard

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// Size of the wizard's window.
const (
	Width  = 560
	Height = 520
)

// Backend is what the wizard needs done. control.Client is one. Errors are
// *mail.Fault or a context's.
type Backend interface {
	// Check tries a draft's sign-in and tells each step; nothing is kept.
	Check(ctx context.Context, d api.Draft, step func(api.Step)) error
	// AddAccount checks and then keeps the account and its secret.
	AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error)
	// SignIn checks a new secret for an account and keeps it if it is right.
	SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error
}

// Wizard draws a Flow. All functions are for Fyne's goroutine.
type Wizard struct {
	ctx     context.Context //nolint:containedctx // the life of the wizard's window
	p       *i18n.Printer
	backend Backend
	flow    *Flow
	closed  func()
	onUI    func(func()) // runs a function on Fyne's goroutine
	again   bool         // another account may be added afterwards

	dots    *fyne.Container
	body    *fyne.Container
	next    *view.Button
	back    *view.Button
	cancel  *view.Button
	backBox *fyne.Container
	all     *fyne.Container
	page    page
	pageNo  Page
	stop    context.CancelFunc // ends a check that runs
	run     int                // numbers checks: answers of one that was stopped are dropped
}

// page is what is between the dots and the buttons.
type page interface {
	object() fyne.CanvasObject
	refresh()              // shows the flow's state
	first() fyne.Focusable // what gets the focus; may be nil
}

// New makes a wizard for a new account. closed is called once, when the user
// is done or gave up. What it runs ends with ctx.
func New(ctx context.Context, p *i18n.Printer, b Backend, closed func()) *Wizard {
	w := newWizard(ctx, p, b, NewFlow(), closed)
	w.again = true
	return w
}

// NewSignIn makes one that asks for the password of an account again.
func NewSignIn(ctx context.Context, p *i18n.Printer, b Backend, a api.Account, closed func()) *Wizard {
	return newWizard(ctx, p, b, NewSignInFlow(a), closed)
}

func newWizard(ctx context.Context, p *i18n.Printer, b Backend, f *Flow, closed func()) *Wizard {
	w := &Wizard{ctx: ctx, p: p, backend: b, flow: f, closed: closed, onUI: fyne.Do, stop: func() {}}
	w.dots = container.NewHBox()
	w.body = container.NewStack()
	w.next = view.NewButton("", w.Next)
	w.next.Importance = widget.HighImportance
	w.back = view.NewButton(p.T("wizard.back"), w.Back)
	w.cancel = view.NewButton(p.T("wizard.cancel"), w.Cancel)
	w.cancel.Importance = widget.LowImportance
	w.next.Escape, w.back.Escape, w.cancel.Escape = w.escape, w.escape, w.escape
	w.backBox = container.New(wide{}, w.back)
	foot := container.NewHBox(w.cancel, layout.NewSpacer(), w.backBox, container.New(wide{}, w.next))
	w.all = container.NewBorder(
		inset(container.NewCenter(w.dots), 16, 0),
		// The filled button ends where the fields end; the words of the flat one begin there.
		container.New(layout.NewCustomPaddedLayout(12, 12, 20, 28), foot), nil, nil, inset(w.body, 0, 20))
	w.show()
	return w
}

// Object is what to put into a window.
func (w *Wizard) Object() fyne.CanvasObject { return w.all }

// Keys gives a window's canvas the keys that work wherever the focus is.
func (w *Wizard) Keys(c fyne.Canvas) {
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyReturn, fyne.KeyEnter:
			w.Next()
		case fyne.KeyEscape:
			w.escape()
		}
	})
	w.focus()
}

// Next is the main button.
func (w *Wizard) Next() {
	w.do(w.flow.Next())
	if w.flow.Wrong() { // it could not go on: what is to be mended gets the keyboard
		w.focus()
	}
}

// Back goes one page back.
func (w *Wizard) Back() { w.do(w.flow.Back()) }

// escape is Back wherever there is one.
func (w *Wizard) escape() {
	if w.flow.CanBack() {
		w.Back()
	}
}

// Cancel gives up: nothing is kept.
func (w *Wizard) Cancel() {
	w.stop()
	w.run++
	w.closed()
}

// another starts over for one more account.
func (w *Wizard) another() {
	w.flow = NewFlow()
	w.page = nil
	w.show()
}

func (w *Wizard) trust() { w.do(w.flow.Trust()) }

func (w *Wizard) do(e Effect) {
	switch e {
	case EffectCheck:
		w.check()
	case EffectSave:
		w.save()
	case EffectStop:
		w.stop()
		w.run++
	case EffectClose:
		w.stop()
		w.closed()
		return
	case EffectNone:
	}
	w.show()
}

// check runs the live check; its steps are shown as they come.
func (w *Wizard) check() {
	d, id := w.flow.Draft(), w.flow.Account()
	w.begin(func(ctx context.Context, step func(api.Step)) error {
		if id != "" {
			return w.backend.SignIn(ctx, id, d.Password, step)
		}
		return w.backend.Check(ctx, d, step)
	}, w.flow.Checked)
}

func (w *Wizard) save() {
	d := w.flow.Draft()
	w.begin(func(ctx context.Context, step func(api.Step)) error {
		_, err := w.backend.AddAccount(ctx, d, step)
		return err
	}, w.flow.Saved)
}

// begin runs a call beside Fyne's goroutine; what it tells is dropped once the
// user went elsewhere.
func (w *Wizard) begin(call func(context.Context, func(api.Step)) error, ended func(*mail.Problem)) {
	w.stop()
	ctx, cancel := context.WithCancel(w.ctx)
	w.stop = cancel
	w.run++
	run := w.run
	later := func(f func()) {
		w.onUI(func() {
			if run == w.run {
				f()
				w.show()
			}
		})
	}
	go func() {
		defer cancel()
		err := call(ctx, func(s api.Step) { later(func() { w.flow.Step(s) }) })
		later(func() { ended(problemOf(err)) })
	}()
}

func problemOf(err error) *mail.Problem {
	if err == nil {
		return nil
	}
	p := mail.FaultOf(err).Problem()
	return &p
}

// show draws the flow's page.
func (w *Wizard) show() {
	f := w.flow
	if w.page == nil || w.pageNo != f.Page() {
		w.pageNo = f.Page()
		w.page = w.make(f.Page())
		w.body.Objects = []fyne.CanvasObject{w.page.object()}
		w.body.Refresh()
		w.showDots()
		defer w.focus()
	}
	w.page.refresh()
	label := w.p.T("wizard.next")
	switch {
	case f.Page() == PageSignIn:
		label = w.p.T("wizard.sign-in")
	case f.Page() == PageCheck && !f.Passed():
		label = w.p.T("wizard.try-again")
		if f.Checking() {
			label = w.p.T("wizard.checking")
		} else if f.Refused() {
			label = w.p.T("wizard.change-password")
		}
	case f.Page() == PageFolders:
		label = w.p.T("wizard.save")
		if f.Saving() {
			label = w.p.T("wizard.saving")
		}
	case f.Page() == PageDone:
		label = w.p.T("wizard.open")
	}
	set(w.next, label, f.CanNext())
	set(w.back, w.back.Text, f.CanBack())
	setVisible(w.backBox, f.Page() != f.Pages()[0] && f.Page() != PageDone)
	if f.Page() == PageDone && w.again {
		w.cancel.OnTapped = w.another
		set(w.cancel, w.p.T("wizard.another"), true)
	} else {
		w.cancel.OnTapped = w.Cancel
		set(w.cancel, w.p.T("wizard.cancel"), true)
		setVisible(w.cancel, f.Page() != PageDone)
	}
}

func (w *Wizard) make(p Page) page {
	switch p {
	case PageAddress:
		return newAddressPage(w)
	case PageServer:
		return newServerPage(w)
	case PageSignIn:
		return newSignInPage(w)
	case PageCheck:
		return newCheckPage(w)
	case PageFolders:
		return newFoldersPage(w)
	case PageDone:
	}
	return newDonePage(w)
}

// focus puts the keyboard where the page begins: its first field, else the
// main button.
func (w *Wizard) focus() {
	if o := w.page.first(); o != nil {
		w.give(o)
		return
	}
	w.give(w.next)
}

// give has o get the keyboard.
func (w *Wizard) give(o fyne.Focusable) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(w.all); c != nil {
		c.Focus(o)
	}
}

// showDots draws one dot a page: those done are filled, the present one is long.
func (w *Wizard) showDots() {
	w.dots.RemoveAll()
	for _, p := range w.flow.Pages() {
		r := canvas.NewRectangle(theme.Color(theme.ColorNameSeparator))
		r.CornerRadius = 4
		width := float32(8)
		if p <= w.flow.Page() {
			r.FillColor = theme.Color(theme.ColorNamePrimary)
		}
		if p == w.flow.Page() {
			width = 24
		}
		r.SetMinSize(fyne.NewSize(width, 8))
		w.dots.Add(r)
	}
}

func set(b *view.Button, text string, enabled bool) {
	if b.Text != text {
		b.SetText(text)
	}
	if b.Disabled() == enabled {
		if enabled {
			b.Enable()
		} else {
			b.Disable()
		}
	}
}

func setVisible(o fyne.CanvasObject, yes bool) {
	if yes == o.Visible() {
		return
	}
	if yes {
		o.Show()
	} else {
		o.Hide()
	}
}
