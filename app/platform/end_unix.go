//go:build !windows

package platform

import (
	"os"
	"syscall"
)

// askToEnd lets a program end by itself.
func askToEnd(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// endSignals are what a session manager, a terminal or an administrator sends.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} }
