package wire

import (
	"bytes"
	"iter"
	"strings"
)

// Kind says what a Value is.
type Kind uint8

// The kinds of values.
const (
	None   Kind = iota // there is no such value
	Atom               // a number, NIL, a flag, a word
	String             // quoted or a literal
	List               // in parentheses, or in the brackets of a code
)

// node is a value in a Response's tree.
type node struct {
	kind     Kind
	escaped  bool  // a quoted string with backslashes in it
	beg, end int32 // bytes in buf; of a List beg is its first child or -1
	next     int32 // its next sibling or -1
}

// Response is one complete response. It is valid until the handler returns.
type Response struct {
	Tag  string // "*", "+", or the tag of a command
	Num  uint32 // of EXISTS, EXPUNGE, FETCH and the like
	Type string // upper case: OK, NO, FETCH, …; "" for "+"
	Text string // of OK, NO, BAD, BYE, PREAUTH and "+"; as the server wrote it
	// Bad is set when the response could not be read whole. Its values are
	// what was found; that they are all must not be believed.
	Bad error

	buf      []byte
	nodes    []node
	args     int32 // the root list or -1
	code     int32 // the list of the response code or -1
	repaired bool  // malformed, but its meaning was clear
	literals bool  // it has literals
	cut      bool  // a literal is not there whole
	long     bool  // the end of a line is not there
}

// Tagged reports whether the response completes a command.
func (r *Response) Tagged() bool { return r.Tag != "*" && r.Tag != "+" }

// Size is how long the response is, in bytes, without what was cut out of it.
func (r *Response) Size() int { return len(r.buf) }

// Args returns the list of what follows the type; empty for a status.
func (r *Response) Args() Value { return r.value(r.args) }

// Code returns the response code of a status (RFC 3501 §7.1) as a list, its
// name first.
func (r *Response) Code() Value { return r.value(r.code) }

// CodeName returns the name of the response code in upper case, "" if there is none.
func (r *Response) CodeName() string { return strings.ToUpper(r.Code().At(0).Str()) }

// Status returns what OK, NO, BAD, BYE or PREAUTH say.
func (r *Response) Status() Status {
	return Status{Type: r.Type, Code: r.CodeName(), Text: r.Text}
}

// odd: it is not as it should be, and is counted.
func (r *Response) odd() bool { return r.Bad != nil || r.repaired || r.cut }

func (r *Response) value(i int32) Value {
	if i < 0 || int(i) >= len(r.nodes) {
		return Value{}
	}
	return Value{r, i}
}

// Value is a value in a Response, and valid as long. The zero value is None.
type Value struct {
	r *Response
	i int32
}

// Kind says what v is.
func (v Value) Kind() Kind {
	if v.r == nil {
		return None
	}
	return v.r.nodes[v.i].kind
}

// Bytes returns the text of an Atom or String, nil of others. It must not be
// changed or kept.
func (v Value) Bytes() []byte {
	switch v.Kind() {
	case Atom, String:
	case None, List:
		return nil
	}
	n := v.r.nodes[v.i]
	b := v.r.buf[n.beg:n.end]
	if n.escaped {
		return unescape(b)
	}
	return b
}

// Str is a copy of Bytes.
func (v Value) Str() string { return string(v.Bytes()) }

// Uint returns v as a number; false if it is none or has more than 64 bits.
func (v Value) Uint() (uint64, bool) {
	b := v.Bytes()
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	var x uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if x > (1<<64-1-d)/10 {
			return 0, false
		}
		x = x*10 + d
	}
	return x, true
}

// Uint32 returns v as a number of at most 32 bits.
func (v Value) Uint32() (uint32, bool) {
	x, ok := v.Uint()
	if !ok || x > 1<<32-1 {
		return 0, false
	}
	return uint32(x), true
}

// Nil reports whether v is the atom NIL. The string "NIL" is not.
func (v Value) Nil() bool { return v.Kind() == Atom && v.Is("NIL") }

// Is compares the text of v without case.
func (v Value) Is(s string) bool {
	b := v.Bytes()
	return len(b) == len(s) && bytes.EqualFold(b, []byte(s))
}

// Items are the values of a List; of others there are none.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for i := v.r.nodes[v.i].beg; i >= 0; i = v.r.nodes[i].next {
			if !yield(Value{v.r, i}) {
				return
			}
		}
	}
}

// Len is how many values a List has.
func (v Value) Len() int {
	n := 0
	for range v.Items() {
		n++
	}
	return n
}

// At returns the nth value of a List, counted from 0.
func (v Value) At(n int) Value {
	for x := range v.Items() {
		if n == 0 {
			return x
		}
		n--
	}
	return Value{}
}

// Get returns what follows key, compared without case, in a List of keys and
// values such as that of a FETCH.
func (v Value) Get(key string) Value {
	for k, x := range v.pairs() {
		if k.Is(key) {
			return x
		}
	}
	return Value{}
}

// pairs are the keys and values of a List; a last key without value is left out.
func (v Value) pairs() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		var key Value
		for x := range v.Items() {
			if key.Kind() == None {
				key = x
				continue
			}
			if !yield(key, x) {
				return
			}
			key = Value{}
		}
	}
}

func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}
