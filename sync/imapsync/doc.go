// Package imapsync brings one IMAP account in step with its server and keeps
// it so. A [Worker] owns the account's connections:
//
//   - being told: NOTIFY of all mailboxes, else IDLE on the inbox and, on further
//     connections (extra.go), on watched folders, and one
//     LIST-STATUS over all folders every minute, more rarely with NOTIFY; all say only "this
//     mailbox is dirty" (teller.go, notify.go). Polls also check whether the
//     server tells what it agreed to, and a server that does not loses that for
//     the connection (promise.go); one that does is polled less;
//   - finding out: a dirty mailbox is reconciled by UID with QRESYNC, else
//     CONDSTORE, else the flags of all UIDs (pass.go, target.go, reconcile.go); a
//     folder that the server refuses to show is told of (refusal.go), and one over
//     which it ends the connection is found and left out for a while (fall.go). What
//     is learnt so is kept for the next process (learnt.go); a message that cannot be
//     read is left out (quarantine.go, blame.go), and asked for again later (again.go);
//   - first sync: the inbox's newest messages, then everything newest first in
//     batches of bounded size (backfill.go), resumed where it was cut;
//   - doing: what the user did is sent from the store's queue (ops.go, opflags.go,
//     opmove.go, opfolders.go), bodies are streamed into the store (body.go);
//   - folders: whose they are, what they are for, what they were called before
//     (listing.go, namespace.go, roles.go, rename.go), and what known servers
//     need (quirks.go);
//   - living: connecting again with a jittered backoff (worker.go, connect.go, backoff.go).
//
// Promises. Everything found in one pass is written in one transaction with
// the cursors that follow from it, so that a cut loses nothing and doubles
// nothing. Sequence numbers out of events are never used. Nothing is removed
// here because an answer is missing: what would empty most of a mailbox or of
// the list of folders is asked a second time. Nothing is removed on the server
// but what the user deleted or moved, and a message that is moved by copying only
// after the server said that the copy is there. No command names a UID before the
// mailbox's UIDVALIDITY was seen to be the one that it belongs to. Logs hold ids and counts.
//
// One goroutine, that of [Worker.Serve], talks to the server. The other methods
// hand it work, and are safe to call from any goroutine.
//
// To test it: go test -race ./sync/imapsync; it needs dovecot-imapd. Servers
// that cannot be had are played from testdata/servers.
package imapsync
