//go:build linux

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// programs builds the three programs once for all tests of this package.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "heron-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, p := range []string{"heron", "heronctl", "heron-window"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, p), "../"+p)
		cgo := "CGO_ENABLED=0"
		if p == "heron-window" {
			cgo = "CGO_ENABLED=1"
		}
		build.Env = append(os.Environ(), cgo)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building %s: %v\n%s", p, err, out)
			os.Exit(1)
		}
	}
	programs = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func (st *story) bin(name string) string { return filepath.Join(programs, name) }

func (st *story) port() string {
	_, port, _ := strings.Cut(st.dovecot.IMAPS(), ":")
	return port
}

func (st *story) startAgent(t *testing.T) {
	t.Helper()
	out, err := os.OpenFile(filepath.Join(st.desk.Dir, "agent.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd := st.desk.Command(st.bin("heron"))
	cmd.Env = append(cmd.Env, "HERON_THEME=dark", // OCR reads small grey texts better on it
		"HERON_DEBUG=1") // so that the search for the password meets all that can be logged
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is told by the chapters
		_ = out.Close()
		close(ended)
	}()
	st.agent, st.ended = cmd, ended
	st.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	})
}

func (st *story) killAgent(t *testing.T) {
	t.Helper()
	if err := st.agent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	st.agentEnds(t)
}

func (st *story) agentEnds(t *testing.T) {
	t.Helper()
	select {
	case <-st.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the agent does not end")
	}
}

func (st *story) closeWindow(t *testing.T) {
	t.Helper()
	for _, w := range st.desk.Windows("Heron") {
		if _, err := st.desk.Xdotool("windowactivate", "--sync", w, "key", "alt+F4"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "heron-window ends", func() string {
		if pids := st.processes("heron-window"); len(pids) > 0 {
			return fmt.Sprintf("processes %v run", pids)
		}
		return ""
	})
}

// processes are the pids of the session's programs with that name.
func (st *story) processes(name string) []string {
	var out []string
	found, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		st.t.Fatal(err)
	}
	for _, f := range found {
		if exe, err := os.Readlink(f); err == nil && exe == st.bin(name) {
			out = append(out, strings.Split(f, "/")[2])
		}
	}
	return out
}
