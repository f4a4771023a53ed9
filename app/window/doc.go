// Package window is the graphical client of the agent: it connects to the
// control socket, adapts it to the pages of packages view and wizard, and holds
// the windows. It keeps no mail and decides nothing about it. Closing the main
// window ends the process and gives everything back.
//
// How it is made: a [session] owns what is known of the agent in one goroutine.
// Events are hints: each makes it read again what is on the screen, once for a
// burst, and give the user interface a new view.State. Nothing here needs Fyne
// but run.go and setup.go, so the session is tested with a fake agent and
// without a display.
//
// To test it: go test ./app/window.
package window
