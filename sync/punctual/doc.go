// Package punctual makes timers for long waits in a process that does nothing
// meanwhile, so that their end costs few wakeups.
//
// The Go runtime waits for its timers in epoll_wait(2), which Linux ends up to a
// thousandth of the time late, to save power. Its monitor thread is not late: it
// sees a timer that is due and does not run, and looks again some sixty times until
// it does. Here the kernel also has a timer of its own (timerfd_create(2)), which
// ends epoll_wait on time. Nothing but the number of wakeups differs, on other
// systems nothing at all; in a synctest bubble the bubble's time counts.
//
// To test it: go test ./sync/punctual.
package punctual
