package agent

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/heronmail/heron/app/alert"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/news"
	"github.com/heronmail/heron/sync/store"
)

const (
	// changesAtOnce is how much of the change log is read in one go.
	changesAtOnce = 256
	// goodbye is how long withdrawing may take when the agent ends.
	goodbye = 2 * time.Second
)

// alerts shows an alert for new mail and takes it away when it is out of date.
type alerts struct {
	store    *store.Store
	out      alert.Alerter
	printer  *i18n.Printer
	log      *slog.Logger
	desk     news.Desk
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
	keep := false
	for _, c := range changes {
		switch c := c.(type) {
		case mail.MessagesAdded:
			keep = true // a decision is for ever, so it is kept
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
		items, err := a.desk.Find(ctx, changes)
		if err != nil {
			return err
		}
		if err := a.show(ctx, upTo, items); err != nil {
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

// acted is why an alert is withdrawn that the user answered.
const acted news.Standing = "acted"

// show records alerts for new messages, then shows them.
func (a *alerts) show(ctx context.Context, upTo mail.Revision, items []news.Item) error {
	recorded, err := a.store.RecordAlerts(ctx, upTo, news.Group(items))
	if err != nil {
		return err
	}
	about := make(map[mail.MessageID]news.Item, len(items))
	for _, i := range items {
		about[i.Brief.ID] = i
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

func (a *alerts) compose(r store.Alert, about map[mail.MessageID]news.Item) alert.Alert {
	hide := a.desk.Settings().HideContent
	ms := make([]alert.Message, len(r.Messages))
	for i, id := range r.Messages {
		f := about[id]
		ms[i] = alert.Message{From: f.Brief.From, Subject: f.Brief.Subject, Preview: f.Preview}
		if f.Folder.Role != mail.RoleInbox {
			ms[i].Place = a.printer.T("alert.place", "Folder", mail.Printable(f.Folder.Path), "Account", mail.Printable(a.address(f.Account)))
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
		if err == nil && reason != news.Wanted {
			err = a.withdraw(ctx, s, reason)
		}
		if err != nil {
			a.shown = append(left, a.shown[i:]...)
			a.behind = true
			return err
		}
		if reason == news.Wanted {
			left = append(left, s)
		}
	}
	a.shown, a.behind = left, false
	return nil
}

// reason is why an alert is not wanted any more.
func (a *alerts) reason(ctx context.Context, s store.Alert) (news.Standing, error) {
	why := news.Gone
	for _, id := range s.Messages {
		_, standing, err := a.desk.Standing(ctx, id)
		if err != nil || standing == news.Wanted {
			return news.Wanted, err
		}
		if standing == news.Read {
			why = news.Read
		}
	}
	return why, nil
}

func (a *alerts) withdraw(ctx context.Context, s store.Alert, reason news.Standing) error {
	if s.Handle != "" {
		if err := a.out.Withdraw(ctx, s.Handle); err != nil {
			// Without the service that showed it, it is not shown.
			a.log.Debug("alert not withdrawn", "alert", s.ID, "code", mail.FaultOf(err).Code)
		}
	}
	return a.store.WithdrawAlert(ctx, s.ID, string(reason))
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
