//go:build !windows && !darwin

package platform

import (
	"context"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of the StatusNotifierItem specification.
const (
	watcher       = "org.kde.StatusNotifierWatcher"
	watcherObject = dbus.ObjectPath("/StatusNotifierWatcher")
)

// WatchTray tells whether the desktop shows tray icons, at once and each time
// that changes, until ctx ends. The error says that there is no session bus:
// then there is no tray, and none may be asked for, because asking would start
// a bus that nobody ends.
func WatchTray(ctx context.Context, tell func(present bool)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("find the session bus: %w", err)
	}
	defer func() { _ = conn.Close() }() // nothing is left to be written
	if err := conn.Auth(nil); err != nil {
		return fmt.Errorf("sign in to the session bus: %w", err)
	}
	if err := conn.Hello(); err != nil {
		return fmt.Errorf("greet the session bus: %w", err)
	}
	for _, m := range [][]dbus.MatchOption{
		{dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcher)},
		{dbus.WithMatchObjectPath(watcherObject), dbus.WithMatchInterface(watcher)},
	} {
		if err := conn.AddMatchSignalContext(ctx, m...); err != nil {
			return fmt.Errorf("listen to the session bus: %w", err)
		}
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	present := hasTray(ctx, conn)
	tell(present)
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-signals:
			if !ok { // the bus is gone, and the session with it
				if present {
					tell(false)
				}
				return nil
			}
			if now := hasTray(ctx, conn); now != present {
				present = now
				tell(present)
			}
		}
	}
}

// answerLimit is how long the desktop may take to answer.
const answerLimit = 2 * time.Second

// hasTray asks the watcher whether anybody shows the icons that it knows.
func hasTray(ctx context.Context, conn *dbus.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	var has bool
	err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&has)
	if err != nil || !has {
		return false
	}
	var v dbus.Variant
	err = conn.Object(watcher, watcherObject).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		watcher, "IsStatusNotifierHostRegistered").Store(&v)
	host, ok := v.Value().(bool)
	return err != nil || !ok || host // a watcher that does not tell is taken at its word
}
