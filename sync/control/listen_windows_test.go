package control

import (
	"crypto/rand"
	"testing"
)

// socketPath is a name for one test's pipe.
func socketPath(*testing.T) string { return `\\.\pipe\heron-test-` + rand.Text() }

// leaveStale does nothing: a pipe ends with its process.
func leaveStale(*testing.T, string) {}
