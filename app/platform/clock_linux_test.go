package platform

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestClockIsHeard: the kernel takes us as one who hears of jumps of the clock,
// and lets go; a timer that only ends is no jump, and is set again. (The clock of
// a computer on which others work is not set for a test.)
func TestClockIsHeard(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	jumped := make(chan struct{}, 1)
	if err := listenClock(ctx, jumped); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("ended with %v", err)
	}

	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	set := 0
	err = readClock(t.Context(), os.NewFile(uintptr(fd), "clock"), jumped, func() error {
		if set++; set > 2 {
			return syscall.ENOSYS
		}
		at := unix.ItimerSpec{Value: unix.NsecToTimespec(time.Now().Add(time.Millisecond).UnixNano())}
		return unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &at, nil)
	})
	if !errors.Is(err, syscall.ENOSYS) || set != 3 {
		t.Errorf("set %d times, then %v", set, err)
	}
	if len(jumped) > 0 {
		t.Error("a timer that ended was taken for a jump of the clock")
	}
}
