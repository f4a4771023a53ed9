package main

import (
	"context"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type messageMark struct {
	Target    []string `arg:"" placeholder:"ID PATH UID..."`
	Seen      bool     `xor:"seen"`
	Unseen    bool     `xor:"seen"`
	Flagged   bool     `xor:"flagged"`
	Unflagged bool     `xor:"flagged"`
	Answered  bool     ``
	Keyword   []string `placeholder:"K" sep:"none"`
	waiting
}

// Run queues the change and, if asked, waits for the server's word.
func (c *messageMark) Run(ctx context.Context, a *app) error {
	act := c.action()
	if len(act.Add)+len(act.Remove) == 0 {
		return usage(a.p.T("ctl.usage.no-mark"))
	}
	for _, k := range c.Keyword {
		if !mail.Flag(strings.ToLower(k)).Keyword() {
			return usage(a.p.T("ctl.usage.keyword", "Keyword", clean(k)))
		}
	}
	return a.actOn(ctx, c.Target, act, c.waiting)
}

func (c *messageMark) action() api.Action {
	var add, remove []mail.Flag
	put := func(on bool, list *[]mail.Flag, f mail.Flag) {
		if on {
			*list = append(*list, f)
		}
	}
	put(c.Seen, &add, mail.FlagSeen)
	put(c.Unseen, &remove, mail.FlagSeen)
	put(c.Flagged, &add, mail.FlagFlagged)
	put(c.Unflagged, &remove, mail.FlagFlagged)
	put(c.Answered, &add, mail.FlagAnswered)
	for _, k := range c.Keyword {
		put(true, &add, mail.ParseFlag(k))
	}
	return api.Action{Kind: mail.ActFlags, Add: mail.NewFlags(add...), Remove: mail.NewFlags(remove...)}
}
