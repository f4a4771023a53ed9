package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// prefix of every path. It does not change with api.Version, so that programs
// of different versions can always shake hands.
const prefix = "/v1"

// Bounds of the server.
const (
	maxRequest    = 1 << 20 // bytes of a request's body
	headerLimit   = 10 * time.Second
	bodyLimit     = 10 * time.Second
	shutdownLimit = 2 * time.Second // for answers under way when the server ends
)

// Serve answers for b on ln until ctx ends or ln fails. Then it closes ln, and
// answers that are under way have 2 s to end before they are cut off: b ends its
// streams by itself. It returns nil when ctx ended it.
func Serve(ctx context.Context, ln net.Listener, b Backend, log *slog.Logger) error {
	s := &server{backend: b, log: log}
	h := &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: headerLimit,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// Requests outlive ctx by the time that Shutdown gives them.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ln) }()
	select {
	case err := <-ended:
		_ = h.Close()
		return mail.FaultOf(err)
	case <-ctx.Done():
	}
	sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	if err := h.Shutdown(sctx); err != nil {
		// A reader that takes nothing: it is cut off.
		_ = h.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return mail.FaultOf(err)
	}
	return nil
}

type server struct {
	backend Backend
	log     *slog.Logger
}

func (s *server) routes() http.Handler {
	b := s.backend
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := takeBody(w, r)
			if err == nil {
				err = fn(w, r)
			}
			if err != nil {
				s.fail(w, r, err)
			}
		})
	}
	handle("GET "+prefix+"/hello", answer(func(r *http.Request) (any, error) { return b.Hello(r.Context()) }))
	handle("GET "+prefix+"/status", answer(func(r *http.Request) (any, error) { return b.Status(r.Context()) }))
	handle("GET "+prefix+"/accounts", answer(func(r *http.Request) (any, error) { return b.Accounts(r.Context()) }))
	handle("POST "+prefix+"/accounts", s.addAccount)
	handle("DELETE "+prefix+"/accounts", answer(s.removeAccount))
	handle("POST "+prefix+"/check", s.check)
	handle("POST "+prefix+"/test", s.testAccount)
	handle("POST "+prefix+"/sign-in", s.signIn)
	handle("POST "+prefix+"/sync", answer(func(r *http.Request) (any, error) { return b.Sync(r.Context(), account(r)) }))
	handle("POST "+prefix+"/kick", done(func(r *http.Request) error { return b.Kick(r.Context()) }))
	handle("GET "+prefix+"/folders", answer(func(r *http.Request) (any, error) { return b.Folders(r.Context(), account(r)) }))
	handle("POST "+prefix+"/folders", answer(s.doFolder))
	handle("POST "+prefix+"/watch", done(s.watch))
	handle("GET "+prefix+"/messages", answer(s.messages))
	handle("GET "+prefix+"/search", answer(s.search))
	handle("GET "+prefix+"/message-at", answer(s.messageAt))
	handle("GET "+prefix+"/messages/{id}", answer(s.message))
	handle("GET "+prefix+"/messages/{id}/body", answer(s.body))
	handle("GET "+prefix+"/messages/{id}/raw", s.raw)
	handle("POST "+prefix+"/actions", answer(s.do))
	handle("GET "+prefix+"/ops", answer(func(r *http.Request) (any, error) { return b.Ops(r.Context(), account(r)) }))
	handle("GET "+prefix+"/ops/{id}/wait", answer(s.waitOp))
	handle("POST "+prefix+"/ops/{id}/undo", answer(s.undo))
	handle("POST "+prefix+"/doctor", answer(func(r *http.Request) (any, error) { return b.Doctor(r.Context()) }))
	handle("GET "+prefix+"/activity", answer(s.activity))
	handle("GET "+prefix+"/events", s.events)
	handle("POST "+prefix+"/ui", done(s.showUI))
	handle("POST "+prefix+"/news/dismiss", answer(s.dismissNews))
	handle("POST "+prefix+"/alerts", done(s.pauseAlerts))
	handle("POST "+prefix+"/handover", done(func(r *http.Request) error { return b.Handover(r.Context()) }))
	handle("POST "+prefix+"/quit", done(func(r *http.Request) error { return b.Quit(r.Context()) }))
	handle("POST "+prefix+"/restart", done(func(r *http.Request) error { return b.Restart(r.Context()) }))
	handle("/", func(http.ResponseWriter, *http.Request) error {
		return &mail.Fault{Code: mail.CodeNotSupported, Class: mail.ClassLocal, Args: mail.Args{"what": "this request"}}
	})
	return mux
}

// takeBody reads the request's body, so that one who sends it slowly or not at
// all holds up nothing for long. The answer may take its time.
func takeBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	c := http.NewResponseController(w)
	if err := c.SetReadDeadline(time.Now().Add(bodyLimit)); err != nil {
		return mail.FaultOf(err)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return usage("the request is too big")
	case err != nil:
		return usage("the request did not come whole")
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return c.SetReadDeadline(time.Time{})
}

// answer makes a handler of a function whose result is the answer.
func answer(fn func(r *http.Request) (any, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := fn(r)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, v)
		return nil
	}
}

// done makes a handler of a function without a result.
func done(fn func(r *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return answer(func(r *http.Request) (any, error) { return struct{}{}, fn(r) })
}

// fail answers an error with its Problem. The log gets the code alone: texts
// may name addresses.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		// The other side has gone, or never sent what it promised. No answer at
		// all would be sent as an empty one, which says that all went well.
		panic(http.ErrAbortHandler)
	}
	p := problemOf(err)
	s.log.Debug("control request failed", "code", p.Code)
	writeJSON(w, statusOf(p.Code), api.Error{Problem: p})
}

// problemOf is what the other side is told of err.
func problemOf(err error) api.Problem {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return api.Problem{Code: mail.CodeBusy, Class: mail.ClassLocal}
	}
	return api.FromProblem(mail.FaultOf(err).Problem())
}

func statusOf(c mail.Code) int {
	switch c {
	case mail.CodeUsage, mail.CodeBadAddress, mail.CodeBadFolder:
		return http.StatusBadRequest
	case mail.CodeNoAccount, mail.CodeNoFolder, mail.CodeNoMessage, mail.CodeGone:
		return http.StatusNotFound
	case mail.CodeAccountExists, mail.CodeFolderExists, mail.CodeFolderStays, mail.CodeFolderNoMail, mail.CodeBusy:
		return http.StatusConflict
	case mail.CodeNotSupported:
		return http.StatusNotImplemented
	default:
		return http.StatusInternalServerError
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error is the other side's having gone.
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // as above
}

func usage(text string) *mail.Fault {
	return &mail.Fault{Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": text}}
}

// decode reads the request's one JSON value. The decoder's own error is not
// passed on: it can quote what was sent, and that may be a secret.
func decode(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	if dec.Decode(v) != nil {
		return usage("the request is not the JSON that is expected here")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return usage("the request holds more than one value")
	}
	return nil
}

func account(r *http.Request) mail.AccountID { return mail.AccountID(r.URL.Query().Get("account")) }

// number reads a whole number that a request must have, within bounds.
func number(name, text string, low, high int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, usage(name + " is no number from " + strconv.FormatInt(low, 10) + " to " + strconv.FormatInt(high, 10))
	}
	return n, nil
}
