package agent

import (
	"context"
	"log/slog"

	"github.com/heronmail/heron/app/platform"
	"github.com/heronmail/heron/sync/imapsync"
	"github.com/heronmail/heron/sync/mail"
)

// wake has every account connect anew after sleep and when the network changed,
// until ctx ends.
func wake(ctx context.Context, log *slog.Logger, kick func(context.Context, imapsync.Reason) error) {
	platform.WatchWakes(ctx, log, func(w platform.Wake) {
		why := imapsync.ReasonNetwork
		if w == platform.Resumed {
			why = imapsync.ReasonResume
		}
		log.Info("connecting anew", "because", string(why))
		if err := kick(ctx, why); err != nil && ctx.Err() == nil {
			log.Warn("accounts not told of the network", "code", mail.FaultOf(err).Code)
		}
	})
}
