package mailtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// stopGrace is how long a server may take to end by itself.
const stopGrace = 10 * time.Second

// owner is the user that a server runs as.
type owner struct {
	name, group string
	uid, gid    int
	drop        bool // we are root and become that user
}

// serverOwner is the user name when we are root, else ourselves.
func serverOwner(name string) (owner, error) {
	u, err := user.Current()
	if err != nil {
		return owner{}, fmt.Errorf("who am I: %w", err)
	}
	drop := os.Geteuid() == 0
	if drop {
		if u, err = user.Lookup(name); err != nil {
			return owner{}, fmt.Errorf("as root, mail is served by the user %q: %w", name, err)
		}
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return owner{}, fmt.Errorf("group of %s: %w", u.Username, err)
	}
	o := owner{name: u.Username, group: g.Name, drop: drop}
	if o.uid, err = strconv.Atoi(u.Uid); err != nil {
		return owner{}, fmt.Errorf("user id of %s: %w", u.Username, err)
	}
	if o.gid, err = strconv.Atoi(u.Gid); err != nil {
		return owner{}, fmt.Errorf("group id of %s: %w", u.Username, err)
	}
	return o, nil
}

// take gives the tree under root to the owner.
func (o owner) take(root string) error {
	if !o.drop {
		return nil
	}
	return filepath.WalkDir(root, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, o.uid, o.gid)
	})
}

// process is a server program that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended
	err  error         // how it ended, once done is closed
}

// startProcess runs the program as o, its output appended to the file log. The
// goroutine that waits for it keeps its thread, for endWithParent.
func startProcess(o owner, log, program string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = filepath.Dir(log)
	cmd.Stdout, cmd.Stderr = out, out
	o.apply(cmd)

	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer func() { _ = out.Close() }() // it was the program's to write
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = cmd.Wait()
		killGroup(cmd.Process.Pid)
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// end asks the program to end and waits until it is gone; it is killed when it
// takes longer than stopGrace.
func (p *process) end() {
	_ = terminate(p.cmd.Process) // it may have ended by itself
	late := time.AfterFunc(stopGrace, func() { killGroup(p.cmd.Process.Pid) })
	defer late.Stop()
	<-p.done
}

// kill ends the program and all that it started at once.
func (p *process) kill() {
	killGroup(p.cmd.Process.Pid)
	p.end()
}
