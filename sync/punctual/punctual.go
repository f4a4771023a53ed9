package punctual

import "time"

// long is from which time on it is worth it: the kernel ends a shorter wait soon
// enough.
const long = time.Second

// Timer is a time.Timer that cannot be reset.
type Timer struct {
	C     <-chan time.Time
	timer *time.Timer
	alarm alarm
}

// NewTimer begins to wait. Stop must be called, also after the end.
func NewTimer(d time.Duration) *Timer {
	t := time.NewTimer(d)
	p := &Timer{C: t.C, timer: t}
	if d >= long {
		p.alarm.set(d)
	}
	return p
}

// Stop ends the wait, and gives back what it needed.
func (t *Timer) Stop() {
	t.timer.Stop()
	t.alarm.close()
}
