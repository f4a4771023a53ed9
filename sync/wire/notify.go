package wire

import "strings"

// NotifyEvent is what a server can be asked to tell of (RFC 5465 §5).
type NotifyEvent string

// The events of messages and of mailboxes.
const (
	NotifyNew          NotifyEvent = "MessageNew"
	NotifyExpunge      NotifyEvent = "MessageExpunge"
	NotifyFlags        NotifyEvent = "FlagChange"
	NotifyNames        NotifyEvent = "MailboxName"
	NotifySubscription NotifyEvent = "SubscriptionChange"
)

// NotifyNone is the command that ends all telling (RFC 5465 §4). It goes before
// a second NotifySet: servers take one that follows another for none.
const NotifyNone = "NOTIFY NONE"

// NotifySet is the command that asks to be told of some events in the selected
// mailbox and of others in all of the user's own (RFC 5465 §3, §6). What is told
// of mailboxes that are not selected comes as STATUS and LIST, with names that
// may be raw UTF-8: ParseStatus and ParseList read them.
func NotifySet(selected, personal []NotifyEvent) string {
	return "NOTIFY SET (selected (" + words(selected) + ")) (personal (" + words(personal) + "))"
}

func words(events []NotifyEvent) string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = string(e)
	}
	return strings.Join(out, " ")
}

// The response codes of NOTIFY.
const (
	CodeBadEvent       = "BADEVENT"             // one of the events is not known (RFC 5465 §8)
	CodeNotifyOverflow = "NOTIFICATIONOVERFLOW" // nothing more will be told (RFC 5465 §5.8)
)

// Complete reports whether all numbers are there that say whether a mailbox is
// in step: what is told unasked may have fewer.
func (d StatusData) Complete() bool {
	return d.Messages >= 0 && d.Unseen >= 0 && d.UIDNext != 0 && d.UIDValidity != 0
}

// Merge is d with what is in later.
func (d StatusData) Merge(later StatusData) StatusData {
	d.Name = later.Name
	if later.Messages >= 0 {
		d.Messages = later.Messages
	}
	if later.Unseen >= 0 {
		d.Unseen = later.Unseen
	}
	if later.UIDNext != 0 {
		d.UIDNext = later.UIDNext
	}
	if later.UIDValidity != 0 {
		d.UIDValidity = later.UIDValidity
	}
	if later.HasModSeq {
		d.HasModSeq, d.HighestModSeq = true, later.HighestModSeq
	}
	return d
}
