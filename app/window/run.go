package window

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

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
	if !platform.HasDisplay() {
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
	if err := platform.LaunchNoBus(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if cache, err := os.UserCacheDir(); err == nil {
		// Fyne complains when there is no such folder yet; it can do without.
		_ = os.MkdirAll(cache, 0o700)
	}
	a := app.NewWithID(appID)
	sh := newShell(ctx, a, o)
	ended := make(chan struct{})
	// The agent answers while Fyne starts: what it says waits for Fyne's loop.
	go func() {
		defer close(ended)
		sh.s.Run(ctx)
	}()
	if icon, err := assets.Icon(128); err == nil {
		a.SetIcon(fyne.NewStaticResource("heron.png", icon))
	} else {
		o.Log.Warn("no icon", "err", err)
	}
	// Fyne takes a desktop that says nothing for a dark one.
	told := os.Getenv("FYNE_THEME") != "" || runtime.GOOS == "windows" || runtime.GOOS == "darwin"
	colours := view.NewTheme(view.Look(os.Getenv("HERON_THEME")), told)
	a.Settings().SetTheme(colours)
	sh.open() //nolint:contextcheck // all that the session begins ends with the session
	stop := context.AfterFunc(ctx, func() { fyne.Do(a.Quit) })
	if !told {
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
func followSystem(ctx context.Context, a fyne.App, t *view.Theme) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // a portal may have to start
	defer cancel()
	if platform.TellsLook(ctx) && ctx.Err() == nil {
		fyne.Do(func() {
			if t.Follow(a.Settings().ThemeVariant()) { // else all fonts would be read again for nothing
				a.Settings().SetTheme(t)
			}
		})
	}
}

// shell is the screen of a session: it holds Fyne's windows.
type shell struct {
	ctx   context.Context //nolint:containedctx // the window's life, for checks that the wizard runs
	app   fyne.App
	p     *i18n.Printer
	s     *session
	drawn func()

	main       fyne.Window
	view       *view.Main
	setup      fyne.Window // the wizard's, while it is open
	onlyWizard bool        // the main window waits for the wizard to end
	opened     bool        // the main window was shown

	next  atomic.Pointer[view.State] // drawn by the next turn of Fyne's loop
	first chan bool                  // the agent's first word: whether there is mail to show, or an account to set up
}

var _ screen = (*shell)(nil)

func newShell(ctx context.Context, a fyne.App, o Options) *shell {
	sh := &shell{ctx: ctx, app: a, p: o.Printer, drawn: o.Drawn, onlyWizard: o.Wizard, first: make(chan bool, 1)}
	dial := func(ctx context.Context) (agent, error) { return control.Dial(ctx, o.Socket) }
	sh.s = newSession(dial, o.Launch, sh, o.Log, o.Message) //nolint:contextcheck // all that the session begins ends with the session
	sh.s.build = o.Build
	return sh
}

// firstWait is how long the main window waits for the first answer of the agent:
// without an account its setup comes in its place, and an empty window
// behind it would only be in the way.
const firstWait = 1200 * time.Millisecond

// open makes the main window, or the wizard when that comes first. Opening a
// window takes OpenGL about as long as the fonts take to be read, so both are
// done at once: a frame without words comes first.
func (sh *shell) open() {
	// On X11 the first title is also the window's class, by which a desktop
	// finds the icon and name of the program.
	sh.main = sh.app.NewWindow(appID)
	sh.main.SetMaster()
	sh.main.SetPadded(false)
	sh.main.SetContent(view.NewFrame())
	sh.main.Resize(fyne.NewSize(960, 640))
	shown := !sh.onlyWizard && sh.mailFirst()
	var first view.State
	if st := sh.next.Load(); st != nil {
		first = *st
	}
	fonts := view.LoadFonts(sh.p, first)
	if shown {
		sh.showMain()
	}
	<-fonts
	sh.view = view.NewMain(sh.p, intents{sh.s})
	sh.main.SetContent(sh.view.Object())
	sh.view.Keys(sh.main.Canvas())
	if sh.onlyWizard {
		sh.openWizard(nil)
		return
	}
	sh.draw()
	sh.view.Start()
}

// mailFirst waits for what the agent says first, and reports whether the main
// window is to be shown.
func (sh *shell) mailFirst() bool {
	late := time.NewTimer(firstWait)
	defer late.Stop()
	select {
	case yes := <-sh.first:
		return yes
	case <-late.C:
		return true
	case <-sh.ctx.Done():
		return false
	}
}

// said takes the agent's first word.
func (sh *shell) said(hasMail bool) {
	select {
	case sh.first <- hasMail:
	default: // it was not the first
	}
}

// showMain shows the main window.
func (sh *shell) showMain() {
	sh.opened = true
	sh.main.Show()
	sh.main.SetTitle(sh.p.T("window.title"))
	if sh.view != nil {
		sh.view.Start()
	}
}

// show implements screen: states that come faster than they can be drawn are
// left out.
func (sh *shell) show(st view.State) {
	waits := sh.next.Swap(&st) != nil
	if st.Status.Running || st.Link == view.LinkLost {
		sh.said(true)
	}
	if !waits {
		fyne.Do(sh.draw)
	}
}

// draw draws the state that was shown last.
func (sh *shell) draw() {
	st := sh.next.Swap(nil)
	if st == nil {
		return
	}
	sh.view.Show(*st)
	if sh.drawn != nil && st.Known && sh.opened {
		sh.tellDrawn()
	}
}

// tellDrawn calls drawn when the present state is on the screen. Fyne tells
// nobody, so a dot without colour is drawn with it, and what that posts runs
// when the frame is done.
func (sh *shell) tellDrawn() {
	drawn := sync.OnceFunc(sh.drawn)
	sh.drawn = nil
	dot := canvas.NewRaster(func(int, int) image.Image {
		fyne.Do(drawn)
		return image.NewAlpha(image.Rect(0, 0, 1, 1))
	})
	dot.Resize(fyne.NewSize(1, 1))
	sh.main.SetContent(container.NewStack(sh.view.Object(), container.NewWithoutLayout(dot)))
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
	sh.said(false)
	fyne.Do(func() {
		sh.onlyWizard = sh.onlyWizard || !sh.opened
		sh.openWizard(nil)
	})
}

// signIn implements screen.
func (sh *shell) signIn(a api.Account) { fyne.Do(func() { sh.openWizard(&a) }) }

// quit implements screen.
func (sh *shell) quit() { fyne.Do(sh.app.Quit) }
