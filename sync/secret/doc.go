// Package secret keeps passwords: in the OS keyring, or in memory for the demo
// account, and nowhere else.
//
// A secret is stored together with its binding (mail.Account.Binding: host,
// port, user and TLS policy) and handed out for that binding alone. Settings
// edited on disk can so never send a password to a new server or over weaker
// protection; the user has to sign in again.
//
// To test it: go test ./sync/secret. The test of the real Secret Service starts
// a session bus and gnome-keyring of its own.
package secret
