package host

import (
	"sync"
	"time"

	"github.com/heronmail/heron/sync/control/api"
)

// uiFresh is how long a request waits for the window that it started.
const uiFresh = time.Minute

// uiHub brings requests to show something to the window that listens, and
// keeps the newest for one that is yet to be started.
type uiHub struct {
	out chan api.UIRequest // for the agent, one at most

	mu      sync.Mutex
	windows []chan api.UIRequest // the newest last
	pending *api.UIRequest
	since   time.Time
}

func newUIHub() *uiHub { return &uiHub{out: make(chan api.UIRequest, 1)} }

// show passes a request on. It reports whether a window listens.
func (u *uiHub) show(r api.UIRequest) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pass(r)
}

// pass is show for who holds u.mu.
func (u *uiHub) pass(r api.UIRequest) bool {
	if n := len(u.windows); n > 0 {
		replace(u.windows[n-1], r)
		return true
	}
	if r.Show == "quit" {
		return false // there is none that could end
	}
	u.pending, u.since = &r, time.Now()
	replace(u.out, r)
	return false
}

// replace puts r into c, in place of what is unread in it. Only the holder of
// u.mu sends on c.
func replace(c chan api.UIRequest, r api.UIRequest) {
	select {
	case <-c:
	default:
	}
	c <- r
}

// join makes the caller the window that listens, until it leaves.
func (u *uiHub) join() (c <-chan api.UIRequest, leave func()) {
	w := make(chan api.UIRequest, 1)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.windows = append(u.windows, w)
	if u.pending != nil && time.Since(u.since) < uiFresh {
		w <- *u.pending
	}
	u.pending = nil
	return w, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		for i, o := range u.windows {
			if o == w {
				u.windows = append(u.windows[:i], u.windows[i+1:]...)
			}
		}
		select {
		case r := <-w: // it left before it heard this
			u.pass(r)
		default:
		}
	}
}

// waits reports whether a request was made after that moment, and not heard by
// a window yet.
func (u *uiHub) waits(after time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.pending != nil && u.since.After(after) && time.Since(u.since) < uiFresh
}
