package view

import (
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// Link is how the window stands with the agent.
type Link int

// The states of a link.
const (
	LinkConnecting Link = iota // nothing is known yet
	LinkUp
	LinkLost // the agent does not answer; what is shown is what it last said
)

// PlaceKind is what the list shows.
type PlaceKind int

// The kinds of places.
const (
	PlaceInboxes  PlaceKind = iota // the inboxes of all accounts
	PlaceFolder                    // one folder
	PlaceActivity                  // what changed, and how each account stands
)

// Place names what the list shows. Account and Folder are set for PlaceFolder.
type Place struct {
	Kind    PlaceKind
	Account mail.AccountID
	Folder  string // display path
}

// Rows is a list that may be longer than what is in memory.
type Rows interface {
	// Len is the number of rows.
	Len() int
	// At returns row i; false while it is being fetched. Asking for a row makes
	// it wanted.
	At(i int) (api.Message, bool)
	// Find returns the row of a message among those that are in memory.
	Find(id mail.MessageID) (int, bool)
}

// Opened is the message in the preview; ID 0 is none.
type Opened struct {
	ID      mail.MessageID
	Row     api.Message   // as the list has it; its ID is 0 until known
	Body    *api.Body     // nil while it is fetched
	Problem *mail.Problem // why there is no body
}

// State is everything that the main window shows. It is a value: who made it
// changes nothing that it refers to.
type State struct {
	Now      time.Time
	Link     Link
	NextTry  time.Time // of LinkLost: when the agent is looked for again; zero: now
	Demo     bool
	Status   api.Status
	Place    Place
	Rows     Rows
	Known    bool          // Rows has been fetched at least once
	Trouble  *mail.Problem // the list could not be fetched
	Open     Opened
	Activity []api.Event   // newest first; nil until fetched
	Checking bool          // the user asked to check now, and it is not done
	Failed   *mail.Problem // the last thing that the user did and that did not work
}

// unused reports whether there is no account, and so nothing in any column.
func unused(st State) bool {
	return st.Link == LinkUp && st.Status.Running && len(st.Status.Accounts) == 0
}

// Intents is what the user can do in the main window.
type Intents interface {
	// GoTo shows another place.
	GoTo(Place)
	// Open shows a message in the preview; 0 closes it.
	Open(mail.MessageID)
	// MarkRead marks a message read or unread.
	MarkRead(id mail.MessageID, read bool)
	// CheckNow looks at every account at once.
	CheckNow()
	// PauseAlerts keeps alerts quiet for so long; 0 ends a pause.
	PauseAlerts(time.Duration)
	// AddAccount opens the wizard.
	AddAccount()
	// SignIn asks for an account's password again.
	SignIn(mail.AccountID)
	// StartAgent starts Heron when it does not run.
	StartAgent()
	// DismissNews takes away a problem that tells of something that happened.
	DismissNews(mail.AccountID, mail.Code)
	// Dismiss takes State.Failed away.
	Dismiss()
}
