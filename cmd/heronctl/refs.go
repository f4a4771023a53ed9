package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// messageRefs names messages as the command line does: by UID in a folder, or by
// id:N in whatever folder. Where an account is named they have to be in it.
type messageRefs struct {
	account mail.AccountID
	path    string
	uids    []mail.UID
	ids     []mail.MessageID
}

func (r messageRefs) len() int { return len(r.uids) + len(r.ids) }

// parseRefs reads "ID PATH REF…", or "REF…" where each REF is id:N.
func parseRefs(a *app, args []string) (messageRefs, error) {
	var r messageRefs
	if len(args) == 0 {
		return r, usage(a.p.T("ctl.usage.message"))
	}
	if !strings.HasPrefix(args[0], "id:") {
		if len(args) < 3 {
			return r, usage(a.p.T("ctl.usage.message"))
		}
		r.account, r.path, args = mail.AccountID(args[0]), args[1], args[2:]
	}
	for _, s := range args {
		if n, ok := strings.CutPrefix(s, "id:"); ok {
			id, err := strconv.ParseInt(n, 10, 64)
			if err != nil || id < 1 {
				return r, usage(a.p.T("ctl.usage.uid", "UID", clean(s)))
			}
			r.ids = append(r.ids, mail.MessageID(id))
			continue
		}
		uid, err := strconv.ParseUint(s, 10, 32)
		if err != nil || uid == 0 || r.path == "" {
			return r, usage(a.p.T("ctl.usage.uid", "UID", clean(s)))
		}
		r.uids = append(r.uids, mail.UID(uid))
	}
	return r, nil
}

// resolve finds the messages; one that is not there is a fault.
func (r messageRefs) resolve(ctx context.Context, s session) ([]mail.MessageID, error) {
	ids := make([]mail.MessageID, 0, r.len())
	for _, uid := range r.uids {
		m, err := s.MessageAt(ctx, r.account, r.path, uid)
		if err != nil {
			return nil, err
		}
		ids = append(ids, m.ID)
	}
	for _, id := range r.ids {
		m, err := s.Message(ctx, id)
		if err != nil {
			return nil, err
		}
		if r.account != "" && m.Account != r.account {
			return nil, &mail.Fault{
				Code: mail.CodeNoMessage, Class: mail.ClassLocal,
				Args: mail.Args{"message": "id:" + strconv.FormatInt(int64(id), 10)},
			}
		}
		ids = append(ids, m.ID)
	}
	return ids, nil
}
