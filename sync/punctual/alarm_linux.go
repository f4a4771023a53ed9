package punctual

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm is a timer of the kernel's of which the runtime's poller hears. Nobody
// reads it: that the poller wakes is all that it is for.
type alarm struct{ f *os.File }

// set arms the alarm. Where the kernel has none left the timer is late as any other.
func (a *alarm) set(d time.Duration) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return
	}
	a.f = os.NewFile(uintptr(fd), "alarm") // it does not block: the poller takes it
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if unix.TimerfdSettime(fd, 0, &at, nil) != nil {
		a.close()
	}
}

func (a *alarm) close() {
	if a.f != nil {
		_ = a.f.Close() // there is nothing in it
	}
}
