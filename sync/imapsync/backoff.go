package imapsync

import (
	"math/rand/v2"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// The bounds of waiting between two tries to connect.
const (
	backoffMin   = time.Second
	backoffMax   = 5 * time.Minute
	limitMin     = 5 * time.Minute // a server that asks for patience and does not say how much
	limitMax     = 15 * time.Minute
	retryCeiling = time.Hour // no server's wish keeps us away longer
	secretRetry  = 30 * time.Second
	hurryFor     = time.Minute
	hurryMax     = 3 * time.Second
	easyTries    = 2
)

// backoff counts tries that failed one after the other. The zero value is
// ready.
type backoff struct {
	tries   int
	hurries time.Time // until then a network is about to come
}

// reset forgets the failures.
func (b *backoff) reset() { b.tries = 0 }

// hurry is reset after a kick: where one came a network may follow, of which
// nobody tells, and for a while that is not slept through.
func (b *backoff) hurry() {
	b.reset()
	b.hurries = time.Now().Add(hurryFor)
}

// ease keeps the next wait to a few seconds: the next try is not the same again.
func (b *backoff) ease() { b.tries = min(b.tries, easyTries) }

// next returns how long to wait after f. The answer is jittered, so that a
// server that comes back is not met by all its clients in one second.
func (b *backoff) next(f *mail.Fault) time.Duration {
	b.tries++
	switch {
	case f.RetryAfter > 0:
		return spread(min(f.RetryAfter, retryCeiling), 1.2)
	case f.Class == mail.ClassLimit:
		return limitMin + rand.N(limitMax-limitMin) //nolint:gosec // jitter needs no secrecy
	case f.Class == mail.ClassLocal:
		// The keyring is locked or the disk full: nothing to spare the server
		// from, and the person may be putting it right at this moment.
		return spread(min(b.steps(), secretRetry), 1.5)
	case f.Class == mail.ClassOffline && time.Now().Before(b.hurries):
		return spread(min(b.steps(), hurryMax), 1.5)
	default:
		return spread(b.steps(), 1.5)
	}
}

// steps doubles from backoffMin to backoffMax.
func (b *backoff) steps() time.Duration {
	return doubled(backoffMin, b.tries-1, backoffMax*2/3) // spread takes it to at most backoffMax
}

// doubled is how long is waited after so many waits before, of which the first took d
// and each twice as long as the one before it.
func doubled(d time.Duration, before int, most time.Duration) time.Duration {
	return min(d<<min(max(before, 0), 16), most)
}

// spread returns a random time from d to d*most.
func spread(d time.Duration, most float64) time.Duration {
	extra := time.Duration(float64(d) * (most - 1))
	if extra <= 0 {
		return d
	}
	return d + rand.N(extra) //nolint:gosec // jitter needs no secrecy
}

// waitsForPerson reports whether trying again is of no use before somebody did
// something: a refused password must not be sent again and again.
func waitsForPerson(f *mail.Fault) bool {
	if f.Class == mail.ClassAuth {
		return true
	}
	switch f.Code {
	case mail.CodeSecretMissing, mail.CodeSecretBound, mail.CodePlaintextRefused:
		return true
	default:
		return false
	}
}

// stateAfter is how the account stands after f.
func stateAfter(f *mail.Fault) mail.State {
	if f.Class == mail.ClassAuth || f.Code == mail.CodeSecretMissing || f.Code == mail.CodeSecretBound {
		return mail.StateNeedsSignIn
	}
	switch f.Class {
	case mail.ClassOffline, mail.ClassLimit:
		return mail.StateOffline
	default:
		return mail.StateError
	}
}
