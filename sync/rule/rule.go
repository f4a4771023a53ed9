package rule

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// MaxAge is how long ago a change may have been written to the store to still
// deserve an alert: after a longer sleep of Heron itself the number in the tray
// says enough.
const MaxAge = 24 * time.Hour

// MaxDelivery is how long ago a message may have been received to count as one
// that is being delivered now, as by a filter that puts it into several folders.
const MaxDelivery = 10 * time.Minute

// Settings are the user's wishes about alerts.
type Settings struct {
	Disabled    bool      `toml:"disabled"`     // no alerts at all
	PausedUntil time.Time `toml:"paused_until"` // none before this time
	HideContent bool      `toml:"hide_content"` // alerts name neither sender nor subject
}

// Paused reports whether alerts are paused at a time.
func (s Settings) Paused(now time.Time) bool { return now.Before(s.PausedUntil) }

// Why is the reason of a decision.
type Why string

// The reasons.
const (
	WhyNew        Why = "new"         // alert: new unread mail in a watched folder
	WhyHere       Why = "here"        // we did it ourselves
	WhyBackfill   Why = "backfill"    // it was there before Heron first looked
	WhyNotWatched Why = "not-watched" // the folder does not alert
	WhyRead       Why = "read"        // nothing of it is unread
	WhyDisabled   Why = "disabled"
	WhyPaused     Why = "paused"
	WhyOld        Why = "old" // written more than MaxAge ago
)

// Decision is whether to alert, for which messages, and why.
type Decision struct {
	Alert    bool
	Why      Why
	Messages []mail.Brief // the unread ones, if Alert
}

// Decide says whether added messages deserve an alert. watched is whether
// their folder alerts. A moved message is no MessagesAdded and so never asks.
func Decide(c mail.MessagesAdded, watched bool, s Settings, now time.Time) Decision {
	switch {
	case c.Origin == mail.Here:
		return Decision{Why: WhyHere}
	case c.Origin == mail.Backfill:
		return Decision{Why: WhyBackfill}
	case !watched:
		return Decision{Why: WhyNotWatched}
	case s.Disabled:
		return Decision{Why: WhyDisabled}
	case s.Paused(now):
		return Decision{Why: WhyPaused}
	case now.Sub(c.Time) > MaxAge:
		return Decision{Why: WhyOld}
	}
	var unread []mail.Brief
	for _, m := range c.Messages {
		if m.Unread {
			unread = append(unread, m)
		}
	}
	if len(unread) == 0 {
		return Decision{Why: WhyRead}
	}
	return Decision{Alert: true, Why: WhyNew, Messages: unread}
}

// CopyIsNews says whether a message deserves its alert although it is a copy of
// one in another folder (mail.Brief.CopyOf): not if that one was alerted, nor if
// it was received long before it was told. Then somebody copied it, or moves it
// with a client that copies first.
func CopyIsNews(received, told time.Time, alerted bool) bool {
	return !alerted && told.Sub(received) <= MaxDelivery
}
