package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// record is the body of a change in the log: the fields of all kinds in one,
// so that the log can be read whatever becomes of the structs in mail.
type record struct {
	Folder   *folder          `json:"folder,omitempty"`
	To       *folder          `json:"to,omitempty"`
	UIDs     []mail.UID       `json:"uids,omitempty"`
	IDs      []mail.MessageID `json:"ids,omitempty"`
	Unread   int              `json:"unread,omitempty"`
	Total    int              `json:"total,omitempty"`
	Account  int              `json:"account_unread,omitempty"`
	Messages []brief          `json:"messages,omitempty"`
	Added    mail.Flags       `json:"added,omitempty"`
	Removed  mail.Flags       `json:"removed,omitempty"`
	From     string           `json:"from,omitempty"`
	Subject  string           `json:"subject,omitempty"`
	State    mail.State       `json:"state,omitempty"`
	ToldBy   mail.ToldBy      `json:"told_by,omitempty"`
	ToldWhy  mail.ToldWhy     `json:"told_why,omitempty"`
	NextTry  time.Time        `json:"next_try,omitzero"`
	Gone     bool             `json:"gone,omitempty"`
	Op       *mail.Op         `json:"op,omitempty"`
	Problem  *mail.Problem    `json:"problem,omitempty"`
	Code     mail.Code        `json:"code,omitempty"`
	Reason   string           `json:"reason,omitempty"`
}

type folder struct {
	ID   mail.MailboxID `json:"id"`
	Path string         `json:"path"`
	Role mail.Role      `json:"role,omitempty"`
}

type brief struct {
	ID      mail.MessageID `json:"id"`
	UID     mail.UID       `json:"uid"`
	From    string         `json:"from,omitempty"`
	Subject string         `json:"subject,omitempty"`
	Unread  bool           `json:"unread,omitempty"`
	CopyOf  mail.MessageID `json:"copy_of,omitempty"`
}

func packFolder(f mail.FolderRef) *folder {
	p := folder(f)
	return &p
}

func (f *folder) ref() mail.FolderRef {
	if f == nil {
		return mail.FolderRef{}
	}
	return mail.FolderRef(*f)
}

// pack returns the record of c and c itself with its stamp set.
func pack(c mail.Change, st mail.Stamp) (record, mail.Change) {
	switch c := c.(type) {
	case mail.MessagesAdded:
		c.Stamp = st
		r := record{Folder: packFolder(c.Folder), UIDs: c.UIDs, Unread: c.Unread}
		for _, m := range c.Messages {
			r.Messages = append(r.Messages, brief(m))
		}
		return r, c
	case mail.MessagesGone:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder), UIDs: c.UIDs, IDs: c.IDs}, c
	case mail.MessagesMoved:
		c.Stamp = st
		return record{Folder: packFolder(c.From), To: packFolder(c.To), UIDs: c.UIDs, IDs: c.IDs}, c
	case mail.FlagsChanged:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder), UIDs: c.UIDs, IDs: c.IDs, Added: c.Added, Removed: c.Removed}, c
	case mail.MailboxAdded:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder)}, c
	case mail.MailboxRenamed:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder), From: c.From}, c
	case mail.MailboxSubscribed:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder)}, c
	case mail.MailboxGone:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder)}, c
	case mail.CountsChanged:
		c.Stamp = st
		return record{
			Folder: packFolder(c.Folder), Total: c.Counts.Total, Unread: c.Counts.Unread, Account: c.AccountUnread,
		}, c
	case mail.AccountState:
		c.Stamp = st
		return record{State: c.State, ToldBy: c.ToldBy, ToldWhy: c.ToldWhy, NextTry: c.NextTry, Gone: c.Removed}, c
	case mail.OpChanged:
		c.Stamp = st
		return record{Op: &c.Op}, c
	case mail.ProblemRaised:
		c.Stamp = st
		return record{Problem: &c.Problem}, c
	case mail.ProblemCleared:
		c.Stamp = st
		return record{Code: c.Code}, c
	case mail.AlertShown:
		c.Stamp = st
		return record{Folder: packFolder(c.Folder), IDs: c.IDs, From: c.From, Subject: c.Subject}, c
	case mail.AlertWithdrawn:
		c.Stamp = st
		return record{IDs: c.IDs, Reason: c.Reason}, c
	}
	return record{}, nil // the set of changes is closed: see TestLogKeepsEveryKind
}

// unpack is the reverse of pack; nil for a kind that this Heron does not know.
func unpack(kind string, r record, st mail.Stamp) mail.Change {
	switch kind {
	case mail.MessagesAdded{}.Kind():
		c := mail.MessagesAdded{Stamp: st, Folder: r.Folder.ref(), UIDs: r.UIDs, Unread: r.Unread}
		for _, m := range r.Messages {
			c.Messages = append(c.Messages, mail.Brief(m))
		}
		return c
	case mail.MessagesGone{}.Kind():
		return mail.MessagesGone{Stamp: st, Folder: r.Folder.ref(), UIDs: r.UIDs, IDs: r.IDs}
	case mail.MessagesMoved{}.Kind():
		return mail.MessagesMoved{Stamp: st, From: r.Folder.ref(), To: r.To.ref(), UIDs: r.UIDs, IDs: r.IDs}
	case mail.FlagsChanged{}.Kind():
		return mail.FlagsChanged{
			Stamp: st, Folder: r.Folder.ref(), UIDs: r.UIDs, IDs: r.IDs, Added: r.Added, Removed: r.Removed,
		}
	case mail.MailboxAdded{}.Kind():
		return mail.MailboxAdded{Stamp: st, Folder: r.Folder.ref()}
	case mail.MailboxRenamed{}.Kind():
		return mail.MailboxRenamed{Stamp: st, Folder: r.Folder.ref(), From: r.From}
	case mail.MailboxSubscribed{}.Kind(), mail.MailboxSubscribed{Subscribed: true}.Kind():
		return mail.MailboxSubscribed{Stamp: st, Folder: r.Folder.ref(), Subscribed: kind == mail.MailboxSubscribed{Subscribed: true}.Kind()}
	case mail.MailboxGone{}.Kind():
		return mail.MailboxGone{Stamp: st, Folder: r.Folder.ref()}
	case mail.CountsChanged{}.Kind():
		return mail.CountsChanged{
			Stamp: st, Folder: r.Folder.ref(),
			Counts: mail.Counts{Total: r.Total, Unread: r.Unread}, AccountUnread: r.Account,
		}
	case mail.AccountState{}.Kind():
		return mail.AccountState{Stamp: st, State: r.State, ToldBy: r.ToldBy, ToldWhy: r.ToldWhy, NextTry: r.NextTry, Removed: r.Gone}
	case mail.OpChanged{}.Kind():
		c := mail.OpChanged{Stamp: st}
		if r.Op != nil {
			c.Op = *r.Op
		}
		return c
	case mail.ProblemRaised{}.Kind():
		c := mail.ProblemRaised{Stamp: st}
		if r.Problem != nil {
			c.Problem = *r.Problem
		}
		return c
	case mail.ProblemCleared{}.Kind():
		return mail.ProblemCleared{Stamp: st, Code: r.Code}
	case mail.AlertShown{}.Kind():
		return mail.AlertShown{Stamp: st, Folder: r.Folder.ref(), IDs: r.IDs, From: r.From, Subject: r.Subject}
	case mail.AlertWithdrawn{}.Kind():
		return mail.AlertWithdrawn{Stamp: st, IDs: r.IDs, Reason: r.Reason}
	}
	return nil
}

// emit appends a change to the log.
func (t *tx) emit(account mail.AccountID, origin mail.Origin, c mail.Change) error {
	st := mail.Stamp{Rev: t.rev + 1, Time: t.now.UTC(), Account: account, Origin: origin}
	r, c := pack(c, st)
	if c == nil {
		return fmt.Errorf("a change of a kind that the log does not know: %T", c)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := t.exec(`INSERT INTO changes (rev, time, account, origin, kind, body) VALUES (?, ?, ?, ?, ?, ?)`,
		int64(st.Rev), nanos(st.Time), string(account), string(origin), c.Kind(), string(text)); err != nil {
		return err
	}
	t.rev++
	t.changes = append(t.changes, c)
	return nil
}

func scanChange(row scanner) (mail.Change, error) {
	var st mail.Stamp
	var at int64
	var kind string
	var body []byte
	if err := row.Scan(&st.Rev, &at, &st.Account, &st.Origin, &kind, &body); err != nil {
		return nil, err
	}
	st.Time = fromNanos(at)
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("change %d: %w", st.Rev, err)
	}
	return unpack(kind, r, st), nil
}
