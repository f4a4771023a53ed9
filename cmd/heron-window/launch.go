package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// launch starts the agent that lies beside this program, and leaves it to
// itself: it goes on when the window is closed.
func launch(ctx context.Context, dataDir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(self); err == nil {
		self = target
	}
	name := "heron"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	args := []string{"--background"} // we are its window: it need not open one
	if dataDir != "" {
		args = append(args, "--data-dir", dataDir)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(filepath.Dir(self), name), args...) //nolint:gosec // our own program beside us
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
