package news

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/rule"
	"github.com/heronmail/heron/sync/store"
)

// maxSingles is how many messages that come at once have an alert each.
const maxSingles = 3

// Item is a message that deserves an alert.
type Item struct {
	Account mail.AccountID
	Folder  mail.FolderRef
	Brief   mail.Brief
	Preview string // its first words
}

// Desk finds what deserves an alert. All fields are needed.
type Desk struct {
	Store    *store.Store
	Settings func() rule.Settings
	Now      func() time.Time
	Log      *slog.Logger
}

// Find returns those of the messages of changes that deserve an alert and still
// are as was told, in the order of the changes.
func (d *Desk) Find(ctx context.Context, changes []mail.Change) ([]Item, error) {
	var news []Item
	for _, c := range changes {
		if c, ok := c.(mail.MessagesAdded); ok {
			var err error
			if news, err = d.decide(ctx, c, news); err != nil {
				return nil, err
			}
		}
	}
	return news, nil
}

// decide adds to news the messages of a change that deserve an alert.
func (d *Desk) decide(ctx context.Context, c mail.MessagesAdded, news []Item) ([]Item, error) {
	watched, err := d.watched(ctx, c.Folder.ID)
	if err != nil {
		return nil, err
	}
	is := rule.Decide(c, watched, d.Settings(), d.Now())
	d.Log.Debug("new mail", "rev", c.Rev, "alert", is.Alert, "why", string(is.Why))
	for _, b := range is.Messages {
		m, standing, err := d.Standing(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		isNews, err := d.isNews(ctx, m, b.CopyOf, c.Time, news)
		if err != nil {
			return nil, err
		}
		if standing == Wanted && isNews {
			news = append(news, Item{c.Account, c.Folder, b, m.Preview})
		}
	}
	return news, nil
}

// isNews reports whether an added message is none that the user knows from
// another folder.
func (d *Desk) isNews(ctx context.Context, m mail.Message, copyOf mail.MessageID, told time.Time, news []Item) (bool, error) {
	if copyOf == 0 {
		return true, nil
	}
	alerted, err := d.Store.Alerted(ctx, copyOf)
	alerted = alerted || slices.ContainsFunc(news, func(i Item) bool { return i.Brief.ID == copyOf || i.Brief.CopyOf == copyOf })
	return rule.CopyIsNews(m.Received, told, alerted), err
}

// watched reports whether a folder alerts; one that is gone does not.
func (d *Desk) watched(ctx context.Context, id mail.MailboxID) (bool, error) {
	box, err := d.Store.Mailbox(ctx, id)
	if isCode(err, mail.CodeNoFolder) {
		return false, nil
	}
	return box.Watched, err
}

// Standing is whether a message still deserves its alert, and else why not: it is
// the reason of a withdrawal then.
type Standing string

// What may have become of a message.
const (
	Wanted Standing = ""
	Read   Standing = "read"
	Gone   Standing = "gone" // or where nothing alerts
)

// Standing says whether a message still deserves its alert, and returns it as it is.
func (d *Desk) Standing(ctx context.Context, id mail.MessageID) (mail.Message, Standing, error) {
	m, err := d.Store.Message(ctx, id)
	switch {
	case isCode(err, mail.CodeNoMessage):
		return m, Gone, nil
	case err != nil:
		return m, Wanted, err
	case !m.Unread():
		return m, Read, nil
	case m.Location.Mailbox == 0: // to be found again soon, see mail.Location
		return m, Wanted, nil
	}
	watched, err := d.watched(ctx, m.Location.Mailbox)
	if err != nil || watched {
		return m, Wanted, err
	}
	return m, Gone, nil
}

// Group makes an alert of each message, or one for each account when there are
// many. The newest message comes first.
func Group(news []Item) []store.Alert {
	var out []store.Alert
	if len(news) <= maxSingles {
		for _, i := range news {
			out = append(out, store.Alert{
				Account: i.Account, Folder: i.Folder, Messages: []mail.MessageID{i.Brief.ID},
				From: i.Brief.From, Subject: i.Brief.Subject,
			})
		}
		return out
	}
	place := map[mail.AccountID]int{}
	for _, i := range slices.Backward(news) {
		n, ok := place[i.Account]
		if !ok {
			n = len(out)
			place[i.Account] = n
			out = append(out, store.Alert{Account: i.Account, Folder: i.Folder, From: i.Brief.From, Subject: i.Brief.Subject})
		}
		out[n].Messages = append(out[n].Messages, i.Brief.ID)
	}
	return out
}

// isCode reports whether err is a Fault with a code.
func isCode(err error, code mail.Code) bool { return err != nil && mail.FaultOf(err).Code == code }
