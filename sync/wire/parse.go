package wire

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// maxDepth bounds the nesting of lists. BODYSTRUCTURE of real mail stays
// below 20.
const maxDepth = 100

var (
	errQuote   = errors.New("string without end")
	errNesting = errors.New("lists nested too deep")
	errNumber  = errors.New("number out of range")
	errHead    = errors.New("no type")
)

// head takes tag, number and type off the front of a line; pos is where the
// rest begins. typ is in the case of the server.
func head(line []byte) (tag, num, typ []byte, pos int) {
	tag, pos = word(line, 0)
	if len(tag) > 0 && tag[0] == '+' {
		return tag[:1], nil, nil, 1
	}
	typ, pos = word(line, pos)
	if len(typ) > 0 && typ[0] >= '0' && typ[0] <= '9' {
		num = typ
		typ, pos = word(line, pos)
	}
	return tag, num, typ, pos
}

func word(line []byte, pos int) ([]byte, int) {
	for pos < len(line) && line[pos] == ' ' {
		pos++
	}
	beg := pos
	for pos < len(line) && line[pos] != ' ' && line[pos] != '\r' && line[pos] != '\n' && line[pos] != '(' {
		pos++
	}
	return line[beg:pos], pos
}

// isStatus: the rest of such a line is text for people, in which braces and
// quotes mean nothing.
func isStatus(typ []byte) bool {
	switch upper(typ) {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return true
	}
	return false
}

// upper returns b in upper case; the common words need no allocation.
func upper(b []byte) string {
	switch string(b) {
	case "OK":
		return "OK"
	case "NO":
		return "NO"
	case "FETCH":
		return "FETCH"
	case "EXISTS":
		return "EXISTS"
	case "EXPUNGE":
		return "EXPUNGE"
	case "RECENT":
		return "RECENT"
	case "VANISHED":
		return "VANISHED"
	case "LIST":
		return "LIST"
	case "STATUS":
		return "STATUS"
	case "UID":
		return "UID"
	case "FLAGS":
		return "FLAGS"
	case "MODSEQ":
		return "MODSEQ"
	case "ENVELOPE":
		return "ENVELOPE"
	case "INTERNALDATE":
		return "INTERNALDATE"
	case "RFC822.SIZE":
		return "RFC822.SIZE"
	}
	return string(bytes.ToUpper(b))
}

// parse reads the response in r.buf, which is complete: all its lines and
// literals. It always leaves a response that can be used; Bad and repaired
// say how far.
func (r *Response) parse() {
	r.nodes = r.nodes[:0]
	r.args, r.code, r.Num, r.Text, r.Type, r.Bad, r.repaired = -1, -1, 0, "", "", nil, false
	tag, num, typ, pos := head(r.buf)
	if len(tag) == 1 && tag[0] == '*' {
		r.Tag = "*"
	} else {
		r.Tag = string(tag)
	}
	end := len(bytes.TrimRight(r.buf, "\r\n"))
	if r.Tag == "+" {
		r.Text = string(bytes.TrimLeft(r.buf[min(pos, end):end], " "))
		return
	}
	r.Type = upper(typ)
	if r.Type == "" || r.Tag == "" {
		r.Bad = errHead
		return
	}
	if num != nil {
		n, err := strconv.ParseUint(string(num), 10, 32)
		if err != nil {
			r.Bad = errNumber
		}
		r.Num = uint32(n)
	}
	p := parser{r: r, pos: pos, end: end, most: maxValues}
	if isStatus(typ) {
		p.status()
		return
	}
	if listsUIDs(r.Type) {
		p.most = maxLongValues
		// Grown step by step, a long list would cost several times its size.
		r.nodes = slices.Grow(r.nodes, min(p.most, bytes.Count(r.buf, []byte(" "))+8))
	}
	r.args = p.list(0, 0)
	if r.cut && r.Type != "FETCH" && r.Bad == nil {
		r.Bad = errBounds // of a message the rest is good, of a name nothing
	}
	if r.long {
		r.Bad = errBounds
	}
}

type parser struct {
	r        *Response
	pos, end int
	most     int // values
}

// status reads "[code] text".
func (p *parser) status() {
	r := p.r
	p.space()
	if p.pos < p.end && r.buf[p.pos] == '[' {
		beg := p.pos
		p.pos++
		code := p.list(']', 0)
		if r.buf[p.pos-1] == ']' && !r.repaired && r.Bad == nil {
			r.code = code
		} else { // text that only looked like a code
			r.nodes, r.repaired, r.Bad = r.nodes[:0], true, nil
			p.pos = beg
		}
		p.space()
	}
	r.Text = string(r.buf[p.pos:p.end])
}

func (p *parser) space() {
	for p.pos < p.end && p.r.buf[p.pos] == ' ' {
		p.pos++
	}
}

// list reads values up to end: ')', ']', or 0 for the end of the response.
func (p *parser) list(end byte, depth int) int32 {
	r := p.r
	me := p.add(node{kind: List, beg: -1, next: -1})
	last := int32(-1)
	for {
		p.space()
		if p.pos >= p.end {
			r.repaired = r.repaired || end != 0
			return me
		}
		c := r.buf[p.pos]
		if c == end {
			p.pos++
			return me
		}
		if len(r.nodes) >= p.most {
			r.Bad, p.pos = errMany, p.end
			return me
		}
		var i int32
		switch c {
		case '(':
			if depth >= maxDepth {
				r.Bad, p.pos = errNesting, p.end
				return me
			}
			p.pos++
			i = p.list(')', depth+1)
		case ')': // one too many
			r.repaired = true
			p.pos++
			continue
		case '"':
			i = p.quoted()
		default:
			var ok bool
			if i, ok = p.literal(); !ok {
				i = p.atom(end)
			}
		}
		if last < 0 {
			r.nodes[me].beg = i
		} else {
			r.nodes[last].next = i
		}
		last = i
	}
}

func (p *parser) add(n node) int32 {
	p.r.nodes = append(p.r.nodes, n)
	return int32(len(p.r.nodes) - 1)
}

func (p *parser) text(kind Kind, beg, end int, escaped bool) int32 {
	return p.add(node{kind: kind, escaped: escaped, beg: int32(beg), end: int32(end), next: -1})
}

// quoted reads a quoted string. A quote that nothing follows which could
// follow a string is one that the server failed to escape.
func (p *parser) quoted() int32 {
	buf, beg := p.r.buf[:p.end], p.pos+1
	escaped := false
	for i := beg; i < len(buf); i++ {
		switch buf[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			if i+1 < len(buf) {
				switch buf[i+1] {
				case ' ', '(', ')', ']':
				default:
					p.r.repaired = true
					continue
				}
			}
			p.pos = i + 1
			return p.text(String, beg, i, escaped)
		}
	}
	p.r.Bad = errQuote
	p.pos = p.end
	return p.text(String, beg, p.end, escaped)
}

// literal reads {n}CRLF and its n bytes, if that is what stands here.
func (p *parser) literal() (int32, bool) {
	beg, n, ok := p.literalAt(p.pos)
	if !ok {
		return 0, false
	}
	p.pos = beg + n
	p.end = max(p.end, p.pos) // a literal at the very end may end in line ends
	return p.text(String, beg, p.pos, false), true
}

// literalAt finds the n bytes of a literal whose head stands at pos.
func (p *parser) literalAt(pos int) (beg, n int, ok bool) {
	buf := p.r.buf
	if buf[pos] == '~' { // RFC 3516 §4.2
		pos++
	}
	if pos >= p.end || buf[pos] != '{' {
		return 0, 0, false
	}
	nl := bytes.IndexByte(buf[pos:], '\n')
	if nl < 0 {
		return 0, 0, false
	}
	beg = pos + nl + 1
	size, ok := literalTail(buf[pos:beg])
	if !ok || size > int64(len(buf)-beg) || bytes.LastIndexByte(buf[pos:beg], '{') != 0 {
		return 0, 0, false
	}
	return beg, int(size), true
}

// atom reads up to a delimiter, in a list that ends with end. A section after
// BODY or BINARY belongs to it, with the spaces and parentheses it has.
func (p *parser) atom(end byte) int32 {
	buf, beg := p.r.buf, p.pos
scan:
	for ; p.pos < p.end; p.pos++ {
		switch buf[p.pos] {
		case ' ', '(', ')', '"':
			break scan
		case ']':
			if end == ']' {
				break scan
			}
		case '{', '~':
			if _, _, ok := p.literalAt(p.pos); ok && p.pos > beg {
				p.r.repaired = true // the space between them is missing
				break scan
			}
		case '[':
			if isSection(buf[beg:p.pos]) {
				if n := bytes.IndexByte(buf[p.pos:p.end], ']'); n >= 0 {
					p.pos += n
				}
			}
		}
	}
	return p.text(Atom, beg, p.pos, false)
}

func isSection(b []byte) bool {
	return bytes.EqualFold(b, []byte("BODY")) || bytes.EqualFold(b, []byte("BINARY")) || bytes.EqualFold(b, []byte("BINARY.SIZE"))
}

// literalTail returns the n of a line that ends in {n} or {n+}; n is at most
// 1<<62 however many digits it has.
func literalTail(line []byte) (int64, bool) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	line, ok := bytes.CutSuffix(line, []byte("}"))
	if !ok {
		return 0, false
	}
	line = bytes.TrimSuffix(line, []byte("+"))
	digits := len(line)
	for digits > 0 && line[digits-1] >= '0' && line[digits-1] <= '9' {
		digits--
	}
	if digits == len(line) || digits == 0 || line[digits-1] != '{' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(line[digits:]), 10, 62)
	if err != nil {
		n = 1 << 62
	}
	return n, true
}
