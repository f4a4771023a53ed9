package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	for _, c := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"--version"}, exitOK, "heron-window ", ""},
		{[]string{"--help"}, exitOK, "", "--message N"},
		{[]string{"--nonsense"}, exitUsage, "", "--message N"},
		{[]string{"--message", "x"}, exitUsage, "", "--message N"},
		{[]string{"--message", "-3"}, exitUsage, "", "--message N"},
		{[]string{"more"}, exitUsage, "", "--message N"},
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
	if code := run(nil, &out, &errs); code != exitFailed {
		t.Errorf("exit %d", code)
	}
	if s := errs.String(); !strings.Contains(s, "display") || strings.Contains(s, "panic") {
		t.Errorf("it says %q", s)
	}
}
