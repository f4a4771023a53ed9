package mailtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestLine bounds what a client may send in a line, and a literal.
const longestLine = 64 << 20

var (
	// tagged matches a line that begins with a tag of the transcript.
	tagged = regexp.MustCompile(`^([A-Z]+[0-9]+|\?)(?: (.*))?$`)
	// announced matches a line that ends with a literal's size.
	announced = regexp.MustCompile(`\{(\d+)[+-]?\}$`)
)

// player plays one part on one connection.
type player struct {
	script *Script
	conn   net.Conn
	in     *bufio.Reader
	tags   map[string]string // of the transcript, to the client's
	last   string            // the client's last tag
	size   int               // of the literal that the last line announced
	log    []string
}

func newPlayer(s *Script, c net.Conn) *player {
	return &player{script: s, conn: c, in: bufio.NewReader(c), tags: map[string]string{}}
}

// play does the steps; an error says at which line what went wrong.
func (p *player) play(steps []step) error {
	for _, st := range steps {
		if err := p.do(st); err != nil {
			return fmt.Errorf("line %d: %w", st.line, err)
		}
		if st.verb == closeConn || st.verb == resetConn {
			return nil
		}
	}
	if len(steps) > 0 && steps[len(steps)-1].verb >= expectClose {
		return nil
	}
	if line, err := p.readLine(); err == nil {
		return fmt.Errorf("the transcript ends, but the client goes on\n  got   C: %s", line)
	}
	return nil
}

func (p *player) do(st step) error {
	switch st.verb {
	case sendLine:
		text, err := p.withTag(st.text)
		if err != nil {
			return err
		}
		return p.send(st, text, text+"\r\n")
	case sendRaw:
		return p.send(st, st.text, st.raw)
	case closeConn:
		return p.conn.Close()
	case resetConn:
		reset(p.conn)
		return nil
	case pause:
		return p.await(time.After(st.pause), st)
	case wait:
		return p.await(nil, st)
	case startTLS:
		return p.startTLS()
	case expectLine:
		return p.expect(st)
	case expectLiteral:
		return p.expectLiteral()
	case expectClose:
		if line, err := p.readLine(); err == nil {
			return mismatch(st, line)
		}
		return nil
	case expectAnything:
		_, err := io.Copy(io.Discard, p.in)
		_ = err // a reset or a pipe that is closed here ends it as well
		return nil
	default:
		return fmt.Errorf("unknown step %v", st)
	}
}

func (p *player) send(st step, shown, bytes string) error {
	p.log = append(p.log, "S: "+shown)
	if _, err := io.WriteString(p.conn, bytes); err != nil {
		return fmt.Errorf("the client is gone (%w) before\n  %v", err, st)
	}
	return nil
}

// await waits for a time, or for Continue when that is nil.
func (p *player) await(until <-chan time.Time, st step) error {
	var goOn chan struct{}
	if until == nil {
		goOn = p.script.goOn
	}
	select {
	case <-until:
		return nil
	case <-goOn:
		return nil
	case <-p.script.stopping:
		return fmt.Errorf("the test ended at\n  %v", st)
	}
}

func (p *player) startTLS() error {
	if p.script.TLS == nil {
		return errors.New("the script has no TLS")
	}
	if n := p.in.Buffered(); n > 0 {
		return fmt.Errorf("the client sent %d bytes before the handshake", n)
	}
	c := tls.Server(p.conn, p.script.TLS)
	if err := c.Handshake(); err != nil {
		return fmt.Errorf("shake hands: %w", err)
	}
	p.conn, p.in = c, bufio.NewReader(c)
	return nil
}

// expect reads a line and compares it.
func (p *player) expect(st step) error {
	line, err := p.readLine()
	if err != nil {
		return fmt.Errorf("%w where was expected\n  want  %v", err, st)
	}
	want, got := st.text, line
	if m := tagged.FindStringSubmatch(want); m != nil && p.size == 0 {
		tag, rest, _ := strings.Cut(line, " ")
		if bound, ok := p.tags[m[1]]; ok && bound != tag {
			return fmt.Errorf("%w\n  as %s is %s", mismatch(st, line), m[1], bound)
		}
		if m[1] != "?" {
			p.tags[m[1]] = tag
		}
		p.last = tag
		want, got = m[2], rest
	}
	if !matches(want, got) {
		return mismatch(st, line)
	}
	p.announce(line)
	return nil
}

// expectLiteral reads the literal that the last line announced.
func (p *player) expectLiteral() error {
	n, err := io.CopyN(io.Discard, p.in, int64(p.size))
	if err != nil {
		return fmt.Errorf("the client is gone after %d of a literal's %d bytes", n, p.size)
	}
	p.log = append(p.log, fmt.Sprintf("C: <%d bytes>", n))
	p.size = 0
	_, err = p.readLine()
	return err
}

// announce remembers the size of a literal that the line ends with; 0: none.
func (p *player) announce(line string) {
	p.size = 0
	if m := announced.FindStringSubmatch(line); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n <= longestLine {
			p.size = n
		}
	}
}

// readLine reads a line of the client, without its end.
func (p *player) readLine() (string, error) {
	var b strings.Builder
	for {
		part, err := p.in.ReadSlice('\n')
		b.Write(part)
		switch {
		case err == nil:
			line := strings.TrimRight(b.String(), "\r\n")
			p.log = append(p.log, "C: "+line)
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull) && b.Len() < longestLine:
		default:
			select {
			case <-p.script.stopping:
				return "", errors.New("the test ended")
			default:
			}
			if b.Len() > 0 {
				return "", fmt.Errorf("the client closed after the half line %q", b.String())
			}
			return "", errors.New("the client closed the connection")
		}
	}
}

// withTag puts the client's tag into a line of the server.
func (p *player) withTag(text string) (string, error) {
	m := tagged.FindStringSubmatch(text)
	if m == nil {
		return text, nil
	}
	tag := p.last
	if m[1] != "?" {
		tag = p.tags[m[1]]
	}
	if tag == "" {
		return "", fmt.Errorf("the tag %s was not expected before\n  S: %s", m[1], text)
	}
	return tag + strings.TrimPrefix(text, m[1]), nil
}

// soFar is the end of what went over the connection.
func (p *player) soFar() string {
	const most, widest = 12, 160
	log := p.log[max(0, len(p.log)-most):]
	var b strings.Builder
	for _, line := range log {
		if len(line) > widest {
			line = line[:widest] + "..."
		}
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return b.String()
}

// matches reports whether got is want, in which "..." is any bytes.
func matches(want, got string) bool {
	first, rest, wild := strings.Cut(want, "...")
	if !wild {
		return got == want
	}
	if !strings.HasPrefix(got, first) {
		return false
	}
	got = got[len(first):]
	for {
		piece, after, more := strings.Cut(rest, "...")
		if !more {
			return strings.HasSuffix(got, piece)
		}
		i := strings.Index(got, piece)
		if i < 0 {
			return false
		}
		got, rest = got[i+len(piece):], after
	}
}

// mismatch shows both lines, and where they part.
func mismatch(st step, got string) error {
	want := st.text
	at := 0
	// Tags differ by right: compare what follows.
	skipWant, skipGot := 0, 0
	if tagged.MatchString(want) {
		skipWant, skipGot = strings.Index(want+" ", " "), strings.Index(got+" ", " ")
	}
	for skipWant+at < len(want) && skipGot+at < len(got) && want[skipWant+at] == got[skipGot+at] {
		at++
	}
	return fmt.Errorf("the client says something else\n  want  C: %s\n  got   C: %s\n           %s^",
		want, got, strings.Repeat(" ", skipGot+at))
}

// reset drops a TCP connection with RST; any other is closed.
func reset(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // it can only fail when the connection is gone
	}
	_ = c.Close()
}
