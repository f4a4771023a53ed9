// Package mail is Heron's vocabulary: the facts that the packages tell each
// other, and nothing that does work. It knows the standard library only, so
// that every other package may import it.
//
// Ids are local and stable: a [MessageID] outlives moves, UIDVALIDITY resets
// and restarts, while a [Location] says only where a server has the message
// now. A [Change] is a fact that was written to the store, an [Op] something
// the user did that a server has yet to confirm, a [Fault] an error sorted by
// what can be done about it, and a [Problem] what a person is told.
//
// To test it: go test ./sync/mail.
package mail
