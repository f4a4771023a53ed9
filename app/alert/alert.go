package alert

import (
	"context"
	"log/slog"

	"github.com/heronmail/heron/sync/mail"
)

// AppID is Heron's id on every desktop.
const AppID = "io.github.heronmail.Heron"

// Alert is what is shown.
type Alert struct {
	Title string // one line
	Body  string // some lines, "" for none

	// The labels of what can be done; "" leaves an action out. Drivers without
	// actions show none.
	Open     string // a click on the alert itself
	MarkRead string

	Replaces string // handle of an alert whose place it takes, "" for none
}

// Does is what was done with an alert.
type Does string

// The things that can be done with an alert.
const (
	DoesOpen     Does = "open"
	DoesMarkRead Does = "mark-read"
)

// Action is something that the user did with an alert.
type Action struct {
	Handle string
	Does   Does
}

// Caps is what a driver can do.
type Caps struct {
	Actions  bool // alerts can be clicked
	Withdraw bool // alerts can be taken away
	Outlive  bool // handles stay good when this process ends
}

// Alerter shows alerts. Its methods may be called by several goroutines.
type Alerter interface {
	// Show shows an alert and returns its handle. Fault no-alerts.
	Show(ctx context.Context, a Alert) (handle string, err error)
	// Withdraw takes an alert away. One that is not there any more, or cannot
	// be taken away on this system, is no error. Fault no-alerts.
	Withdraw(ctx context.Context, handle string) error
	// Actions tells what users do with alerts of this process and with those
	// of Options.Known. It is never closed.
	Actions() <-chan Action
	// Caps is what can be done as far as is known now.
	Caps() Caps
	// Close lets go of the desktop; alerts that are shown stay.
	Close()
}

// Options are how alerts are shown.
type Options struct {
	Log *slog.Logger
	// Known are handles of an earlier process whose actions are still wanted.
	Known []string
	// Icon is the program's icon as PNG; nil for none.
	Icon []byte
	// Available is told whether there is a notification service, each time
	// that changes; nil if nobody asks. It must not block.
	Available func(bool)
}

// Bounds of what is shown, in runes.
const (
	maxTitle = 100
	maxBody  = 320
	maxLabel = 40
)

// clean makes every text of an alert fit to be shown.
func clean(a Alert) Alert {
	a.Title = shorten(mail.Printable(a.Title), maxTitle)
	a.Body = shorten(mail.PrintableText(a.Body), maxBody)
	a.Open = shorten(mail.Printable(a.Open), maxLabel)
	a.MarkRead = shorten(mail.Printable(a.MarkRead), maxLabel)
	return a
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// fault says that an alert could not be shown or taken away.
func fault(err error) *mail.Fault {
	return &mail.Fault{Code: mail.CodeNoAlerts, Class: mail.ClassLocal, Err: err}
}
