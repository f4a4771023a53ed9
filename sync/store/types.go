package store

import (
	"log/slog"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Options are how a store is opened. The zero value opens it for writing and
// logs nothing.
type Options struct {
	Log *slog.Logger     // ids and counts only; nil: nothing is logged
	Now func() time.Time // the clock; nil: time.Now
	// ReadOnly opens a store that another process may be writing: every method
	// that writes fails with Fault read-only. A store that does not exist reads
	// as an empty one.
	ReadOnly bool
}

// Batch is what one reconcile found. It is written whole or not at all.
type Batch struct {
	Origin  mail.Origin // of the changes that follow from it; "" is Elsewhere
	Listing *Listing    // nil: the folders were not listed
	Deltas  []Delta
	Synced  time.Time // becomes LastSync of the deltas' mailboxes; zero: left alone
	// Halves says that messages are moved by copying them: one that is in both
	// places, after a move of ours was cut off, is half of that move. Where the
	// server moves in one step (RFC 6851) it is another's copy.
	Halves bool
}

// Listing is the complete list of an account's mailboxes: one that is missing
// from it is gone, with its messages.
type Listing struct {
	Mailboxes []ListedMailbox
}

// ListedMailbox is a mailbox as LIST tells of it.
type ListedMailbox struct {
	Name        string // decoded to UTF-8, levels parted by Delimiter
	Delimiter   string
	Role        mail.Role
	Selectable  bool
	Subscribed  bool
	OldName     string // the name it was known by, when it was renamed (RFC 9051 §6.3.9.8); "" else
	UIDValidity mail.UIDValidity
}

// Delta is what one reconcile found in one mailbox. Within a batch every
// delta's Reset and Gone are applied before any Added, so that a message that
// was moved is known again.
type Delta struct {
	Mailbox   mail.MailboxID
	Cursor    mail.Cursor
	SetCursor bool // Cursor is to be kept
	// Server are the numbers STATUS told, shown while the index is incomplete;
	// nil: not asked.
	Server *mail.Counts
	// Reset says that UIDVALIDITY changed: every location in the mailbox is
	// forgotten, and messages are matched again as they are added.
	Reset bool
	Gone  []mail.UID
	Added []Fetched
	Flags []FlagUpdate
	// Backfill says that Added was there before Heron first looked, whatever
	// Batch.Origin says.
	Backfill bool
	// Partial says that not all could be had: the mailbox is not in step, and its
	// LastSync stays.
	Partial bool
	// Uncertain are UIDs whose data could not be read. They count as known, so
	// that they are not fetched for ever, show as nothing, and are asked for again
	// (AskAgain); with Lethal, as connections end over them, not before a day has gone.
	Uncertain []mail.UID
	Lethal    bool
}

// Fetched is a message as FETCH tells of it.
type Fetched struct {
	UID      mail.UID
	ModSeq   mail.ModSeq // 0: unknown
	Flags    mail.Flags
	Envelope mail.Envelope
	Size     int64 // bytes, RFC822.SIZE
	Received time.Time
	EmailID  string // RFC 8474 EMAILID, X-GM-MSGID, or ""
	Preview  string // RFC 8970, or ""
}

// FlagUpdate is the set of flags that the server has on a message.
type FlagUpdate struct {
	UID    mail.UID
	ModSeq mail.ModSeq // 0: unknown
	Flags  mail.Flags
}

// MessageQuery names a list of messages and a part of it.
type MessageQuery struct {
	Mailboxes []mail.MailboxID // at most 400
	Unread    bool             // only unread ones
	Offset    int              // rows to leave out, >= 0
	Limit     int              // 1 to 500; else it is brought into that range
}

// Page is part of a message list, newest first.
type Page struct {
	Messages []mail.Message
	Total    int // rows in the whole list, of those that are indexed
	Unread   int // unread ones among the mailboxes' rows
}

// OpWork is an op that may be sent now, with its messages as they are now.
type OpWork struct {
	Op mail.Op
	// With are earlier ops, in order, on the same messages and of the same kind,
	// that are sent by sending Op: the messages' Add and Remove are the sum of all
	// of them. Whatever becomes of Op is told of them with it.
	With []mail.OpID
	// Done says that the server did all of the op, and that Heron ended before the op
	// did.
	Done bool
	// Messages are the op's targets that are not yet done, in their order.
	Messages []Target
	// Known are, of an op that deletes a folder, the UIDs of what the user knew of in it
	// when it was queued, as a sequence set, under the UIDVALIDITY KnownUnder; "" and 0:
	// none.
	Known      string
	KnownUnder mail.UIDValidity
	arriving   time.Time // until when it waits for what no pass has found: what we put into the folder, or what was copied
	twins      []work    // of its targets: they are not sent
	// OldName is what a folder that an op renames or deletes was called when it was
	// last sent, else when it was queued.
	OldName string
}

// Target is a message of an op that may be sent. Its Location is the server's,
// zero if the server has it no more.
type Target struct {
	mail.Message
	Add, Remove mail.Flags     // of a flags op: the delta of this message
	Source      mail.MailboxID // where it showed when the op, or the first of those that are sent as one, was queued
	// Ends is where it is when all that waits is done; 0: nowhere, as it or the folder
	// that it is in is deleted.
	Ends mail.MailboxID
	// Copied says that an earlier try of a move put a copy into the destination,
	// and that the original is still where it was. Arrived is the copy's UID
	// under ArrivedUnder, 0 if that is not known.
	Copied       bool
	Arrived      mail.UID
	ArrivedUnder mail.UIDValidity
	// Original is, of a copy that is taken back, where the server has what was copied;
	// zero if nowhere, or only flagged \Deleted.
	Original mail.Location
}

// AccountState is how an account stood with its server when it was last told.
type AccountState struct {
	State   mail.State
	ToldBy  mail.ToldBy
	ToldWhy mail.ToldWhy // why by no better rung
	NextTry time.Time    // zero unless the account waits to try again
	Since   time.Time    // when State was first told
}

// Alert is a desktop alert for one new message or for several at once.
type Alert struct {
	ID       int64 // positive once recorded
	Account  mail.AccountID
	Folder   mail.FolderRef
	Messages []mail.MessageID
	From     string
	Subject  string
	Shown    time.Time // when it was recorded
	Handle   string    // the desktop's notification id, "" until known
}

// UIDFlags is a message's UID and the flags that the server has on it.
type UIDFlags struct {
	UID    mail.UID
	ModSeq mail.ModSeq
	Flags  mail.Flags
}
