package control

import (
	"encoding/json"
	"math"
	"net/http"
	"sync"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// lineWriter writes an answer that is a stream of JSON lines, each sent at once.
type lineWriter struct {
	mu    sync.Mutex
	enc   *json.Encoder
	flush func() error
	began bool
	w     http.ResponseWriter
}

func newLineWriter(w http.ResponseWriter) *lineWriter {
	return &lineWriter{enc: json.NewEncoder(w), flush: http.NewResponseController(w).Flush, w: w}
}

// write sends a line. The error is the reader's having gone.
func (l *lineWriter) write(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.began {
		l.began = true
		l.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	if err := l.enc.Encode(v); err != nil {
		return err
	}
	return l.flush()
}

// events streams until the backend ends it or the reader goes. Writing blocks
// on a slow reader, and with it only this call of the backend.
func (s *server) events(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query()
	since, err := number("since", v.Get("since"), int64(api.FromNow), math.MaxInt64)
	if err != nil {
		return err
	}
	out := newLineWriter(w)
	q := api.EventsQuery{Since: mail.Revision(since), UI: v.Get("ui") == "true"}
	err = s.backend.Events(r.Context(), q, func(e api.Event) error { return out.write(e) })
	if err != nil && out.began {
		s.log.Debug("event stream ended", "code", problemOf(err).Code)
		return nil
	}
	return err
}

func (s *server) check(w http.ResponseWriter, r *http.Request) error {
	var d api.Draft
	if err := decode(r, &d); err != nil {
		return err
	}
	return steps(w, func(step func(api.Step)) (*api.Account, error) {
		return nil, s.backend.Check(r.Context(), d, step)
	})
}

func (s *server) addAccount(w http.ResponseWriter, r *http.Request) error {
	var d api.Draft
	if err := decode(r, &d); err != nil {
		return err
	}
	return steps(w, func(step func(api.Step)) (*api.Account, error) {
		a, err := s.backend.AddAccount(r.Context(), d, step)
		return &a, err
	})
}

func (s *server) testAccount(w http.ResponseWriter, r *http.Request) error {
	return steps(w, func(step func(api.Step)) (*api.Account, error) {
		return nil, s.backend.TestAccount(r.Context(), account(r), step)
	})
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) error {
	var in api.Password
	if err := decode(r, &in); err != nil {
		return err
	}
	return steps(w, func(step func(api.Step)) (*api.Account, error) {
		return nil, s.backend.SignIn(r.Context(), account(r), in.Password, step)
	})
}

// steps streams the steps that run reports, and how it ended as the last line.
// An error before the first step is an ordinary error answer.
func steps(w http.ResponseWriter, run func(func(api.Step)) (*api.Account, error)) error {
	out := newLineWriter(w)
	// A reader who has gone ends run by its context: nothing to do here.
	account, err := run(func(s api.Step) { _ = out.write(s) })
	last := api.Step{State: api.StepOK, Done: true}
	switch {
	case err != nil && !out.began:
		return err
	case err != nil:
		p := problemOf(err)
		last.State, last.Problem = api.StepFailed, &p
	default:
		last.Account = account
	}
	_ = out.write(last) // as above
	return nil
}
