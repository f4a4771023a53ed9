package mail

import "time"

// Revision numbers the change log: it only grows, across restarts too.
type Revision int64

// Origin is where a change was done.
type Origin string

// The origins of changes.
const (
	Here      Origin = "here"      // by this Heron
	Elsewhere Origin = "elsewhere" // by another program or new mail
	Backfill  Origin = "backfill"  // it was so before Heron first looked
)

// Stamp is what every change carries.
type Stamp struct {
	Rev     Revision
	Time    time.Time
	Account AccountID
	Origin  Origin
}

// Meta returns the stamp.
func (s Stamp) Meta() Stamp { return s }

// Change is a fact that was written to the store. The set is closed: the
// structs below are all there are.
type Change interface {
	Meta() Stamp
	// Kind is the word that the command line uses for it.
	Kind() string
}

// FolderRef names a mailbox in a change as it was then.
type FolderRef struct {
	ID   MailboxID
	Path string // display path
	Role Role
}

// Brief is what a change tells of a message.
type Brief struct {
	ID      MessageID
	UID     UID
	From    string
	Subject string
	Unread  bool
	// CopyOf is a message that this one is a copy of, mostly in another mailbox:
	// it was known before. 0: none is.
	CopyOf MessageID
}

// MessagesAdded tells: messages that the mailbox did not have. For Backfill it is
// one change a stored batch and Messages is empty; else it has one Brief for each UID.
type MessagesAdded struct {
	Stamp
	Folder   FolderRef
	UIDs     []UID
	Unread   int // how many of UIDs are unread
	Messages []Brief
}

// MessagesGone tells: messages that the mailbox has no more.
type MessagesGone struct {
	Stamp
	Folder FolderRef
	UIDs   []UID
	IDs    []MessageID
}

// MessagesMoved tells: messages that left one mailbox and are now in another; their
// ids stayed. UIDs are those in To that are known yet: none while an action waits.
type MessagesMoved struct {
	Stamp
	From, To FolderRef
	UIDs     []UID
	IDs      []MessageID
}

// FlagsChanged tells: the same delta on some messages of a mailbox.
type FlagsChanged struct {
	Stamp
	Folder  FolderRef
	UIDs    []UID
	IDs     []MessageID
	Added   Flags
	Removed Flags
}

// MailboxAdded tells: a folder that was not there.
type MailboxAdded struct {
	Stamp
	Folder FolderRef
}

// MailboxRenamed tells: the same folder under another name.
type MailboxRenamed struct {
	Stamp
	Folder FolderRef // with its new path
	From   string    // the old path
}

// MailboxSubscribed tells: a folder that is subscribed to, or is not any more.
type MailboxSubscribed struct {
	Stamp
	Folder     FolderRef
	Subscribed bool
}

// MailboxGone tells: a folder that is no more.
type MailboxGone struct {
	Stamp
	Folder FolderRef
}

// CountsChanged tells: new numbers of a mailbox.
type CountsChanged struct {
	Stamp
	Folder        FolderRef
	Counts        Counts
	AccountUnread int // over all folders whose role counts
}

// AccountState tells: an account came, went or stands differently with its server.
type AccountState struct {
	Stamp
	State   State
	ToldBy  ToldBy
	ToldWhy ToldWhy
	NextTry time.Time // zero unless the account waits to try again
	Removed bool      // the account is no more
}

// OpChanged tells: an op was queued, tried, done, or given up. Its targets are those
// that are left; of one that ended those that it was done on, or, given up or undone,
// those that it was not.
type OpChanged struct {
	Stamp
	Op Op
}

// ProblemRaised tells: something a person should know.
type ProblemRaised struct {
	Stamp
	Problem Problem
}

// ProblemCleared tells: it is over.
type ProblemCleared struct {
	Stamp
	Code Code
}

// AlertShown tells: a desktop alert was recorded, and is being shown.
type AlertShown struct {
	Stamp
	IDs     []MessageID
	Folder  FolderRef
	Subject string
	From    string
}

// AlertWithdrawn tells: the alert is no longer wanted; Reason is "read", "gone" or "acted".
type AlertWithdrawn struct {
	Stamp
	IDs    []MessageID
	Reason string
}

// Kind implements Change.
func (MessagesAdded) Kind() string { return "message.added" }

// Kind implements Change.
func (MessagesGone) Kind() string { return "message.gone" }

// Kind implements Change.
func (MessagesMoved) Kind() string { return "message.moved" }

// Kind implements Change.
func (FlagsChanged) Kind() string { return "flags.changed" }

// Kind implements Change.
func (MailboxAdded) Kind() string { return "folder.added" }

// Kind implements Change.
func (MailboxRenamed) Kind() string { return "folder.renamed" }

// Kind implements Change.
func (c MailboxSubscribed) Kind() string {
	if c.Subscribed {
		return "folder.subscribed"
	}
	return "folder.unsubscribed"
}

// Kind implements Change.
func (MailboxGone) Kind() string { return "folder.gone" }

// Kind implements Change.
func (CountsChanged) Kind() string { return "counts" }

// Kind implements Change.
func (AccountState) Kind() string { return "account.state" }

// Kind implements Change.
func (OpChanged) Kind() string { return "op" }

// Kind implements Change.
func (ProblemRaised) Kind() string { return "problem.raised" }

// Kind implements Change.
func (ProblemCleared) Kind() string { return "problem.cleared" }

// Kind implements Change.
func (AlertShown) Kind() string { return "alert.shown" }

// Kind implements Change.
func (AlertWithdrawn) Kind() string { return "alert.withdrawn" }
