package window

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/app/view"
	"github.com/heronmail/heron/assets"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// appID is the application's name on every system.
const appID = "io.github.heronmail.Heron"

// Options say what to show and where the agent is.
type Options struct {
	Socket  string // path of the control socket
	Build   string // version of this program
	Printer *i18n.Printer
	Log     *slog.Logger

	// Launch starts the agent; it returns before the agent answers.
	Launch func(ctx context.Context) error

	Message mail.MessageID // shown first; 0: none
	Wizard  bool           // account setup comes first

	// Drawn is called once, when the window was drawn for the first time. It
	// may be nil.
	Drawn func()
}

// ErrNoDisplay says that there is no display to open a window on.
var ErrNoDisplay = errors.New("no display")

// Display returns ErrNoDisplay when a window cannot be opened here.
func Display() error {
	switch runtime.GOOS {
	case "windows", "darwin":
		return nil
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return ErrNoDisplay
	}
	return nil
}

// Run shows the window and returns when it was closed or ctx ended. It must be
// called on the main goroutine, and fails with ErrNoDisplay before it opens
// anything.
func Run(ctx context.Context, o Options) error {
	if err := Display(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if cache, err := os.UserCacheDir(); err == nil {
		// Fyne complains when there is no such folder yet; it can do without.
		_ = os.MkdirAll(cache, 0o700)
	}
	a := app.NewWithID(appID)
	if icon, err := assets.Icon(128); err == nil {
		a.SetIcon(fyne.NewStaticResource("heron.png", icon))
	} else {
		o.Log.Warn("no icon", "err", err)
	}
	colours := newTheme(look(os.Getenv("HERON_THEME")))
	colours.told = os.Getenv("FYNE_THEME") != "" || runtime.GOOS == "windows" || runtime.GOOS == "darwin"
	a.Settings().SetTheme(colours)
	sh := &shell{ctx: ctx, app: a, p: o.Printer, log: o.Log, drawn: o.Drawn, onlyWizard: o.Wizard}
	sh.s = newSession(func(ctx context.Context) (agent, error) { return control.Dial(ctx, o.Socket) }, o.Launch, sh, o.Log, o.Message) //nolint:contextcheck // all that the session begins ends with the session
	sh.s.build = o.Build
	sh.open() //nolint:contextcheck // all that the session begins ends with the session
	stop := context.AfterFunc(ctx, func() { fyne.Do(a.Quit) })
	ended := make(chan struct{})
	// The agent answers while Fyne starts: what it says waits for Fyne's loop.
	go func() {
		defer close(ended)
		sh.s.Run(ctx)
	}()
	if !colours.told {
		go followSystem(ctx, a, colours)
	}
	a.Run()
	stop() // there is nothing to quit any more
	cancel()
	select {
	case <-ended:
	case <-time.After(2 * time.Second): // a call that does not end must not keep the process
	}
	return nil
}

// followSystem has the theme follow the desktop if that says how it looks.
func followSystem(ctx context.Context, a fyne.App, t *heronTheme) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // a portal may have to start
	defer cancel()
	if platform.TellsLook(ctx) && ctx.Err() == nil {
		fyne.Do(func() {
			t.told = true
			a.Settings().SetTheme(t)
		})
	}
}

// shell is the screen of a session: it holds Fyne's windows.
type shell struct {
	ctx   context.Context //nolint:containedctx // the window's life, for checks that the wizard runs
	app   fyne.App
	p     *i18n.Printer
	log   *slog.Logger
	s     *session
	drawn func()

	main       fyne.Window
	view       *view.Main
	setup      fyne.Window // the wizard's, while it is open
	onlyWizard bool        // the main window waits for the wizard to end
	opened     bool        // the main window was shown

	next atomic.Pointer[view.State] // drawn by the next turn of Fyne's loop
}

var _ screen = (*shell)(nil)

// firstWait is how long the main window waits for the first answer of the agent:
// without an account its setup comes in its place, and an empty window
// behind it would only be in the way.
const firstWait = 1200 * time.Millisecond

// open makes the main window, or the wizard when that comes first.
func (sh *shell) open() {
	// On X11 the first title is also the window's class, by which a desktop
	// finds the icon and name of the program.
	sh.main = sh.app.NewWindow(appID)
	sh.main.SetMaster()
	sh.main.SetPadded(false)
	sh.view = view.NewMain(sh.p, intents{sh.s})
	sh.main.SetContent(sh.view.Object())
	sh.main.Resize(fyne.NewSize(960, 640))
	sh.view.Keys(sh.main.Canvas())
	if sh.onlyWizard {
		sh.openWizard(nil)
		return
	}
	time.AfterFunc(firstWait, func() { fyne.Do(sh.showFirst) })
}

// showFirst shows the main window unless it was shown already or account setup
// came first.
func (sh *shell) showFirst() {
	if !sh.opened && !sh.onlyWizard && sh.ctx.Err() == nil {
		sh.showMain()
	}
}

// showMain shows the main window.
func (sh *shell) showMain() {
	sh.opened = true
	sh.main.Show()
	sh.main.SetTitle(sh.p.T("window.title"))
	sh.view.Start()
}

// show implements screen: states that come faster than they can be drawn are
// left out.
func (sh *shell) show(st view.State) {
	if sh.next.Swap(&st) != nil {
		return
	}
	fyne.Do(func() {
		st := sh.next.Swap(nil)
		sh.view.Show(*st)
		if st.Status.Running || st.Link == view.LinkLost {
			sh.showFirst()
		}
		if sh.drawn != nil && st.Known {
			sh.drawn()
			sh.drawn = nil
		}
	})
}

// raise implements screen.
func (sh *shell) raise() {
	fyne.Do(func() {
		if sh.setup != nil {
			sh.setup.RequestFocus()
			return
		}
		sh.showMain()
		sh.main.RequestFocus()
	})
}

// wizard implements screen.
func (sh *shell) wizard() {
	fyne.Do(func() {
		sh.onlyWizard = sh.onlyWizard || !sh.opened
		sh.openWizard(nil)
	})
}

// signIn implements screen.
func (sh *shell) signIn(a api.Account) { fyne.Do(func() { sh.openWizard(&a) }) }

// quit implements screen.
func (sh *shell) quit() { fyne.Do(sh.app.Quit) }
