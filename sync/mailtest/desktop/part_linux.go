package desktop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// part is a program of the desktop that runs.
type part struct {
	cmd  *exec.Cmd
	done chan struct{}
	once sync.Once
}

// start runs a program as the leader of its own process group, its output
// appended to a file. pkg is what to install when it is missing.
func start(cmd *exec.Cmd, pkg, log string) (*part, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p := &part{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig follows the thread that started the program.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = out.Close() }() // it was the program's to write
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // how a killed part ended tells nothing
		close(p.done)
	}()
	if err := <-started; err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("%s is not installed: install the package %s", cmd.Path, pkg)
		}
		return nil, err
	}
	return p, nil
}

// end asks the program to end, then its whole group, and waits.
func (p *part) end() {
	p.once.Do(func() {
		group := -p.cmd.Process.Pid
		_ = syscall.Kill(group, syscall.SIGTERM) // ESRCH: it ended by itself
		grace := time.NewTimer(2 * time.Second)
		defer grace.Stop()
		select {
		case <-p.done:
		case <-grace.C:
		}
		_ = syscall.Kill(group, syscall.SIGKILL)
		<-p.done
	})
}
