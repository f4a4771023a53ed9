package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// restart starts the executable that now has our name, with our arguments; no
// window is opened, because the one that asked for the restart is open.
func restart(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own executable: %w", err)
	}
	// Linux says so of a program whose file was replaced.
	self = strings.TrimSuffix(self, " (deleted)")
	args = slices.Clone(args)
	if !slices.Contains(args, "--background") {
		args = append(args, "--background")
	}
	cmd := exec.Command(self, args...) //nolint:gosec,noctx // ourselves; it outlives this process
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start anew: %w", err)
	}
	return cmd.Process.Release()
}
