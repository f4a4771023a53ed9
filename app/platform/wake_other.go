//go:build windows || darwin

package platform

import (
	"context"
	"log/slog"
)

// listen hears of nothing here: the clock alone tells of sleep.
func listen(ctx context.Context, _ *slog.Logger, _ chan<- Wake) { <-ctx.Done() }
