//go:build !windows && !darwin

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/health"
)

// Without a display heron says what to do instead, and leaves nothing behind.
func TestNoDisplay(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	for args, hint := range map[string]string{"--demo": "heronctl demo", "": "--headless"} {
		tmp, home := t.TempDir(), t.TempDir()
		t.Setenv("TMPDIR", tmp)
		t.Setenv("HOME", home)
		var stdout, stderr bytes.Buffer
		if exit := run(strings.Fields(args), &stdout, &stderr); exit != health.ExitUnreachable {
			t.Errorf("heron %s: exit %d", args, exit)
		}
		if !strings.Contains(stderr.String(), hint) {
			t.Errorf("heron %s says %q, nothing of %s", args, stderr.String(), hint)
		}
		for _, dir := range []string{tmp, home} {
			if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
				t.Errorf("heron %s left %v, %v", args, left, err)
			}
		}
	}
}
