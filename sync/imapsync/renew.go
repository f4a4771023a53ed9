package imapsync

import "time"

const (
	// renewMin is the shortest time after which an IDLE is renewed because
	// connections were found dead.
	renewMin = 2 * time.Minute
	// renewKept is how many renewals in a row have to be answered before the next
	// ones come later again.
	renewKept = 4
)

// renewal is how long a connection may be quiet before we say something on it.
// Routers forget a connection on which nothing moves, each after a time of its
// own, and say so to nobody: the time is halved when a connection is found dead,
// and grows slowly while they live.
type renewal struct {
	most  time.Duration // the longest that is allowed
	every time.Duration
	kept  int // renewals in a row that were answered
}

func newRenewal(most time.Duration) renewal { return renewal{most: most, every: most} }

// died is told of a connection that was found dead after it had been quiet.
func (r *renewal) died(quiet time.Duration) {
	if quiet < min(renewMin, r.every/2) {
		return // no router is that quick: the server or the network is gone
	}
	r.kept = 0
	r.every = max(min(r.every, quiet)/2, min(renewMin, r.most))
}

// lived is told of one that was still there.
func (r *renewal) lived(quiet time.Duration) {
	if quiet < r.every*3/4 {
		return // it says nothing of a longer time
	}
	if r.kept++; r.kept >= renewKept {
		r.kept = 0
		r.every = min(r.every*5/4, r.most)
	}
}
