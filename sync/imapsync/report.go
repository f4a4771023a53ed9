package imapsync

import (
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Report tells of one full pass over an account.
type Report struct {
	Account      mail.AccountID
	Folders      int // that are indexed
	New          int // messages
	Changed      int // messages with other flags
	Gone         int
	Moved        int
	OpsSent      int // the server has agreed to
	Commands     int
	RoundTrips   int
	BytesRead    int64 // on the wire, TLS included
	BytesWritten int64
	Elapsed      time.Duration
	NotRead      []string // folders that are listed, and that the server did not show; sorted
}

// count adds up changes of a store.Apply.
func (r *Report) count(changes []mail.Change) {
	for _, c := range changes {
		switch c := c.(type) {
		case mail.MessagesAdded:
			r.New += len(c.UIDs)
		case mail.MessagesGone:
			r.Gone += len(c.UIDs)
		case mail.MessagesMoved:
			r.Moved += len(c.IDs)
		case mail.FlagsChanged:
			r.Changed += len(c.IDs)
		}
	}
}
