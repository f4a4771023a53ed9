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
// lasts for ever. It costs a round trip when a folder is missing, else none.
func (s *session) doubt(ctx context.Context, list []listed, boxes []mail.Mailbox) ([]listed, error) {
	first := s.named == nil
	if !first {
		known := make(map[string]bool, len(boxes))
		for i := range boxes {
			known[boxes[i].Name] = true
		}
		list = slices.DeleteFunc(list, func(l listed) bool { return s.suspects[l.Name] != "" && !known[l.Name] && l.OldName == "" })
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
		if !s.named[b.Name] || !b.Selectable || explained[b.Name] {
			continue
		}
		missing = append(missing, listed{
			ListData: wire.ListData{Name: b.Name, Delimiter: b.Delimiter}, role: b.Role, subscribed: b.Subscribed,
		})
	}
	if len(missing) > 0 && s.open.name != "" && s.open.name != "INBOX" {
		// What is open may be one of them, whatever it is called now, and Dovecot
		// tells its numbers for as long as it is open.
		steps = append(steps, s.leaveStep())
	}
	for i := range missing {
		steps = append(steps, s.statusStep(missing[i].Name, &missing[i].status, &missing[i].hasStatus))
	}
	if err := s.play(ctx, steps); err != nil {
		return nil, err
	}
	gone := len(missing)
	missing = slices.DeleteFunc(missing, func(l listed) bool { return !l.hasStatus && !s.w.falls.leavesOut(l.Name) })
	if len(missing) > 0 {
		s.log.Info("folders are there that are not listed", "count", len(missing), "gone", gone-len(missing))
	}
	return missing, nil
}
