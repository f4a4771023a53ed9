// Package tray is Heron in the desktop's tray: the icon with its number, the
// tooltip and the menu.
//
// [Render] is pure: the same state, language and time give the same view.
// [Icon] is the thin driver that lays a view over fyne.io/systray and tells
// what was clicked. It touches only what changed and has no timer. A line that
// has just come to mean something else takes no click for a moment, so that
// mail that comes in under the pointer is not the mail that is marked read.
//
// To test it: go test ./app/tray. The driver is tested against a tray host
// played over a private D-Bus.
package tray
