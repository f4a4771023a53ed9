// Package engine is the façade over everything that keeps mail in step: the
// agent, heronctl and, over the control socket, the window ask it and nothing
// beneath it. It supervises one worker an account and owns what belongs to no
// single account.
//
// What it promises:
//
//   - An account is added whole or not at all: the sign-in is checked first, and
//     settings file and secret are written last; if the second cannot be
//     written, the first is taken back.
//   - A secret is asked of the keyring for exactly the binding it was stored
//     with. It is in no setting, log or error.
//   - What the user does is written before it is answered, shown at once, and
//     sent by the worker when it can.
//   - A worker that fails is started again. Only the end of Run's context ends
//     it; a time limit of the network never reads as that.
//   - A problem is told even when the store cannot keep it, as on a full disk.
//
// How state is read: Status for all at once, the store's change log for what
// changed since, Beacon for what has no revision (progress, problems in
// memory).
//
// To test it: go test ./sync/engine. It needs dovecot-imapd.
package engine
