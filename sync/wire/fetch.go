package wire

import (
	"errors"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mail"
)

// malformed is the fault of a reader of responses. It names the kind of
// response only: its text is private.
func malformed(what string) error {
	return &mail.Fault{
		Code: mail.CodeBadAnswer, Class: mail.ClassProtocol, Args: mail.Args{"text": what},
		Err: errors.New("malformed " + what),
	}
}

// Fetch is what a FETCH response says. What was not in it has the zero value
// unless something else is said.
type Fetch struct {
	Seq         uint32
	UID         mail.UID
	Flags       mail.Flags
	HasFlags    bool
	ModSeq      mail.ModSeq
	Size        int64 // bytes; -1 if not in it
	Received    time.Time
	Envelope    mail.Envelope
	HasEnvelope bool
	EmailID     string // EMAILID (RFC 8474) or X-GM-MSGID
	Preview     string // PREVIEW (RFC 8970)
	// Header and Text are sections of the message: BODY[HEADER…] and
	// BODY[TEXT], of which a part from the beginning may have been asked for.
	// They are the response's, and must not be kept.
	Header, Text []byte
}

// ParseFetch reads a FETCH response. Items that it does not know are left
// out; those with a value of the wrong kind count as not in it. It fails for
// another type of response, and for one that is Bad: then UID is set if it
// could be found, so that the message can be told from its neighbours.
func ParseFetch(r *Response) (Fetch, error) {
	f := Fetch{Seq: r.Num, Size: -1}
	if r.Type != "FETCH" || r.Tagged() {
		return f, malformed("FETCH")
	}
	for key, v := range r.Args().At(0).pairs() {
		if key.Kind() == List {
			continue
		}
		switch item := upper(key.Bytes()); item {
		case "UID":
			n, _ := v.Uint32()
			f.UID = mail.UID(n)
		case "FLAGS":
			if v.Kind() == List {
				f.Flags, f.HasFlags = ParseFlags(v), true
			}
		case "MODSEQ":
			f.ModSeq = modSeq(v)
		case "RFC822.SIZE":
			if n, ok := v.Uint(); ok && n <= math.MaxInt64 {
				f.Size = int64(n)
			}
		case "INTERNALDATE":
			f.Received = ParseInternalDate(v.Bytes())
		case "ENVELOPE":
			if v.Kind() == List {
				f.Envelope, f.HasEnvelope = ParseEnvelope(v), true
			}
		case "EMAILID":
			if id := v.At(0); id.Kind() == Atom && len(id.Bytes()) <= maxEmailID {
				f.EmailID = id.Str()
			}
		case "X-GM-MSGID":
			if _, ok := v.Uint(); ok && f.EmailID == "" {
				f.EmailID = v.Str()
			}
		case "PREVIEW":
			f.Preview = preview(v)
		case "BODY[TEXT]", "BODY[TEXT]<0>":
			f.Text = nstring(v)
		default:
			if strings.HasPrefix(item, "BODY[HEADER") {
				f.Header = nstring(v)
			}
		}
	}
	if r.Bad != nil || r.Args().At(0).Kind() != List {
		return f, malformed("FETCH")
	}
	return f, nil
}

// maxPreview is how many runes a mail.Message keeps.
const maxPreview = 200

func preview(v Value) string {
	s := decodeText(nstring(v))
	if utf8.RuneCountInString(s) > maxPreview {
		s = string([]rune(s)[:maxPreview])
	}
	return s
}

// modSeq reads "(n)" of a FETCH, or a bare n.
func modSeq(v Value) mail.ModSeq {
	if v.Kind() == List {
		v = v.At(0)
	}
	n, ok := v.Uint()
	if !ok || n > math.MaxInt64 { // RFC 7162 §3.1: 63 bits
		return 0
	}
	return mail.ModSeq(n)
}

// ParseFlags reads a list of flags. \Recent is left out, and so are keywords
// longer than 255 bytes and those after the 200th.
func ParseFlags(v Value) mail.Flags {
	var out []mail.Flag
	for f := range v.Items() {
		if len(out) == maxKeywords {
			break
		}
		if flag := parseFlag(f.Bytes()); flag != "" {
			if out == nil {
				out = make([]mail.Flag, 0, 4)
			}
			out = append(out, flag)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return mail.NewFlags(out...)
}

func parseFlag(b []byte) mail.Flag {
	switch string(b) { // without an allocation
	case `\Seen`:
		return mail.FlagSeen
	case `\Answered`:
		return mail.FlagAnswered
	case `\Flagged`:
		return mail.FlagFlagged
	case `\Deleted`:
		return mail.FlagDeleted
	case `\Draft`:
		return mail.FlagDraft
	case `\Recent`:
		return ""
	}
	if len(b) > maxKeyword {
		return ""
	}
	return mail.ParseFlag(guess(b))
}
