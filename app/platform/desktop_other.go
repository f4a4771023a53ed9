//go:build windows || darwin

package platform

import "context"

// HasDisplay reports whether a window could be shown.
func HasDisplay() bool { return true }

// WatchTray tells whether the desktop shows tray icons: here it always does.
// It returns when ctx ends.
func WatchTray(ctx context.Context, tell func(present bool)) error {
	tell(true)
	<-ctx.Done()
	return nil
}
