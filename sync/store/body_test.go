package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

func (f *fixture) body(id mail.MessageID) string {
	f.t.Helper()
	r, err := f.Body(f.ctx(), id)
	f.must(err)
	text, err := io.ReadAll(r)
	f.must(errors.Join(err, r.Close()))
	return string(text)
}

func TestBodies(t *testing.T) {
	f, inbox, work := twoFolders(t)
	id := f.id(inbox, 2)
	if _, err := f.Body(f.ctx(), id); code(err) != mail.CodeNoMessage {
		t.Errorf("before it is kept: %v", err)
	}
	f.must(f.PutBody(f.ctx(), id, strings.NewReader("one\r\n")))
	f.must(f.PutBody(f.ctx(), id, strings.NewReader("two\r\n")))
	if got := f.body(id); got != "two\r\n" {
		t.Errorf("got %q", got)
	}
	info, err := os.Stat(f.bodyPath(id))
	f.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := f.PutBody(f.ctx(), 4711, strings.NewReader("x")); code(err) != mail.CodeNoMessage {
		t.Errorf("of an unknown message: %v", err)
	}

	f.apply(Delta{Mailbox: inbox.ID, Gone: []mail.UID{2}}, Delta{Mailbox: work.ID, Added: []Fetched{msg(10, 2)}})
	if got := f.body(id); got != "two\r\n" {
		t.Errorf("after a move: got %q", got)
	}
	f.apply(Delta{Mailbox: work.ID, Gone: []mail.UID{10}})
	f.clock.pass(limboFor + time.Hour)
	f.apply(Delta{Mailbox: inbox.ID})
	if _, err := os.Stat(f.bodyPath(id)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after it is gone for good: %v", err)
	}
}

func TestABodyThatBreaksOffIsNotKept(t *testing.T) {
	f := open(t)
	id := f.id(f.inbox(1), 1)
	broken := errors.New("connection lost")
	err := f.PutBody(f.ctx(), id, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(f.ctx())
	cancel()
	if err := f.PutBody(ctx, id, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := f.Body(f.ctx(), id); code(err) != mail.CodeNoMessage {
		t.Errorf("got %v", err)
	}
}

func TestFilesOfACrashAreSwept(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	kept, orphan := f.id(b, 1), f.id(b, 2)
	f.must(f.PutBody(f.ctx(), kept, strings.NewReader("kept")))
	f.must(f.PutBody(f.ctx(), orphan, strings.NewReader("orphan")))
	part := f.bodyPath(kept) + ".part-1"
	f.must(os.WriteFile(part, nil, 0o600))
	// As if the crash came before the file was recorded.
	_, err := f.write(f.ctx(), "test", func(t *tx) error {
		_, err := t.exec(`UPDATE messages SET body = NULL WHERE id = ?`, int64(orphan))
		return err
	})
	f.must(err)
	for _, p := range []string{part, f.bodyPath(kept), f.bodyPath(orphan)} {
		f.must(os.Chtimes(p, day, day.Add(-2*time.Hour)))
	}
	f = f.again()
	if got := f.body(kept); got != "kept" {
		t.Errorf("got %q", got)
	}
	for _, p := range []string{part, f.bodyPath(orphan)} {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a file is left: %v", err)
		}
	}
}

func TestTextIsFound(t *testing.T) {
	f := open(t)
	b := f.inbox(2)
	one := f.id(b, 1)
	find := func(words string, want ...mail.MessageID) {
		t.Helper()
		if got := f.search(words); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", words, got, want)
		}
	}
	find(`subject:"Subject 1"`, one)
	find(`sender:s1`, one)
	f.must(f.SetText(f.ctx(), one, strings.Repeat("ä", 300), "Die Kündigung liegt bei"))
	find("kundigung", one)
	find(`body:liegt AND sender:sender`, one)
	f.must(f.SetText(f.ctx(), one, "Other", "another text"))
	find("kundigung")
	find("another subject", one)
	if got := f.at(b, 1).Preview; got != "Other" {
		t.Errorf("preview: got %q", got)
	}
	if err := f.SetText(f.ctx(), 4711, "", ""); code(err) != mail.CodeNoMessage {
		t.Errorf("of an unknown message: %v", err)
	}
}

func TestPreviewsAreKeptWhereThereAreNone(t *testing.T) {
	f := open(t)
	b := f.inbox(4)
	f.must(f.SetText(f.ctx(), f.id(b, 1), "Kept", "a text"))
	f.must(f.PutBody(f.ctx(), f.id(b, 2), strings.NewReader("Subject: x\r\n\r\n")))
	f.must(f.SetPreviews(f.ctx(), map[mail.MessageID]string{
		f.id(b, 1): "other", f.id(b, 2): "other", f.id(b, 3): strings.Repeat("Öl ", 100), 4711: "nobody",
	}))
	for uid, want := range map[mail.UID]string{1: "Kept", 2: "", 3: strings.Repeat("Öl ", 67)[:len("Öl ")*66+len("Öl")], 4: ""} {
		if got := f.at(b, uid).Preview; got != want {
			t.Errorf("message %d begins with %q, want %q", uid, got, want)
		}
	}
	if got := f.search("ol"); !slices.Equal(got, []mail.MessageID{f.id(b, 3)}) {
		t.Errorf("found %v", got)
	}
}
