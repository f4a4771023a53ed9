// Package platform is the desktop around us, as far as Heron needs it: our
// window as a program of its own, whether there is a display and a tray, and
// the signals that end a session.
//
// To test it: go test ./app/platform.
package platform
