// Package wire is the IMAP connection beneath everything: it signs in, sends
// our own commands in bursts, reads every response with one tolerant parser,
// idles, and lends itself to go-imap for the rest (RFC 3501, RFC 9051).
//
// What it promises:
//
//   - One goroutine, the pump, is the only reader. A gate with one token says
//     who may send: a burst, go-imap, or an IDLE that gives way as soon as
//     somebody else wants it.
//   - An answer that makes no sense is repaired, or handed over as Bad and
//     counted; the connection ends only when it is lost where a response
//     begins. Lines, literals and nesting have bounds.
//   - There is no softer cancel than closing: a context that ends in the
//     middle of a command closes the connection, and so does a server that
//     falls silent while an answer is due. What happened is told as a
//     *mail.Fault, also when go-imap noticed first.
//   - Nothing from outside can become a command: strings are quoted or sent
//     as literals, and a command with a stray line end is not sent.
//   - STARTTLS is never skipped, and nothing that was said before TLS is
//     believed after it.
//
// Handlers run in the pump. They must not call the Conn, must not block, and
// must copy what they keep of a Response.
//
// To test it: go test ./sync/wire, and with -fuzz one of FuzzResponse,
// FuzzEnvelope, FuzzMailbox, FuzzSet, FuzzCommand, FuzzFilter.
package wire
