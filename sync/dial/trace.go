package dial

import (
	"bytes"
	"strconv"
	"sync"
)

// maxTraceLine is where a traced line is cut, in bytes.
const maxTraceLine = 1024

// maxTail is how much of the end of a cut line is kept: "{", ten digits, "+}"
// and the line end, and what may stand before them in the line's last write.
const maxTail = 32

// tracer cuts a connection's two streams into lines and takes out of them what
// nobody needs to see: secrets, quoted strings and literals.
type tracer struct {
	mu   sync.Mutex
	out  func(dir byte, line []byte)
	c, s half
	// secret: a sign-in dialogue is on; our lines are hidden until the server
	// answers its tag, or in POP3 with +OK or -ERR.
	secret bool
	tag    []byte
}

// half is one direction.
type half struct {
	line    []byte
	cut     int    // bytes of the line left out
	tail    []byte // the last of those, where the size of a literal stands
	literal int64  // bytes of a literal still to come
}

func newTracer(out func(byte, []byte)) *tracer { return &tracer{out: out} }

func (t *tracer) client(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.c.feed(p, func(line []byte) { t.out('C', t.redactClient(line)) })
}

func (t *tracer) server(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.feed(p, func(line []byte) {
		if t.secret && t.ends(line) {
			t.secret = false
		}
		t.out('S', redactQuoted(line))
	})
}

// ends reports whether a server's line ends the sign-in dialogue.
func (t *tracer) ends(line []byte) bool {
	word, _, _ := bytes.Cut(line, []byte(" "))
	return bytes.Equal(word, t.tag) || string(word) == "+OK" || string(word) == "-ERR"
}

func (t *tracer) redactClient(line []byte) []byte {
	if t.secret {
		return []byte("(secret)")
	}
	words := bytes.SplitN(line, []byte(" "), 4)
	for i, w := range words {
		if i > 1 {
			break
		}
		switch string(bytes.ToUpper(w)) {
		case "LOGIN", "AUTHENTICATE": // IMAP, after a tag
			t.secret, t.tag = true, bytes.Clone(words[0])
			if i == 1 && len(words) > 2 && bytes.EqualFold(w, []byte("AUTHENTICATE")) {
				return bytes.Join([][]byte{words[0], w, words[2], []byte("(secret)")}, []byte(" "))
			}
			return bytes.Join([][]byte{bytes.Join(words[:i+1], []byte(" ")), []byte("(secret)")}, []byte(" "))
		case "PASS", "USER", "APOP", "AUTH": // POP3
			if i == 0 {
				t.secret = string(bytes.ToUpper(w)) == "AUTH"
				return append(bytes.Clone(w), " (secret)"...)
			}
		}
	}
	return redactQuoted(line)
}

// redactQuoted replaces what is inside quotes.
func redactQuoted(line []byte) []byte {
	if bytes.IndexByte(line, '"') < 0 {
		return line
	}
	out := make([]byte, 0, len(line))
	quoted := false
	for i := 0; i < len(line); i++ {
		b := line[i]
		switch {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
			if !quoted {
				out = append(out, "…"...)
			}
			out = append(out, b)
		case !quoted:
			out = append(out, b)
		}
	}
	if quoted {
		out = append(out, "…"...)
	}
	return out
}

// feed calls line for every line that p completes; literals are skipped.
func (h *half) feed(p []byte, line func([]byte)) {
	for len(p) > 0 {
		if h.literal > 0 {
			n := min(h.literal, int64(len(p)))
			h.literal -= n
			p = p[n:]
			continue
		}
		nl := bytes.IndexByte(p, '\n')
		part := p
		if nl >= 0 {
			part = p[:nl]
		}
		h.add(part)
		if nl < 0 {
			return
		}
		p = p[nl+1:]
		h.line = bytes.TrimSuffix(h.line, []byte("\r"))
		if h.cut > 0 {
			h.literal = literalSize(bytes.TrimSuffix(h.tail, []byte("\r")))
			h.line = append(h.line, "… (cut)"...)
		} else {
			h.literal = literalSize(h.line)
		}
		line(h.line)
		h.line, h.tail, h.cut = h.line[:0], h.tail[:0], 0
	}
}

func (h *half) add(part []byte) {
	room := max(maxTraceLine-len(h.line), 0)
	if len(part) > room {
		h.cut += len(part) - room
		h.tail = append(h.tail, part[room:]...)
		if extra := len(h.tail) - maxTail; extra > 0 {
			h.tail = append(h.tail[:0], h.tail[extra:]...)
		}
		part = part[:room]
	}
	h.line = append(h.line, part...)
}

// literalSize is the n of a line that ends in {n} or {n+}, else 0.
func literalSize(line []byte) int64 {
	line, ok := bytes.CutSuffix(line, []byte("}"))
	if !ok {
		return 0
	}
	i := bytes.LastIndexByte(line, '{')
	if i < 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(bytes.TrimRight(line[i+1:], "+-")), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
