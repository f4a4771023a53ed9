// Package dial is the way to the network for every protocol: it resolves,
// connects, and protects with TLS, and says what went wrong as a [mail.Fault].
//
// What it promises:
//
//   - TLS 1.2 or newer, and verification that is never switched off. A pinned
//     fingerprint replaces the chain of that one leaf certificate and of no
//     other; a CA file adds roots to the system's.
//   - Nothing is sent in plain text unless the user was warned and agreed,
//     not even to this computer.
//   - One time limit for resolve, connect and TLS together. Afterwards there
//     are no read deadlines: who waits for an answer closes the connection
//     when it does not come.
//   - Counters tell what went over the wire, TLS included.
//   - A trace shows the lines of the protocol without secrets: what follows a
//     sign-in command, quoted strings and literals are cut out.
//
// To test it: go test ./sync/dial. The tests make their own certificates and
// use servers on loopback.
package dial
