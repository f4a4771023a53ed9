package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type searchCmd struct {
	Query   []string       `arg:"" placeholder:"QUERY"`
	Account mail.AccountID `placeholder:"ID"`
	Limit   int            `default:"50" placeholder:"N"`
}

// Run finds messages that hold all words, newest first.
func (c *searchCmd) Run(ctx context.Context, a *app) error {
	if c.Limit < 1 || c.Limit > largestPage {
		return usage(a.p.T("ctl.usage.search-limit", "Most", largestPage))
	}
	return a.with(ctx, toRead, func(s session) error {
		q := api.SearchQuery{Text: strings.Join(c.Query, " "), Account: c.Account, Limit: c.Limit}
		page, err := s.Search(ctx, q)
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, append([]api.Message{}, page.Messages...))
		}
		if len(page.Messages) == 0 {
			return a.say("%s", a.p.T("ctl.search.none"))
		}
		var t table
		now := a.Now()
		for _, m := range page.Messages {
			t.add(fmt.Sprintf("id:%d", m.ID), marks(m), a.p.When(m.Date, now), clean(string(m.Account)),
				shorten(clean(m.Folder), 24), shorten(sender(a.p, people(m.From)), 24), shorten(subject(a.p, m.Subject), 60))
		}
		if err := t.write(a.Stdout); err != nil || page.Total <= len(page.Messages) {
			return err
		}
		return a.say("%s", a.p.T("ctl.search.more", "Count", page.Total-len(page.Messages)))
	})
}
