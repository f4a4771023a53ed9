package mailtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
)

// Seen is a message where somebody sees it.
type Seen struct {
	ID    string // its Message-ID, without <>
	Flags mail.Flags
}

// View is what somebody sees of an account: the messages in each mailbox that
// can be opened, by UID.
type View map[string]map[mail.UID]Seen

// View reads a user's account as a client that knows nothing of it yet.
func (d *Dovecot) View(t TB, user int) View {
	t.Helper()
	c, err := d.connect(user)
	if err != nil {
		t.Fatalf("mailtest: view: %v", err)
	}
	defer func() { _ = c.Close() }() // nothing is left to be sent
	boxes, err := Openable(c)
	out := View{}
	for _, box := range boxes {
		if err == nil {
			out[box], err = Look(c, box)
		}
	}
	if err != nil {
		t.Fatalf("mailtest: view: %v", err)
	}
	return out
}

// Openable lists the mailboxes that can be opened, sorted.
func Openable(c *imapclient.Client) ([]string, error) {
	list, err := c.List("", "*", nil).Collect()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, l := range list {
		if !slices.Contains(l.Attrs, imap.MailboxAttrNoSelect) && !slices.Contains(l.Attrs, imap.MailboxAttrNonExistent) {
			out = append(out, l.Mailbox)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Look selects a mailbox and reads what is in it.
func Look(c *imapclient.Client, box string) (map[mail.UID]Seen, error) {
	if _, err := c.Select(box, nil).Wait(); err != nil {
		return nil, err
	}
	msgs, err := c.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, Envelope: true}).Collect()
	if err != nil {
		return nil, err
	}
	out := map[mail.UID]Seen{}
	for _, m := range msgs {
		if m.Envelope == nil {
			continue // it went while it was read
		}
		fs := make([]mail.Flag, 0, len(m.Flags))
		for _, f := range m.Flags {
			fs = append(fs, mail.ParseFlag(string(f)))
		}
		out[mail.UID(m.UID)] = Seen{m.Envelope.MessageID, mail.NewFlags(fs...)}
	}
	return out, nil
}

// Unlike says what is in v and not in want, or the other way round; "" when
// they are the same.
func (v View) Unlike(want View) string {
	var out []string
	for _, box := range bothKeys(v, want) {
		g, okG := v[box]
		w, okW := want[box]
		if okG != okW {
			out = append(out, fmt.Sprintf("folder %s: there %v, should be %v", box, okG, okW))
		}
		for _, uid := range bothKeys(g, w) {
			a, okA := g[uid]
			b, okB := w[uid]
			if okA != okB || a.ID != b.ID || !a.Flags.Equal(b.Flags) {
				out = append(out, fmt.Sprintf("%s %d: is %v %+v, should be %v %+v", box, uid, okA, a, okB, b))
			}
		}
	}
	return strings.Join(out, "\n")
}

// Count is how often each message is there, by Message-ID.
func (v View) Count() map[string]int {
	out := map[string]int{}
	for _, in := range v {
		for _, s := range in {
			out[s.ID]++
		}
	}
	return out
}

func bothKeys[K cmp.Ordered, V any](a, b map[K]V) []K {
	var out []K
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		out = append(out, k)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
