package api

import "github.com/heronmail/heron/sync/mail"

// Check is what the doctor found about one part of Heron, as `heronctl doctor
// --json` prints it.
type Check struct {
	// Name is "settings", "store", "keyring", "desktop" or, one for each,
	// "account".
	Name     string         `json:"check"`
	Account  mail.AccountID `json:"account,omitempty"`
	OK       bool           `json:"ok"`
	Paused   bool           `json:"paused,omitempty"` // the server was not asked
	Problems []Problem      `json:"problems"`

	// Of an account: the steps of the sign-in, what the server showed after it,
	// the best way that it offers to find what changed ("qresync", "condstore" or
	// "flags") and to be told of it ("notify", "idle" or "poll").
	Steps        []Step      `json:"steps,omitempty"`
	Capabilities []string    `json:"capabilities,omitempty"`
	Finds        string      `json:"finds_by,omitempty"`
	Tells        mail.ToldBy `json:"can_tell_by,omitempty"`
	// How the account stands with its server now.
	State   mail.State   `json:"state,omitempty"`
	ToldBy  mail.ToldBy  `json:"told_by,omitempty"`
	ToldWhy mail.ToldWhy `json:"told_why,omitempty"` // why by no better rung
}
