package agent

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/heronmail/heron/app/alert"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/rule"
	"github.com/heronmail/heron/sync/store"
)

const (
	// changesAtOnce is how much of the change log is read in one go.
	changesAtOnce = 256
	// maxSingles is how many messages that come at once have an alert each.
	maxSingles = 3
	// goodbye is how long withdrawing may take when the agent ends.
	goodbye = 2 * time.Second
)

// alerts shows an alert for new mail and takes it away when it is out of date.
type alerts struct {
	store    *store.Store
	out      alert.Alerter
	printer  *i18n.Printer
	log      *slog.Logger
	now      func() time.Time
	settings func() rule.Settings
	address  func(mail.AccountID) string                   // what an account is called
	open     func(context.Context, mail.MessageID)         // 0: the window as such
	markRead func(context.Context, []mail.MessageID) error // as an action of the user

	cursor mail.Revision // changes up to it were looked at
	kept   mail.Revision // the cursor as the store has it
	shown  []store.Alert // recorded and not withdrawn
	begun  bool          // the above are as the store has them
	behind bool          // some of shown could not be looked at
}

// run works until ctx ends. A store that fails, as when the disk is full for a
// while, is tried again with the next change: the log waits for us.
func (a *alerts) run(ctx context.Context) {
	sub := a.store.Subscribe()
	defer sub.Close()
	for {
		if err := a.catchUp(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("alerts have to wait", "code", mail.FaultOf(err).Code)
		}
		select {
		case <-ctx.Done():
			a.end(context.WithoutCancel(ctx))
			return
		case <-sub.C():
		case act := <-a.out.Actions():
			a.act(ctx, act)
		}
	}
}

// begin reads what an earlier run left; what of it is out of date is withdrawn
// by the first review.
func (a *alerts) begin(ctx context.Context) error {
	cursor, err := a.store.AlertCursor(ctx)
	if err != nil {
		return err
	}
	shown, err := a.store.Alerts(ctx)
	if err != nil {
		return err
	}
	a.cursor, a.kept, a.shown = cursor, cursor, shown
	a.begun, a.behind = true, true
	return nil
}

// end keeps how far the log was read, and takes alerts from the screen that
// nobody would answer any more. They count as shown.
func (a *alerts) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, goodbye)
	defer cancel()
	if a.cursor > a.kept {
		if _, err := a.store.RecordAlerts(ctx, a.cursor, nil); err != nil {
			a.log.Warn("alert cursor not kept", "code", mail.FaultOf(err).Code)
		}
	}
	if !a.out.Caps().Actions {
		return
	}
	for _, s := range a.shown {
		if s.Handle == "" {
			continue
		}
		if err := a.out.Withdraw(ctx, s.Handle); err != nil {
			return // no notification service: nothing is on the screen
		}
	}
}

// fresh is a message that deserves an alert.
type fresh struct {
	account mail.AccountID
	folder  mail.FolderRef
	brief   mail.Brief
	preview string
}

// catchUp looks at every change after the cursor, and before that at what could
// not be looked at the last time.
func (a *alerts) catchUp(ctx context.Context) error {
	if !a.begun {
		if err := a.begin(ctx); err != nil {
			return err
		}
	}
	if a.behind {
		if err := a.review(ctx, func(store.Alert) bool { return true }); err != nil {
			return err
		}
	}
	for {
		changes, err := a.store.Changes(ctx, a.cursor, changesAtOnce)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := a.look(ctx, changes); err != nil {
			return err
		}
		if len(changes) < changesAtOnce {
			return nil
		}
	}
}

// look goes through some changes and moves the cursor behind them.
func (a *alerts) look(ctx context.Context, changes []mail.Change) error {
	touched := map[mail.MessageID]bool{}
	var news []fresh
	keep := false
	for _, c := range changes {
		switch c := c.(type) {
		case mail.MessagesAdded:
			keep = true // a decision is for ever, so it is kept
			var err error
			if news, err = a.decide(ctx, c, news); err != nil {
				return err
			}
		case mail.FlagsChanged:
			note(touched, c.IDs)
		case mail.MessagesGone:
			note(touched, c.IDs)
		case mail.MessagesMoved:
			note(touched, c.IDs)
		}
	}
	upTo := changes[len(changes)-1].Meta().Rev
	if keep {
		if err := a.show(ctx, upTo, news); err != nil {
			return err
		}
		a.kept = upTo
	}
	a.cursor = upTo
	return a.review(ctx, func(s store.Alert) bool {
		return slices.ContainsFunc(s.Messages, func(id mail.MessageID) bool { return touched[id] })
	})
}

func note(set map[mail.MessageID]bool, ids []mail.MessageID) {
	for _, id := range ids {
		set[id] = true
	}
}

// decide adds to news the messages of a change that deserve an alert and still
// are as it says.
func (a *alerts) decide(ctx context.Context, c mail.MessagesAdded, news []fresh) ([]fresh, error) {
	watched, err := a.watched(ctx, c.Folder.ID)
	if err != nil {
		return nil, err
	}
	d := rule.Decide(c, watched, a.settings(), a.now())
	a.log.Debug("new mail", "rev", c.Rev, "alert", d.Alert, "why", string(d.Why))
	for _, b := range d.Messages {
		m, state, err := a.standing(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		isNews, err := a.isNews(ctx, m, b.CopyOf, c.Time, news)
		if err != nil {
			return nil, err
		}
		if state == wanted && isNews {
			news = append(news, fresh{c.Account, c.Folder, b, m.Preview})
		}
	}
	return news, nil
}

// isNews reports whether an added message is none that the user knows from
// another folder.
func (a *alerts) isNews(ctx context.Context, m mail.Message, copyOf mail.MessageID, told time.Time, news []fresh) (bool, error) {
	if copyOf == 0 {
		return true, nil
	}
	alerted, err := a.store.Alerted(ctx, copyOf)
	alerted = alerted || slices.ContainsFunc(news, func(f fresh) bool { return f.brief.ID == copyOf || f.brief.CopyOf == copyOf })
	return rule.CopyIsNews(m.Received, told, alerted), err
}

// watched reports whether a folder alerts; one that is gone does not.
func (a *alerts) watched(ctx context.Context, id mail.MailboxID) (bool, error) {
	box, err := a.store.Mailbox(ctx, id)
	if isCode(err, mail.CodeNoFolder) {
		return false, nil
	}
	return box.Watched, err
}

// The states of a message that an alert is about. They are also the reasons of
// a withdrawal.
const (
	wanted = ""
	read   = "read"
	gone   = "gone"
	acted  = "acted"
)

// standing says whether a message still deserves its alert.
func (a *alerts) standing(ctx context.Context, id mail.MessageID) (mail.Message, string, error) {
	m, err := a.store.Message(ctx, id)
	switch {
	case isCode(err, mail.CodeNoMessage):
		return m, gone, nil
	case err != nil:
		return m, wanted, err
	case !m.Unread():
		return m, read, nil
	case m.Location.Mailbox == 0: // to be found again soon, see mail.Location
		return m, wanted, nil
	}
	watched, err := a.watched(ctx, m.Location.Mailbox)
	if err != nil || watched {
		return m, wanted, err
	}
	return m, gone, nil
}

// show records alerts for new messages, then shows them.
func (a *alerts) show(ctx context.Context, upTo mail.Revision, news []fresh) error {
	recorded, err := a.store.RecordAlerts(ctx, upTo, group(news))
	if err != nil {
		return err
	}
	about := make(map[mail.MessageID]fresh, len(news))
	for _, f := range news {
		about[f.brief.ID] = f
	}
	for _, r := range recorded {
		handle, err := a.out.Show(ctx, a.compose(r, about))
		if err != nil {
			a.log.Warn("alert not shown", "alert", r.ID, "code", mail.FaultOf(err).Code)
		} else if handle != "" {
			r.Handle = handle
			if err := a.store.SetAlertHandle(ctx, r.ID, handle); err != nil {
				a.log.Warn("alert's handle not kept", "alert", r.ID, "code", mail.FaultOf(err).Code)
			}
		}
		a.shown = append(a.shown, r)
	}
	return nil
}

// group makes an alert of each message, or one for each account when there are
// many. The newest message comes first.
func group(news []fresh) []store.Alert {
	var out []store.Alert
	if len(news) <= maxSingles {
		for _, f := range news {
			out = append(out, store.Alert{
				Account: f.account, Folder: f.folder, Messages: []mail.MessageID{f.brief.ID},
				From: f.brief.From, Subject: f.brief.Subject,
			})
		}
		return out
	}
	place := map[mail.AccountID]int{}
	for _, f := range slices.Backward(news) {
		i, ok := place[f.account]
		if !ok {
			i = len(out)
			place[f.account] = i
			out = append(out, store.Alert{Account: f.account, Folder: f.folder, From: f.brief.From, Subject: f.brief.Subject})
		}
		out[i].Messages = append(out[i].Messages, f.brief.ID)
	}
	return out
}

func (a *alerts) compose(r store.Alert, about map[mail.MessageID]fresh) alert.Alert {
	hide := a.settings().HideContent
	ms := make([]alert.Message, len(r.Messages))
	for i, id := range r.Messages {
		f := about[id]
		ms[i] = alert.Message{From: f.brief.From, Subject: f.brief.Subject, Preview: f.preview}
		if f.folder.Role != mail.RoleInbox {
			ms[i].Place = a.printer.T("alert.place", "Folder", mail.Printable(f.folder.Path), "Account", mail.Printable(a.address(f.account)))
		}
	}
	if len(ms) == 1 {
		return alert.ForMessage(a.printer, ms[0], hide)
	}
	return alert.ForMany(a.printer, ms, hide)
}

// review withdraws those of some alerts whose messages all are read, gone or
// moved away.
func (a *alerts) review(ctx context.Context, which func(store.Alert) bool) error {
	var left []store.Alert
	for i, s := range a.shown {
		if !which(s) {
			left = append(left, s)
			continue
		}
		reason, err := a.reason(ctx, s)
		if err == nil && reason != wanted {
			err = a.withdraw(ctx, s, reason)
		}
		if err != nil {
			a.shown = append(left, a.shown[i:]...)
			a.behind = true
			return err
		}
		if reason == wanted {
			left = append(left, s)
		}
	}
	a.shown, a.behind = left, false
	return nil
}

// reason is why an alert is not wanted any more.
func (a *alerts) reason(ctx context.Context, s store.Alert) (string, error) {
	why := gone
	for _, id := range s.Messages {
		_, state, err := a.standing(ctx, id)
		if err != nil || state == wanted {
			return wanted, err
		}
		if state == read {
			why = read
		}
	}
	return why, nil
}

func (a *alerts) withdraw(ctx context.Context, s store.Alert, reason string) error {
	if s.Handle != "" {
		if err := a.out.Withdraw(ctx, s.Handle); err != nil {
			// Without the service that showed it, it is not shown.
			a.log.Debug("alert not withdrawn", "alert", s.ID, "code", mail.FaultOf(err).Code)
		}
	}
	return a.store.WithdrawAlert(ctx, s.ID, reason)
}

// act does what the user asked of an alert.
func (a *alerts) act(ctx context.Context, act alert.Action) {
	i := slices.IndexFunc(a.shown, func(s store.Alert) bool { return s.Handle == act.Handle })
	if i < 0 {
		return
	}
	s := a.shown[i]
	switch act.Does {
	case alert.DoesOpen:
		id := mail.MessageID(0)
		if len(s.Messages) == 1 {
			id = s.Messages[0]
		}
		a.open(ctx, id)
	case alert.DoesMarkRead:
		if err := a.markRead(ctx, s.Messages); err != nil {
			a.log.Warn("not marked read", "alert", s.ID, "code", mail.FaultOf(err).Code)
			return
		}
		if err := a.withdraw(ctx, s, acted); err != nil {
			a.log.Warn("alert not withdrawn", "alert", s.ID, "code", mail.FaultOf(err).Code)
			return
		}
		a.shown = slices.Delete(a.shown, i, i+1)
	}
}

// isCode reports whether err is a Fault with a code.
func isCode(err error, code mail.Code) bool { return err != nil && mail.FaultOf(err).Code == code }
