package wire

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/heronmail/heron/sync/mail"
)

// Status is what a status response says: Type is OK, NO, BAD, BYE or PREAUTH,
// Code the name of the response code in upper case or "".
type Status struct {
	Type string
	Code string
	Text string // as the server wrote it
}

// OK reports whether the command succeeded.
func (s Status) OK() bool { return s.Type == "OK" }

// Fault returns what a command's NO or BAD means, nil for OK. command is its
// name, without arguments. Requests for patience are ClassLimit, with
// RetryAfter if the server named a time; what is no more is ClassConflict and
// all else is command-refused.
func (s Status) Fault(command string) *mail.Fault {
	if s.OK() {
		return nil
	}
	f := &mail.Fault{
		Code: mail.CodeRefusedCommand, Class: mail.ClassProtocol,
		Args: mail.Args{"command": command, "text": clean(s.Text)},
		Err:  &Refused{Command: command, Status: s},
	}
	if s.limit(f) {
		return f
	}
	missing := s.Type == "NO" && s.Code == "" && saysNotThere(strings.ToLower(s.Text))
	if missing || s.Code == "NONEXISTENT" || s.Code == "TRYCREATE" {
		f.Code, f.Class = mail.CodeGone, mail.ClassConflict
		f.Args["what"] = command
	}
	return f
}

// Refused is the cause of a Fault that a command's NO or BAD means.
type Refused struct {
	Command string // its name, without arguments
	Status  Status
}

// Error is for logs: it has nothing of the server's text, which may hold names.
func (r *Refused) Error() string { return r.Command + ": " + r.Status.Type + " " + r.Status.Code }

// limit turns f into a fault of ClassLimit if that is what s is.
func (s Status) limit(f *mail.Fault) bool {
	text := strings.ToLower(s.Text)
	switch s.Code {
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED":
		return false
	case "LIMIT", "UNAVAILABLE", "INUSE", "THROTTLED", "OVERQUOTA", "SERVERBUG":
		// OVERQUOTA of a mailbox will not pass by itself.
		if s.Code == "OVERQUOTA" || s.Code == "SERVERBUG" && !hasAny(text, "again", "later") {
			return false
		}
		f.Code = mail.CodeThrottled
	default:
		if !saysTooMany(text) && !saysPatience(text) {
			return false
		}
		f.Code = mail.CodeThrottled
	}
	if saysTooMany(text) {
		f.Code = mail.CodeTooMany
	}
	f.Class = mail.ClassLimit
	f.RetryAfter = retryAfter(s.Text)
	return true
}

// Busy reports whether the refusal of a mailbox asks to come back later for a reason
// that may be of that mailbox alone: its lock is held, or the machine that it is on is
// down (RFC 5530 §3, INUSE and UNAVAILABLE). Who has had too much says so.
func (s Status) Busy() bool {
	f := s.Fault("")
	return f != nil && f.Code == mail.CodeThrottled && f.RetryAfter == 0 && s.Code != "LIMIT" && s.Code != "THROTTLED" &&
		!enough.MatchString(s.Text)
}

// enough is how servers say that it is the client that they have had enough of.
var enough = regexp.MustCompile(`(?i)too many|throttl|\brates?\b|bandwidth|backoff`)

// saysTooMany, saysPatience and saysNotThere know what servers write; text is
// in lower case.
func saysTooMany(text string) bool {
	return hasAny(text, "too many", "maximum number of connections", "connection limit", "connections limit",
		"simultaneous connections", "concurrent connections")
}

func saysPatience(text string) bool {
	return hasAny(text, "throttl", "rate limit", "suggested backoff", "try again later", "try later", "temporarily",
		"temporary failure", "bandwidth limit")
}

func saysNotThere(text string) bool {
	return hasAny(text, "doesn't exist", "does not exist", "no such mailbox", "no such folder", "unknown mailbox",
		"nonexistent mailbox")
}

func hasAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// backoff is how Microsoft 365 says how long to wait.
var backoff = regexp.MustCompile(`(?i)suggested backoff(?: time)?:?\s*(\d{1,9})\s*(milliseconds|ms|seconds|s)?`)

func retryAfter(text string) time.Duration {
	m := backoff.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0
	}
	d := time.Duration(n) * time.Millisecond
	if strings.HasPrefix(strings.ToLower(m[2]), "s") {
		d = time.Duration(n) * time.Second
	}
	return min(d, 24*time.Hour)
}

// maxText is how much of a server's text is shown, in bytes.
const maxText = 300

// clean makes a server's text fit to be shown: valid, short, and without
// characters that are not seen.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, guess([]byte(text)))
	return clip(strings.Join(strings.Fields(text), " "), maxText)
}
