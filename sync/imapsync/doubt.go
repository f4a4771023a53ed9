package imapsync

import (
	"context"
	"slices"

	"github.com/heronmail/heron/sync/mail"
	"github.com/heronmail/heron/sync/wire"
)

// doubt asks for what a listing contradicts an earlier one of this connection in,
// as sessions of some servers (Dovecot with its index of folders) list for a while
// what was so before. A folder that is not listed any more is taken for gone only
// when its STATUS is refused too; one that is new is told of only when its STATUS
// is not. The first listing of a connection is believed as it is, so that neither
// lasts for ever; but none is of which a line could not be read, as long as that is
// so: any folder that is known and missing may be the one. It costs a round trip when
// a folder is missing, else none.
func (s *session) doubt(ctx context.Context, list []listed, boxes []mail.Mailbox) ([]listed, error) {
	first := s.named == nil
	s.unsure = map[string]bool{}
	if !first || s.garbled {
		known := make(map[string]bool, len(boxes))
		for i := range boxes {
			known[boxes[i].Name] = true
		}
		list = slices.DeleteFunc(list, func(l listed) bool {
			return !first && s.suspects[l.Name] != "" && !known[l.Name] && l.OldName == ""
		})
		left, err := s.leftOut(ctx, list, boxes)
		if err != nil {
			return nil, err
		}
		list = append(list, left...)
	}
	s.named, s.levels = make(map[string]bool, len(list)), map[string]bool{}
	for i := range list {
		s.named[list[i].Name] = true
		if !list[i].Selectable() {
			s.levels[list[i].Name] = true
		}
	}
	return list, nil
}

// leftOut are folders that are known and were listed, are not in a listing, and
// are there all the same.
func (s *session) leftOut(ctx context.Context, list []listed, boxes []mail.Mailbox) ([]listed, error) {
	explained := make(map[string]bool, len(list))
	for i := range list {
		explained[list[i].Name], explained[list[i].OldName] = true, true
	}
	var missing []listed
	var steps []step
	for i := range boxes {
		b := &boxes[i]
		if explained[b.Name] || !s.garbled && (!s.named[b.Name] || !b.Selectable) {
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
			return false
		}
		s.unsure[l.Name] = s.garbled
		return !s.garbled
	})
	if len(missing) > 0 {
		s.log.Info("folders are there that are not listed", "count", len(missing), "gone", gone-len(missing))
	}
	return missing, nil
}
