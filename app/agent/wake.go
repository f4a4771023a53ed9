package agent

import (
	"context"
	"log/slog"

	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
)

// wake has every account connect anew after sleep and when the network changed,
// and try again where there is one more way out, until ctx ends.
func wake(ctx context.Context, log *slog.Logger, kick func(context.Context, imapsync.Reason) error) {
	platform.WatchWakes(ctx, log, func(w platform.Wake) {
		log.Info("accounts are told of the network", "because", string(w))
		if err := kick(ctx, reason(w)); err != nil && ctx.Err() == nil {
			log.Warn("accounts not told of the network", "code", mail.FaultOf(err).Code)
		}
	})
}

// reason is what a wake is to an account.
func reason(w platform.Wake) imapsync.Reason {
	switch w {
	case platform.Resumed:
		return imapsync.ReasonResume
	case platform.Gained:
		return imapsync.ReasonSettings
	case platform.Network:
	}
	return imapsync.ReasonNetwork
}
