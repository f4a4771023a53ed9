//go:build !windows && !darwin

package platform

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// TellsLook reports whether the desktop tells programs if it is light or dark,
// by the settings portal. It returns when the portal has answered, at the latest
// when ctx ends.
func TellsLook(ctx context.Context) bool {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }() // nothing is left to be written
	if conn.Auth(nil) != nil || conn.Hello() != nil {
		return false
	}
	var v dbus.Variant
	err = conn.Object("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop").CallWithContext(ctx,
		"org.freedesktop.portal.Settings.Read", 0, "org.freedesktop.appearance", "color-scheme").Store(&v)
	return err == nil
}
