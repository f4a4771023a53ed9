//go:build !windows

package main

import (
	"os/exec"
	"syscall"
)

// detach gives the agent a session of its own: an interrupt in the terminal
// of this program is not meant for it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
