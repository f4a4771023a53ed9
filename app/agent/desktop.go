package agent

import (
	"context"
	"time"

	"github.com/heronmail/heron/app/alert"
	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/app/tray"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/mail"
)

// trayPatience is how long the desktop's tray may take to come, before we say
// that there is none: at log-in everything starts at once, and a panel that is
// started anew is away for a moment.
const trayPatience = 20 * time.Second

// runTray shows the icon until ctx ends.
func (d *desktop) runTray(ctx context.Context) {
	found := make(chan bool, 1)  // the newest answer to: is there a tray
	bus := make(chan struct{})   // closed when there is a bus to have one on
	noBus := make(chan struct{}) // closed when there is none
	d.parts.Go(func() {
		first := true
		err := platform.WatchTray(ctx, func(present bool) {
			newest(found, present)
			if first {
				first = false
				close(bus)
			}
		})
		if err != nil {
			d.log.Info("no tray", "error", err)
		}
		if first {
			close(noBus)
		}
	})
	d.parts.Go(func() {
		minTray(ctx, found, func(is bool) { d.problem(ctx, mail.CodeNoTray, is) }, func() { d.sayNoTray(ctx) })
	})
	select {
	case <-bus:
		d.icon.Run(ctx)
	case <-noBus:
		<-ctx.Done()
	}
}

// minTray keeps a problem raised while there is no tray. One that never came is
// also said, once, so that Heron stays reachable.
func minTray(ctx context.Context, found <-chan bool, problem func(is bool), say func()) {
	missing, quiet := true, false
	patience := time.NewTimer(trayPatience)
	defer patience.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case present := <-found:
			missing = !present
			if missing {
				patience.Reset(trayPatience)
			} else {
				quiet = true
				problem(false)
			}
		case <-patience.C:
			if !missing {
				continue
			}
			problem(true)
			if !quiet {
				quiet = true
				say()
			}
		}
	}
}

// sayNoTray tells the user, by the window if one is wanted at all.
func (d *desktop) sayNoTray(ctx context.Context) {
	if !d.o.Background {
		if !d.window.Running() {
			d.ask(ctx, d.firstPage())
		}
		return
	}
	t := health.Describe(d.printer, mail.Problem{Code: mail.CodeNoTray, Class: mail.ClassLocal})
	if _, err := d.alerter.Show(ctx, alert.Alert{Title: t.Title, Body: t.Text + " " + t.Remedy}); err != nil {
		d.log.Info("nobody could be told that there is no tray", "code", mail.FaultOf(err).Code)
	}
}

// takeCommands does what is clicked in the tray.
func (d *desktop) takeCommands(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-d.icon.Commands():
			if err := d.do(ctx, c); err != nil && ctx.Err() == nil {
				d.log.Warn("command failed", "command", string(c.Kind), "code", mail.FaultOf(err).Code)
			}
		}
	}
}

func (d *desktop) do(ctx context.Context, c tray.Command) error {
	switch c.Kind {
	case tray.Open:
		d.ask(ctx, d.firstPage())
	case tray.OpenMessage:
		d.ask(ctx, api.UIRequest{Show: "message", Message: c.Message})
	case tray.MarkRead:
		return d.markRead(ctx, []mail.MessageID{c.Message})
	case tray.CheckNow:
		return d.backend.Kick(ctx)
	case tray.PauseHour, tray.PauseTomorrow, tray.PauseOn, tray.Resume:
		return d.backend.PauseAlerts(ctx, tray.PauseEnd(c.Kind, time.Now()))
	case tray.Quit:
		// Not only of this process: a window hears it as the last line of its
		// stream, and does not look for another holder.
		return d.backend.Quit(ctx)
	}
	return nil
}

func (d *desktop) markRead(ctx context.Context, ids []mail.MessageID) error {
	_, err := d.backend.Do(ctx, api.Action{Kind: mail.ActFlags, IDs: ids, Add: mail.NewFlags(mail.FlagSeen)})
	return err
}

// ask has the window show something: the one that listens, else openWindows
// starts one.
func (d *desktop) ask(ctx context.Context, r api.UIRequest) {
	if err := d.backend.ShowUI(ctx, r); err != nil {
		d.log.Warn("window not asked", "code", mail.FaultOf(err).Code)
	}
}

// openWindows starts a window for what no window listens for. What it shall
// show it is told by the host as soon as it listens.
func (d *desktop) openWindows(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.host.UI():
			d.openWindow(ctx)
		case end := <-d.window.Ended():
			switch {
			case end.Err != nil:
				d.log.Error("window failed", "error", end.Err)
				d.sayNoWindow(ctx)
			case d.host.UIWaits(end.Began):
				// It was asked for when the last one was about to end.
				d.openWindow(ctx)
			}
		}
	}
}

func (d *desktop) openWindow(ctx context.Context) {
	if err := d.window.Open(); err != nil {
		d.log.Error("window not opened", "error", err)
		d.sayNoWindow(ctx)
	}
}

// sayNoWindow tells the user why nothing happens.
func (d *desktop) sayNoWindow(ctx context.Context) {
	a := alert.Alert{Title: d.printer.T("agent.no-window.title"), Body: d.printer.T("agent.no-window.text")}
	if _, err := d.alerter.Show(ctx, a); err != nil {
		d.log.Info("nobody could be told that there is no window", "code", mail.FaultOf(err).Code)
	}
}

// closeWindow ends a window, ours or one that was started by itself.
func (d *desktop) closeWindow(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	d.ask(ctx, api.UIRequest{Show: "quit"})
	d.window.Close(ctx)
}
