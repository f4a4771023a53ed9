package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// program is the built heronctl, with the agent beside it, made when the first
// test asks for it.
var program struct {
	once sync.Once
	dir  string
	out  []byte
	err  error
}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(program.dir)
		os.Exit(code)
	}))
}

// built is the path of heronctl, without cgo as it ships. heron lies beside it.
func built(t *testing.T) string {
	t.Helper()
	program.once.Do(buildProgram)
	if program.err != nil {
		t.Fatalf("building the programs: %v\n%s", program.err, program.out)
	}
	return filepath.Join(program.dir, "heronctl")
}

func buildProgram() {
	if program.dir, program.err = os.MkdirTemp("", "heronctl-"); program.err != nil {
		return
	}
	cmd := exec.Command("go", "build", "-o", program.dir, ".", "../heron")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	program.out, program.err = cmd.CombinedOutput()
}
