package imapsync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// doubt asks for what a listing contradicts what is known in, as sessions of some
// servers (Dovecot with its index of folders) list for a while what was so before. A
// folder that is not listed any more is taken for gone only when its STATUS is refused
// too; nor is any while there is a line of the listing that could not be read, as it
// may be that one. A new one is told of only when its STATUS is not refused; on the
// first listing of a connection, which new ones are not asked for a second time, it is
// believed unless that listing was wrong about another. It costs a round trip when a
// folder is missing, else none. A session whose listings stay wrong ends.
func (s *session) doubt(ctx context.Context, list []listed, boxes []mail.Mailbox) ([]listed, error) {
	s.unsure = map[string]bool{}
	known := make(map[string]bool, len(boxes))
	for i := range boxes {
		known[boxes[i].Name] = true
	}
	left, err := s.leftOut(ctx, list, boxes, known)
	if err != nil {
		return nil, err
	}
	s.compare(left)
	if s.named != nil || len(left) > 0 {
		list = slices.DeleteFunc(list, func(l listed) bool {
			return s.suspects[l.Name] != "" && !known[l.Name] && l.OldName == ""
		})
	}
	list = append(list, left...)
	s.named, s.levels = make(map[string]bool, len(list)), map[string]bool{}
	for i := range list {
		s.named[list[i].Name] = true
		if !list[i].Selectable() {
			s.levels[list[i].Name] = true
		}
	}
	return list, nil
}

// leftOut are folders that are known, are not in a listing, and are there all the same
// under that name only.
func (s *session) leftOut(ctx context.Context, list []listed, boxes []mail.Mailbox, known map[string]bool) ([]listed, error) {
	explained := make(map[string]bool, len(list))
	for i := range list {
		explained[list[i].Name], explained[list[i].OldName] = true, true
	}
	var missing []listed
	var steps []step
	for i := range boxes {
		b := &boxes[i]
		if explained[b.Name] || !s.garbled && !b.Selectable {
			continue
		}
		l := listed{ListData: wire.ListData{Name: b.Name, Delimiter: b.Delimiter}, role: b.Role, subscribed: b.Subscribed}
		if l.refused = !b.Selectable; l.refused && s.levels[b.Name] {
			l.Attrs = []string{`\Noselect`}
		}
		missing = append(missing, l)
	}
	if len(missing) > 0 && s.open.name != "" && s.open.name != "INBOX" {
		// What is open may be one of them, whatever it is called now, and Dovecot
		// tells its numbers for as long as it is open.
		steps = append(steps, s.leaveStep())
	}
	for i := range missing {
		if l := &missing[i]; l.canSelect() {
			steps = append(steps, s.statusStep(l.Name, &l.status, &l.hasStatus))
		}
	}
	if err := s.play(ctx, steps); err != nil {
		return nil, err
	}
	gone := len(missing)
	missing = slices.DeleteFunc(missing, func(l listed) bool {
		if l.hasStatus || s.w.falls.leavesOut(l.Name) {
			return l.hasStatus && hasTwin(list, &l, known)
		}
		s.unsure[l.Name] = s.garbled
		return !s.garbled
	})
	if len(missing) > 0 {
		s.log.Info("folders are there that are not listed", "count", len(missing), "gone", gone-len(missing))
	}
	return missing, nil
}

// wrongListings is how many listings in a row may leave out what is there before another
// session is asked. Dovecot's may be unable to read the index of folders ever again, and
// then lists new ones neither.
const wrongListings = 3

const (
	// wrongFirst is how long after a session was left for that another may be, the first
	// time. It is twice as long each time after, up to wrongMost: all may be so.
	wrongFirst = 10 * time.Minute
	wrongMost  = 24 * time.Hour
)

// outdated reports whether the session is to be left for its listings, and notes it.
func (s *session) outdated() bool {
	w := s.w
	if s.wrong < wrongListings || time.Now().Before(w.leftUntil) {
		return false
	}
	w.leftUntil = time.Now().Add(doubled(wrongFirst, w.left, wrongMost))
	w.left++
	return true
}

var errWrongListings = errors.New("imapsync: the session's listings leave out what is there")

// compare counts the listings in a row that left out folders. Those that a new session
// left out too are none that a session lists.
func (s *session) compare(left []listed) {
	names := make(map[string]bool, len(left))
	wrong := false
	for i := range left {
		name := left[i].Name
		wrong = wrong || !s.w.unlisted[name]
		names[name] = s.named == nil || s.w.unlisted[name]
	}
	s.w.unlisted = names
	if s.wrong++; s.named == nil || !wrong {
		s.wrong = 0
	}
	if s.wrong > 1 && s.wrong < wrongListings {
		s.pollNow()
	}
}

// hasTwin reports whether a listing has a folder under another name, that is not known
// as a folder of its own: some servers take names that differ in case, or in how they
// are composed, for the same.
func hasTwin(list []listed, l *listed, known map[string]bool) bool {
	return slices.ContainsFunc(list, func(o listed) bool {
		return !known[o.Name] && strings.EqualFold(o.Name, l.Name) && o.hasStatus && o.status.UIDValidity == l.status.UIDValidity && o.status.UIDNext == l.status.UIDNext
	})
}
