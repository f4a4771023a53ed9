// Package alert shows desktop notifications and takes them away again, with a
// driver for each system: D-Bus on Linux and the BSDs, toasts on Windows,
// osascript on macOS. What a driver can do it says in [Caps].
//
// What it promises:
//
//   - What a sender wrote is freed of control and bidi characters, bounded,
//     and escaped as the system wants it: it is never markup or a command.
//   - A handle outlives the process where the system allows it. It names the
//     very notification server that gave it: an old handle never closes, and
//     is never taken for, somebody else's notification.
//   - A notification service that is missing or goes away is a Fault
//     (no-alerts), not an end: the next alert tries again.
//
// To test it: go test ./app/alert. The D-Bus driver is tested against a played
// server and against a real dunst, on a bus and a display of their own.
package alert
