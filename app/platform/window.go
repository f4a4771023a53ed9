package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// closeLimit is how long the window may take to end when it is asked to.
const closeLimit = 5 * time.Second

// WindowProgram finds heron-window: beside our own executable, where every
// package puts it, else in PATH.
func WindowProgram() (string, error) {
	name := "heron-window"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find our own executable: %w", err)
	}
	if target, err := filepath.EvalSymlinks(self); err == nil {
		self = target
	}
	beside := filepath.Join(filepath.Dir(self), name)
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
		return beside, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return path, nil
}

// Window is our window as a process: at most one at a time. Its methods may be
// called by several goroutines.
type Window struct {
	find  func() (string, error)
	args  []string
	log   *slog.Logger
	ended chan WindowEnd

	mu     sync.Mutex
	run    *running // nil: no window is open
	closed bool
}

// running is one life of the window.
type running struct {
	process *os.Process
	ended   chan struct{} // closed when it has ended
}

// WindowEnd tells how a window ended.
type WindowEnd struct {
	Began time.Time
	Err   error // nil: it was closed; else it could not open, or crashed
}

// NewWindow returns a window that is not open. find says where its program is;
// args are given to it each time.
func NewWindow(find func() (string, error), args []string, log *slog.Logger) *Window {
	return &Window{find: find, args: args, log: log, ended: make(chan WindowEnd, 1)}
}

// Ended tells of each window that ended before Close; of those that nobody took
// note of only the last.
func (w *Window) Ended() <-chan WindowEnd { return w.ended }

// ErrWindowClosed says that no window is opened any more.
var ErrWindowClosed = errors.New("the window was closed for good")

// Open starts the window with more arguments, unless one is open, and does not
// wait for it.
func (w *Window) Open(more ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrWindowClosed
	}
	if w.run != nil {
		return nil
	}
	path, err := w.find()
	if err != nil {
		return err
	}
	// It outlives every request, and is ended by Close: no context is right.
	cmd := exec.Command(path, append(append([]string{}, w.args...), more...)...) //nolint:gosec,noctx // our own program; see above
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the window: %w", err)
	}
	r := &running{cmd.Process, make(chan struct{})}
	w.run = r
	w.log.Debug("window started", "pid", cmd.Process.Pid)
	began := time.Now()
	go func() {
		err := cmd.Wait() // ends with the window, at the latest in Close
		w.log.Debug("window ended", "pid", r.process.Pid, "error", err)
		w.end(WindowEnd{began, err})
		close(r.ended)
	}()
	return nil
}

// end notes that the window has ended.
func (w *Window) end(e WindowEnd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run = nil
	if w.closed {
		return
	}
	select {
	case <-w.ended:
	default:
	}
	w.ended <- e
}

// Running reports whether a window is open.
func (w *Window) Running() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.run != nil
}

// Close asks the window to end, ends it by force if it does not, and opens
// none any more.
func (w *Window) Close(ctx context.Context) {
	w.mu.Lock()
	w.closed = true
	r := w.run
	w.mu.Unlock()
	if r == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closeLimit)
	defer cancel()
	if err := askToEnd(r.process); err != nil {
		w.log.Debug("window not asked to end", "error", err)
	}
	select {
	case <-r.ended:
	case <-ctx.Done():
		_ = r.process.Kill() // it may have ended just now
		<-r.ended
	}
}
