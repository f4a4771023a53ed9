package mail

// ActionKind is what a user does to messages. An action becomes one op or more.
type ActionKind string

// The actions on messages.
const (
	ActFlags   ActionKind = "flags"
	ActMove    ActionKind = "move"
	ActCopy    ActionKind = "copy"
	ActArchive ActionKind = "archive" // a move to the archive of each account
	ActJunk    ActionKind = "junk"    // a move to the junk folder of each account
	ActDelete  ActionKind = "delete"  // a move to the trash; for good from there
)

// FolderActionKind is what a user does to a folder.
type FolderActionKind string

// The actions on folders.
const (
	FolderCreate      FolderActionKind = "create"
	FolderRename      FolderActionKind = "rename"
	FolderDelete      FolderActionKind = "delete"
	FolderSubscribe   FolderActionKind = "subscribe"
	FolderUnsubscribe FolderActionKind = "unsubscribe"
	FolderEmpty       FolderActionKind = "empty" // of trash and junk: delete its messages for good
)
