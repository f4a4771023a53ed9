// Package health puts every problem that a user can see into words, and keeps
// the log that helps to find its cause.
//
// A problem travels between packages and processes as code and arguments; only
// where a person reads it does it become a title, a text and a remedy. The
// texts are the catalogue's area "health", three for each mail.Code. The log
// ring redacts: no secret, address, subject or folder name stays in it.
//
// To test it: go test ./sync/health. A test holds that every code has texts.
package health
