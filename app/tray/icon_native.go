//go:build windows || darwin

package tray

import "fyne.io/systray"

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

// setTitle does nothing: the notification area of Windows has the tooltip only,
// and the menu bar of macOS would write the title beside the icon, which holds
// the number already.
func setTitle(string) {}
