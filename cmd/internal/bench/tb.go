package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// errEnded stands until a bench has come to its end.
var errEnded = errors.New("ended early")

// tb is what mailtest needs of a test, for a program.
type tb struct {
	cleanups []func()
	failure  error
}

// Helper implements mailtest.TB.
func (*tb) Helper() {}

// Logf implements mailtest.TB.
func (*tb) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Fatalf implements mailtest.TB.
func (t *tb) Fatalf(format string, args ...any) {
	t.failure = fmt.Errorf(format, args...)
	runtime.Goexit()
}

// Cleanup implements mailtest.TB.
func (t *tb) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// TempDir implements mailtest.TB.
func (t *tb) TempDir() string {
	dir, err := os.MkdirTemp("", "heron-bench-")
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // only a temporary folder stays
	return dir
}

func (t *tb) cleanup() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}
