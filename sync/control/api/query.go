package api

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// FromNow as the Since of an EventsQuery leaves out everything that was.
const FromNow mail.Revision = -1

// EventsQuery asks for a stream of events.
type EventsQuery struct {
	// Since is the last revision that the reader knows: every later change is
	// sent. 0 is the whole log as far as it is kept, FromNow none of it.
	Since mail.Revision
	// UI says that the reader is a window: requests to show something are sent
	// to it, and while it listens no other window is started.
	UI bool
}

// Password carries a new secret for an account that is known already. It is in
// requests only.
type Password struct {
	Password string `json:"password"`
}

// Watch is how a folder is to be watched.
type Watch struct {
	Path    string `json:"path"`
	Watched bool   `json:"watched"`
}

// Pause tells until when alerts are quiet; the zero time ends a pause.
type Pause struct {
	Until time.Time `json:"until,omitzero"`
}

// String leaves the secret out, so that a draft may stand in any error or log.
func (d Draft) String() string {
	return fmt.Sprintf("draft of %s account on port %d", d.Protocol, d.Port)
}

// GoString leaves the secret out, as String does.
func (d Draft) GoString() string { return d.String() }

// LogValue leaves the secret out, as String does.
func (d Draft) LogValue() slog.Value { return slog.StringValue(d.String()) }

// String leaves the secret out.
func (Password) String() string { return "password" }

// GoString leaves the secret out.
func (Password) GoString() string { return "password" }

// LogValue leaves the secret out.
func (Password) LogValue() slog.Value { return slog.StringValue("password") }
