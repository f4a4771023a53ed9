// Package platform is the desktop around us, as far as Heron needs it: our
// window as a program of its own, whether there is a display and a tray, the
// signals that end a session, and what makes open sockets doubtful: sleep and
// another network. On Linux the system tells of both; on Windows and macOS sleep
// is seen by the clock alone, within half a minute, and a change of the network
// shows by its sockets.
//
// To test it: go test ./app/platform.
package platform
