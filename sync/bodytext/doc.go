// Package bodytext turns a message (RFC 5322, MIME) into plain text that can
// be shown and searched. It is a package of its own because it is pure: bytes
// in, text out, without the engine's accounts, store and connections, and so
// the place where hostile input is met and fuzzed.
//
// What it promises:
//
//   - Nothing is ever loaded. Pictures, style sheets, frames and scripts of HTML
//     are left out; a link is shown as text with where it leads.
//   - It is bounded, whatever a sender wrote: at most [MaxText] bytes of text,
//     [maxDepth] levels and [maxParts] parts.
//   - What senders get wrong is borne: a malformed header line, an unknown or
//     wrong charset, a broken transfer encoding, a missing closing boundary.
//     As much text as can be read is shown.
//   - The text has no control character but line end and tab, and none that
//     changes the direction of what stands around it (mail.PrintableText).
//
// To test it: go test ./sync/bodytext, and
// go test -fuzz FuzzRead ./sync/bodytext.
package bodytext
