// Package news says which messages deserve an alert: it asks the rules about what
// the change log tells, with what the store knows of each message by now. Nothing
// here shows anything, or writes.
//
// To test it: go test ./app/agent, which shows what is found here, and
// go test ./sync/internal/converge, where machines find what others do.
package news
