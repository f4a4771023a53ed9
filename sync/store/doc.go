// Package store keeps what Heron knows: mailboxes, messages, the queue of
// actions, the log of changes, alerts, and the full text, in SQLite, with the
// bodies of messages as files beside it. It is the one place that writes them.
//
// What it promises:
//
//   - What one reconcile found is written whole or not at all, its cursor with
//     it: after a crash a mailbox is as far in step as its cursor says.
//   - A [mail.MessageID] stays with its message through moves, renames and
//     UIDVALIDITY changes, and is never used again.
//   - Of each message two things are kept twice, flags and place: as the server
//     has them, and as they are shown, which is the first with every waiting
//     action laid over in order. So it is with the names of folders. Numbers
//     and lists follow what is shown.
//   - Every change that a reader could see has a revision in the log. Who
//     subscribes may be slow: it is woken, and reads the log from where it was.
//   - Errors that a person can do something about are faults: disk-full,
//     read-only, store-broken, store-newer, busy.
//
// There is one writer, whose transactions follow each other; reads go through
// a small pool of their own, of which one connection stays open. A
// second process may read with [Options.ReadOnly].
//
// What is kept for how long: changes 30 days and at most 100,000 of them;
// messages that the server no longer has 7 days, so that one that was moved is
// known again; finished actions and withdrawn alerts 30 days.
//
// To test it: go test -race ./sync/store. The stories are told one file a
// topic; model_test.go plays random histories against a simple model;
// go test -run Random -rapid.checks=500 ./sync/store plays more of them;
// go test -bench Index -benchtime 1x ./sync/store gives the index rate.
package store
