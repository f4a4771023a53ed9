package window

import (
	"context"

	"fyne.io/fyne/v2"

	"github.com/heronmail/heron/app/wizard"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// openWizard opens account setup in a window of its own, or, for an account,
// asks for its password again. There is one at a time.
func (sh *shell) openWizard(a *api.Account) {
	if sh.setup != nil {
		sh.setup.RequestFocus()
		return
	}
	title := "wizard.title"
	if a != nil {
		title = "wizard.title.sign-in"
	}
	ctx, cancel := context.WithCancel(sh.ctx)
	win := sh.app.NewWindow(appID)
	sh.setup = win
	finish := func() {
		sh.onlyWizard = false
		sh.setup = nil
		cancel()
		sh.showMain()
		win.Close()
	}
	var w *wizard.Wizard
	if a == nil {
		w = wizard.New(ctx, sh.p, backend{sh.s}, finish)
	} else {
		w = wizard.NewSignIn(ctx, sh.p, backend{sh.s}, *a, finish)
	}
	win.SetContent(w.Object())
	win.Resize(fyne.NewSize(wizard.Width, wizard.Height))
	win.SetFixedSize(true)
	win.CenterOnScreen()
	win.SetCloseIntercept(func() {
		if sh.onlyWizard {
			sh.app.Quit() // the wizard was all there is
			return
		}
		w.Cancel()
	})
	win.Show()
	win.SetTitle(sh.p.T(title))
	w.Keys(win.Canvas())
}

// backend is the agent as the wizard sees it: whichever the session is
// attached to when a call begins.
type backend struct{ s *session }

// Check implements wizard.Backend.
func (b backend) Check(ctx context.Context, d api.Draft, step func(api.Step)) error {
	a, err := b.s.current(ctx)
	if err != nil {
		return err
	}
	return a.Check(ctx, d, step)
}

// AddAccount implements wizard.Backend.
func (b backend) AddAccount(ctx context.Context, d api.Draft, step func(api.Step)) (api.Account, error) {
	a, err := b.s.current(ctx)
	if err != nil {
		return api.Account{}, err
	}
	return a.AddAccount(ctx, d, step)
}

// SignIn implements wizard.Backend.
func (b backend) SignIn(ctx context.Context, id mail.AccountID, password string, step func(api.Step)) error {
	a, err := b.s.current(ctx)
	if err != nil {
		return err
	}
	return a.SignIn(ctx, id, password, step)
}
