package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/heronmail/heron/app/alert"
	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/app/tray"
	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/assets"
	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/host"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/news"
	"github.com/heronmail/heron/sync/rule"
	"github.com/heronmail/heron/sync/secret"
	"github.com/heronmail/heron/sync/store"
)

// Options say what an agent works on.
type Options struct {
	Dirs    config.Dirs
	Build   string // of this program, for the handshake
	Log     *slog.Logger
	Secrets secret.Store // nil: the OS keyring
	Demo    bool
	// Headless leaves tray, alerts and window out.
	Headless bool
	// Background opens no window at the start.
	Background bool
	// WindowArgs are given to the window each time it is started, so that it
	// finds this agent.
	WindowArgs []string
}

// End is why an agent ended without an error.
type End string

// The ends of an agent.
const (
	Stopped End = "stopped" // by its user, a client, or the end of the session
	Shown   End = "shown"   // another agent runs, and was asked to show its window
	Restart End = "restart" // the caller starts the executable anew
)

// The agent waits nearly all the time: with several processors the runtime would
// wake threads for each thing that happens, to no gain, and oneProcessor leaves the
// others to whom the user works with.
const oneProcessor = 1

// Run is the agent, until ctx or the session ends, its user quits, or a client
// asks for the end. It must be called by the main goroutine. Faults: no-display
// unless Headless, and those of host.Open.
func Run(ctx context.Context, o Options) (End, error) {
	ctx, stop := platform.SessionContext(ctx)
	defer stop()
	if !o.Headless && !platform.HasDisplay() {
		return "", &mail.Fault{Code: mail.CodeNoDisplay, Class: mail.ClassLocal}
	}
	if err := platform.LaunchNoBus(); err != nil {
		return "", err
	}
	memory{o.Log}.work()
	runtime.GOMAXPROCS(oneProcessor)
	h, err := host.Open(ctx, host.Options{
		Dirs: o.Dirs, Holder: control.HolderAgent, Build: o.Build, Log: o.Log,
		Secrets: o.Secrets, Demo: o.Demo, TakeOver: true,
	})
	switch {
	case errors.Is(err, host.ErrShown):
		return Shown, nil
	case err != nil:
		return "", err
	}
	end, err := runHost(ctx, o, h)
	return end, errors.Join(err, h.Close())
}

func runHost(ctx context.Context, o Options, h *host.Host) (End, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var end host.End
	var hostErr error
	ended := make(chan struct{})
	// The engine outlives the desktop's parts, which use it to the last.
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	go func() {
		defer close(ended)
		end, hostErr = h.Run(working)
		cancel()
	}()
	resting := make(chan struct{})
	go func() {
		defer close(resting)
		sub := h.Store().Subscribe()
		defer sub.Close()
		restWhenQuiet(ctx, sub.C(), memory{o.Log})
	}()
	waking := make(chan struct{})
	go func() {
		defer close(waking)
		wake(ctx, o.Log, h.Engine().Kick)
	}()
	var err error
	if o.Headless {
		<-ctx.Done()
	} else {
		err = runDesktop(ctx, cancel, o, h)
	}
	stopWorking()
	<-ended
	<-resting
	<-waking
	if end == host.EndRestart {
		return Restart, errors.Join(err, hostErr)
	}
	return Stopped, errors.Join(err, hostErr)
}

// desktop is everything of the agent that a person sees.
type desktop struct {
	o       Options
	host    *host.Host
	backend control.Backend
	printer *i18n.Printer
	log     *slog.Logger
	window  *platform.Window
	icon    *tray.Icon
	alerter alert.Alerter
	parts   sync.WaitGroup
}

// runDesktop shows tray and alerts until ctx ends; quit ends it.
func runDesktop(ctx context.Context, quit context.CancelFunc, o Options, h *host.Host) error {
	printer, err := i18n.New(h.Settings().Settings().Language)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	artist, err := badge.New()
	if err != nil {
		return fmt.Errorf("prepare the tray icon: %w", err)
	}
	d := &desktop{
		o: o, host: h, backend: h.Backend(), printer: printer, log: o.Log,
		window: platform.NewWindow(platform.WindowProgram, append([]string{"--asked"}, o.WindowArgs...), o.Log),
		icon:   tray.New(artist, o.Log),
	}
	if err := d.startAlerts(ctx); err != nil {
		return err
	}
	d.parts.Go(func() { d.runModel(ctx) })
	d.parts.Go(func() { d.takeCommands(ctx) })
	d.parts.Go(func() { d.openWindows(ctx) })
	if !o.Background {
		d.ask(ctx, d.firstPage())
	}
	d.runTray(ctx)
	quit()
	d.closeWindow(ctx)
	d.parts.Wait()
	d.alerter.Close()
	d.clearDesktopProblems(ctx)
	return nil
}

// firstPage is the wizard as long as there is no account.
func (d *desktop) firstPage() api.UIRequest {
	if len(d.host.Settings().Accounts()) == 0 {
		return api.UIRequest{Show: "wizard"}
	}
	return api.UIRequest{Show: "main"}
}

// startAlerts begins to show alerts.
func (d *desktop) startAlerts(ctx context.Context) error {
	known, err := d.host.Store().Alerts(ctx)
	if err != nil {
		return err
	}
	var handles []string
	for _, a := range known {
		if a.Handle != "" {
			handles = append(handles, a.Handle)
		}
	}
	icon, err := assets.Icon(48)
	if err != nil {
		return err
	}
	there := make(chan bool, 1)
	d.alerter = alert.New(ctx, alert.Options{
		Log: d.log, Known: handles, Icon: icon, Available: func(yes bool) { newest(there, yes) },
	})
	a := &alerts{
		store: d.host.Store(), out: d.alerter, printer: d.printer, log: d.log,
		desk: news.Desk{
			Store: d.host.Store(), Now: time.Now, Log: d.log,
			Settings: func() rule.Settings { return d.host.Settings().Settings().Alerts },
		},
		address: d.address,
		open: func(ctx context.Context, id mail.MessageID) {
			if id == 0 {
				d.ask(ctx, api.UIRequest{Show: "main"})
				return
			}
			d.ask(ctx, api.UIRequest{Show: "message", Message: id})
		},
		markRead: d.markRead,
	}
	d.parts.Go(func() { a.run(ctx) })
	d.parts.Go(func() { d.problemWhile(ctx, mail.CodeNoAlerts, there) })
	return nil
}

// address is what an account is called, as in tray and window.
func (d *desktop) address(id mail.AccountID) string {
	for _, a := range d.host.Settings().Accounts() {
		if a.ID == id && a.Address != "" {
			return a.Address
		}
	}
	return string(id)
}

// newest puts v into c, in place of what is unread in it. One goroutine at a
// time sends.
func newest[T any](c chan T, v T) {
	select {
	case <-c:
	default:
	}
	select {
	case c <- v:
	default:
	}
}

// problemWhile keeps a problem of the desktop raised while something is not
// there.
func (d *desktop) problemWhile(ctx context.Context, code mail.Code, there <-chan bool) {
	for {
		select {
		case <-ctx.Done():
			return
		case yes := <-there:
			d.problem(ctx, code, !yes)
		}
	}
}

func (d *desktop) problem(ctx context.Context, code mail.Code, is bool) {
	if err := noteProblem(ctx, d.host.Store(), code, is); err != nil && ctx.Err() == nil {
		d.log.Warn("problem not noted", "problem", string(code), "code", mail.FaultOf(err).Code)
	}
}

// noteProblem raises or clears a problem of this desktop; nothing happens when
// it is so already.
func noteProblem(ctx context.Context, s *store.Store, code mail.Code, is bool) error {
	if is {
		return s.RaiseProblem(ctx, mail.Problem{Code: code, Class: mail.ClassLocal})
	}
	return s.ClearProblem(ctx, "", code)
}

// clearDesktopProblems takes back what only is so while an agent runs.
func (d *desktop) clearDesktopProblems(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	d.problem(ctx, mail.CodeNoTray, false)
	d.problem(ctx, mail.CodeNoAlerts, false)
}

func (d *desktop) runModel(ctx context.Context) {
	sub := d.host.Store().Subscribe()
	defer sub.Close()
	changed, stop := d.host.Engine().Beacon()
	defer stop()
	m := &model{reader: d.backend, printer: d.printer, log: d.log, now: time.Now, show: d.icon.Show}
	m.run(ctx, sub.C(), changed)
}
