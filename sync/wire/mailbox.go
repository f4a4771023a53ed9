package wire

import (
	"strings"

	"github.com/heronmail/heron/sync/mail"
)

// ListData is what a LIST response says (RFC 3501 §7.2.2, RFC 5258).
type ListData struct {
	Name      string   // decoded to UTF-8
	Delimiter string   // "" for NIL
	Attrs     []string // as the server wrote them
	OldName   string   // RFC 9051 §6.3.9.7, decoded; "" for none
}

// ParseList reads a LIST response, or one of XLIST, which Google had before
// there was SPECIAL-USE.
func ParseList(r *Response) (ListData, error) {
	var d ListData
	args := r.Args()
	attrs, delimiter, name := args.At(0), args.At(1), args.At(2)
	if r.Type != "LIST" && r.Type != "XLIST" || r.Bad != nil || attrs.Kind() != List || name.Kind() == List || name.Kind() == None ||
		len(name.Bytes()) > maxName || len(delimiter.Bytes()) > maxDelimiter {
		return d, malformed("LIST")
	}
	for a := range attrs.Items() {
		if len(d.Attrs) == maxAttrs {
			break
		}
		if b := a.Bytes(); len(b) <= maxKeyword {
			d.Attrs = append(d.Attrs, guess(b))
		}
	}
	if !delimiter.Nil() {
		d.Delimiter = guess(delimiter.Bytes())
	}
	d.Name = mailboxName(name)
	if old := args.At(3).Get("OLDNAME"); old.Kind() == List && len(old.At(0).Bytes()) <= maxName {
		d.OldName = mailboxName(old.At(0))
	}
	return d, nil
}

// mailboxName decodes a name; INBOX is written in one way only.
func mailboxName(v Value) string {
	if v.Is("INBOX") {
		return "INBOX"
	}
	return DecodeMailbox(v.Bytes())
}

// Has reports whether the mailbox has an attribute, given with its backslash,
// in any case.
func (d ListData) Has(attr string) bool {
	for _, a := range d.Attrs {
		if strings.EqualFold(a, attr) {
			return true
		}
	}
	return false
}

// Selectable reports whether the mailbox can be selected.
func (d ListData) Selectable() bool { return !d.Has(`\Noselect`) && !d.Has(`\NonExistent`) }

// Role is what the mailbox is for by its attributes (RFC 6154), and for the
// inbox by its name.
func (d ListData) Role() mail.Role {
	if d.Name == "INBOX" {
		return mail.RoleInbox
	}
	for _, a := range d.Attrs {
		switch strings.ToLower(a) {
		case `\archive`:
			return mail.RoleArchive
		case `\drafts`:
			return mail.RoleDrafts
		case `\sent`:
			return mail.RoleSent
		case `\junk`, `\spam`:
			return mail.RoleJunk
		case `\trash`:
			return mail.RoleTrash
		case `\all`, `\allmail`:
			return mail.RoleAll
		case `\flagged`, `\starred`:
			return mail.RoleFlagged
		case `\important`: // RFC 8457
			return mail.RoleImportant
		}
	}
	return mail.RoleNone
}

// StatusData is what a STATUS response says (RFC 3501 §7.2.4).
type StatusData struct {
	Name          string           // decoded to UTF-8
	Messages      int              // -1 if not in it
	Unseen        int              // -1 if not in it
	UIDNext       mail.UID         // 0 if not in it
	UIDValidity   mail.UIDValidity // 0 if not in it
	HighestModSeq mail.ModSeq      // 0 if the mailbox has none
	HasModSeq     bool             // HIGHESTMODSEQ was in it
}

// ParseStatus reads a STATUS response.
func ParseStatus(r *Response) (StatusData, error) {
	d := StatusData{Messages: -1, Unseen: -1}
	args := r.Args()
	name, items := args.At(0), args.At(1)
	if r.Type != "STATUS" || r.Bad != nil || items.Kind() != List || name.Kind() == List || len(name.Bytes()) > maxName {
		return d, malformed("STATUS")
	}
	d.Name = mailboxName(name)
	for key, v := range items.pairs() {
		n, ok := v.Uint32()
		switch upper(key.Bytes()) {
		case "MESSAGES":
			d.Messages = count(n, ok)
		case "UNSEEN":
			d.Unseen = count(n, ok)
		case "UIDNEXT":
			d.UIDNext = mail.UID(n)
		case "UIDVALIDITY":
			d.UIDValidity = mail.UIDValidity(n)
		case "HIGHESTMODSEQ":
			d.HighestModSeq, d.HasModSeq = modSeq(v), true
		}
	}
	return d, nil
}

// count returns a number of messages; no mailbox has 2^31 of them, and an int
// may have 32 bits.
func count(n uint32, ok bool) int {
	if !ok || n > 1<<31-1 {
		return -1
	}
	return int(n)
}

// SearchData is what a SEARCH or ESEARCH response says (RFC 4731). Min, Max
// and UIDs are UIDs when a UID SEARCH was asked.
type SearchData struct {
	UIDs   Set
	Min    mail.UID // 0 if not in it
	Max    mail.UID
	Count  int // -1 if not in it
	ModSeq mail.ModSeq
}

// ParseSearch reads a SEARCH or ESEARCH response.
func ParseSearch(r *Response) (SearchData, error) {
	d := SearchData{Count: -1}
	if r.Bad != nil {
		return d, malformed("SEARCH")
	}
	var err error
	switch r.Type {
	case "SEARCH":
		err = d.search(r.Args())
	case "ESEARCH":
		err = d.esearch(r.Args())
	default:
		err = malformed("SEARCH")
	}
	return d, err
}

func (d *SearchData) search(args Value) error {
	var uids []mail.UID
	for v := range args.Items() {
		if v.Kind() == List { // RFC 7162 §3.1.5
			d.ModSeq = modSeq(v.At(1))
			continue
		}
		n, ok := v.Uint32()
		if !ok || n == 0 {
			return malformed("SEARCH")
		}
		uids = append(uids, mail.UID(n))
	}
	d.UIDs = NewSet(uids)
	return nil
}

func (d *SearchData) esearch(args Value) error {
	var key Value
	for v := range args.Items() {
		switch {
		case v.Kind() == List && key.Kind() == None: // (TAG "…")
			continue
		case key.Kind() == None:
			if !v.Is("UID") {
				key = v
			}
			continue
		}
		n, _ := v.Uint32()
		switch upper(key.Bytes()) {
		case "ALL":
			set, err := ParseSet(v.Bytes())
			if err != nil {
				return err
			}
			d.UIDs = set
		case "MIN":
			d.Min = mail.UID(n)
		case "MAX":
			d.Max = mail.UID(n)
		case "COUNT":
			d.Count = count(v.Uint32())
		case "MODSEQ":
			d.ModSeq = modSeq(v)
		}
		key = Value{}
	}
	return nil
}

// ParseVanished reads a VANISHED response (RFC 7162 §3.2.10); earlier tells
// expunges of before the mailbox was selected.
func ParseVanished(r *Response) (uids Set, earlier bool, err error) {
	args := r.Args()
	v := args.At(0)
	if v.Kind() == List {
		earlier = v.At(0).Is("EARLIER")
		v = args.At(1)
	}
	if r.Type != "VANISHED" || r.Bad != nil {
		return nil, earlier, malformed("VANISHED")
	}
	uids, err = ParseSet(v.Bytes())
	return uids, earlier, err
}

// SelectData is what a SELECT or EXAMINE says. Note collects it.
type SelectData struct {
	Exists        uint32
	UIDValidity   mail.UIDValidity
	UIDNext       mail.UID
	HighestModSeq mail.ModSeq // 0: the mailbox has none
	Unseen        uint32      // sequence number of the first unread message
	Flags         mail.Flags
	Permanent     mail.Flags // that it keeps; nil: it does not say, and keeps all (RFC 9051 §7.1)
	NewKeywords   bool       // it keeps keywords that are new too: \* is in PERMANENTFLAGS
	ReadOnly      bool
}

// Note takes in one response to the command, the tagged one too.
func (d *SelectData) Note(r *Response) {
	switch r.Type {
	case "EXISTS":
		d.Exists = r.Num
	case "FLAGS":
		d.Flags = ParseFlags(r.Args().At(0))
	}
	code := r.Code()
	if code.Kind() == None {
		return
	}
	v := code.At(1)
	n, _ := v.Uint32()
	switch r.CodeName() {
	case "UIDVALIDITY":
		d.UIDValidity = mail.UIDValidity(n)
	case "UIDNEXT":
		d.UIDNext = mail.UID(n)
	case "HIGHESTMODSEQ":
		d.HighestModSeq = modSeq(v)
	case "NOMODSEQ":
		d.HighestModSeq = 0
	case "UNSEEN":
		d.Unseen = n
	case "READ-ONLY":
		d.ReadOnly = true
	case "READ-WRITE":
		d.ReadOnly = false
	case "PERMANENTFLAGS":
		d.Permanent = append(mail.Flags{}, ParseFlags(v)...)
		for f := range v.Items() {
			d.NewKeywords = d.NewKeywords || f.Is(`\*`)
		}
	}
}
