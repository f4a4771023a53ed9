package mailtest

import "time"

// Eventually looks until nothing is wrong, some times a second, and fails the
// test with what is wrong when that takes longer than limit. It is for what
// other processes do, of which no signal comes.
func Eventually(t TB, limit time.Duration, what string, wrong func() string) {
	t.Helper()
	late := time.NewTimer(limit)
	defer late.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		problem := wrong()
		if problem == "" {
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("waited %v until %s: %s", limit, what, problem)
			return
		}
	}
}

// Await waits until ok says so, for 20 s at most. It is Eventually where
// nothing more can be said of what is wrong.
func Await(t TB, what string, ok func() bool) {
	t.Helper()
	Eventually(t, 20*time.Second, what, func() string {
		if ok() {
			return ""
		}
		return "it is not so yet"
	})
}
