// Package demo is the built-in account that shows what Heron does without
// anybody's mail: an IMAP server in this process with sample mail in several
// folders and languages, and a second machine, a mail client of its own that
// delivers, reads, stars, files and deletes mail now and then, and tells its
// story as it goes.
//
// Promises: the server listens on the loopback alone, with TLS under a
// certificate made for this start and pinned by the account; the password is
// random for each start and exists in memory only. Nothing is written to disk,
// no settings and no keyring are touched. The story goes on for ever and stays
// bounded: mailboxes are trimmed. It is the same for the same seed as long as
// nobody else changes the mail.
//
// The server is go-imap's imapserver over imapmemserver. What that lacks is
// mended in session.go: special-use attributes, children of renamed folders,
// updates that came just before an IDLE, moves that could block each other,
// and UIDVALIDITY values that would be the same in every start. It has no
// CONDSTORE, QRESYNC, NOTIFY or ID.
//
// To test it: go test -race ./sync/demo.
package demo
