package imapsync

import (
	"context"

	"github.com/heronmail/heron/sync/dial"
	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// alone waits until nobody else is connected: two sessions at once would each
// think that it alone writes the cursors. When begins is closed first the error is
// errServed: who serves leaves only at its end.
func (w *Worker) alone(ctx context.Context, begins <-chan struct{}) (leave func(), err error) {
	select {
	case w.only <- struct{}{}:
		return func() { <-w.only }, nil
	case <-begins:
		return nil, errServed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connect opens a session. The connection is closed when ctx ends, by a kick
// that drops it, or by session.close.
func (w *Worker) connect(ctx context.Context) (*session, string, error) {
	w.setSpent(Report{})
	if err := w.recollect(ctx); err != nil {
		return nil, "", err
	}
	limited, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	w.setDrop(cancel)
	s, secret, err := w.signIn(limited)
	if err != nil {
		w.setDrop(nil)
		return nil, secret, err
	}
	// Nothing is left to be sent on a connection that is given up.
	end := func() { _ = s.conn.Close() }
	s.unhook = context.AfterFunc(ctx, end)
	w.setDrop(end)
	if limited.Err() != nil { // a kick came between the two
		s.close()
		return nil, secret, w.lost(limited.Err())
	}
	return s, secret, nil
}

// signIn makes a session's connection.
func (w *Worker) signIn(ctx context.Context) (*session, string, error) {
	dial.Prepare(w.cfg.Account.Endpoint)
	secret, err := w.cfg.Secret(ctx)
	if err != nil {
		return nil, "", err
	}
	h := newHints()
	w.forgetSaid()
	o := wireOptions(w.cfg.Account, secret, w.cfg.Version)
	o.Events, o.Alert = h.note, w.noteAlert
	o.EndIdle, o.NoCompress = w.stalled, w.plain
	o.Spent = func(c dial.Counters, commands int) { w.setSpent(counted(c, commands)) }
	conn, err := w.cfg.Dial(ctx, o)
	if err != nil {
		return nil, secret, err
	}
	return newSession(w, conn, h), secret, nil
}

// close ends the session's connection.
func (s *session) close() {
	if n := s.conn.Malformed(); n > 0 {
		s.log.Info("responses were repaired or left out", "count", n)
	}
	s.endExtras()
	s.unhook()
	s.w.setDrop(nil)
	_ = s.conn.Close() // nothing is left to be sent
}

// setDrop says how a kick gets rid of what is there.
func (w *Worker) setDrop(drop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop = drop
}

// setSpent notes what a connection counted that comes to no session.
func (w *Worker) setSpent(r Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spent = r
}

// onlySpent is the report of a pass for which there was no session.
func (w *Worker) onlySpent() Report {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.spent
	r.Account = w.cfg.Account.ID
	return r
}

// wireOptions says how an account's server is reached.
func wireOptions(a mail.Account, secret, version string) wire.Options {
	o := wire.Options{
		User: a.Auth.User, Password: secret,
		ID:      map[string]string{"name": "Heron"},
		Enable:  []string{"CONDSTORE", "QRESYNC"},
		MaxLine: maxLine,
	}
	if version != "" {
		o.ID["version"] = version
	}
	o.Dial.Endpoint = a.Endpoint
	o.Dial.AllowPlaintext = a.Policy.AllowPlaintext
	o.Dial.Timeout = connectLimit
	return o
}

// maxLine bounds a response line, in bytes: the list of a large mailbox's UIDs
// is one line.
const maxLine = 12 << 20

// lost is the fault of a connection that we gave up.
func (w *Worker) lost(why error) *mail.Fault {
	return &mail.Fault{Code: mail.CodeConnectionLost, Class: mail.ClassOffline, Args: mail.Args{"host": w.host()}, Err: why}
}
