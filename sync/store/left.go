package store

import "github.com/heronmail/heron/sync/mail"

// undelete shows what a move left behind, flagged \Deleted, once it is that no more: it
// is a message again, like the one that was moved. It does nothing for any other UID.
func (a *applier) undelete(d boxDelta, u FlagUpdate) error {
	if !d.box.uncertain || !packFlags(u.Flags).visible() {
		return nil
	}
	found, err := list(a.tx, scanMessage, `SELECT `+serverColumns+fromServer+`JOIN uncertain u ON u.original = m.id
		WHERE u.mailbox = ? AND u.uid = ?`, int64(d.box.ID), int64(u.UID))
	if err != nil || len(found) == 0 {
		return err
	}
	m := found[0]
	f := Fetched{
		UID: u.UID, ModSeq: u.ModSeq, Flags: u.Flags, Envelope: m.Envelope,
		Size: m.Size, Received: m.Received, EmailID: m.EmailID, Preview: m.Preview,
	}
	id, ok, err := a.insert(d.box, &f)
	if err != nil || !ok {
		return err
	}
	if err := a.welcome(d, &f); err != nil {
		return err
	}
	c := mail.MessagesAdded{Folder: d.box.ref(), UIDs: []mail.UID{f.UID}}
	c.Origin = a.origin
	b := mail.Brief{ID: id, UID: f.UID, From: sender(f.Envelope), Subject: f.Envelope.Subject, Unread: packFlags(f.Flags).unread(), CopyOf: m.ID}
	if b.Unread {
		c.Unread = 1
	}
	c.Messages = []mail.Brief{b}
	a.added = append(a.added, c)
	return nil
}
