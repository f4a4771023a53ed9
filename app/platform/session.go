package platform

import (
	"context"
	"os/signal"
)

// SessionContext returns a context that ends when the session does, or when
// somebody asks this process to end. stop gives the signals back.
func SessionContext(parent context.Context) (ctx context.Context, stop context.CancelFunc) {
	return signal.NotifyContext(parent, endSignals()...)
}
