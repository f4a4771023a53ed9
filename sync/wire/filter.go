package wire

import (
	"bytes"
	"strconv"
	"strings"
)

// known reports whether go-imap knows the type of a response: one of those
// that it is not given was malformed.
func known(r *Response) bool {
	switch r.Type {
	case "VANISHED", "LSUB", "ID", "PREAUTH":
		return false
	case "OK", "NO", "BAD", "BYE":
		return true
	}
	return knownData(r.Type)
}

// knownData are the types of data that go-imap reads.
func knownData(typ string) bool {
	switch typ {
	case "FETCH", "EXISTS", "EXPUNGE", "RECENT", "LIST", "STATUS", "FLAGS", "SEARCH", "ESEARCH", "SORT", "THREAD",
		"CAPABILITY", "ENABLED", "NAMESPACE", "METADATA", "QUOTA", "QUOTAROOT", "MYRIGHTS", "ACL":
		return true
	}
	return false
}

// filter writes a response anew, with that in it which go-imap can read: one
// value that it cannot, and its reader ends the connection. False: there is
// nothing to pass on.
func filter(r *Response) ([]byte, bool) {
	switch {
	case r.Bad != nil:
		return nil, false
	case r.Tag == "+":
		return []byte("+ " + line(r.Text) + "\r\n"), true
	case r.Tagged() && r.Tag[0] != 'T':
		return nil, false
	}
	switch r.Type {
	case "OK", "NO", "BAD":
		return filterStatus(r), true
	case "BYE":
		return filterStatus(r), !r.Tagged()
	}
	if r.Tagged() || !knownData(r.Type) {
		return nil, false
	}
	w := &writer{}
	w.raw("* ")
	var ok bool
	switch r.Type {
	case "EXISTS", "EXPUNGE", "RECENT":
		w.raw(strconv.FormatUint(uint64(r.Num), 10) + " " + r.Type)
		ok = true
	case "FETCH":
		ok = w.fetch(r)
	case "LIST":
		ok = w.list(r)
	case "STATUS":
		ok = w.status(r)
	case "FLAGS":
		w.raw("FLAGS ")
		ok = w.flags(r.Args().At(0))
	case "SEARCH", "SORT":
		ok = w.search(r)
	default:
		// Only asked for by what go-imap did itself; clean, it goes as it came.
		return r.buf, !r.repaired && bytes.HasSuffix(r.buf, []byte("\r\n"))
	}
	w.raw("\r\n")
	return w.out, ok
}

// filterStatus keeps a code that go-imap does something with if it is well
// formed, and of others the name.
func filterStatus(r *Response) []byte {
	w := &writer{}
	w.raw(r.Tag + " " + r.Type + " ")
	if name, code := r.CodeName(), r.Code(); isAtom(name) && strings.IndexByte(name, '[') < 0 {
		w.code(name, code)
	}
	text := line(r.Text)
	if rest, ok := strings.CutPrefix(text, "["); ok { // not the code that it would be taken for
		text = "(" + rest
	}
	if text == "" {
		text = "-"
	}
	w.raw(text)
	w.raw("\r\n")
	return w.out
}

// line is a text without characters that would end it.
func line(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}

type writer struct{ out []byte }

func (w *writer) raw(s string) { w.out = append(w.out, s...) }

func (w *writer) code(name string, code Value) {
	arg := code.At(1)
	_, number := arg.Uint32()
	w.raw("[" + name)
	switch name {
	case "UIDVALIDITY", "UIDNEXT":
		if !number {
			w.out = w.out[:len(w.out)-len(name)-1]
			return
		}
		w.raw(" " + arg.Str())
	case "HIGHESTMODSEQ":
		if modSeq(arg) == 0 {
			w.out = w.out[:len(w.out)-len(name)-1]
			return
		}
		w.raw(" " + arg.Str())
	case "APPENDUID", "COPYUID":
		if !number || !w.sets(code) {
			w.out = w.out[:bytes.LastIndexByte(w.out, '[')]
			return
		}
	case "PERMANENTFLAGS":
		w.raw(" ")
		w.flags(arg)
	case "CAPABILITY": // known; go-imap must not think that they changed
		w.out = w.out[:len(w.out)-len(name)-1]
		return
	}
	w.raw("] ")
}

// sets writes the numbers and sets behind the name of a code; false if there
// are not as many as it needs, or one is malformed.
func (w *writer) sets(code Value) bool {
	n := -1
	for v := range code.Items() {
		if n++; n == 0 {
			continue
		}
		if _, err := ParseSet(v.Bytes()); err != nil {
			return false
		}
		w.raw(" " + v.Str())
	}
	return n == 3 || n == 2 && code.At(0).Is("APPENDUID")
}

// flags writes a list of those flags that go-imap can read.
func (w *writer) flags(v Value) bool {
	w.raw("(")
	first := true
	for f := range v.Items() {
		s := f.Str()
		if s != `\*` && !isFlag(s) {
			continue
		}
		if !first {
			w.raw(" ")
		}
		w.raw(s)
		first = false
	}
	w.raw(")")
	return v.Kind() == List
}

func (w *writer) list(r *Response) bool {
	d, err := ParseList(r)
	if err != nil {
		return false
	}
	w.raw("LIST ")
	w.flags(r.Args().At(0))
	delimiter := "NIL"
	if len(d.Delimiter) == 1 && d.Delimiter[0] < 0x80 && line(d.Delimiter) == d.Delimiter {
		delimiter = quoteBytes(d.Delimiter)
	}
	w.raw(" " + delimiter + " " + quoteBytes(EncodeMailbox(d.Name)))
	return true
}

func (w *writer) status(r *Response) bool {
	d, err := ParseStatus(r)
	if err != nil {
		return false
	}
	w.raw("STATUS " + quoteBytes(EncodeMailbox(d.Name)) + " (")
	first := true
	for key, v := range r.Args().At(1).pairs() {
		k := upper(key.Bytes())
		switch k {
		case "MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY", "RECENT":
			if n, ok := v.Uint32(); !ok || n == 0 && k == "UIDNEXT" {
				continue
			}
		case "HIGHESTMODSEQ":
			if modSeq(v) == 0 {
				continue
			}
		default:
			continue
		}
		if !first {
			w.raw(" ")
		}
		w.raw(k + " " + v.Str())
		first = false
	}
	w.raw(")")
	return true
}

func (w *writer) search(r *Response) bool {
	w.raw(r.Type)
	for v := range r.Args().Items() {
		if v.Kind() == List {
			if m := modSeq(v.At(1)); v.At(0).Is("MODSEQ") && m != 0 {
				w.raw(" (MODSEQ " + strconv.FormatUint(uint64(m), 10) + ")")
			}
			break // go-imap wants it last
		}
		if _, ok := v.Uint32(); !ok {
			return false
		}
		w.raw(" " + v.Str())
	}
	return true
}

// fetch writes those items that go-imap knows and can read. UID goes first:
// go-imap must have seen it before a literal.
func (w *writer) fetch(r *Response) bool {
	items := r.Args().At(0)
	w.raw(strconv.FormatUint(uint64(r.Num), 10) + " FETCH (")
	first := true
	item := func(key string, write func()) {
		if !first {
			w.raw(" ")
		}
		first = false
		w.raw(key + " ")
		write()
	}
	if uid, ok := items.Get("UID").Uint32(); ok && uid > 0 {
		item("UID", func() { w.raw(strconv.FormatUint(uint64(uid), 10)) })
	}
	for key, v := range items.pairs() {
		k := upper(key.Bytes())
		plain := func() { w.value(v) }
		switch {
		case k == "FLAGS" && v.Kind() == List:
			item(k, func() { w.flags(v) })
		case k == "RFC822.SIZE":
			if _, ok := v.Uint(); ok {
				item(k, plain)
			}
		case k == "MODSEQ":
			if m := modSeq(v); m != 0 {
				item(k, func() { w.raw("(" + strconv.FormatUint(uint64(m), 10) + ")") })
			}
		case k == "INTERNALDATE":
			if t := ParseInternalDate(v.Bytes()); !t.IsZero() {
				item(k, func() { w.raw(t.Format(`"_2-Jan-2006 15:04:05 -0700"`)) })
			}
		case k == "ENVELOPE" && v.Kind() == List && v.Len() == envelopeFields:
			item(k, func() { w.envelope(v) })
		case k == "BODYSTRUCTURE" || k == "BODY":
			if v.Kind() == List {
				item(k, plain)
			}
		case strings.HasPrefix(k, "BODY[") || strings.HasPrefix(k, "BINARY["):
			if v.Kind() == String || v.Nil() {
				item(key.Str(), plain)
			}
		}
	}
	w.raw(")")
	return items.Kind() == List
}

func (w *writer) envelope(v Value) {
	w.raw("(")
	i := 0
	for f := range v.Items() {
		if i > 0 {
			w.raw(" ")
		}
		if i >= 2 && i <= 7 {
			w.addresses(f)
		} else {
			w.nstring(f)
		}
		i++
	}
	w.raw(")")
}

func (w *writer) addresses(v Value) {
	at := len(w.out)
	w.raw("(")
	some := false
	for a := range v.Items() {
		if a.Kind() != List || a.Len() != 4 {
			continue
		}
		some = true
		w.raw("(")
		i := 0
		for f := range a.Items() {
			if i > 0 {
				w.raw(" ")
			}
			w.nstring(f)
			i++
		}
		w.raw(")")
	}
	w.raw(")")
	if !some {
		w.out = append(w.out[:at], "NIL"...)
	}
}

// nstring writes a string; what is none becomes NIL.
func (w *writer) nstring(v Value) {
	if v.Kind() != String {
		w.raw("NIL")
		return
	}
	w.value(v)
}

// value writes v as it is.
func (w *writer) value(v Value) {
	switch v.Kind() {
	case None:
		w.raw("NIL")
	case Atom:
		w.out = append(w.out, v.Bytes()...)
	case String:
		b := v.Bytes()
		if bytes.ContainsFunc(b, func(c rune) bool { return !printable(c) }) {
			w.raw("{" + strconv.Itoa(len(b)) + "}\r\n")
			w.out = append(w.out, b...)
			return
		}
		w.raw(quoteBytes(string(b)))
	case List:
		w.raw("(")
		first := true
		for x := range v.Items() {
			if !first {
				w.raw(" ")
			}
			w.value(x)
			first = false
		}
		w.raw(")")
	}
}
