package tray

import (
	"time"

	"github.com/heronmail/heron/app/tray/badge"
	"github.com/heronmail/heron/sync/mail"
)

// State is all that the tray shows.
type State struct {
	Now         time.Time
	Unread      int // over all accounts
	Accounts    []Account
	Problems    []mail.Problem // of Heron as a whole
	PausedUntil time.Time      // alerts are paused before it
	Newest      []Entry        // unread messages, newest first
}

// Account is an account in a State.
type Account struct {
	ID       mail.AccountID
	Address  string // what it is called, as the server or the user wrote it; the ID if ""
	State    mail.State
	Unread   int
	Done     int // messages of a first sync that are here, of Total
	Total    int // 0: no first sync is going on
	Problems []mail.Problem
}

// Entry is a message in the menu. Its texts are as the sender wrote them.
type Entry struct {
	ID      mail.MessageID
	From    string
	Subject string
}

// View is what the tray looks like.
type View struct {
	Icon    badge.Spec
	Tooltip string
	Title   string // what some desktops read out or show instead of the tooltip
	Menu    []Item
}

// Item is a line of a menu. The zero Item is a separator.
type Item struct {
	Text     string
	Hidden   bool    // the place is kept for later
	Command  Command // of an item without Children
	Children []Item
}

// separator reports whether the item is a line between groups.
func (i Item) separator() bool { return i.Text == "" && !i.Hidden }

// Kind is what a click asks for.
type Kind string

// The kinds of commands.
const (
	Open          Kind = "open"           // the window
	OpenMessage   Kind = "open-message"   // the window, with Command.Message
	MarkRead      Kind = "mark-read"      // Command.Message
	CheckNow      Kind = "check-now"      // every account
	PauseHour     Kind = "pause-hour"     // alerts, for an hour
	PauseTomorrow Kind = "pause-tomorrow" // alerts, until tomorrow morning
	PauseOn       Kind = "pause-on"       // alerts, until they are resumed
	Resume        Kind = "resume"         // alerts
	Quit          Kind = "quit"
)

// Command is what a click asks for.
type Command struct {
	Kind    Kind
	Message mail.MessageID // of OpenMessage and MarkRead
}

// Forever is the end of a pause that lasts until alerts are resumed.
func Forever() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// PauseEnd is until when a command pauses alerts; zero for Resume and for
// commands that are not about alerts. Tomorrow begins at eight in the morning,
// as in the window.
func PauseEnd(k Kind, now time.Time) time.Time {
	switch k {
	case PauseHour:
		return now.Add(time.Hour)
	case PauseTomorrow:
		y, m, d := now.Date()
		return time.Date(y, m, d+1, 8, 0, 0, 0, now.Location())
	case PauseOn:
		return Forever()
	default:
		return time.Time{}
	}
}
