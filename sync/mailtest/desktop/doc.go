// Package desktop starts the real parts of a Linux desktop in a folder of their
// own, for tests: a session bus, gnome-keyring, an X display without a screen,
// a window manager, xfce4-panel with a tray, and a notification daemon. It is
// imported by tests only.
//
// Promises: home, settings, keyring and bus are private to the session; each
// part is stopped by the test's Cleanup, and ends too when the test process is
// killed. A part that is not installed fails the test with the package's name.
//
// To test it: go test ./sync/mailtest/desktop.
package desktop
