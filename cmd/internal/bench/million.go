package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/heronmail/heron/sync/config"
	"github.com/heronmail/heron/sync/control"
	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/mailtest"
	"github.com/heronmail/heron/sync/mailtest/desktop"
	"github.com/heronmail/heron/sync/store"
)

const (
	askTimes   = 101
	startTimes = 5
)

// million measures the agent with many messages in its store, of a server that
// cannot be reached: how soon it answers, and how fast.
func million(ctx context.Context, t mailtest.TB, o options) ([]row, error) {
	s := desktop.Start(t, desktop.Options{Keyring: true})
	srv, err := startQuick(t)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.Dir, "million")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	err = addAccount(s, o, srv.account(), "--data-dir", dir)
	srv.close()
	if err != nil {
		return nil, err
	}
	dirs, err := config.DirsUnder(dir)
	if err != nil {
		return nil, err
	}
	if err := fillStore(ctx, dirs.Data, o.stored); err != nil {
		return nil, err
	}
	var started, status, page []time.Duration
	for range startTimes {
		took, err := ask(ctx, s, o, dir, dirs.SocketPath(), &status, &page)
		if err != nil {
			return nil, err
		}
		started = append(started, took)
	}
	what := fmt.Sprintf("%d messages in the store: ", o.stored)
	return []row{
		{fmt.Sprintf("%sagent start to its first status, median of %d", what, startTimes), millis(median(started)), "300 ms", ""},
		{fmt.Sprintf("%sstatus, median of %d", what, len(status)), millis(median(status)), "10 ms", ""},
		{fmt.Sprintf("%sa page of 100, median of %d", what, len(page)), millis(median(page)), "10 ms", ""},
	}, nil
}

// ask starts an agent, waits for its first status, and asks it many times.
func ask(ctx context.Context, s *desktop.Session, o options, dir, socket string, status, page *[]time.Duration) (time.Duration, error) {
	agent := s.Command(o.bin+"/heron", "--data-dir", dir, "--headless")
	start := time.Now()
	if err := agent.Start(); err != nil {
		return 0, err
	}
	defer func() {
		_ = agent.Process.Kill()
		_ = agent.Wait() // it was killed
	}()
	var c *control.Client
	for {
		var err error
		if c, err = control.Dial(ctx, socket); err == nil {
			break
		}
		if time.Since(start) > 20*time.Second {
			return 0, fmt.Errorf("the agent does not answer: %w", err)
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Status(ctx); err != nil {
		return 0, err
	}
	took := time.Since(start)
	for i := range askTimes / startTimes {
		begin := time.Now()
		if _, err := c.Status(ctx); err != nil {
			return 0, err
		}
		asked := time.Now()
		p, err := c.Messages(ctx, api.PageQuery{Account: "bench", Folder: "INBOX", Offset: 500 * i, Limit: 100})
		if err != nil {
			return 0, err
		}
		if len(p.Messages) != 100 {
			return 0, fmt.Errorf("a page of %d messages", len(p.Messages))
		}
		*status, *page = append(*status, asked.Sub(begin)), append(*page, time.Since(asked))
	}
	return took, nil
}

// fillStore puts n messages into 40 folders of a store, four tenths of them
// into the inbox.
func fillStore(ctx context.Context, dir string, n int) error {
	const batch, account = 5000, mail.AccountID("bench")
	st, err := store.Open(ctx, dir, store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // the agent opens it anew, and would say
	l := store.Listing{Mailboxes: []store.ListedMailbox{{Name: "INBOX", Delimiter: "/", Selectable: true, Role: mail.RoleInbox}}}
	for i := range 39 {
		l.Mailboxes = append(l.Mailboxes, store.ListedMailbox{Name: fmt.Sprintf("folder %02d", i), Delimiter: "/", Selectable: true})
	}
	if _, err := st.Apply(ctx, account, store.Batch{Listing: &l, Origin: mail.Backfill}); err != nil {
		return err
	}
	boxes, err := st.Mailboxes(ctx, account)
	if err != nil {
		return err
	}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	made := 0
	for _, box := range boxes {
		size := n * 6 / 10 / 39
		if box.Name == "INBOX" {
			size = n * 4 / 10
		}
		for have := 0; have < size; {
			part := make([]store.Fetched, min(batch, size-have))
			for i := range part {
				have, made = have+1, made+1
				part[i] = invented(mail.UID(have), made, at)
			}
			d := store.Delta{Mailbox: box.ID, Added: part, SetCursor: true, Backfill: true, Cursor: mail.Cursor{
				UIDValidity: 1, UIDNext: mail.UID(have + 1), Messages: have, BackfillBelow: 1,
			}}
			if _, err := st.Apply(ctx, account, store.Batch{Origin: mail.Backfill, Deltas: []store.Delta{d}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// invented is message n of a store: all that a first sync would know of it.
func invented(uid mail.UID, n int, from time.Time) store.Fetched {
	at := from.Add(time.Duration(n) * time.Minute)
	f := store.Fetched{
		UID: uid, ModSeq: 1, Size: int64(1000 + n%5000), Received: at,
		Envelope: mail.Envelope{
			Date: at, Subject: fmt.Sprintf("Minutes of meeting %d in room %d", n, n%97), HeaderID: fmt.Sprintf("%d@example.org", n),
			From: []mail.Address{{Name: fmt.Sprintf("Person %d", n%500), Addr: fmt.Sprintf("p%d@example.org", n%500)}},
			To:   []mail.Address{{Name: "You", Addr: "you@example.org"}},
		},
	}
	if n%5 != 0 {
		f.Flags = mail.NewFlags(mail.FlagSeen)
	}
	return f
}
