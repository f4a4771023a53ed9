package main

import (
	"strings"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/health"
	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// isChange reports whether a line of the stream is a change, and not word
// between processes.
func isChange(e api.Event) bool {
	switch e.Kind {
	case api.KindUI, api.KindSnapshot, api.KindHeartbeat, api.KindProgress, api.KindHandover:
		return false
	default:
		return true
	}
}

// describe says a change in a sentence, without who and when.
func describe(p *i18n.Printer, e api.Event) string {
	folder, n := clean(e.Folder), count(e)
	id := "ctl.event." + e.Kind
	switch e.Kind {
	case "message.added":
		return describeAdded(p, e)
	case "message.gone":
		return p.T(id, "Count", n, "Folder", folder)
	case "message.moved":
		return p.T(id, "Count", n, "From", clean(e.From), "To", clean(e.To))
	case "flags.changed":
		return describeFlags(p, e)
	case "folder.added", "folder.gone", "folder.subscribed", "folder.unsubscribed":
		return p.T(id, "Folder", folder)
	case "folder.renamed":
		return p.T(id, "Folder", folder, "From", clean(e.From))
	case "counts":
		return p.T(id, "Folder", folder, "Total", p.Number(deref(e.Total)),
			"Unread", p.Number(deref(e.Unread)), "All", p.Number(deref(e.AccountUnread)))
	case "account.state":
		if e.Gone {
			return p.T("ctl.event.account.removed")
		}
		return stateWord(p, e.State, e.ToldBy, e.ToldWhy)
	case "op":
		if e.Op == nil {
			return e.Kind
		}
		return p.T(id, "What", opWords(p, *e.Op), "State", p.T("ctl.op-state."+string(e.Op.State)))
	case "problem.raised", "problem.cleared":
		if e.Problem == nil {
			return e.Kind
		}
		return p.T(id, "Title", clean(health.Describe(p, e.Problem.Mail()).Title))
	case "alert.shown":
		return p.T(id, "Message", briefs(p, e.Messages), "Folder", folder)
	case "alert.withdrawn":
		return p.T(id, "Reason", p.T("ctl.reason."+e.Reason))
	default:
		return clean(e.Kind) // of a newer holder
	}
}

// originWord says where a change was done.
func originWord(p *i18n.Printer, e api.Event) string {
	if e.Origin == "" {
		return "–"
	}
	return p.T("ctl.origin." + string(e.Origin))
}

func describeAdded(p *i18n.Printer, e api.Event) string {
	folder, n := clean(e.Folder), count(e)
	switch {
	case e.Origin == mail.Backfill:
		return p.T("ctl.event.message.found", "Count", n, "Folder", folder)
	case len(e.Messages) == 1:
		return p.T("ctl.event.message.new", "Message", briefs(p, e.Messages), "Folder", folder)
	default:
		return p.T("ctl.event.message.added", "Count", n, "Folder", folder)
	}
}

// describeFlags has words for the deltas that people make, and the flags
// themselves for the rest.
func describeFlags(p *i18n.Printer, e api.Event) string {
	args := []any{"Count", count(e), "Folder", clean(e.Folder)}
	only := func(fs, others mail.Flags, f mail.Flag) bool { return len(others) == 0 && len(fs) == 1 && fs.Has(f) }
	switch {
	case only(e.Added, e.Removed, mail.FlagSeen):
		return p.T("ctl.event.flags.seen", args...)
	case only(e.Removed, e.Added, mail.FlagSeen):
		return p.T("ctl.event.flags.unseen", args...)
	case only(e.Added, e.Removed, mail.FlagFlagged):
		return p.T("ctl.event.flags.flagged", args...)
	case only(e.Removed, e.Added, mail.FlagFlagged):
		return p.T("ctl.event.flags.unflagged", args...)
	default:
		return p.T("ctl.event.flags.changed", append(args, "Delta", delta(e.Added, e.Removed))...)
	}
}

// delta writes flags added and removed as "+seen −$work".
func delta(added, removed mail.Flags) string {
	out := make([]string, 0, len(added)+len(removed))
	for _, f := range added {
		out = append(out, "+"+clean(string(f)))
	}
	for _, f := range removed {
		out = append(out, "−"+clean(string(f)))
	}
	return strings.Join(out, " ")
}

func briefs(p *i18n.Printer, ms []api.EventMessage) string {
	out := make([]string, 0, len(ms))
	for _, m := range ms {
		out = append(out, shorten(sender(p, clean(m.From)), 40)+": "+shorten(subject(p, m.Subject), 80))
	}
	return strings.Join(out, "; ")
}

func count(e api.Event) int { return max(len(e.UIDs), len(e.IDs)) }

func deref(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// stateWord says how an account stands, how it is told of changes, and why in no
// better way.
func stateWord(p *i18n.Printer, s mail.State, by mail.ToldBy, why mail.ToldWhy) string {
	word := p.T("ctl.state." + string(s))
	if s == mail.StateOnline && by != "" {
		word += ", " + p.T("ctl.told-by."+string(by))
		if why != "" && why != mail.ToldBest {
			word += " (" + p.T("ctl.told-why."+string(why)) + ")"
		}
	}
	return word
}

// opWords says what an op does.
func opWords(p *i18n.Printer, o api.Op) string {
	id := "ctl.op." + string(o.Kind)
	if o.Kind == mail.OpDelete || o.Kind == mail.OpFlags || o.Folder != "" || o.Name != "" {
		text := p.T(id, "Count", o.Count, "Delta", delta(o.Add, o.Remove), "Folder", clean(opFolder(o)))
		if text != id {
			return text
		}
	}
	return clean(string(o.Kind)) // of a newer holder, or on a folder that is gone
}

// opFolder is the folder of an op as the user sees it; one that is being made
// may be known by its server's name alone.
func opFolder(o api.Op) string {
	if o.Folder != "" {
		return o.Folder
	}
	return o.Name
}
