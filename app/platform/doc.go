// Package platform is the desktop around us, as far as Heron needs it: our
// window as a program of its own, whether there is a display and a tray, the
// signals that end a session, and what makes open sockets doubtful: sleep and
// another network. The system tells of both, only macOS not of sleep; as a net the
// clock shows sleep, and our address on the way out another network, within half
// a minute, or ten where Linux tells of both. Untested on Windows itself and on macOS hardware; under Wine registering
// and cancelling work.
//
// To test it: go test ./app/platform.
package platform
