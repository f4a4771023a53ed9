package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/heronmail/heron/sync/health"
)

func TestArguments(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	for _, c := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"--version"}, health.ExitDone, "heron-window ", ""},
		{[]string{"--help"}, health.ExitDone, "--message N", ""},
		{[]string{"--nonsense"}, health.ExitUsage, "", "heron-window --help"},
		{[]string{"--message", "x"}, health.ExitUsage, "", "heron-window --help"},
		{[]string{"--message", "-3"}, health.ExitUsage, "", "heron-window --help"},
		{[]string{"more"}, health.ExitUsage, "", "heron-window --help"},
	} {
		var out, errs bytes.Buffer
		if code := run(c.args, &out, &errs); code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.err) {
			t.Errorf("%q: exit %d, out %q, err %q", c.args, code, out.String(), errs.String())
		}
	}
}

func TestWithoutADisplayItSaysSo(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return // there is always one
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("LC_ALL", "C")
	var out, errs bytes.Buffer
	if code := run(nil, &out, &errs); code != health.ExitFailed {
		t.Errorf("exit %d", code)
	}
	if s := errs.String(); !strings.Contains(s, "display") || strings.Contains(s, "panic") {
		t.Errorf("it says %q", s)
	}
}
