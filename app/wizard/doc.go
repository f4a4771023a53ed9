// Package wizard sets up an account: address, server, sign-in, a live check,
// the folders to watch, done. [Flow] is the state machine behind it, pure and
// without Fyne; [Wizard] draws it and runs what it asks for against a
// [Backend], which the composition root gives.
//
// What it promises: what was typed is kept when the user goes back, nothing is
// saved before the server took the sign-in, and the password is in no error,
// log or text, only in the field and in what is handed to the Backend.
//
// To test it: go test ./app/wizard. The tests need no display.
package wizard
