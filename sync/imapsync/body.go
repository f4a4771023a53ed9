package imapsync

import (
	"context"
	"errors"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/heronmail/heron/sync/mail"
)

// maxBody is the largest message that is fetched whole, in bytes.
const maxBody = 64 << 20

// fetchBody brings one message into the store, byte for byte and unread. The
// bytes are not gathered: go-imap hands out the literal as it comes, the store
// writes it to its file, and the connection waits for the disk. A burst of our
// own would have to hold the literal whole.
func (s *session) fetchBody(ctx context.Context, id mail.MessageID) error {
	m, err := s.w.cfg.Store.Message(ctx, id)
	if err != nil {
		return err
	}
	if m.Location, err = s.w.cfg.Store.Place(ctx, id); err != nil {
		return err
	}
	gone := &mail.Fault{Code: mail.CodeGone, Class: mail.ClassConflict, Args: mail.Args{"what": "message"}}
	box := s.boxes[m.Location.Mailbox]
	switch {
	case m.Location.UID == 0 || box == nil:
		return gone
	case m.Size > maxBody:
		return tooLarge()
	}
	if err := s.enter(ctx, box); err != nil {
		return err
	}
	if v := m.Location.UIDValidity; v != 0 && v != box.Cursor.UIDValidity {
		return gone
	}
	found := false
	err = s.conn.Lib(ctx, func(c *imapclient.Client) error {
		section := &imap.FetchItemBodySection{Peek: true}
		cmd := c.Fetch(imap.UIDSetNum(imap.UID(m.Location.UID)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		streamErr := func() error {
			for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
				for item := msg.Next(); item != nil; item = msg.Next() {
					b, ok := item.(imapclient.FetchItemDataBodySection)
					if !ok || b.Literal == nil || found {
						continue // go-imap reads over what is left of it
					}
					if b.Literal.Size() > maxBody {
						return tooLarge()
					}
					found = true
					if err := s.w.cfg.Store.PutBody(ctx, id, b.Literal); err != nil {
						return err
					}
					// What the store left unread would be taken for answers.
					if _, err := io.Copy(io.Discard, b.Literal); err != nil {
						return err
					}
				}
			}
			return nil
		}()
		// Close reads over what is left, so that the connection can be used on.
		closeErr := cmd.Close()
		if streamErr != nil {
			return streamErr
		}
		var refused *imap.Error
		if errors.As(closeErr, &refused) {
			return &mail.Fault{
				Code: mail.CodeRefusedCommand, Class: mail.ClassProtocol,
				Args: mail.Args{"command": "UID FETCH", "text": refused.Text}, Err: closeErr,
			}
		}
		return closeErr
	})
	if err != nil {
		return err
	}
	if !found {
		// The server has no such UID any more: a pass will say where it went.
		s.pollNow()
		return gone
	}
	return nil
}

func tooLarge() *mail.Fault {
	return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassProtocol, Args: mail.Args{"what": "messages above 64 MiB"}}
}
