package platform

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// clockArmed is how long the timer runs that hears of the clock; then it is set
// anew.
const clockArmed = 24 * time.Hour

// listenClock hints at each time that the clock jumps, as it does when the computer
// wakes from sleep, until ctx ends. It sleeps in a read: the kernel cancels a timer
// that asks for it (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET) when the clock is
// set and when the computer resumes.
func listenClock(ctx context.Context, jumped chan<- struct{}) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "clock") // in the poller: it does not block
	return readClock(ctx, f, jumped, func() error {
		at := unix.ItimerSpec{Value: unix.NsecToTimespec(time.Now().Add(clockArmed).UnixNano())}
		return os.NewSyscallError("timerfd_settime", unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &at, nil))
	})
}

// readClock reads a timer that arm sets, until ctx ends or it cannot be read. It
// closes f.
func readClock(ctx context.Context, f *os.File, jumped chan<- struct{}, arm func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = f.Close() }) // it ends the read
	defer func() {
		if stop() {
			_ = f.Close() // only read from
		}
	}()
	buf := make([]byte, 8) // how often it ended: once
	for {
		if err := arm(); err != nil {
			return err
		}
		_, err := f.Read(buf)
		switch {
		case errors.Is(err, syscall.ECANCELED):
			hint(jumped)
		case err != nil:
			return err
		}
	}
}
