package store

import "github.com/heronmail/heron/sync/mail"

// putIn applies Added.
func (a *applier) putIn(d boxDelta) error {
	b := d.box
	c := mail.MessagesAdded{Folder: b.ref()}
	var news []Fetched // those of c.Messages
	quiet := d.Backfill || a.origin == mail.Backfill
	ours, err := a.arrivals(b)
	if err != nil {
		return err
	}
	var mine []item
	if err := a.findUncertain(b); err != nil {
		return err
	}
	first, fresh, err := a.insertFresh(d, len(ours) > 0)
	if err != nil {
		return err
	}
	for i := range d.Added {
		f := &d.Added[i]
		if len(ours) > 0 {
			it, found, err := a.putOurs(d, &ours, f)
			if err != nil {
				return err
			}
			if found {
				if it.id != 0 {
					mine = append(mine, it)
				}
				continue
			}
		}
		id, isNew := first+mail.MessageID(i), true
		if fresh {
			err = a.welcome(d, f)
		} else {
			id, isNew, err = a.put(d, f)
		}
		if err != nil {
			return err
		}
		flags := packFlags(f.Flags)
		if !isNew || !flags.visible() {
			continue
		}
		c.UIDs = append(c.UIDs, f.UID)
		if flags.unread() {
			c.Unread++
		}
		if !quiet {
			c.Messages = append(c.Messages, mail.Brief{
				ID: id, UID: f.UID, From: sender(f.Envelope), Subject: f.Envelope.Subject, Unread: flags.unread(),
			})
			news = append(news, *f)
		}
	}
	if err := a.doubt(d, quiet); err != nil {
		return err
	}
	if len(mine) > 0 {
		a.mine = append(a.mine, arrivedIn{b.ID, mine})
	}
	if len(c.UIDs) == 0 {
		return nil
	}
	if err := a.nameOriginals(b, c.Messages, news); err != nil {
		return err
	}
	c.Origin = a.origin
	if quiet {
		c.Origin = mail.Backfill
	}
	a.added = append(a.added, c)
	return nil
}

// nameOriginals says of new messages of a mailbox which ones are copies, and of
// what. All that is put into the mailbox with them is in its place by now, be it
// new or back from limbo.
func (a *applier) nameOriginals(b *box, told []mail.Brief, fs []Fetched) error {
	if len(told) == 0 {
		return nil
	}
	known, err := a.twins(b, fs)
	for i := range told {
		told[i].CopyOf = known.original(b.ID, told[i].ID, &fs[i])
	}
	return err
}

func sender(e mail.Envelope) string {
	if len(e.From) == 0 {
		return ""
	}
	return e.From[0].String()
}

// put stores one added message and reports whether it is new to the account.
func (a *applier) put(d boxDelta, f *Fetched) (mail.MessageID, bool, error) {
	b := d.box
	if a.strays {
		// A UID that is known is not looked for among the lost ones.
		r, ok, err := a.at(b, f.UID)
		if err != nil {
			return 0, false, err
		}
		if ok {
			return r.id, false, a.setServerFlags(d, r, f.Flags, f.ModSeq)
		}
		s, ok, err := a.findStray(b, f)
		if err != nil {
			return 0, false, err
		}
		if ok {
			return s.id, false, a.bringBack(d, s, f)
		}
	}
	id, ok, err := a.insert(b, f)
	if err != nil {
		return 0, false, err
	}
	if !ok {
		r, ok, err := a.at(b, f.UID)
		if err != nil || !ok {
			return 0, false, err
		}
		return r.id, false, a.setServerFlags(d, r, f.Flags, f.ModSeq)
	}
	return id, true, a.welcome(d, f)
}

// welcome counts a message that is new, now that its row is there.
func (a *applier) welcome(d boxDelta, f *Fetched) error {
	flags := packFlags(f.Flags)
	d.box.know(flags, 1)
	d.box.show(flags, 1)
	a.carryNew(d, f)
	if f.EmailID != "" && flags.unread() {
		if err := a.countCopy(d.box, f.EmailID); err != nil {
			return err
		}
	}
	return a.certain(d.box, f.UID)
}

// carryNew carries the server's numbers on for a message that STATUS did not
// yet count: one beyond what the cursor had seen.
func (a *applier) carryNew(d boxDelta, f *Fetched) {
	if d.Server == nil && d.uidNext > 0 && f.UID >= d.uidNext && !d.Reset {
		d.box.carry(packFlags(f.Flags), 1)
	}
}

// bringBack gives a message in limbo its new location. What shows of that is
// told: nothing does when it is where an action of ours put it.
func (a *applier) bringBack(d boxDelta, s stray, f *Fetched) error {
	b, server := d.box, packFlags(f.Flags)
	v, err := a.overlay(s.id, server, b.ID, s.pending)
	if err != nil {
		return err
	}
	if _, err := a.exec(`UPDATE messages SET mailbox = ?, uid = ?, modseq = ?, server = ?, server_keywords = ?,
		shown = ?, shown_keywords = ?, shown_in = nullif(?, 0), expect = NULL, lost = 0, lost_from = 0, reset = 0,
		received = ?, sort = ?, email_id = coalesce(nullif(?, ''), email_id) WHERE id = ?`,
		int64(b.ID), int64(f.UID), modSeq(f.ModSeq), server.bits, server.words,
		v.flags.bits, v.flags.words, int64(v.in), seconds(f.Received), sortKey(f), f.EmailID, int64(s.id)); err != nil {
		return err
	}
	if s.expect == b.ID {
		if err := a.arrivedAt(s.id, b, f.UID, d.validity()); err != nil {
			return err
		}
	}
	if err := a.certain(b, f.UID); err != nil {
		return err
	}
	b.know(server, 1)
	if err := a.countShown(s.in, s.flags.shown, -1); err != nil {
		return err
	}
	if err := a.countShown(v.in, v.flags, 1); err != nil {
		return err
	}
	a.carryNew(d, f)
	delete(a.lost, s.id)
	it := item{id: s.id}
	if v.in == b.ID {
		it.uid = f.UID
	}
	switch {
	case v.in == 0, s.in == 0 && s.reset:
	case s.in == 0:
		a.moved.add(route{s.from, v.in}, it)
	case s.in != v.in:
		a.moved.add(route{s.in, v.in}, it)
	}
	a.noteFlags(v.in, b.ID, it, s.flags.shown, v.flags)
	return nil
}
