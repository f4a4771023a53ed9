package converge

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
)

// client is the plain IMAP client: it keeps nothing, and does at once what it
// is told.
type client struct {
	r *round
	c *imapclient.Client
}

// clientSteps are what it does, the frequent more than once.
var clientSteps = []string{
	"deliver", "deliver", "deliver", "deliver", "mark", "mark", "mark", "move", "move", "move",
	"copy", "expunge", "create", "rename", "remove", "subscribe", "anew",
}

func newClient(r *round) *client { return &client{r: r, c: r.dc.Client(r, r.user)} }

// again connects anew: a server that gave a mailbox another UIDVALIDITY ends the
// sessions that have it open.
func (c *client) again() {
	_ = c.c.Close() // it is gone already
	c.c = c.r.dc.Client(c.r, c.r.user)
}

func (c *client) do(s step) {
	switch s.What {
	case "deliver":
		c.deliver(s)
	case "mark":
		c.mark(s)
	case "move", "copy":
		c.carry(s)
	case "expunge":
		c.expunge(s)
	case "anew":
		box, _ := at(fixed, s.A)
		c.r.tell("%s is made anew", box)
		c.r.anew(box)
	default:
		c.folder(s)
	}
}

func (c *client) deliver(s step) {
	box, ok := at(c.boxes(), s.A)
	if !ok {
		return
	}
	for range 1 + s.B%2 {
		l, text := c.r.write()
		opts := &imap.AppendOptions{}
		if s.On {
			opts.Flags = []imap.Flag{imap.FlagSeen}
		}
		cmd := c.c.Append(box, int64(len(text)), opts)
		_, werr := cmd.Write(text)
		cerr := cmd.Close()
		_, err := cmd.Wait()
		c.r.tell("client delivers %s to %s: %v", l.id, box, err)
		if werr != nil || cerr != nil || err != nil {
			l.gone = 1 // it may never have come
			c.again()
		}
	}
}

func (c *client) mark(s step) {
	box, uid, l := c.pick(s)
	if l == nil {
		return
	}
	mark, _ := at(c.r.marks, s.B)
	f := imap.Flag(mark.Wire())
	op := imap.StoreFlagsDel
	if s.On {
		op = imap.StoreFlagsAdd
	}
	err := c.c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: op, Silent: true, Flags: []imap.Flag{f}}, nil).Close()
	c.r.tell("client marks %s in %s: %s %v: %v", l.id, box, f, s.On, err)
	if err != nil {
		c.again()
	}
}

// carry moves or copies.
func (c *client) carry(s step) {
	looked := time.Now()
	box, uid, l := c.pick(s)
	to, ok := at(c.boxes(), s.B)
	if l == nil || !ok || to == box {
		return
	}
	// The listing may have come between: the mailbox is the one selected.
	var err error
	if s.What == "move" {
		l.movers["client"] = 0
		from := time.Now()
		_, err = c.c.Move(imap.UIDSetNum(uid), to).Wait()
		l.carried = append(l.carried, span{"client", looked, from, time.Now()})
	} else {
		l.copies++
		var d *imap.CopyData
		d, err = c.c.Copy(imap.UIDSetNum(uid), to).Wait()
		if err == nil && d != nil && d.UIDValidity != 0 { // else it was no more
			l.sure++
		}
	}
	c.r.tell("client %ss %s from %s to %s: %v", s.What, l.id, box, to, err)
	if err != nil {
		c.again()
	}
}

func (c *client) expunge(s step) {
	box, uid, l := c.pick(s)
	if l == nil {
		return
	}
	l.gone++
	err := c.c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
	if err == nil {
		err = c.c.UIDExpunge(imap.UIDSetNum(uid)).Close()
	}
	c.r.tell("client deletes %s from %s: %v", l.id, box, err)
	if err != nil {
		c.again()
	}
}

// folder makes, renames, deletes or subscribes to a folder.
func (c *client) folder(s step) {
	name, _ := at(places, s.A)
	var err error
	switch s.What {
	case "create":
		err = c.c.Create(name, nil).Wait()
	case "rename":
		to, _ := at(places, s.B)
		if strings.HasPrefix(to, name) || strings.HasPrefix(name, to) {
			return
		}
		name, err = name+" to "+to, c.c.Rename(name, to, nil).Wait()
	case "remove":
		err = c.c.Delete(name).Wait()
	case "subscribe":
		name, _ = at(slices.Concat(places, fixed), s.A)
		if s.On {
			err = c.c.Subscribe(name).Wait()
		} else {
			err = c.c.Unsubscribe(name).Wait()
		}
	}
	c.r.tell("client %ss folder %s %v: %v", s.What, name, s.On, err)
}

// pick selects a mailbox and picks a message in it.
func (c *client) pick(s step) (string, imap.UID, *letter) {
	box, ok := at(c.boxes(), s.A/7)
	if !ok {
		return "", 0, nil
	}
	in, err := c.look(box)
	if err != nil {
		return "", 0, nil // another machine deleted it, or it was made anew
	}
	uid, ok := at(slices.Sorted(maps.Keys(in)), s.A)
	if !ok {
		return "", 0, nil
	}
	return box, imap.UID(uid), c.r.letters[in[uid].ID]
}

// boxes are the mailboxes that can be opened, sorted.
func (c *client) boxes() []string {
	boxes, err := mailtest.Openable(c.c)
	if err != nil {
		c.again()
	}
	return boxes
}

// look selects a mailbox and returns what is in it.
func (c *client) look(box string) (map[mail.UID]mailtest.Seen, error) {
	in, err := mailtest.Look(c.c, box)
	if err != nil && c.c.State() == imap.ConnStateLogout {
		c.again()
	}
	return in, err
}
