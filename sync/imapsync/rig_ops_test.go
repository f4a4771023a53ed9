package imapsync

import (
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/heronmail/heron/sync/mail"
)

// do queues an op and wakes the worker, if there is one.
func (r *rig) do(op mail.Op) mail.Op {
	r.Helper()
	op.Account = r.cfg.Account.ID
	op, err := r.store.Enqueue(r.Context(), op)
	if err != nil {
		r.Fatal(err)
	}
	if r.w != nil {
		r.w.OpsQueued()
	}
	return op
}

// ended waits for the end of an op.
func (r *rig) ended(id mail.OpID, want mail.OpState) {
	r.Helper()
	var op mail.Op
	r.until(fmt.Sprintf("op %d ends", id), func() bool {
		var err error
		op, err = r.store.Op(r.Context(), id)
		return err == nil && !op.State.Open()
	})
	if op.State != want {
		r.Fatalf("op %d (%s) is %s: %s", id, op.Kind, op.State, op.Fault)
	}
}

// done does an op and waits until the server did it.
func (r *rig) done(op mail.Op) mail.Op {
	r.Helper()
	op = r.do(op)
	r.ended(op.ID, mail.OpDone)
	return op
}

func (r *rig) moving(to string, ids ...mail.MessageID) mail.Op {
	return mail.Op{Kind: mail.OpMove, Targets: ids, Mailbox: r.box(to).ID}
}

// onServer are the subjects that another client sees in a folder, sorted, with
// those that are \Deleted left out.
func (r *rig) onServer(path string) []string {
	r.Helper()
	c := r.dc.Client(r.T, r.user)
	sel, err := c.Select(path, nil).Wait()
	if err != nil {
		r.Fatalf("%s: %v", path, err)
	}
	if sel.NumMessages == 0 {
		return nil
	}
	msgs, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{Envelope: true, Flags: true}).Collect()
	if err != nil {
		r.Fatal(err)
	}
	var out []string
	for _, m := range msgs {
		if !slices.Contains(m.Flags, imap.FlagDeleted) {
			out = append(out, m.Envelope.Subject)
		}
	}
	slices.Sort(out)
	return out
}

// agree checks that a folder holds these subjects here and on the server.
func (r *rig) agree(path string, want ...string) {
	r.Helper()
	if got := r.subjects(path); !slices.Equal(got, want) {
		r.Errorf("%s here: %q, want %q", path, got, want)
	}
	if got := r.onServer(path); !slices.Equal(got, want) {
		r.Errorf("%s on the server: %q, want %q", path, got, want)
	}
	if got := r.box(path).Counts.Total; got != len(want) {
		r.Errorf("%s counts %d, want %d", path, got, len(want))
	}
}

// eachOnce checks that every folder holds here what it holds on the server, and
// that no message is on the server twice.
func (r *rig) eachOnce() {
	r.Helper()
	folders, err := r.dc.Client(r.T, r.user).List("", "*", nil).Collect()
	if err != nil {
		r.Fatal(err)
	}
	at := map[string]string{}
	for _, f := range folders {
		if slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(f.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		there := r.onServer(f.Mailbox)
		if here := r.subjects(f.Mailbox); !slices.Equal(here, there) {
			r.Errorf("%s holds %q here and %q on the server", f.Mailbox, here, there)
		}
		for _, s := range there {
			if at[s] != "" {
				r.Errorf("%q is in %s and in %s", s, at[s], f.Mailbox)
			}
			at[s] = f.Mailbox
		}
	}
}

// nothingElsewhere checks that nothing we did came back as another's.
func (r *rig) nothingElsewhere() {
	r.Helper()
	r.sync()
	for _, c := range r.changes() {
		if c.Meta().Origin == mail.Here {
			continue
		}
		if _, ok := c.(mail.CountsChanged); !ok {
			r.Errorf("told as %s: %s %+v", c.Meta().Origin, c.Kind(), c)
		}
	}
}
