package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Bounds of a response where Options name none, in bytes.
const (
	defaultMaxLine    = 1 << 20
	defaultMaxLiteral = 64 << 20
	maxBound          = 1 << 30 // positions in a response have 31 bits
	keepBuffer        = 256 << 10
)

// errBounds: the place where the next response begins is beyond what we are
// willing to read.
var errBounds = errors.New("response out of bounds")

// reader cuts a stream into responses.
type reader struct {
	br      *bufio.Reader
	line    int // most bytes of a response outside literals
	literal int // most bytes of a response inside literals
}

func newReader(src io.Reader, line, literal int) *reader {
	bound := func(n, normal int) int {
		if n <= 0 {
			n = normal
		}
		return min(n, maxBound)
	}
	return &reader{
		br:   bufio.NewReaderSize(src, 32<<10),
		line: bound(line, defaultMaxLine), literal: bound(literal, defaultMaxLiteral),
	}
}

// read reads one whole response and parses it.
func (rd *reader) read(r *Response) error {
	if err := rd.first(r); err != nil {
		return err
	}
	if err := rd.rest(r, false); err != nil {
		return err
	}
	r.parse()
	return nil
}

// first reads the first line of a response into r.
func (rd *reader) first(r *Response) error {
	if cap(r.buf) > keepBuffer { // one large response must not cost memory for ever
		r.buf, r.nodes = nil, nil
	}
	r.literals, r.cut, r.long = false, false, false
	short := min(rd.line, maxShortLine)
	var err error
	r.buf, err = rd.readLine(r.buf[:0], short)
	if !errors.Is(err, errBounds) {
		return err
	}
	_, _, typ, _ := head(r.buf)
	switch {
	case upper(typ) == "FETCH":
		return rd.skip(r, 0)
	case !listsUIDs(upper(typ)) || len(r.buf) > rd.line:
		return err
	}
	if r.buf[len(r.buf)-1] == '\n' {
		return nil
	}
	r.buf, err = rd.readLine(r.buf, rd.line-len(r.buf))
	return err
}

// rest reads the literals and further lines that belong to it. With cut no
// more than the beginning is kept of long literals.
func (rd *reader) rest(r *Response, cut bool) error {
	if _, _, typ, _ := head(r.buf); isStatus(typ) || r.buf[0] == '+' {
		return nil
	}
	lines, literals := len(r.buf), 0
	for {
		n, ok := literalTail(r.buf[max(0, len(r.buf)-64):])
		if !ok {
			return nil
		}
		most := rd.literal
		if !cut {
			most = min(most, maxLibLiterals)
		}
		if n > int64(most-literals) {
			return fmt.Errorf("%w: literal of %d bytes", errBounds, n)
		}
		keep := int(n)
		if cut && literals+keep > keepLiteral {
			keep = max(0, keepLiteral-literals)
			r.buf, r.cut = cutLiteral(r.buf, keep), true
		}
		literals += int(n)
		r.literals = true
		if err := rd.copyLiteral(r, keep); err != nil {
			return err
		}
		if _, err := rd.br.Discard(int(n) - keep); err != nil {
			return err
		}
		before := len(r.buf)
		var err error
		if r.buf, err = rd.readLine(r.buf, rd.line-lines); errors.Is(err, errBounds) && cut {
			return rd.skip(r, before)
		}
		if err != nil {
			return err
		}
		lines += len(r.buf) - before
		// A literal that ends like the head of another is no head: look only
		// at the line behind it.
		if _, ok := literalTail(r.buf[before:]); !ok {
			return nil
		}
	}
}

// skip reads over what is left of a line that is longer than allowed, of which a
// part stands in r from a position on. What a server says of one message is no
// reason to leave it: what is kept tells which one it is.
func (rd *reader) skip(r *Response, from int) error {
	tail := slices.Clone(r.buf[max(from, len(r.buf)-64):])
	for read := len(r.buf); tail[len(tail)-1] != '\n'; {
		part, err := rd.br.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if read += len(part); read > rd.literal {
			return fmt.Errorf("%w: line too long", errBounds)
		}
		tail = append(tail, part...)
		tail = slices.Clone(tail[max(0, len(tail)-64):])
	}
	if n, ok := literalTail(tail); ok {
		return fmt.Errorf("%w: literal of %d bytes behind a long line", errBounds, n)
	}
	// The blank keeps what stands before it from being the head of a literal.
	r.buf = append(r.buf[:min(len(r.buf), from+keepLiteral)], " \r\n"...)
	r.long = true
	return nil
}

// copyLiteral appends n bytes. Memory grows with what has come, not with what
// was announced.
func (rd *reader) copyLiteral(r *Response, n int) error {
	for n > 0 {
		k := min(n, 64<<10)
		at := len(r.buf)
		r.buf = slices.Grow(r.buf, k)[:at+k]
		if _, err := io.ReadFull(rd.br, r.buf[at:]); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// readLine appends one line with its end, of at most limit bytes. If it is
// longer, a few more bytes were read and appended.
func (rd *reader) readLine(buf []byte, limit int) ([]byte, error) {
	for {
		part, err := rd.br.ReadSlice('\n')
		buf = append(buf, part...)
		if len(part) > limit {
			return buf, fmt.Errorf("%w: line too long", errBounds)
		}
		limit -= len(part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return buf, err
		}
	}
}
