package converge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// subscribed are the folders that the server has a subscription of, as somebody
// sees it who comes anew.
func (r *round) subscribed() map[string]bool {
	c := r.dc.Client(r, r.user)
	defer func() { _ = c.Close() }() // nothing is left to be sent
	list, err := c.List("", "*", &imap.ListOptions{ReturnSubscribed: true}).Collect()
	r.must(err)
	out := map[string]bool{}
	for _, l := range list {
		out[l.Mailbox] = out[l.Mailbox] || slices.Contains(l.Attrs, imap.MailboxAttrSubscribed)
	}
	return out
}

// wrongSubscriptions says which folders this machine has as subscribed, or not,
// and the server otherwise.
func (m *machine) wrongSubscriptions(want map[string]bool) string {
	boxes, err := m.store.ServerMailboxes(context.Background(), m.account())
	m.r.must(err)
	var wrong []string
	for _, b := range boxes {
		if b.Subscribed != want[b.Name] {
			wrong = append(wrong, fmt.Sprintf("%s: %v", b.Name, b.Subscribed))
		}
	}
	return strings.Join(wrong, "\n")
}
