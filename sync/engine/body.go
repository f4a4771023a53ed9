package engine

import (
	"context"
	"io"

	"github.com/heronmail/heron/sync/bodytext"
	"github.com/heronmail/heron/sync/mail"
)

// Body is a message as plain text.
type Body struct {
	Message mail.Message
	Text    bodytext.Text
}

// Body returns a message as plain text. It is fetched first if it is not kept
// here, and its text is then found by search. Faults: no-such-message, and
// those of the connection.
func (e *Engine) Body(ctx context.Context, id mail.MessageID) (Body, error) {
	m, err := e.store.Message(ctx, id)
	if err != nil {
		return Body{}, err
	}
	raw, fetched, err := e.raw(ctx, m)
	if err != nil {
		return Body{}, err
	}
	defer func() { _ = raw.Close() }()
	text, err := bodytext.Read(raw)
	if err != nil {
		return Body{}, mail.FaultOf(err)
	}
	if fetched {
		// A text that cannot be indexed can be read all the same.
		e.note(e.store.SetText(ctx, id, text.Preview, text.Text))
		m.Preview = text.Preview
	}
	return Body{Message: m, Text: text}, nil
}

// Raw returns a message byte for byte, fetched first if it is not kept here.
// The caller closes it.
func (e *Engine) Raw(ctx context.Context, id mail.MessageID) (io.ReadCloser, error) {
	m, err := e.store.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	raw, fetched, err := e.raw(ctx, m)
	if err != nil || !fetched {
		return raw, err
	}
	text, terr := bodytext.Read(raw)
	_ = raw.Close()
	if terr == nil {
		e.note(e.store.SetText(ctx, id, text.Preview, text.Text))
	}
	return e.store.Body(ctx, id)
}

// raw opens a message's bytes and says whether they had to be fetched.
func (e *Engine) raw(ctx context.Context, m mail.Message) (rc io.ReadCloser, fetched bool, err error) {
	rc, err = e.store.Body(ctx, m.ID)
	if err == nil || mail.FaultOf(err).Code != mail.CodeNoMessage {
		return rc, false, err
	}
	if e.cfg.ReadOnly {
		return nil, false, err
	}
	w, err := e.worker(ctx, m.Account)
	if err != nil {
		return nil, false, err
	}
	if err := w.FetchBody(ctx, m.ID); err != nil {
		return nil, false, err
	}
	rc, err = e.store.Body(ctx, m.ID)
	return rc, true, err
}
