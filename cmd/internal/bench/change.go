package main

import (
	"fmt"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mailtest"
)

// What change does, all folders together.
const (
	flagsChanged = 500
	messagesNew  = 100
	messagesGone = 50
)

// change is another machine at work in all folders: it toggles a flag on some
// messages, expunges the oldest and puts new ones in. Each round takes other
// messages.
func (b *bed) change(t mailtest.TB) error {
	b.round++
	c := b.d.Client(t, 0)
	defer func() { _ = c.Close() }() // it is done
	share := func(n, i int) int { return n*(i+1)/len(b.names) - n*i/len(b.names) }
	for i, name := range b.names {
		box, err := c.Select(name, nil).Wait()
		if err != nil {
			return err
		}
		have := int(box.NumMessages)
		gone, flags := min(share(messagesGone, i), have), share(flagsChanged, i)
		if gone+flags*(b.round+1) > have {
			return fmt.Errorf("%s has only %d messages", name, have)
		}
		if err := b.mark(c, imap.FlagDeleted, 1, gone); err != nil {
			return err
		}
		if err := b.mark(c, "$bench", gone+flags*b.round, flags); err != nil {
			return err
		}
		if err := c.Expunge().Close(); err != nil {
			return err
		}
		for n := range share(messagesNew, i) {
			b.d.Deliver(t, 0, name, fmt.Appendf(nil, "From: ann@example.org\r\nTo: you@example.org\r\nSubject: new %d\r\nMessage-ID: <%d.%d.%d@bench>\r\n\r\ntext\r\n", n, b.round, i, n))
		}
	}
	return nil
}

// mark sets a flag on n messages of the open folder from a sequence number on.
func (*bed) mark(c *imapclient.Client, f imap.Flag, from, n int) error {
	if n == 0 {
		return nil
	}
	var set imap.SeqSet
	set.AddRange(uint32(from), uint32(from+n-1))
	return c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}, nil).Close()
}
