//go:build !windows && !darwin

package platform

import (
	"net"
	"os"
	"path/filepath"
	"strings"
)

// HasDisplay reports whether a window could be shown: whether the display that
// the environment names answers. A terminal may outlive the display that it was
// opened on. A display on another machine is taken at its word.
func HasDisplay() bool {
	if os.Getenv("WAYLAND_SOCKET") != "" { // a connection that we were given
		return true
	}
	if name := os.Getenv("WAYLAND_DISPLAY"); name != "" {
		if !filepath.IsAbs(name) {
			name = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name)
		}
		if answers(name) {
			return true
		}
	}
	host, screen, ok := strings.Cut(os.Getenv("DISPLAY"), ":")
	if !ok {
		return false
	}
	if host != "" && host != "unix" {
		return true
	}
	number, _, _ := strings.Cut(screen, ".")
	socket := "/tmp/.X11-unix/X" + number
	return answers("@"+socket) || answers(socket)
}

// answers reports whether somebody listens on a Unix socket.
func answers(socket string) bool {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return false
	}
	_ = c.Close() // nothing was said
	return true
}
