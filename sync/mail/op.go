package mail

import "time"

// OpID numbers ops in the order they were queued; positive once stored.
type OpID int64

// OpKind is what an op does.
type OpKind string

// The kinds of ops. OpAppend is not sent in this release.
const (
	OpFlags             OpKind = "flags"
	OpMove              OpKind = "move"
	OpCopy              OpKind = "copy"
	OpDelete            OpKind = "delete"
	OpAppend            OpKind = "append"
	OpFolderCreate      OpKind = "folder.create"
	OpFolderRename      OpKind = "folder.rename"
	OpFolderDelete      OpKind = "folder.delete"
	OpFolderSubscribe   OpKind = "folder.subscribe"
	OpFolderUnsubscribe OpKind = "folder.unsubscribe"
)

// OpState is how far an op is.
type OpState string

// The states of an op. Waiting and sending ops lie over the state; the others do
// not.
const (
	OpWaiting OpState = "waiting"
	OpSending OpState = "sending" // its command may have reached the server
	OpDone    OpState = "done"
	OpFailed  OpState = "failed" // taken back; a Problem says why
	OpUndone  OpState = "undone" // taken back by the user, or by a later action that made it needless, before it was sent
)

// Open reports whether an op in this state lies over what the server has.
func (s OpState) Open() bool { return s == OpWaiting || s == OpSending }

// PassReason is why something that was done is passed over when an action is taken
// back, or why the action as a whole is not: the reason of CodeNotUndoable.
type PassReason string

// The reasons.
const (
	PassGone          PassReason = "gone"             // it is no more, as far as is known; of an action also: or is as it was
	PassDeleted       PassReason = "deleted"          // it was deleted for good
	PassCopy          PassReason = "copy-unknown"     // which message is the copy is not known yet
	PassLast          PassReason = "last-copy"        // what was copied is no more: the copy is all there is
	PassFolder        PassReason = "folder-gone"      // the folder that it came from is no more
	PassMail          PassReason = "folder-not-empty" // the folder that was made has mail in it
	PassFound         PassReason = "folder-was-there" // the folder that was to be made was there already
	PassFolderDeleted PassReason = "folder-deleted"   // only of an action: it deleted a folder
	PassRefused       PassReason = "refused"          // only of an action: it was, and is taken back already
	PassUndone        PassReason = "undone"           // only of an action: it is already
)

// Op is something the user did that a server has yet to confirm.
type Op struct {
	ID      OpID
	Account AccountID
	Kind    OpKind
	Targets []MessageID // the messages, at most 10,000
	Mailbox MailboxID   // destination or folder acted on, 0 if none
	Name    string      // new folder name, "" if none
	Add     Flags       // of OpFlags: a delta, so that replaying it is harmless
	Remove  Flags
	State   OpState
	Tries   int
	Created time.Time
	NextTry time.Time // zero: at once
	Fault   string    // code of the last fault, "" if none
	Inverse OpID      // the op that this one undoes, 0 if none
	Action  OpID      // the first op of the same action of the user; 0: this is the first
}
