package store

import (
	"slices"
	"testing"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// TestSearch: what a person types finds what they mean, and nothing that they
// type is read as SQL or as FTS5's syntax.
func TestSearch(t *testing.T) {
	f, inbox, work := twoFolders(t)
	letter := func(uid mail.UID, from, subject, preview string, flags ...mail.Flag) Fetched {
		return Fetched{
			UID: uid, Size: 1, Flags: mail.NewFlags(flags...), Received: day.Add(time.Duration(uid) * time.Minute), Preview: preview,
			Envelope: mail.Envelope{
				Subject: subject, From: []mail.Address{{Name: from, Addr: from + "@example.org"}},
				To: []mail.Address{{Addr: "bo@home.example"}},
			},
		}
	}
	f.apply(
		inStep(inbox.ID, 1, 19,
			letter(11, "ann", "Lunch on Friday?", "Are you free at noon"),
			letter(12, "bob", "Re: Lunch", "noon is fine", mail.FlagSeen),
			letter(13, "ann", "Gone lunch", "", mail.FlagDeleted)),
		inStep(work.ID, 1, 29, letter(25, "Zoë", `Müller "AND" OR NEAR(x)`, "the Friday report")))
	for _, c := range []struct {
		text   string
		unread int
		want   []mail.UID
	}{
		{"lunch", 1, []mail.UID{12, 11}},
		{"LUNCH friday", 1, []mail.UID{11}},
		{"friday", 2, []mail.UID{25, 11}},
		{"muller zoe", 1, []mail.UID{25}},
		{"from:ann", 1, []mail.UID{11}},
		{"From:bob lunch", 0, []mail.UID{12}},
		{"to:home", 2, []mail.UID{25, 12, 11}},
		{"subject:noon", 0, nil},
		{`"is fine"`, 0, []mail.UID{12}},
		{`"fine is"`, 0, nil},
		{"fri*", 2, []mail.UID{25, 11}},
		{"fri", 0, nil},
		{"AND", 1, []mail.UID{25}},
		{"ann@example.org", 1, []mail.UID{11}},
		{`lunch "`, 1, []mail.UID{12, 11}},
		{`"lunch`, 1, []mail.UID{12, 11}},
		{"lunch -- ( ) ^ : * +", 1, []mail.UID{12, 11}},
		{"lunch' OR 1=1", 0, nil},
		{"body:noon", 0, nil},
		{"lun\x00ch\xff", 0, nil},
		{"nobody", 0, nil},
	} {
		p, err := f.Search(f.ctx(), SearchQuery{Text: c.text, Limit: 10})
		f.must(err)
		var got []mail.UID
		for _, m := range p.Messages {
			got = append(got, m.Location.UID)
		}
		if !slices.Equal(got, c.want) || p.Total != len(c.want) || p.Unread != c.unread {
			t.Errorf("%q: %v of %d, %d unread; want %v, %d unread", c.text, got, p.Total, p.Unread, c.want, c.unread)
		}
	}
	p, err := f.Search(f.ctx(), SearchQuery{Text: "friday", Limit: 1, Account: acc})
	f.must(err)
	if len(p.Messages) != 1 || p.Total != 2 || p.Messages[0].Location.Mailbox != work.ID {
		t.Errorf("a limit: %+v", p)
	}
	if p, err = f.Search(f.ctx(), SearchQuery{Text: "friday", Account: "another"}); err != nil || p.Total != 0 {
		t.Errorf("another account: %+v, %v", p, err)
	}
	for _, text := range []string{"", " ", `""`, "*", "- & |"} {
		if _, err := f.Search(f.ctx(), SearchQuery{Text: text}); code(err) != mail.CodeUsage {
			t.Errorf("%q: %v", text, err)
		}
	}
}
