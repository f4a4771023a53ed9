package tray

import (
	"fyne.io/systray"

	"github.com/heronmail/heron/app/tray/badge"
)

// run lays in the event loop's company; the loop also ends with the session,
// which calls ended.
func run(lay, ended func()) {
	done := make(chan struct{})
	systray.Run(func() {
		defer close(done)
		lay()
		systray.Quit()
	}, ended)
	<-done
}

func encode(a *badge.Artist, s badge.Spec) ([]byte, error) { return a.PNG(s, 44) }

func setIcon(data []byte) { systray.SetIcon(data) }

// setTitle does nothing: the menu bar would write it beside the icon, which
// holds the number already.
func setTitle(string) {}

func escape(s string) string { return s }
