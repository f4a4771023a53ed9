package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/health"
)

func TestCommandLine(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	tests := map[string]struct {
		args   string
		exit   int
		stdout string // contained
		stderr string
	}{
		"help":              {"--help", health.ExitDone, "--background", ""},
		"version":           {"--version", health.ExitDone, "heron ", ""},
		"unknown option":    {"--frobnicate", health.ExitUsage, "", "no such option"},
		"argument":          {"start", health.ExitUsage, "", "no arguments"},
		"demo and data dir": {"--demo --data-dir x", health.ExitUsage, "", "--demo"},
		"demo and headless": {"--demo --headless", health.ExitUsage, "", "--demo"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			exit := run(strings.Fields(tt.args), &stdout, &stderr)
			if exit != tt.exit {
				t.Errorf("exit %d, want %d", exit, tt.exit)
			}
			if !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("said %q and %q", stdout.String(), stderr.String())
			}
			if tt.stdout == "" && stdout.Len() > 0 || tt.stderr == "" && stderr.Len() > 0 {
				t.Errorf("said too much: %q and %q", stdout.String(), stderr.String())
			}
		})
	}
}
