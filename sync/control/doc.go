// Package control lets other processes of the same user speak to the one that
// holds the engine: HTTP with JSON over a Unix socket, on Windows over a named
// pipe. [Serve] answers for a [Backend], [Dial] gives a [Client], and a Client
// is a Backend again, so that a program is written once for both sides of the
// socket. The types that travel are in package api.
//
// What it promises:
//
//   - Only the owner gets in: the folder is 0700, the socket 0600, and both
//     sides look at the user of the process at the other end before a byte of a
//     request is read or sent.
//   - Every request is bounded in size, and every error is answered with a
//     Problem. A secret is in requests only: in no answer, error or log.
//   - A slow reader of events holds up nobody but itself. It reads the change
//     log by revision, so it may lag but never misses or invents a line.
//   - A handshake with a time limit comes first; a holder that does not answer
//     it is dialled a second time, because on some systems the first dial to a
//     new pipe reaches nobody.
//
// To test it: go test ./sync/control. The tests speak over a real socket in a
// temporary folder.
package control
