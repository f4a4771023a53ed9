//go:build unix

package mailtest

import (
	"os"
	"os/exec"
	"syscall"
)

// runsDovecot says why Dovecot cannot run here, nil if it can.
func runsDovecot() error { return nil }

// apply makes the command run as o, as the leader of a session of its own.
func (o owner) apply(cmd *exec.Cmd) {
	attr := &syscall.SysProcAttr{Setsid: true}
	if o.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid), Groups: []uint32{}}
	}
	endWithParent(attr)
	cmd.SysProcAttr = attr
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

// killGroup ends what is left of the group that the process pid led.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL) // ESRCH, that is nothing left, is the rule
}
