package alert

import (
	"strings"

	"github.com/heronmail/heron/sync/i18n"
	"github.com/heronmail/heron/sync/mail"
)

// Message is what an alert tells of a message. Its texts may be as a sender
// wrote them.
type Message struct {
	From    string
	Subject string
	Preview string // first words of the text, "" if unknown
	Place   string // folder and account, "" when that goes without saying
}

// Bounds of the parts of a body, in runes. Together they are within maxBody, so
// that a long subject leaves room for the place.
const (
	maxSubject = 120
	maxPreview = 140
	maxPlace   = maxBody - maxSubject - maxPreview - 2 // of which two are line ends
)

// ForMessage composes the alert of one message. With hide it tells neither
// sender nor subject.
func ForMessage(p *i18n.Printer, m Message, hide bool) Alert {
	a := actions(p)
	place := shorten(m.Place, maxPlace)
	if hide {
		a.Title, a.Body = p.T("alert.new", "Count", 1), place
		return a
	}
	a.Title = mail.Printable(m.From)
	if a.Title == "" {
		a.Title = p.T("alert.no-sender")
	}
	subject := mail.Printable(m.Subject)
	if subject == "" {
		subject = p.T("alert.no-subject")
	}
	a.Body = lines(shorten(subject, maxSubject), shorten(mail.Printable(m.Preview), maxPreview), place)
	return a
}

// ForMany composes the one alert of several messages, newest first: how many,
// and the first few by name. With hide it tells only how many.
func ForMany(p *i18n.Printer, ms []Message, hide bool) Alert {
	const named = 3
	a := actions(p)
	a.Title = p.T("alert.new", "Count", len(ms))
	if hide {
		return a
	}
	var body []string
	for _, m := range ms[:min(named, len(ms))] {
		one := ForMessage(p, Message{From: m.From, Subject: m.Subject}, false)
		body = append(body, p.T("alert.line", "From", shorten(one.Title, maxBody/8), "Subject", shorten(one.Body, maxBody/5)))
	}
	if more := len(ms) - named; more > 0 {
		body = append(body, p.T("alert.more", "Count", more))
	}
	a.Body = lines(body...)
	return a
}

func actions(p *i18n.Printer) Alert {
	return Alert{Open: p.T("alert.open"), MarkRead: p.T("alert.mark-read")}
}

// lines joins what is not empty.
func lines(parts ...string) string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n")
}
