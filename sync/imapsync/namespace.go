package imapsync

import (
	"context"
	"strings"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// places is what a server says once of how its folders are arranged: whose
// they are (RFC 2342), and, if it is too old for SPECIAL-USE, what they are for
// (XLIST, Google's before there was RFC 6154).
type places struct {
	asked      bool
	kept       bool // what it said of the user's own folders is in the store
	labels     bool // so is whether they are labels
	namespaces []wire.Prefix
	roles      map[string]mail.Role // by XLIST
}

// steps ask what is not known yet, in front of the first list of folders. A
// server that refuses has told nothing.
func (p *places) steps(caps wire.Caps) []step {
	if p.asked {
		return nil
	}
	p.asked = true
	var steps []step
	if caps.Has("NAMESPACE") || caps.Has("IMAP4REV2") {
		steps = append(steps, step{cmd: "NAMESPACE", each: func(r *wire.Response) bool {
			if r.Type != "NAMESPACE" {
				return false
			}
			if all, err := wire.ParseNamespace(r); err == nil {
				p.namespaces = all
			}
			return true
		}})
	}
	if caps.Has("XLIST") && !caps.Has("SPECIAL-USE") {
		p.roles = map[string]mail.Role{}
		steps = append(steps, step{cmd: `XLIST "" "*"`, each: func(r *wire.Response) bool {
			if r.Type != "XLIST" {
				return false
			}
			// Its \Inbox may have a translated name, that no command knows.
			if d, err := wire.ParseList(r); err == nil && d.Role() != mail.RoleInbox && d.Role() != mail.RoleNone {
				p.roles[d.Name] = d.Role()
			}
			return true
		}})
	}
	return steps
}

// home is what the paths of the user's own folders begin with, as they are shown:
// the first of the personal namespaces is that in which new ones are made. known is
// false where the server did not say, or not in a way that parts levels.
func (p *places) home() (home string, known bool) {
	for _, ns := range p.namespaces {
		switch {
		case ns.Whose != wire.Personal:
		case ns.Name == "":
			return "", true
		default:
			level, ok := strings.CutSuffix(ns.Name, ns.Delimiter)
			return mail.DisplayPath(level, ns.Delimiter) + "/", ok && level != "" && ns.Delimiter != ""
		}
	}
	return "", false
}

// keepHome lets the store know where new folders belong, once a connection.
func (s *session) keepHome(ctx context.Context) error {
	home, known := s.places.home()
	if !known || s.places.kept {
		return nil
	}
	s.places.kept = true
	return s.w.cfg.Store.SetHome(ctx, s.w.cfg.Account.ID, home)
}

// keepLabels lets the store know whether folders are labels, once a connection.
func (s *session) keepLabels(ctx context.Context) error {
	if s.places.labels {
		return nil
	}
	s.places.labels = true
	return s.w.cfg.Store.SetLabels(ctx, s.w.cfg.Account.ID, s.conn.Caps().Has("X-GM-EXT-1"))
}

// arrange completes the folders of a list with what is known of their places.
func (p *places) arrange(list []listed) {
	for i := range list {
		l := &list[i]
		ns := wire.NamespaceOf(l.Name, p.namespaces)
		switch {
		case ns.Whose != wire.Personal:
			// Another's Trash is none of ours.
			l.role = mail.RoleShared
		case l.role == mail.RoleNone:
			l.role = p.roles[l.Name]
		}
		if ns.Whose == wire.Personal && len(l.Name) > len(ns.Name) {
			l.prefix = l.Name[:len(ns.Name)] // INBOX in it is in any case
		}
	}
}
