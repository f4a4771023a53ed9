package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mail"
)

// maxPreview bounds a preview, in runes.
const maxPreview = 200

// bodyPath is the file of a body; 256 folders keep each small.
func (s *Store) bodyPath(id mail.MessageID) string {
	return filepath.Join(s.dir, bodiesName, fmt.Sprintf("%02x", id&0xff), strconv.FormatInt(int64(id), 10)+".eml")
}

// PutBody keeps the message byte for byte as r gives it. The file is complete
// and on disk before it is recorded. Faults: no-such-message, disk-full,
// read-only.
func (s *Store) PutBody(ctx context.Context, id mail.MessageID, r io.Reader) error {
	if _, err := s.Message(ctx, id); err != nil {
		return err
	}
	path := s.bodyPath(id)
	size, err := writeFile(ctx, path, r)
	if err != nil {
		return fault(path, "keep a body", err)
	}
	_, err = s.write(ctx, "record a body", func(t *tx) error {
		res, err := t.exec(`UPDATE messages SET body = ? WHERE id = ?`, size, int64(id))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return noMessage(id) // it went in the meantime
	})
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// writeFile makes a file that is complete when it has its name.
func writeFile(ctx context.Context, path string, r io.Reader) (n int64, err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	f, err := os.CreateTemp(dir, ".part-*") // with mode 0600
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // what stays behind is swept later
		}
	}()
	n, err = io.Copy(f, ctxReader{ctx, r})
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return n, err
	}
	return n, syncDir(dir)
}

// ctxReader ends with its context.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Body opens a body that was kept. The caller closes it. Fault no-such-message
// when it is not kept.
func (s *Store) Body(ctx context.Context, id mail.MessageID) (io.ReadCloser, error) {
	kept, err := query(ctx, s.read, scanID[int64], `SELECT body FROM messages WHERE id = ? AND body IS NOT NULL`, int64(id))
	if err != nil {
		return nil, fault(s.path(), "find a body", err)
	}
	if len(kept) == 0 {
		return nil, noMessage(id)
	}
	f, err := os.Open(s.bodyPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noMessage(id) // taken away from outside: it can be fetched again
	}
	if err != nil {
		return nil, fault(s.bodyPath(id), "open a body", err)
	}
	return f, nil
}

// SetText keeps the first words of a message, at most 200 runes, and makes its
// text findable. Fault no-such-message.
func (s *Store) SetText(ctx context.Context, id mail.MessageID, preview, text string) error {
	_, err := s.write(ctx, "keep a text", func(t *tx) error {
		ms, err := list(t, scanMessage, `SELECT `+messageColumns+fromMessages+`WHERE m.id = ?`, int64(id))
		if err != nil {
			return err
		}
		if len(ms) == 0 {
			return noMessage(id)
		}
		return t.setText(&ms[0], preview, text)
	})
	return err
}

// SetPreviews keeps the first words, at most 200 runes each, of messages that
// have none yet, and makes them findable. Messages that are no more are left
// out.
func (s *Store) SetPreviews(ctx context.Context, previews map[mail.MessageID]string) error {
	_, err := s.write(ctx, "keep previews", func(t *tx) error {
		for id, p := range previews {
			ms, err := list(t, scanMessage, `SELECT `+messageColumns+fromMessages+`WHERE m.id = ? AND m.preview = '' AND m.body IS NULL`, int64(id))
			if err != nil {
				return err
			}
			if len(ms) == 0 {
				continue
			}
			if err := t.setText(&ms[0], p, p); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// setText writes a message's first words and what is found of its text.
func (t *tx) setText(m *mail.Message, preview, text string) error {
	if utf8.RuneCountInString(preview) > maxPreview {
		preview = string([]rune(preview)[:maxPreview])
	}
	if _, err := t.exec(`UPDATE messages SET preview = ? WHERE id = ?`, preview, int64(m.ID)); err != nil {
		return err
	}
	e := m.Envelope
	_, err := t.exec(`INSERT OR REPLACE INTO texts (rowid, subject, sender, recipients, body) VALUES (?, ?, ?, ?, ?)`,
		int64(m.ID), e.Subject, words(e.From), words(e.To, e.Cc), text)
	return err
}

// removeAfter removes body files once the transaction is committed. One that
// cannot be removed is left to the next sweep.
func (s *Store) removeAfter(t *tx, ids []mail.MessageID) {
	if len(ids) == 0 {
		return
	}
	t.after = append(t.after, func() {
		for _, id := range ids {
			if err := os.Remove(s.bodyPath(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				s.log.Warn("a body file stays behind", "message", int64(id), "code", string(faultCode(err)))
			}
		}
	})
}
