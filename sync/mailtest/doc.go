// Package mailtest holds mail servers to test against, and what they serve. It
// is imported by tests (and by the bench) only; nothing that ships may use it.
//
//   - [StartDovecot] runs a real Dovecot in a folder of its own: IMAP, IMAPS and
//     POP3 on free loopback ports, as root or as an ordinary user, as many at
//     once as a machine bears.
//   - [Play] and [Script] are an IMAP server that says exactly what a readable
//     transcript of C: and S: lines says, over TCP or a net.Pipe.
//   - [StartProxy] stands between a client and a server and breaks the
//     connection in every way that networks do.
//   - [Corpus] makes mail in many languages, charsets and shapes, the same for
//     the same seed, and writes it straight into a Maildir.
//   - [Certs] makes a certificate authority with good and bad certificates.
//
// Promises: whatever was started is stopped by the test's Cleanup, and ends too
// when the test process is killed (on Linux). Nothing outside of temporary
// folders is read or written, no port but of the loopback is opened. What is
// missing on the machine fails the test and says how to install it; nothing is
// ever skipped.
//
// To test it: go test -race ./sync/mailtest, once as root and once as an
// ordinary user; it needs the packages dovecot-imapd and dovecot-pop3d.
package mailtest

// TB is the part of testing.TB that this package needs, so that programs
// outside of go test can use it too.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	// Fatalf ends the calling goroutine; it does not return.
	Fatalf(format string, args ...any)
	// Cleanup calls f when the test ends, last registered first.
	Cleanup(f func())
	// TempDir is a new folder that is removed when the test ends.
	TempDir() string
}
