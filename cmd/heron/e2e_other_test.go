//go:build linux

package main_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mailtest"
)

// otherMachine is a plain IMAP client of the same account.
type otherMachine struct {
	t       *testing.T
	dovecot *mailtest.Dovecot
	client  *imapclient.Client
}

func (o *otherMachine) connect(t *testing.T) {
	t.Helper()
	o.client = o.dovecot.Client(o.t, 0)
}

// deliver puts a new message of Ann's into the inbox.
func (st *story) deliver(subject string) {
	st.t.Helper()
	st.deliverTo("INBOX", subject)
}

func (st *story) deliverTo(mailbox, subject string, flags ...string) {
	st.t.Helper()
	msg := fmt.Sprintf("From: Ann Lee <ann@example.net>\r\nTo: You <user0@example.org>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d@example.net>\r\n\r\nAre you free at noon? The usual place.\r\n",
		subject, time.Now().Format(time.RFC1123Z), time.Now().UnixNano())
	st.dovecot.Deliver(st.t, 0, mailbox, []byte(msg), flags...)
}

func (o *otherMachine) find(t *testing.T, mailbox, subject string) imap.UID {
	t.Helper()
	if _, err := o.client.Select(mailbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := o.client.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: subject}}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	uids := data.AllUIDs()
	if len(uids) != 1 {
		t.Fatalf("%d messages %q in %s", len(uids), subject, mailbox)
	}
	return uids[0]
}

func (o *otherMachine) uid(t *testing.T, mailbox, subject string) string {
	t.Helper()
	return fmt.Sprint(o.find(t, mailbox, subject))
}

// reads and unreads mark a message of the inbox.
func (o *otherMachine) reads(t *testing.T, subject string) {
	t.Helper()
	o.store(t, subject, imap.StoreFlagsAdd, imap.FlagSeen)
}

func (o *otherMachine) unreads(t *testing.T, subject string) {
	t.Helper()
	o.store(t, subject, imap.StoreFlagsDel, imap.FlagSeen)
}

func (o *otherMachine) store(t *testing.T, subject string, op imap.StoreFlagsOp, flag imap.Flag) imap.UIDSet {
	t.Helper()
	set := imap.UIDSetNum(o.find(t, "INBOX", subject))
	if err := o.client.Store(set, &imap.StoreFlags{Op: op, Silent: true, Flags: []imap.Flag{flag}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	return set
}

func (o *otherMachine) flags(t *testing.T, mailbox, subject string) []imap.Flag {
	t.Helper()
	set := imap.UIDSetNum(o.find(t, mailbox, subject))
	got, err := o.client.Fetch(set, &imap.FetchOptions{Flags: true}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("flags of %q: %v %v", subject, got, err)
	}
	return got[0].Flags
}

func (o *otherMachine) has(t *testing.T, mailbox, subject string, flag imap.Flag) {
	t.Helper()
	eventually(t, fmt.Sprintf("the server has %s on %q", flag, subject), func() string {
		if f := o.flags(t, mailbox, subject); !slices.Contains(f, flag) {
			return fmt.Sprintf("it has %v", f)
		}
		return ""
	})
}

func (o *otherMachine) lacks(t *testing.T, mailbox, subject string, flag imap.Flag) {
	t.Helper()
	if f := o.flags(t, mailbox, subject); slices.Contains(f, flag) {
		t.Errorf("the server has %v on %q", f, subject)
	}
}

func (o *otherMachine) move(t *testing.T, mailbox, subject, to string) {
	t.Helper()
	if _, err := o.client.Move(imap.UIDSetNum(o.find(t, mailbox, subject)), to).Wait(); err != nil {
		t.Fatal(err)
	}
}

// expunge deletes a message of the inbox for good.
func (o *otherMachine) expunge(t *testing.T, subject string) {
	t.Helper()
	set := o.store(t, subject, imap.StoreFlagsAdd, imap.FlagDeleted)
	if err := o.client.UIDExpunge(set).Close(); err != nil {
		t.Fatal(err)
	}
}

func (o *otherMachine) create(t *testing.T, name string) {
	t.Helper()
	if err := o.client.Create(name, nil).Wait(); err != nil {
		t.Fatal(err)
	}
}

func (o *otherMachine) rename(t *testing.T, from, to string) {
	t.Helper()
	if err := o.client.Rename(from, to, nil).Wait(); err != nil {
		t.Fatal(err)
	}
}

func (o *otherMachine) delete(t *testing.T, name string) {
	t.Helper()
	if err := o.client.Delete(name).Wait(); err != nil {
		t.Fatal(err)
	}
}

func (o *otherMachine) unseen(t *testing.T, mailbox string) int {
	t.Helper()
	// STATUS of the selected mailbox may be stale without it.
	if err := o.client.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	data, err := o.client.Status(mailbox, &imap.StatusOptions{NumUnseen: true}).Wait()
	if err != nil || data.NumUnseen == nil {
		t.Fatalf("STATUS of %s: %v", mailbox, err)
	}
	return int(*data.NumUnseen)
}
