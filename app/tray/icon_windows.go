package tray

import (
	"strings"

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

// encode offers the sizes of the notification area at 100 to 300 %.
func encode(a *badge.Artist, s badge.Spec) ([]byte, error) { return a.ICO(s, 16, 20, 24, 32, 48) }

func setIcon(data []byte) { systray.SetIcon(data) }

// setTitle does nothing: the notification area has the tooltip only.
func setTitle(string) {}

// escape keeps an ampersand from marking an access key.
func escape(s string) string { return strings.ReplaceAll(s, "&", "&&") }
