package control

import (
	"io"
	"math"
	"net/http"
	"time"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

// The bounds of what one request can ask for.
const (
	maxRows     = 500
	maxActivity = 1000
	maxTargets  = 10_000
)

func (s *server) removeAccount(r *http.Request) (any, error) {
	keep := r.URL.Query().Get("keep_data") == "true"
	return s.backend.RemoveAccount(r.Context(), account(r), keep)
}

func (s *server) watch(r *http.Request) error {
	var in api.Watch
	if err := decode(r, &in); err != nil {
		return err
	}
	return s.backend.SetWatched(r.Context(), account(r), in.Path, in.Watched)
}

func (s *server) messages(r *http.Request) (any, error) {
	v := r.URL.Query()
	offset, err := number("offset", v.Get("offset"), 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	limit, err := number("limit", v.Get("limit"), 1, maxRows)
	if err != nil {
		return nil, err
	}
	return s.backend.Messages(r.Context(), api.PageQuery{
		Account: account(r), Folder: v.Get("folder"), Unread: v.Get("unread") == "true",
		Offset: int(offset), Limit: int(limit),
	})
}

func (s *server) search(r *http.Request) (any, error) {
	v := r.URL.Query()
	limit, err := number("limit", v.Get("limit"), 1, maxRows)
	if err != nil {
		return nil, err
	}
	return s.backend.Search(r.Context(), api.SearchQuery{Text: v.Get("text"), Account: account(r), Limit: int(limit)})
}

func (s *server) messageAt(r *http.Request) (any, error) {
	v := r.URL.Query()
	uid, err := number("uid", v.Get("uid"), 1, math.MaxUint32)
	if err != nil {
		return nil, err
	}
	return s.backend.MessageAt(r.Context(), account(r), v.Get("folder"), mail.UID(uid))
}

func messageID(r *http.Request) (mail.MessageID, error) {
	n, err := number("the message's id", r.PathValue("id"), 1, math.MaxInt64)
	return mail.MessageID(n), err
}

func (s *server) message(r *http.Request) (any, error) {
	id, err := messageID(r)
	if err != nil {
		return nil, err
	}
	return s.backend.Message(r.Context(), id)
}

func (s *server) body(r *http.Request) (any, error) {
	id, err := messageID(r)
	if err != nil {
		return nil, err
	}
	return s.backend.Body(r.Context(), id)
}

func (s *server) raw(w http.ResponseWriter, r *http.Request) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	body, err := s.backend.Raw(r.Context(), id)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	w.Header().Set("Content-Type", "message/rfc822")
	if _, err := io.Copy(w, body); err != nil {
		// The answer has begun: only cutting it off tells that it is not whole.
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (s *server) do(r *http.Request) (any, error) {
	var a api.Action
	if err := decode(r, &a); err != nil {
		return nil, err
	}
	if len(a.IDs) == 0 || len(a.IDs) > maxTargets {
		return nil, usage("an action needs 1 to 10000 messages")
	}
	return s.backend.Do(r.Context(), a)
}

func (s *server) doFolder(r *http.Request) (any, error) {
	var a api.FolderAction
	if err := decode(r, &a); err != nil {
		return nil, err
	}
	return s.backend.DoFolder(r.Context(), account(r), a)
}

func (s *server) undo(r *http.Request) (any, error) {
	id, err := number("the action's id", r.PathValue("id"), 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	return s.backend.Undo(r.Context(), mail.OpID(id))
}

func (s *server) waitOp(r *http.Request) (any, error) {
	id, err := number("the action's id", r.PathValue("id"), 1, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	return s.backend.WaitOp(r.Context(), mail.OpID(id))
}

func (s *server) activity(r *http.Request) (any, error) {
	v := r.URL.Query()
	var since time.Time
	if t := v.Get("since"); t != "" {
		var err error
		if since, err = time.Parse(time.RFC3339Nano, t); err != nil {
			return nil, usage("since is no time as RFC 3339 writes it")
		}
	}
	limit, err := number("limit", v.Get("limit"), 1, maxActivity)
	if err != nil {
		return nil, err
	}
	return s.backend.Activity(r.Context(), since, int(limit))
}

func (s *server) showUI(r *http.Request) error {
	var in api.UIRequest
	if err := decode(r, &in); err != nil {
		return err
	}
	return s.backend.ShowUI(r.Context(), in)
}

func (s *server) dismissNews(r *http.Request) (any, error) {
	return s.backend.DismissNews(r.Context(), account(r), mail.Code(r.URL.Query().Get("code")))
}

func (s *server) pauseAlerts(r *http.Request) error {
	var in api.Pause
	if err := decode(r, &in); err != nil {
		return err
	}
	return s.backend.PauseAlerts(r.Context(), in.Until)
}
