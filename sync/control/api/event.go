package api

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Event is a line of the event stream, and, for a change, of `heronctl watch`.
// Exactly the fields of its Kind are set.
type Event struct {
	Rev     mail.Revision  `json:"rev"`
	Time    time.Time      `json:"time"`
	Account mail.AccountID `json:"account"`
	Origin  mail.Origin    `json:"origin,omitempty"`
	Kind    string         `json:"kind"`

	Folder        string           `json:"folder,omitempty"`
	From          string           `json:"from,omitempty"` // folder a message or a rename came from
	To            string           `json:"to,omitempty"`
	UIDs          []mail.UID       `json:"uids,omitempty"`
	IDs           []mail.MessageID `json:"ids,omitempty"`
	Unread        *int             `json:"unread,omitempty"`
	Total         *int             `json:"total,omitempty"`
	AccountUnread *int             `json:"account_unread,omitempty"`
	Messages      []EventMessage   `json:"messages,omitempty"`
	Added         mail.Flags       `json:"added,omitempty"`
	Removed       mail.Flags       `json:"removed,omitempty"`
	State         mail.State       `json:"state,omitempty"`
	ToldBy        mail.ToldBy      `json:"told_by,omitempty"`
	ToldWhy       mail.ToldWhy     `json:"told_why,omitempty"`
	Op            *Op              `json:"op,omitempty"`
	Problem       *Problem         `json:"problem,omitempty"`
	Reason        string           `json:"reason,omitempty"`
	Gone          bool             `json:"removed_account,omitempty"`

	// UI is set on lines of kind "ui", which are no changes and have no rev.
	UI *UIRequest `json:"ui,omitempty"`
}

// EventMessage is a message in an Event.
type EventMessage struct {
	ID      mail.MessageID `json:"id"`
	UID     mail.UID       `json:"uid,omitempty"` // of what an alert is about it is not told
	From    string         `json:"from"`
	Subject string         `json:"subject"`
	Unread  bool           `json:"unread"`
	CopyOf  mail.MessageID `json:"copy_of,omitempty"` // mostly in another folder
}

// Kinds of lines that are no changes.
const (
	KindUI        = "ui"        // a request to the window
	KindSnapshot  = "snapshot"  // first line of a stream: Rev is where it starts
	KindHeartbeat = "heartbeat" // nothing happened; the holder lives
	KindProgress  = "progress"  // counts of a first sync moved: read the status again
	// KindHandover is the last line: the holder gives up the lock. Reason says
	// why: "handover" and "restart" mean attach again, "quit" that the user ended
	// Heron, "stopped" that the system or a signal ended the holder.
	KindHandover = "handover"
)

// FromChange converts a change.
func FromChange(c mail.Change) Event {
	m := c.Meta()
	e := Event{Rev: m.Rev, Time: m.Time, Account: m.Account, Origin: m.Origin, Kind: c.Kind()}
	switch c := c.(type) {
	case mail.MessagesAdded:
		e.Folder, e.UIDs, e.Unread = c.Folder.Path, c.UIDs, &c.Unread
		for _, b := range c.Messages {
			e.Messages = append(e.Messages, EventMessage(b))
		}
	case mail.MessagesGone:
		e.Folder, e.UIDs, e.IDs = c.Folder.Path, c.UIDs, c.IDs
	case mail.MessagesMoved:
		e.From, e.To, e.UIDs, e.IDs = c.From.Path, c.To.Path, c.UIDs, c.IDs
	case mail.FlagsChanged:
		e.Folder, e.UIDs, e.IDs, e.Added, e.Removed = c.Folder.Path, c.UIDs, c.IDs, c.Added, c.Removed
	case mail.MailboxAdded:
		e.Folder = c.Folder.Path
	case mail.MailboxRenamed:
		e.Folder, e.From = c.Folder.Path, c.From
	case mail.MailboxSubscribed:
		e.Folder = c.Folder.Path
	case mail.MailboxGone:
		e.Folder = c.Folder.Path
	case mail.CountsChanged:
		e.Folder, e.Total, e.Unread, e.AccountUnread = c.Folder.Path, &c.Counts.Total, &c.Counts.Unread, &c.AccountUnread
	case mail.AccountState:
		e.State, e.ToldBy, e.ToldWhy, e.Gone = c.State, c.ToldBy, c.ToldWhy, c.Removed
	case mail.OpChanged:
		o := FromOp(c.Op, "")
		e.Op = &o
	case mail.ProblemRaised:
		p := FromProblem(c.Problem)
		e.Problem = &p
	case mail.ProblemCleared:
		e.Problem = &Problem{Code: c.Code}
	case mail.AlertShown:
		e.Folder, e.IDs = c.Folder.Path, c.IDs
		m := EventMessage{From: c.From, Subject: c.Subject, Unread: true} // there is no alert for read mail
		if len(c.IDs) > 0 {
			m.ID = c.IDs[0]
		}
		e.Messages = []EventMessage{m}
	case mail.AlertWithdrawn:
		e.IDs, e.Reason = c.IDs, c.Reason
	}
	return e
}
