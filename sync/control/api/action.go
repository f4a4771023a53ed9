package api

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Action is something the user does to messages.
type Action struct {
	Kind   mail.ActionKind  `json:"kind"`
	IDs    []mail.MessageID `json:"ids"` // 1 to 10,000
	Add    mail.Flags       `json:"add,omitempty"`
	Remove mail.Flags       `json:"remove,omitempty"`
	// To is the display path of the folder to move or copy to, in the account of
	// each message.
	To string `json:"to,omitempty"`
	// With is an op of what this goes on with, as there are more messages than one
	// request may name: both are taken back together. 0: none.
	With mail.OpID `json:"with,omitempty"`
}

// FolderAction is something the user does to a folder.
type FolderAction struct {
	Kind mail.FolderActionKind `json:"kind"`
	Path string                `json:"path"`
	To   string                `json:"to,omitempty"` // the new path, of a rename
}

// ActionResult answers an Action or a FolderAction: it is queued, and shown at
// once.
type ActionResult struct {
	Op mail.OpID `json:"op"` // 0: nothing had to change
	// Ops are all that were queued: messages of several accounts need several.
	Ops []mail.OpID `json:"ops,omitempty"`
	// Path is the folder's, or the one that it gets: a server may keep the user's
	// own folders elsewhere than at the top level. Role is that of the folder, and Count how many messages emptying it
	// deletes; of a FolderAction.
	Path  string    `json:"path,omitempty"`
	Role  mail.Role `json:"role,omitempty"`
	Count int       `json:"count,omitempty"`
}

// Op is an action that waits for its server, or how it ended.
type Op struct {
	ID      mail.OpID      `json:"id"`
	Account mail.AccountID `json:"account"`
	Kind    mail.OpKind    `json:"kind"`
	// Count is how many messages are left; when it ended, how many it was done on, or,
	// in state failed or undone, was not.
	Count int `json:"count"`
	// Folder is the display path of the destination, or of the folder that is
	// acted on or was deleted; "" when there is none or it is not known any more.
	Folder  string       `json:"folder,omitempty"`
	Name    string       `json:"name,omitempty"` // the server's name of a new folder
	Add     mail.Flags   `json:"add,omitempty"`
	Remove  mail.Flags   `json:"remove,omitempty"`
	State   mail.OpState `json:"state"`
	Tries   int          `json:"tries"`
	Created time.Time    `json:"created"`
	NextTry time.Time    `json:"next_try,omitzero"`
	Fault   string       `json:"fault,omitempty"`
	Inverse mail.OpID    `json:"inverse,omitempty"` // the op that this one undoes
}

// Undone answers an undo: the op that stands now for what was to be taken back, in
// state undone if it had not been sent. Its Count is that of all parts of its kind.
type Undone struct {
	Op
	// Parts are all ops that stand for what was taken back, in each account and folder
	// that it concerned: those that were cancelled, and the opposites of the others.
	Parts []Op `json:"parts,omitempty"`
	// Ops are all that the servers have to be sent because of it.
	Ops []mail.OpID `json:"ops"`
	// Passed is what could not be taken back with the rest.
	Passed []PassedOver `json:"passed,omitempty"`
}

// PassedOver is something that could not be taken back.
type PassedOver struct {
	Op    mail.OpID       `json:"op"` // that did it
	Why   mail.PassReason `json:"why"`
	Count int             `json:"count"` // messages; folders for mail.PassMail and PassFound
}

// FromOp converts; folder is the display path of its mailbox, "" if unknown.
func FromOp(o mail.Op, folder string) Op {
	return Op{
		ID: o.ID, Account: o.Account, Kind: o.Kind, Count: len(o.Targets), Folder: folder, Name: o.Name,
		Add: o.Add, Remove: o.Remove, State: o.State, Tries: o.Tries, Created: o.Created, NextTry: o.NextTry,
		Fault: o.Fault, Inverse: o.Inverse,
	}
}

// SearchQuery asks for messages that hold words.
type SearchQuery struct {
	Text    string         // words; all must be there
	Account mail.AccountID // "": all
	Limit   int            // 1 to 500
}
