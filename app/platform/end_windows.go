package platform

import (
	"os"
	"syscall"
)

// askToEnd ends a program: a window that holds nothing loses nothing.
func askToEnd(p *os.Process) error { return p.Kill() }

// endSignals are Ctrl-C, and the closing of the console, log-off and shutdown,
// which the runtime turns into SIGTERM.
func endSignals() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }
