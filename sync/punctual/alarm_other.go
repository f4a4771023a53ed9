//go:build !linux

package punctual

import "time"

// alarm is nothing here.
type alarm struct{}

func (*alarm) set(time.Duration) {}
func (*alarm) close()            {}
