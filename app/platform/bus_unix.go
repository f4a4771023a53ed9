//go:build !windows && !darwin

package platform

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/godbus/dbus/v5"
)

const busAddress = "DBUS_SESSION_BUS_ADDRESS"

// LaunchNoBus keeps this process, and those that it starts, from launching a
// session bus where there is none: libraries do so when they are told no
// address, and nobody ends what they launched. It is called before anything
// looks for the bus.
func LaunchNoBus() error {
	if busNamed() {
		return nil
	}
	address := ""
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		socket := filepath.Join(run, "bus")
		if _, err := os.Stat(socket); err == nil {
			address = "unix:path=" + dbus.EscapeBusAddressValue(socket)
		}
	}
	if address == "" {
		// It looks where systems put the bus, and names in the environment
		// what it finds.
		if conn, err := dbus.SessionBusPrivateNoAutoStartup(); err == nil {
			_ = conn.Close() // nothing was said
		}
		if busNamed() {
			return nil
		}
		address = "unix:path=/nonexistent"
	}
	if err := os.Setenv(busAddress, address); err != nil {
		return fmt.Errorf("name the session bus: %w", err)
	}
	return nil
}

// busNamed reports whether the environment says where the session bus is.
func busNamed() bool {
	a := os.Getenv(busAddress)
	return a != "" && a != "autolaunch:"
}
