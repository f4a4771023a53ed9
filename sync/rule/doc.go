// Package rule decides whether a change deserves an alert, and says why. It is
// pure: what it needs to know comes as arguments, the clock too.
//
// To test it: go test ./sync/rule.
package rule
