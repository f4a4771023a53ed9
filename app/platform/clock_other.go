//go:build !linux

package platform

import (
	"context"
	"errors"
)

// listenClock fails: no kernel but Linux is asked to tell when the clock jumps.
func listenClock(context.Context, chan<- struct{}) error { return errors.ErrUnsupported }
