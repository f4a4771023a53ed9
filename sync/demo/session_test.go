package demo

import (
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func TestMoveTellsEveryExpungeOnce(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Interval: -1})
	var gone []uint32
	here := signIn(t, s, &imapclient.UnilateralDataHandler{Expunge: func(n uint32) { gone = append(gone, n) }})
	sel, err := here.Select(inbox, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	last := imap.UID(sel.NumMessages) // the UIDs count from 1
	data, err := here.Move(imap.UIDSetNum(2, last), archive).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := data.SourceUIDs.(imap.UIDSet); !ok || !got.Contains(2) || !got.Contains(last) {
		t.Errorf("COPYUID is %+v", data)
	}
	if len(gone) != 2 || gone[0] != uint32(last) || gone[1] != 2 {
		t.Errorf("expunged %v, want %d and 2", gone, last)
	}
	st, err := here.Status(archive, &imap.StatusOptions{NumMessages: true, NumDeleted: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if *st.NumMessages != 4 {
		t.Errorf("the archive has %d messages, want 4", *st.NumMessages)
	}
	msgs, err := here.Fetch(data.DestUIDs, &imap.FetchOptions{Flags: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range msgs {
		for _, f := range m.Flags {
			if f == imap.FlagDeleted {
				t.Error("a message was moved as deleted")
			}
		}
	}
	if _, err := here.Move(imap.UIDSetNum(9999), archive).Wait(); err != nil {
		t.Errorf("moving nothing: %v", err)
	}
	if _, err := here.Copy(imap.UIDSetNum(9999), archive).Wait(); err != nil {
		t.Errorf("copying nothing: %v", err)
	}
	if err := here.Noop().Wait(); err != nil {
		t.Error(err)
	}
}

func TestIdleTellsWhatCameBeforeIt(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Interval: -1})
	exists := make(chan uint32, 10)
	here := signIn(t, s, &imapclient.UnilateralDataHandler{Mailbox: func(d *imapclient.UnilateralDataMailbox) {
		if d.NumMessages != nil {
			exists <- *d.NumMessages
		}
	}})
	sel, err := here.Select(inbox, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	deliver := func() {
		msg := incoming()[0].compose(time.Now())
		there := signIn(t, s, nil)
		cmd := there.Append(inbox, int64(len(msg)), nil)
		if _, err := cmd.Write(msg); err != nil {
			t.Error(err)
		}
		if err := cmd.Close(); err != nil {
			t.Error(err)
		}
		if _, err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	told := func(want uint32) {
		t.Helper()
		select {
		case n := <-exists:
			if n != want {
				t.Errorf("told of %d messages, want %d", n, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("not told")
		}
	}
	deliver()
	idle, err := here.Idle()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idle.Close() }()
	told(sel.NumMessages + 1)
	deliver()
	told(sel.NumMessages + 2)
}

func TestFoldersCanBeMadeRenamedAndDeleted(t *testing.T) {
	t.Parallel()
	c := signIn(t, start(t, Options{Interval: -1}), nil)
	names := func() map[string]bool {
		list, err := c.List("", "*", nil).Collect()
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]bool{}
		for _, l := range list {
			out[l.Mailbox] = true
		}
		return out
	}
	for _, err := range []error{
		c.Create("A", nil).Wait(), c.Create("A/B", nil).Wait(), c.Create("A/B/C", nil).Wait(),
		c.Subscribe("A/B").Wait(), c.Rename("A", "Z", nil).Wait(), c.Delete("Z/B/C").Wait(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got := names()
	if !got["Z"] || !got["Z/B"] || got["Z/B/C"] || got["A"] || got["A/B"] {
		t.Errorf("folders are %v", got)
	}
	if c.Delete(inbox).Wait() == nil || c.Rename(inbox, "Y", nil).Wait() == nil || c.Subscribe("nowhere").Wait() == nil {
		t.Error("the inbox was deleted or renamed, or a folder that is not there subscribed to")
	}
	if st, err := c.Status("Z/B", &imap.StatusOptions{NumMessages: true}).Wait(); err != nil || *st.NumMessages != 0 {
		t.Errorf("Z/B: %+v, %v", st, err)
	}
}

func TestOppositeMovesDoNotBlock(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Interval: -1})
	done := make(chan error, 2)
	for _, way := range [][2]string{{inbox, archive}, {archive, inbox}} {
		c := signIn(t, s, nil)
		go func() {
			for range 30 {
				if _, err := c.Select(way[0], nil).Wait(); err != nil {
					done <- err
					return
				}
				var all imap.UIDSet
				all.AddRange(1, 0)
				if _, err := c.Move(all, way[1]).Wait(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 2 {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("two opposite moves block each other")
		}
	}
}
