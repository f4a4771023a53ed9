package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// largestPage is the most that a PageQuery may ask for.
const largestPage = 500

type messageList struct {
	ID     mail.AccountID `arg:"" name:"id"`
	Path   string         `arg:""`
	Unread bool           `name:"unread"`
	Limit  int            `default:"50" placeholder:"N"`
}

// Run lists a folder, newest first.
func (c *messageList) Run(ctx context.Context, a *app) error {
	if c.Limit < 0 {
		return usage(a.p.T("ctl.usage.limit"))
	}
	return a.with(ctx, toRead, func(s session) error {
		list, err := c.read(ctx, s)
		if err != nil {
			return err
		}
		if a.json {
			return writeJSON(a.Stdout, list)
		}
		if len(list) == 0 {
			return a.say("%s", a.p.T("ctl.message.none"))
		}
		t := table{right: map[int]bool{0: true}}
		now := a.Now()
		for _, m := range list {
			t.add(nameOf(m), marks(m), a.p.When(m.Date, now),
				shorten(sender(a.p, people(m.From)), 24), shorten(subject(a.p, m.Subject), 72))
		}
		return t.write(a.Stdout)
	})
}

// nameOf is what other commands take for a message of a list: its UID, or its id
// until its server gives it one.
func nameOf(m api.Message) string {
	if m.UID == 0 {
		return "id:" + strconv.FormatInt(int64(m.ID), 10)
	}
	return strconv.FormatUint(uint64(m.UID), 10)
}

// read pages through the list. A message that arrives meanwhile pushes others
// into the next page: those are told once.
func (c *messageList) read(ctx context.Context, s session) ([]api.Message, error) {
	out := []api.Message{}
	seen := map[mail.MessageID]bool{}
	for offset := 0; ; {
		limit := largestPage
		if c.Limit > 0 {
			limit = min(limit, c.Limit-len(out))
		}
		page, err := s.Messages(ctx, api.PageQuery{Account: c.ID, Folder: c.Path, Unread: c.Unread, Offset: offset, Limit: limit})
		if err != nil {
			return nil, err
		}
		for _, m := range page.Messages {
			if !seen[m.ID] {
				seen[m.ID] = true
				out = append(out, m)
			}
		}
		offset += len(page.Messages)
		if len(page.Messages) < limit || (c.Limit > 0 && len(out) >= c.Limit) {
			return out, nil
		}
	}
}

// marks shows the state of a message in three columns: unread, starred,
// answered; a message that waits for its server has a fourth.
func marks(m api.Message) string {
	mark := func(on bool, s string) string {
		if on {
			return s
		}
		return " "
	}
	return mark(!m.Flags.Has(mail.FlagSeen), "●") + mark(m.Flags.Has(mail.FlagFlagged), "★") +
		mark(m.Flags.Has(mail.FlagAnswered), "↩") + mark(m.Pending, "…")
}

func people(list []mail.Address) string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		out = append(out, clean(p.String()))
	}
	return strings.Join(out, ", ")
}

// sender is from, or says that nobody is named.
func sender(p *i18n.Printer, from string) string {
	if from == "" {
		return p.T("ctl.no-sender")
	}
	return from
}

// subject is a subject fit to be shown, or says that there is none.
func subject(p *i18n.Printer, s string) string {
	if s = clean(s); s == "" {
		return p.T("ctl.no-subject")
	}
	return s
}

type messageShow struct {
	Target []string `arg:"" placeholder:"ID PATH UID"`
	Raw    bool     `name:"raw"`
}

// Run prints a message. One that is kept here needs no engine.
func (c *messageShow) Run(ctx context.Context, a *app) error {
	refs, err := parseRefs(a, c.Target)
	if err != nil {
		return err
	}
	if refs.len() != 1 {
		return usage(a.p.T("ctl.usage.one-message"))
	}
	kept := true
	err = a.with(ctx, toRead, func(s session) error {
		ids, err := refs.resolve(ctx, s)
		if err != nil {
			return err
		}
		refs = messageRefs{ids: ids}
		err = c.print(ctx, a, s, ids[0])
		if err != nil && s.ReadOnly() && !errors.As(err, new(errWrite)) {
			// The row is there and its text is not: it must be fetched.
			kept = false
			return nil
		}
		return err
	})
	if err != nil || kept {
		return err
	}
	return a.with(ctx, toWork, func(s session) error { return c.print(ctx, a, s, refs.ids[0]) })
}

// errWrite marks that stdout failed, when some of the answer may be out.
type errWrite struct{ error }

func (e errWrite) Unwrap() error { return e.error }

func (c *messageShow) print(ctx context.Context, a *app, s session, id mail.MessageID) error {
	if c.Raw {
		r, err := s.Raw(ctx, id)
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }()
		if _, err := io.Copy(a.Stdout, r); err != nil {
			return errWrite{fmt.Errorf("copying the message: %w", err)}
		}
		return nil
	}
	b, err := s.Body(ctx, id)
	if err != nil {
		return err
	}
	if a.json {
		err = writeJSON(a.Stdout, b)
	} else {
		err = a.writeBody(b)
	}
	if err != nil {
		return errWrite{err}
	}
	return nil
}

func (a *app) writeBody(b api.Body) error {
	var out strings.Builder
	m := b.Message
	head := func(id, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s %s\n", a.p.T(id), value)
		}
	}
	head("ctl.head.from", sender(a.p, addresses(m.From)))
	head("ctl.head.to", addresses(m.To))
	head("ctl.head.cc", addresses(m.Cc))
	if !m.Date.IsZero() {
		head("ctl.head.date", m.Date.Format("2006-01-02 15:04:05 -0700"))
	}
	head("ctl.head.subject", subject(a.p, m.Subject))
	head("ctl.head.folder", clean(m.Folder))
	out.WriteString("\n" + strings.TrimRight(mail.PrintableText(b.Text), "\n") + "\n")
	if b.Truncated {
		out.WriteString("\n" + a.p.T("ctl.message.truncated") + "\n")
	}
	for i, at := range b.Attachments {
		if i == 0 {
			out.WriteString("\n")
		}
		out.WriteString(a.p.T("ctl.message.attachment", "Name", clean(at.Name), "Type", clean(at.Type), "Size", a.size(at.Size)) + "\n")
	}
	_, err := io.WriteString(a.Stdout, out.String())
	return err
}

func addresses(list []mail.Address) string {
	out := make([]string, 0, len(list))
	for _, p := range list {
		if p.Name == "" {
			out = append(out, clean(p.Addr))
			continue
		}
		out = append(out, clean(p.Name)+" <"+clean(p.Addr)+">")
	}
	return strings.Join(out, ", ")
}

// size writes bytes in the largest unit that leaves a number of at least 1.
func (a *app) size(n int64) string {
	switch {
	case n < 1000:
		return a.p.Number(int(n)) + " B"
	case n < 1000_000:
		return a.p.Number(int((n+500)/1000)) + " kB"
	default:
		return a.p.Number(int((n+500_000)/1000_000)) + " MB"
	}
}
