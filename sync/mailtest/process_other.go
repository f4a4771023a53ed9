//go:build !unix

package mailtest

import (
	"errors"
	"os"
	"os/exec"
)

// runsDovecot says why Dovecot cannot run here, nil if it can.
func runsDovecot() error { return errors.New("needs Linux or another Unix") }

func (owner) apply(*exec.Cmd) {}

func terminate(p *os.Process) error { return p.Kill() }

func killGroup(int) {}
