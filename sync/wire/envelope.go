package wire

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// Bounds of an Envelope: what a list can show, and a sender cannot make costly.
const (
	maxSubject = 8 << 10 // bytes
	maxID      = 1 << 10
	maxAddress = 1 << 10
)

// envelopeFields is how many values an ENVELOPE has (RFC 3501 §7.4.2).
const envelopeFields = 10

// ParseEnvelope reads the value of an ENVELOPE. It is tolerant: what is
// missing or of the wrong kind is left empty. Texts are decoded to UTF-8 and
// cut where they are longer than any list shows.
func ParseEnvelope(v Value) mail.Envelope {
	var e mail.Envelope
	i, room := 0, maxPeople
	for f := range v.Items() {
		switch i {
		case 0:
			e.Date = parseDate(nstring(f))
		case 1:
			e.Subject = clip(decodeText(nstring(f)), maxSubject)
		case 2:
			e.From = addresses(f, &room)
		case 5:
			e.To = addresses(f, &room)
		case 6:
			e.Cc = addresses(f, &room)
		case 8:
			e.InReplyTo = headerID(nstring(f))
		case 9:
			e.HeaderID = headerID(nstring(f))
		}
		i++
	}
	return e
}

func nstring(v Value) []byte {
	if v.Nil() {
		return nil
	}
	return v.Bytes()
}

// headerID takes the first message id out of its angle brackets.
func headerID(b []byte) string {
	b = bytes.TrimSpace(b)
	if i := bytes.IndexByte(b, '<'); i >= 0 {
		b, _, _ = bytes.Cut(b[i+1:], []byte(">"))
	}
	return clip(decodeText(bytes.TrimSpace(b)), maxID)
}

// addresses reads a list of (name route mailbox host). The marks that begin and
// end a group have no host and are left out, its members are not. room is how many
// bytes there is place for, and then for how many less.
func addresses(v Value, room *int) []mail.Address {
	var out []mail.Address
	for a := range v.Items() {
		if len(out) == maxAddresses || *room <= 0 {
			break
		}
		host, box := a.At(3), nstring(a.At(2))
		if a.Kind() != List || host.Nil() || host.Kind() == None {
			continue
		}
		addr := guess(box)
		// What servers put where a sender wrote none.
		switch h := host.Bytes(); string(h) { // without an allocation
		case "", "MISSING_DOMAIN", ".MISSING-HOST-NAME.", ".SYNTAX-ERROR.":
		default:
			addr += "@" + guess(h)
		}
		name := strings.TrimSpace(clip(decodeText(nstring(a.At(0))), maxSubject))
		if name == "" && addr == "" {
			continue
		}
		one := mail.Address{Name: clip(name, maxAddress), Addr: clip(oneLine(addr), maxAddress)}
		*room -= len(one.Name) + len(one.Addr)
		out = append(out, one)
	}
	return out
}

// oneLine is unfold for what nearly never needs it.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\x00") {
		return unfold(s)
	}
	return s
}

// dateLayouts are those that senders use though net/mail does not know them.
func dateLayouts() []string {
	return []string{
		"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 06 15:04:05 -0700", "2 Jan 2006 15:04:05 -07:00",
		"2 Jan 2006 15:04:05 GMT-0700", "2 Jan 2006 15:04:05 GMT-07:00", "2 January 2006 15:04:05 -0700",
		"2-Jan-2006 15:04:05 -0700", "Jan 2 15:04:05 2006", "Jan 2 15:04:05 MST 2006", "Jan 2, 2006 15:04:05 -0700",
		"2 Jan 2006", time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
	}
}

// parseDate reads a Date field; zero if it makes no sense.
func parseDate(b []byte) time.Time {
	if len(b) == 0 || len(b) > 200 {
		return time.Time{}
	}
	if t, ok := plainDate(b, ' '); ok {
		return sane(t)
	}
	s := strings.Join(strings.Fields(decodeText(b)), " ")
	t, err := netmail.ParseDate(s)
	if err != nil {
		s, _, _ = strings.Cut(s, " (")
		t, err = netmail.ParseDate(s)
	}
	if err != nil {
		// The day of the week says nothing and is often wrong or foreign.
		if i := strings.IndexAny(s, ", "); i > 0 && i <= 12 && !strings.ContainsAny(s[:i], "0123456789") {
			if rest := strings.TrimLeft(s[i:], ", "); rest != "" && (s[i] == ',' || !isMonth(s[:i])) {
				s = rest
			}
		}
		for _, layout := range dateLayouts() {
			if t, err = time.Parse(layout, s); err == nil {
				break
			}
		}
	}
	if err != nil {
		return time.Time{}
	}
	return sane(t)
}

// sane is t, zero if no mail can be of that year.
func sane(t time.Time) time.Time {
	if t.Year() < 1900 || t.Year() > 9998 {
		return time.Time{}
	}
	return t
}

func isMonth(s string) bool {
	_, err := time.Parse("Jan", s)
	return err == nil
}

// ParseInternalDate reads an INTERNALDATE (RFC 3501 §9 date-time); zero if it
// makes no sense.
func ParseInternalDate(b []byte) time.Time {
	if t, ok := plainDate(b, '-'); ok {
		return sane(t)
	}
	s := strings.TrimSpace(string(b))
	for _, layout := range []string{"_2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return sane(t)
		}
	}
	return parseDate(b)
}
