package imapsync

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

const (
	// saidMost is how many texts of a server are shown at once.
	saidMost = 3
	// saidFor is how long a text is shown at least.
	saidFor = 24 * time.Hour
)

// noteAlert notes what the server wants the user to be told (RFC 3501 §7.1). It is
// called from the readers of connections.
func (w *Worker) noteAlert(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Contains(w.said, text) || len(w.said) == saidMost {
		return
	}
	w.said = slices.Insert(w.said, 0, text)
	w.unsaid = true
	signal(w.wake)
}

// forgetSaid begins anew to note what is said, on a new connection.
func (w *Worker) forgetSaid() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said, w.unsaid = nil, false
}

// takeSaid returns what was said on this connection, the newest first, and whether
// any of it is not told yet.
func (w *Worker) takeSaid() (said []string, news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	news = w.unsaid
	w.unsaid = false
	return slices.Clone(w.said), news
}

// tellSaid tells the user what the server said: each text once, although servers say
// it on every connection. A text is shown for a day, and for as long as the server
// goes on with it; that it does not is seen when whole, after a whole pass.
func (w *Worker) tellSaid(ctx context.Context, whole bool) error {
	said, news := w.takeSaid()
	if !news && !whole {
		return nil
	}
	id := w.cfg.Account.ID
	ps, err := w.cfg.Store.Problems(ctx)
	if err != nil {
		return err
	}
	var shown []string
	at := slices.IndexFunc(ps, func(p mail.Problem) bool { return p.Account == id && p.Code == mail.CodeServerSays })
	if at >= 0 {
		shown = strings.Split(ps[at].Args["text"], "\n")
	}
	texts := slices.DeleteFunc(slices.Clone(said), func(t string) bool { return slices.Contains(shown, t) })
	for _, t := range shown {
		if slices.Contains(said, t) || time.Since(ps[at].Since) < saidFor {
			texts = append(texts, t)
		}
	}
	texts = texts[:min(len(texts), saidMost)]
	if len(shown) > 0 && !slices.ContainsFunc(shown, func(t string) bool { return slices.Contains(texts, t) }) {
		if err := w.cfg.Store.ClearProblem(ctx, id, mail.CodeServerSays); err != nil {
			return err
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return w.cfg.Store.RaiseProblem(ctx, mail.Problem{
		Account: id, Code: mail.CodeServerSays, Class: mail.ClassProtocol,
		Args: mail.Args{"host": w.host(), "text": strings.Join(texts, "\n")},
	})
}
