package api

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Version is the version of this interface. A client that is newer than the
// holder asks it to restart itself.
const Version = 1

// Hello is the handshake, the first answer on every connection.
type Hello struct {
	API    int    `json:"api"`
	Build  string `json:"build"`
	PID    int    `json:"pid"`
	Holder string `json:"holder"` // "agent" or "heronctl"
	Demo   bool   `json:"demo,omitempty"`
}

// Problem is a mail.Problem on the wire. Title, Text and Remedy are empty
// between processes; heronctl fills them in its own language before it prints.
type Problem struct {
	Code    mail.Code      `json:"code"`
	Class   mail.Class     `json:"class,omitempty"`
	Account mail.AccountID `json:"account,omitempty"`
	Args    mail.Args      `json:"args,omitempty"`
	Since   time.Time      `json:"since,omitzero"`
	News    bool           `json:"news,omitempty"` // it tells of something that happened, and can be dismissed
	Title   string         `json:"title,omitempty"`
	Text    string         `json:"text,omitempty"`
	Remedy  string         `json:"remedy,omitempty"`
}

// FromProblem converts.
func FromProblem(p mail.Problem) Problem {
	return Problem{Code: p.Code, Class: p.Class, Account: p.Account, Args: p.Args, Since: p.Since, News: p.News}
}

// Mail converts back.
func (p Problem) Mail() mail.Problem {
	return mail.Problem{Code: p.Code, Class: p.Class, Account: p.Account, Args: p.Args, Since: p.Since, News: p.News}
}

// Status is the state of everything, as `heronctl status --json` prints it.
type Status struct {
	Unread       int             `json:"unread"`
	Accounts     []AccountStatus `json:"accounts"`
	Problems     []Problem       `json:"problems,omitempty"` // of Heron as a whole
	AlertsPaused time.Time       `json:"alerts_paused_until,omitzero"`
	Revision     mail.Revision   `json:"rev"`     // changes up to it are in this status
	Running      bool            `json:"running"` // an engine is running; else this is what the store last knew
}

// AccountStatus is one account in a Status.
type AccountStatus struct {
	ID         mail.AccountID `json:"id"`
	Address    string         `json:"address"`
	Protocol   mail.Protocol  `json:"protocol"`
	State      mail.State     `json:"state"`
	ToldBy     mail.ToldBy    `json:"told_by"`
	ToldWhy    mail.ToldWhy   `json:"told_why,omitempty"` // why by no better rung
	LastSync   time.Time      `json:"last_sync,omitzero"`
	NextTry    time.Time      `json:"next_try,omitzero"`
	PendingOps int            `json:"pending_ops"`
	Unread     int            `json:"unread"`
	Progress   *Progress      `json:"progress,omitempty"` // of a first sync
	Folders    []Folder       `json:"folders"`
	Problems   []Problem      `json:"problems"`
}

// Progress is how far a first sync is, in messages.
type Progress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// Folder is a mailbox in a Status.
type Folder struct {
	ID      mail.MailboxID `json:"id"`
	Path    string         `json:"path"`
	Role    mail.Role      `json:"role"`
	Total   int            `json:"total"`
	Unread  int            `json:"unread"`
	Watched bool           `json:"watched"`
	// Selectable is false for a level that holds folders only.
	Selectable bool `json:"selectable"`
}

// Message is a row of a message list.
type Message struct {
	ID        mail.MessageID `json:"id"`
	Account   mail.AccountID `json:"account"`
	Folder    string         `json:"folder"`
	UID       mail.UID       `json:"uid"`
	MessageID string         `json:"message_id"`
	From      []mail.Address `json:"from"`
	To        []mail.Address `json:"to"`
	Cc        []mail.Address `json:"cc,omitempty"`
	Subject   string         `json:"subject"`
	Date      time.Time      `json:"date"` // the Date header, else when the server received it
	Received  time.Time      `json:"received,omitzero"`
	Size      int64          `json:"size"` // bytes
	Flags     mail.Flags     `json:"flags"`
	Preview   string         `json:"preview,omitempty"`
	Pending   bool           `json:"pending,omitempty"`
}

// FromMessage converts; path is the display path of its folder.
func FromMessage(m mail.Message, path string) Message {
	date := m.Envelope.Date
	if date.IsZero() {
		date = m.Received
	}
	flags := m.Flags
	if flags == nil {
		flags = mail.Flags{}
	}
	return Message{
		ID: m.ID, Account: m.Account, Folder: path, UID: m.Location.UID, MessageID: m.Envelope.HeaderID,
		From: list(m.Envelope.From), To: list(m.Envelope.To), Cc: m.Envelope.Cc, Subject: m.Envelope.Subject,
		Date: date, Received: m.Received, Size: m.Size, Flags: flags, Preview: m.Preview, Pending: m.Pending,
	}
}

func list(a []mail.Address) []mail.Address {
	if a == nil {
		return []mail.Address{}
	}
	return a
}

// Page is part of a message list, newest first.
type Page struct {
	Total    int       `json:"total"` // rows in the whole list
	Offset   int       `json:"offset"`
	Messages []Message `json:"messages"`
	Unread   int       `json:"unread"`
}

// PageQuery asks for a Page. Account and Folder name the list; both empty is
// all inboxes.
type PageQuery struct {
	Account mail.AccountID
	Folder  string // display path
	Unread  bool   // only unread
	Offset  int    // rows to leave out, >= 0
	Limit   int    // 1 to 500
}

// Body is a message as plain text.
type Body struct {
	Message     Message      `json:"message"`
	Text        string       `json:"text"` // UTF-8, at most 1 MiB, no control characters but \n and \t
	Truncated   bool         `json:"truncated,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Attachment is a part that is not shown as text.
type Attachment struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"` // bytes as encoded
}

// Draft is an account that is being set up, with its secret. The secret is in
// requests only.
type Draft struct {
	ID             mail.AccountID `json:"id,omitempty"` // "": derived from the address
	Address        string         `json:"address"`
	Protocol       mail.Protocol  `json:"protocol"`
	Host           string         `json:"host"`
	Port           int            `json:"port"`
	Security       mail.Security  `json:"security"`
	User           string         `json:"user"`
	Password       string         `json:"password,omitempty"`
	CAFile         string         `json:"ca_file,omitempty"`
	Fingerprint    string         `json:"fingerprint,omitempty"`
	AllowPlaintext bool           `json:"allow_plaintext,omitempty"`
	Watch          []string       `json:"watch,omitempty"`
}

// Account returns the draft without its secret.
func (d Draft) Account() mail.Account {
	return mail.Account{
		ID: d.ID, Address: d.Address,
		Endpoint: mail.Endpoint{
			Protocol: d.Protocol, Host: d.Host, Port: d.Port, Security: d.Security,
			Trust: mail.Trust{CAFile: d.CAFile, Fingerprint: d.Fingerprint},
		},
		Auth:   mail.Auth{User: d.User, Method: "password"},
		Policy: mail.Policy{AllowPlaintext: d.AllowPlaintext, Watch: d.Watch},
	}
}

// Account is an account as `heronctl account list` prints it.
type Account struct {
	ID          mail.AccountID `json:"id"`
	Address     string         `json:"address"`
	Protocol    mail.Protocol  `json:"protocol"`
	Host        string         `json:"host"`
	Port        int            `json:"port"`
	Security    mail.Security  `json:"security"`
	User        string         `json:"user"`
	CAFile      string         `json:"ca_file,omitempty"`
	Fingerprint string         `json:"fingerprint,omitempty"`
	Paused      bool           `json:"paused"`
	Watch       []string       `json:"watch"`
}

// FromAccount converts.
func FromAccount(a mail.Account) Account {
	w := a.Policy.Watch
	if w == nil {
		w = []string{}
	}
	return Account{
		ID: a.ID, Address: a.Address, Protocol: a.Endpoint.Protocol, Host: a.Endpoint.Host, Port: a.Endpoint.Port,
		Security: a.Endpoint.Security, User: a.Auth.User, CAFile: a.Endpoint.Trust.CAFile,
		Fingerprint: a.Endpoint.Trust.Fingerprint, Paused: a.Policy.Paused, Watch: w,
	}
}

// StepName is a step of a live check, in the order they run.
type StepName string

// The steps of a check.
const (
	StepResolve      StepName = "resolve"
	StepConnect      StepName = "connect"
	StepTLS          StepName = "tls"
	StepSignIn       StepName = "sign-in"
	StepCapabilities StepName = "capabilities"
	StepFolders      StepName = "folders"
)

// StepState is how a step stands.
type StepState string

// The states of a step.
const (
	StepRunning StepState = "running"
	StepOK      StepState = "ok"
	StepFailed  StepState = "failed"
)

// Removed answers that an account was forgotten.
type Removed struct {
	Account mail.AccountID `json:"account"`
	Dropped int            `json:"dropped"` // actions that waited for its server
}

// Step is one line of a check's stream. The last one has Done set.
type Step struct {
	Name    StepName  `json:"step"`
	State   StepState `json:"state"`
	Detail  string    `json:"detail,omitempty"` // the server's words or a number; not translated
	Problem *Problem  `json:"problem,omitempty"`
	Folders []Folder  `json:"folders,omitempty"` // of StepFolders
	Done    bool      `json:"done,omitempty"`
	// Account is what was kept, on the last line of an account being added.
	Account *Account `json:"account,omitempty"`
}

// SyncReport tells of one full pass over an account, as `heronctl sync --json`
// prints it.
type SyncReport struct {
	Account      mail.AccountID `json:"account"`
	Folders      int            `json:"folders"`
	New          int            `json:"new"`
	Changed      int            `json:"changed"`
	Gone         int            `json:"gone"`
	Moved        int            `json:"moved"`
	OpsSent      int            `json:"ops_sent"`
	Commands     int            `json:"commands"`
	RoundTrips   int            `json:"round_trips"`
	BytesRead    int64          `json:"bytes_read"`    // on the wire, TLS included
	BytesWritten int64          `json:"bytes_written"` // on the wire, TLS included
	ElapsedMS    int64          `json:"elapsed_ms"`
	NotRead      []string       `json:"not_read,omitempty"` // folders that the server did not show
	Problem      *Problem       `json:"problem,omitempty"`  // why the pass failed
}

// UIRequest asks the window, or the agent to start one.
type UIRequest struct {
	Show    string         `json:"show"` // "main", "message", "wizard"; "quit" ends the window
	Message mail.MessageID `json:"message,omitempty"`
}

// Error is an answer with a status of 400 or more.
type Error struct {
	Problem Problem `json:"error"`
}
